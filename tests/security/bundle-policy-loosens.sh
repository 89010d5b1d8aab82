#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A bundle may bring its own policy, agentrun.json: it only tightens.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

test_begin "a policy in the bundle that would loosen, or that is not understood, is refused"
for text in '{"profile": "compat"}' '{"pids-limit": 999999999}' '{"memory-limit": 0}' '{"nofile-limit": 9999999}' \
	'{"opt-outs": [{"control": "seccomp", "reason": "x"}]}' '{"bind-sources": ["/"]}' '{"hooks": []}' \
	'{"masked-paths": [], "unknown": 1}' '{' '[]' ''; do
	attack_bundle .
	printf '%s' "$text" >"$bundle/agentrun.json"
	expect_refused
	# which file, or which of its settings
	check_match "the reason" "$errors" "agentrun.json|the bundle's [a-z]+-limit"
done
assert_nothing_left

test_begin "a policy that is a link out of the bundle, or no file, gives nothing away"
for kind in link fifo folder; do
	attack_bundle .
	case $kind in
	link) ln -s /etc/shadow "$bundle/agentrun.json" ;;
	fifo) mkfifo "$bundle/agentrun.json" ;;
	folder) mkdir "$bundle/agentrun.json" ;;
	esac
	RUN_SECONDS=10 run_agentrun run --bundle "$bundle" "$id"
	check_false "$kind: status" [ "$status" = 0 ]
	check_false "$kind: it hung" [ "$status" = 124 ]
	check_lacks "$kind: what ran" "$output" escaped
	check_lacks "$kind: what was said" "$errors" 'root:'
	rm -rf "$bundle/agentrun.json"
done
assert_nothing_left

test_begin "one that tightens is followed"
make_command "$bundle" . cat /etc/passwd
echo '{"masked-paths": ["/etc/passwd"]}' >"$bundle/agentrun.json"
run_agentrun run --bundle "$bundle" "$id"
expect_success
check_lacks "the masked file" "$output" root
assert_nothing_left

test_begin "the compat profile runs a bundle that asks for no more than it has"
attack_bundle .
expect_runs
assert_nothing_left
