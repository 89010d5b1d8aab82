#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What callers ask before they use the tool: help, version, features.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

commands='checkpoint completion create delete doctor events exec explain features kill list pause ps restore resume run spec start state update'

for asked in "" --help -h -help help h; do
	test_begin "agentrun${asked:+ $asked} shows what there is"
	# shellcheck disable=SC2086 # no word at all is one of the cases
	run_command "$AGENTRUN" $asked
	expect_success
	check_match "first lines" "$output" '^   agentrun - '
	check_has "help" "$output" "GLOBAL OPTIONS:"
	check_equal "standard error" "$errors" ""
done

for command in $commands; do
	test_begin "$command has help, by --help, -h and the help command"
	run_command "$AGENTRUN" "$command" --help
	expect_success
	check_match "help" "$output" "^   agentrun $command - [^ ]"
	check_match "help" "$output" "^   agentrun $command \[command options\]"
	check_equal "standard error" "$errors" ""
	text=$output
	run_command "$AGENTRUN" "$command" -h
	expect_output "$text"
	run_command "$AGENTRUN" help "$command"
	expect_output "$text"
done

test_begin "the list of commands has them all"
run_command "$AGENTRUN" help
for command in $commands; do
	check_true "$command is listed" grep -qE "^   $command  " <<<"$output"
done

test_begin "the manual page has every command and every option"
page=$SRCDIR/man/agentrun.1
for command in '' $commands; do
	# shellcheck disable=SC2086
	run_command "$AGENTRUN" $command --help
	if [ -n "$command" ]; then
		check_true "$command is in the page" grep -q "^\.Ss .*agentrun $command\>" "$page"
	fi
	while read -r option; do
		check_true "$command --$option is in the page" grep -q "Fl -$option\>" "$page"
	done < <(sed -nE 's/^   --([a-z0-9-]+).*/\1/p' <<<"$output")
done

for asked in --version -v -version "--debug --version"; do
	test_begin "agentrun $asked"
	# shellcheck disable=SC2086
	run_command "$AGENTRUN" $asked
	expect_success
	check_match "first line" "$(sed -n 1p <<<"$output")" '^agentrun version [0-9]+\.[0-9]+\.[0-9]+[^ ]*$'
	check_match "second line" "$(sed -n 2p <<<"$output")" '^commit: [^ ]+$'
	check_equal "third line" "$(sed -n 3p <<<"$output")" "spec: 1.3.0"
	check_equal "standard error" "$errors" ""
done

# --- features: features.md and features-linux.md of the runtime specification ---------------------

test_begin "features are JSON with four blanks of indentation, and nothing on standard error"
run_command "$AGENTRUN" features
expect_success
check_equal "standard error" "$errors" ""
check_equal "text" "$output" "$(jq --indent 4 . <<<"$output")"

test_begin "features name the versions, hooks and namespaces of the specification"
run_command "$AGENTRUN" features
check_equal versions "$(jq -c '[.ociVersionMin, .ociVersionMax]' <<<"$output")" '["1.0.0","1.3.0"]'
check_equal hooks "$(jq -c .hooks <<<"$output")" \
	'["prestart","createRuntime","createContainer","startContainer","poststart","poststop"]'
check_equal namespaces "$(jq -c '.linux.namespaces' <<<"$output")" \
	'["cgroup","ipc","mount","network","pid","time","user","uts"]'

test_begin "features have what Kubernetes and Docker ask for"
run_command "$AGENTRUN" features
check_equal "recursive read-only mounts" "$(jq '.mountOptions | index("rro") != null' <<<"$output")" true
check_equal "idmapped mounts" "$(jq .linux.mountExtensions.idmap.enabled <<<"$output")" true

test_begin "features claim nothing that this version lacks"
run_command "$AGENTRUN" features
check_equal cgroup "$(jq -c .linux.cgroup <<<"$output")" \
	'{"v1":false,"v2":true,"systemd":true,"systemdUser":true,"rdma":true}'
check_equal "supported flags are known" \
	"$(jq -c '.linux.seccomp | .supportedFlags - .knownFlags' <<<"$output")" '[]'

test_begin "features say what the profile in force allows"
for profile in agent strict; do
	run_command "$AGENTRUN" --profile "$profile" features
	check_equal "checkpoint in $profile" "$(jq -c '[.annotations["io.agentrun.checkpoint.enabled", "org.opencontainers.runc.checkpoint.enabled"]]' <<<"$output")" '["false","false"]'
done
run_command "$AGENTRUN" --profile compat features
check_equal "checkpoint in compat" "$(jq -c '[.annotations["io.agentrun.checkpoint.enabled", "org.opencontainers.runc.checkpoint.enabled"]]' <<<"$output")" '["true","true"]'

test_begin "features name the annotations that the profile in force acts on, and no other"
for profile in agent strict; do
	run_command "$AGENTRUN" --profile "$profile" features
	check_equal "annotations in $profile" "$(jq -r '.potentiallyUnsafeConfigAnnotations | join(" ")' <<<"$output")" \
		"$(echo io.agentrun. org.systemd.property.{CPUQuota,CPUWeight,CollectMode,DefaultDependencies,Description,IOWeight,KillSignal,MemoryHigh,MemoryMax,TasksMax,TimeoutStopUSec})"
	# each of them stays in the configuration in force, and what is not among them does not
	make_bundle "$bundle" '.annotations = ($names | split(" ") | map({(.): "1"}) | add)' --arg names \
		"$(jq -r '.potentiallyUnsafeConfigAnnotations | map(select(endswith(".") | not)) | join(" ")' <<<"$output") org.systemd.property.Slice org.criu.config run.oci.handler"
	run_command "$AGENTRUN" --profile "$profile" explain --format json --bundle "$bundle"
	check_equal "ignored in $profile" "$(jq -r '[.decisions[] | select(.got == "ignored") | .field] | sort | join(" ")' <<<"$output")" \
		"annotations[org.criu.config] annotations[org.systemd.property.Slice] annotations[run.oci.handler]"
done
run_command "$AGENTRUN" --profile compat features
check_equal "annotations in compat" "$(jq -c .potentiallyUnsafeConfigAnnotations <<<"$output")" '["org.criu.config","org.systemd.property."]'

test_begin "lists of features are sorted and have nothing twice"
run_command "$AGENTRUN" features
for list in .mountOptions .linux.namespaces .linux.seccomp.actions .linux.seccomp.operators \
	.linux.seccomp.archs .linux.memoryPolicy.modes; do
	check_equal "$list" "$(jq -c "$list" <<<"$output")" "$(jq -c "$list | unique" <<<"$output")"
	check_true "$list has something" jq -e "$list | length > 1" <<<"$output"
done
