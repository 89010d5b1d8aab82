#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# exec asks for more than the container has: capabilities, no filter, no no_new_privs, labels, groups, another profile.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

# shellcheck disable=SC2016
look='grep -E "^(Cap...|NoNewPrivs|Seccomp):" /proc/self/status | tr -d "\t"; echo groups: $(id -G)'

start_container() {
	probe_bundle "$1"
	edit_bundle "$bundle" '.process.args = ["sleep", "100"]'
	run_agentrun "${@:2}" run --detach --bundle "$bundle" "$id"
	expect_success
}

# What is left is what the profile allows at most.
expect_caged() {
	expect_success
	expect_output_has "NoNewPrivs:1"
	expect_output_has "Seccomp:2"
	check_match "bounding capabilities" "$output" '^CapBnd:00000000000004fb$|^CapBnd:00000000000004[0-9a-f]{2}$'
	check_match "effective capabilities" "$output" '^CapEff:0000000000000[04][0-9a-f]{2}$'
	for set in CapInh CapAmb; do
		expect_output_has "$set:0000000000000000"
	done
	check_lacks "groups" "$(sed -n 's/^groups://p' <<<"$output") " " 6 "
}

test_begin "flags of exec"
start_container .
run_agentrun exec --cap CAP_SYS_ADMIN --cap CAP_SYS_PTRACE --cap CAP_NET_RAW --cap CAP_MKNOD \
	--additional-gids 6 --apparmor unconfined "$id" sh -c "$look"
if [ "$status" != 0 ]; then
	check_match "the reason names the flag" "$errors" "apparmor"
	run_agentrun exec --cap CAP_SYS_ADMIN --cap CAP_SYS_PTRACE --cap CAP_NET_RAW --cap CAP_MKNOD \
		--additional-gids 6 "$id" sh -c "$look"
fi
expect_caged
run_agentrun exec --cap CAP_SYS_ADMIN --cap CAP_NET_RAW "$id" /surface socket-2-3-1 bpf mount-proc unshare-user
for probe in socket-2-3-1 bpf mount-proc unshare-user; do
	expect_probe "$probe" EPERM
done
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "a process file with all capabilities, without no_new_privs, with a group of the host's disks"
start_container .
jq --arg look "$look" "$privileged"' | .process | .args = ["sh", "-c", $look] | .user.additionalGids = [6, 2000]
	| .apparmorProfile = "unconfined"' "$bundle/config.json" >"$TEST_TMP/process.json"
run_agentrun exec --process "$TEST_TMP/process.json" "$id"
if [ "$status" != 0 ]; then
	check_match "the reason names the label" "$errors" apparmor
	jq 'del(.apparmorProfile)' "$TEST_TMP/process.json" >"$TEST_TMP/process-2.json"
	run_agentrun exec --process "$TEST_TMP/process-2.json" "$id"
fi
expect_caged
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "limits that a process does not speak of stay the container's"
start_container '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 100}, {type: "RLIMIT_NPROC", soft: 500, hard: 500}]'
jq '.process | .args = ["sh", "-c", "ulimit -n; grep \"Max processes\" /proc/self/limits"] | .rlimits = [{type: "RLIMIT_STACK", soft: 1048576, hard: 1048576}]' \
	"$bundle/config.json" >"$TEST_TMP/process.json"
run_agentrun exec --process "$TEST_TMP/process.json" "$id"
check_match "open files" "$output" $'^100\n'
check_match "processes" "$output" 'Max processes +500 +500'
run_agentrun delete --force "$id"
assert_nothing_left

# by_shell LIMIT SCORE ARGUMENT...: as run_agentrun, by a shell of that limit of open files and that oom_score_adj.
by_shell() {
	run_command sh -c '[ "$1" = . ] || ulimit -n "$1" && echo "$2" >/proc/self/oom_score_adj && shift 2 && exec "$@"' \
		sh "$1" "$2" "$AGENTRUN" --root "$state" "${@:3}"
}
own_limits='ulimit -Hn; cat /proc/self/oom_score_adj'
echo '{"nofile-ceiling": 4096}' >"$TEST_TMP/ceiling.json"

# the caller of create | the caller of exec, "." leaves the limit | what its process has
while read -r name of_create score_of_create of_exec score_of_exec nofile score features; do
	test_begin "who starts an exec and has more gives it no more than the container: $name" "$features" || continue
	make_command "$bundle" 'del(.process.rlimits)' sleep 100
	by_shell "$of_create" "$score_of_create" --config "$TEST_TMP/ceiling.json" run --detach --bundle "$bundle" "$id"
	expect_success
	by_shell "$of_exec" "$score_of_exec" exec "$id" sh -c "$own_limits"
	expect_output "$nofile"$'\n'"$score"
	run_agentrun delete --force "$id"
	assert_nothing_left
done <<'CALLERS'
descriptors 2000 0 . 0 2000 0 root
ceiling . 0 . 0 4096 0 root
score . 0 . -500 4096 0 CAP_SYS_RESOURCE
raised . 300 . -500 4096 300 CAP_SYS_RESOURCE
CALLERS

test_begin "an exec by a caller with less gets along with that"
make_command "$bundle" . sleep 100
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
run_command setpriv --bounding-set=-sys_resource sh -c 'ulimit -n 500 && echo 200 >/proc/self/oom_score_adj && exec "$@"' \
	sh "$AGENTRUN" --root "$state" exec "$id" sh -c "$own_limits"
expect_output $'500\n200'
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "the profile is the container's, whatever the command is called by"
start_container .
ln -sf "$AGENTRUN" "$TEST_TMP/agentrun-compat"
run_agentrun --profile compat exec --cap CAP_SYS_ADMIN "$id" sh -c "$look"
[ "$status" != 0 ] || expect_caged
run_command "$TEST_TMP/agentrun-compat" --root "$state" exec --cap CAP_SYS_ADMIN "$id" sh -c "$look"
expect_caged
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "in a container of the compat profile exec gets what it asks for"
start_container "$privileged" --profile compat
run_agentrun exec --cap CAP_SYS_ADMIN "$id" sh -c "$look"
expect_success
expect_output_has "NoNewPrivs:0"
expect_output_has "Seccomp:0"
run_agentrun delete --force "$id"
assert_nothing_left
