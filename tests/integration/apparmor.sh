#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# AppArmor: the profile that was asked for confines, and is seen from inside.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root apparmor command:apparmor_parser

profile=agentrun-test-$lib_mark
parser() {
	apparmor_parser --skip-cache "$@" "$TEST_TMP/profile"
}
sed "s/NAME/$profile/" >"$TEST_TMP/profile" <<'PROFILE'
profile NAME flags=(attach_disconnected,mediate_deleted) {
	file,
	capability,
	network,
	signal,
	ptrace,
	umount,
	mount,
	deny /work/secret rw,
}
PROFILE
# another, for exec, which denies another file
sed "s/$profile/&-exec/; s/secret/other/" "$TEST_TMP/profile" >"$TEST_TMP/profile-exec"
cat "$TEST_TMP/profile-exec" >>"$TEST_TMP/profile"
parser --replace || skip_all "apparmor_parser cannot load a profile"
tap_file_done_of_lib=$(declare -f tap_file_done)
eval "${tap_file_done_of_lib/tap_file_done/lib_file_done}"
tap_file_done() {
	parser --remove 2>/dev/null || true
	lib_file_done
}

with_profile() {
	make_command "$bundle" ".process.apparmorProfile = \"$profile\"" "$@"
	mkdir -p "$bundle/rootfs/work"
	echo hidden >"$bundle/rootfs/work/secret"
	echo open >"$bundle/rootfs/work/other"
}

for kind in compat agent strict; do
	test_begin "a container of the $kind profile runs under the profile of its bundle"
	with_profile cat /proc/self/attr/current
	run_agentrun --profile "$kind" run --bundle "$bundle" "$id"
	expect_success
	expect_output "$profile (enforce)"
done

test_begin "what the profile denies is denied to root of the container"
with_profile sh -c 'cat /work/other; cat /work/secret'
run_agentrun run --bundle "$bundle" "$id"
expect_error "/work/secret"
expect_output open

test_begin "exec runs under the profile of its container"
with_profile sleep 1000
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
check_equal "init, seen from the host" "$(cat "/proc/$(container_pid "$id")/attr/current")" "$profile (enforce)"
run_agentrun exec "$id" cat /proc/self/attr/current
expect_output "$profile (enforce)"
run_agentrun exec "$id" cat /work/secret
expect_error "/work/secret"

test_begin "an exec that asks for another profile does not get it"
with_profile sleep 1000
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
run_agentrun exec --apparmor unconfined "$id" cat /proc/self/attr/current
expect_success
expect_output "$profile (enforce)"

test_begin "an exec in compat runs under the profile that it asks for"
with_profile sleep 1000
run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
expect_success
run_agentrun exec --apparmor "$profile-exec" "$id" cat /proc/self/attr/current /work/secret
expect_success
expect_output "$profile-exec (enforce)"$'\nhidden'
run_agentrun exec --apparmor "$profile-exec" "$id" cat /work/other
expect_error "/work/other"
run_agentrun exec --apparmor unconfined "$id" cat /proc/self/attr/current /work/secret /work/other
expect_success
expect_output $'unconfined\nhidden\nopen'
jq -n --arg profile "$profile-exec" '{args: ["cat", "/proc/self/attr/current"], cwd: "/", env: ["PATH=/bin"], apparmorProfile: $profile}' \
	>"$TEST_TMP/process.json"
run_agentrun exec --process "$TEST_TMP/process.json" "$id"
expect_output "$profile-exec (enforce)"
run_agentrun exec --apparmor agentrun-no-such-profile "$id" true
expect_status 255
expect_error "agentrun-no-such-profile"
run_agentrun exec "$id" cat /proc/self/attr/current
expect_output "$profile (enforce)"

test_begin "state says that the profile is enforced"
with_profile sleep 1000
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
check_equal control "$("$AGENTRUN" --root "$state" state "$id" |
	jq -c '[.agentrun.controls | to_entries[] | select(.key | test("apparmor|lsm|label")) | .value.result]')" '["enforced"]'

test_begin "a profile that is not loaded is refused by name, and nothing is left"
make_command "$bundle" '.process.apparmorProfile = "agentrun-no-such-profile"' true
run_agentrun run --bundle "$bundle" "$id"
expect_error "agentrun-no-such-profile"
assert_nothing_left
