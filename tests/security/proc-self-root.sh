#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Magic links of /proc that could lead out: root, cwd, fd and map_files of init, of oneself, of processes of the host.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

echo "the secret of the host" >"$TEST_TMP/secret"

# shellcheck disable=SC2016
search='for base in /proc/*/root /proc/*/cwd /proc/*/task/*/root /proc/*/fd/*; do
	for up in "" /.. /../.. /../../../../../../../..; do
		cat "$base$up$1" 2>/dev/null
	done
done
true'

test_begin "no link of /proc leads to a file of the host, for init as for an exec"
make_command "$bundle" "$privileged" sh -c "$search; exec sleep 100" sh "$TEST_TMP/secret"
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
for _ in 1 2 3; do
	run_agentrun exec "$id" sh -c "$search" sh "$TEST_TMP/secret"
	expect_success
	check_lacks "what was read" "$output" secret
done
run_agentrun delete --force "$id"
run_container sh -c "$search" sh "$TEST_TMP/secret"
expect_success
expect_output ""
assert_nothing_left

test_begin "/proc shows no process of the host"
make_command "$bundle" . sh -c 'ls -d /proc/[0-9]* | wc -l'
run_agentrun run --bundle "$bundle" "$id"
expect_success
check_true "a handful of processes" [ "$output" -le 5 ]
assert_nothing_left

test_begin "the executables and maps of init are its own"
make_command "$bundle" . sh -c 'readlink /proc/1/exe; readlink /proc/1/root; readlink /proc/1/cwd'
run_agentrun run --bundle "$bundle" "$id"
expect_output $'/bin/busybox\n/\n/'
assert_nothing_left

test_begin "the search finds the file where it stands in the host's tree"
check_has "what was read" "$(sh -c "cat /proc/self/root$TEST_TMP/secret")" secret
attack_bundle 'del(.linux.namespaces[] | select(.type == "pid")) | .process.args = ["sh", "-c", $search, "sh", $file]
	| .process.capabilities |= with_entries(.value += ["CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"])' \
	--arg search 'cat /proc/'$$'/root$1' --arg file "$TEST_TMP/secret"
run_agentrun --profile compat run --bundle "$bundle" "$id"
if [ "$status" = 0 ]; then
	expect_output_has secret
else
	note "control: this kernel keeps the root of a process of the host from a container of its pid namespace"
fi
assert_nothing_left
