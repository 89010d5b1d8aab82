#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The state directory says which process is whose and which profile holds: what others could write is not trusted.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

start_container() {
	make_command "$bundle" . sleep 100
	run_agentrun run --detach --bundle "$bundle" "$id"
	expect_success
}

test_begin "a state root that others can write is not used"
make_command "$bundle" . echo escaped
for mode in 777 775; do
	mkdir -p "$TEST_TMP/open"
	chmod "$mode" "$TEST_TMP/open"
	run_command "$AGENTRUN" --root "$TEST_TMP/open" run --bundle "$bundle" "$id"
	expect_error "not trusted"
	check_lacks "what ran" "$output" escaped
done
chmod 755 "$TEST_TMP/open"
chown 1000 "$TEST_TMP/open"
run_command "$AGENTRUN" --root "$TEST_TMP/open" run --bundle "$bundle" "$id"
expect_error "not trusted"
# control
chown 0 "$TEST_TMP/open"
run_command "$AGENTRUN" --root "$TEST_TMP/open" run --bundle "$bundle" "$id"
expect_output escaped
assert_nothing_left

test_begin "a container's directory that is a link, or somebody else's, is not followed"
start_container
mv "$state/$id" "$TEST_TMP/moved"
ln -s "$TEST_TMP/moved" "$state/$id"
for command in state "delete --force"; do
	# shellcheck disable=SC2086
	run_agentrun $command "$id"
	expect_error "not trusted"
done
check_true "the target of the link is still there" [ -d "$TEST_TMP/moved" ]
rm "$state/$id"
mv "$TEST_TMP/moved" "$state/$id"
chown 1000 "$state/$id"
run_agentrun exec "$id" true
expect_error "not trusted"
chown 0 "$state/$id"
run_agentrun exec "$id" true
expect_success
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "a record that is a link, a pipe or writable by others is not read"
start_container
record=$state/$id/state.json
cp -p "$record" "$TEST_TMP/record"
for kind in link pipe others; do
	rm "$record"
	case $kind in
	link) ln -s "$TEST_TMP/record" "$record" ;;
	pipe) mkfifo "$record" ;;
	others) cp "$TEST_TMP/record" "$record" && chmod 666 "$record" ;;
	esac
	RUN_SECONDS=${AGENTRUN_RUN_SECONDS:-10} run_agentrun exec "$id" true
	check_false "$kind: exec succeeded" [ "$status" = 0 ]
	check_false "$kind: exec hung" [ "$status" = 124 ]
done
rm "$record"
cp -p "$TEST_TMP/record" "$record"
run_agentrun delete --force "$id"
expect_success
assert_nothing_left

test_begin "a record that is torn, or names another process, kills nobody"
start_container
record=$state/$id/state.json
cp -p "$record" "$TEST_TMP/record"
# a process is told by its number and the tick it started in
sleep 0.1
sleep 100 &
bystander=$!
jq --argjson pid "$bystander" '.init_process_pid = $pid' "$TEST_TMP/record" >"$record"
check_equal "the process on record" "$(jq .init_process_pid "$record")" "$bystander"
run_agentrun kill "$id" KILL
expect_error "container not running"
check_true "the bystander lives" kill -0 "$bystander"
head -c 100 "$TEST_TMP/record" >"$record"
run_agentrun exec "$id" true
check_false "exec succeeded" [ "$status" = 0 ]
check_true "the bystander lives" kill -0 "$bystander"
cp -p "$TEST_TMP/record" "$record"
kill "$bystander"
wait "$bystander" 2>/dev/null || true
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "what agentrun keeps is no bind's source and no root, by no name"
mkdir -p "$state/place" "$TEST_TMP/second"
# which makes the folder of compiled filters
make_command "$bundle" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["swapon"], action: "SCMP_ACT_ERRNO"}]}' true
run_agentrun run --bundle "$bundle" "$id"
expect_success
for source in "$state" "$state/place" "$TEST_TMP" /var/cache/agentrun /var/cache/agentrun/seccomp; do
	for option in rw ro; do
		bind_bundle "$source" "$option"
		expect_refused "mounts[/host].source" "$source"
	done
done
for source in "$state" "$state/place" /var/cache/agentrun/seccomp; do
	bind_bundle "$TEST_TMP/second" rw
	# shellcheck disable=SC2016 # for the other shell
	run_command unshare --mount --propagation private sh -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"' sh \
		"$source" "$TEST_TMP/second" "$AGENTRUN" --root "$state" run --bundle "$bundle" "$id"
	expect_error "mounts[/host].source"
	check_lacks "what ran with $source" "$output" escaped
done
attack_bundle ".root.path = \"$state/place\""
expect_refused "root.path" "what agentrun keeps of containers"
# control
bind_bundle "$TEST_TMP/second" rw
run_agentrun run --bundle "$bundle" "$id"
expect_output escaped
rmdir "$state/place"
assert_nothing_left

test_begin "what holds the compiled filters is read-only, whatever opt-outs there are"
printf '{ "bind-sources": ["/var/cache"], "opt-outs": [{ "control": "mounts[].options", "reason": "writes" }] }\n' >"$TEST_TMP/opt-outs"
make_command "$bundle" '.mounts += [{destination: "/host", type: "bind", source: "/var/cache", options: ["rbind", "rw"]}]' \
	sh -c 'ls /host | grep -x agentrun; touch /host/agentrun/seccomp/x'
run_agentrun --config "$TEST_TMP/opt-outs" run --bundle "$bundle" "$id"
expect_output agentrun
check_has "errors" "$errors" "Read-only file system"
assert_nothing_left
