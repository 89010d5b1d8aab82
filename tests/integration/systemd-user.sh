#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Containers of a user whose cgroup is a unit of that user's own systemd.
set -euo pipefail
. "$(dirname "$0")/systemd.bash"
# a user of the tree that is made for this file
if [ -n "${SYSTEMD_TEST_INSIDE-}" ]; then
	sed -i '/^[^:]*:[^:]*:1000:/d' /etc/passwd
	echo 'user:x:1000:1000::/home/user:/bin/sh' >>/etc/passwd
	echo 'user:100000:65536' | tee /etc/subuid >/etc/subgid
	mkdir -p /home/user
	chown 1000:1000 /home/user
fi
. "$(dirname "$0")/../lib.sh"
needs root systemd
getent passwd 1000 >/dev/null || skip_all "needs a user 1000"
[ -e /usr/lib/systemd/user/dbus.socket ] || skip_all "needs the package dbus-user-session"

# A systemd of the user's, as a session has one, that ends with this file.
runtime=/run/user/1000
manager=agentrun-user-$$.service
made_runtime=
if ! [ -d "$runtime" ]; then
	mkdir -p "$runtime"
	chown 1000:1000 "$runtime"
	chmod 700 "$runtime"
	made_runtime=1
fi
end_manager() {
	systemctl stop "$manager" 2>/dev/null || true
	systemctl reset-failed "$manager" 2>/dev/null || true
	[ -z "$made_runtime" ] || rm -rf "$runtime"
}
if ! [ -S "$runtime/systemd/private" ]; then
	systemd-run --quiet --unit="$manager" --uid=1000 --gid=1000 --slice=user.slice \
		--property=Type=notify --property=Delegate=yes --setenv=XDG_RUNTIME_DIR="$runtime" \
		--setenv=HOME=/home/user /lib/systemd/systemd --user
fi
eval "$(declare -f tap_file_done | sed '1s/tap_file_done/lib_file_done/')"
tap_file_done() {
	lib_file_done
	end_manager
}

own=$TEST_TMP/user
install -d -o 1000 -g 1000 "$own"
state=$own/state

as_user=(setpriv --reuid 1000 --regid 1000 --clear-groups env -i PATH="$PATH" HOME=/home/user USER=user
	XDG_RUNTIME_DIR="$runtime" AGENTRUN_TEST="$lib_mark")
# Callers: in a scope of the user's systemd, as a terminal's shell is; and outside of it, as who has only logged in.
in_session=("${as_user[@]}" systemd-run --user --scope --quiet)
# shellcheck disable=SC2034 # by its name
outside=(systemd-run --scope --quiet "${as_user[@]}")
user_property() {
	"${as_user[@]}" systemctl --user show --value --property="$1" "t-$id.scope"
}

# user_bundle COMMAND...: for the user, with its unit t-<id>.scope.
user_bundle() {
	bundle=$own/bundle-$id
	make_command "$bundle" ".linux.cgroupsPath = \":t:$id\" | .linux.namespaces += [{\"type\": \"user\"}] |
		.linux.uidMappings = [{\"containerID\": 0, \"hostID\": 1000, \"size\": 1}] |
		.linux.gidMappings = .linux.uidMappings | del(.linux.resources) |
		.mounts |= map(if .destination == \"/dev/pts\" then .options -= [\"gid=5\"] else . end)" "$@"
	chown -R 1000:1000 "$bundle"
}

state_of() {
	"${as_user[@]}" "$AGENTRUN" --root "$state" state "$id" | jq -r ".$1"
}
init_cgroup() {
	cgroup_of "$(state_of pid)"
}
cgroup_of() {
	sed -n 's/^0:://p' "/proc/$1/cgroup"
}

# a test for a caller in the session and one for a caller outside of it
for where in in_session outside; do
	declare -n caller=$where
	test_begin "a user's container is a unit of the user's systemd ($where)"
	user_bundle sleep 1000
	run_command "${caller[@]}" "$AGENTRUN" --root "$state" --systemd-cgroup run --detach --bundle "$bundle" "$id"
	expect_success
	unit=$(user_property ControlGroup)
	check_match "its cgroup" "$unit" "/user\.slice/t-$id\.scope\$"
	check_equal "where init is" "$(init_cgroup)" "$unit"
	check_equal Delegate "$(user_property Delegate)" yes

	run_command "${caller[@]}" "$AGENTRUN" --root "$state" exec --detach --pid-file "$own/exec.pid" "$id" sleep 1000
	expect_success
	check_equal "where a process of exec is" "$(cgroup_of "$(cat "$own/exec.pid")")" "$unit"
	"${as_user[@]}" mkdir "$(cgroup_root)$unit/sub"
	for named in sub /sub cpu:/sub; do
		run_command "${caller[@]}" "$AGENTRUN" --root "$state" exec --cgroup "$named" "$id" sed -n 's/^0:://p' /proc/self/cgroup
		expect_success
		check_match "cgroup of exec --cgroup $named" "$output" '/sub$'
	done
	"${as_user[@]}" rmdir "$(cgroup_root)$unit/sub"

	run_command "${caller[@]}" "$AGENTRUN" --root "$state" pause "$id"
	expect_success
	check_equal status "$(state_of status)" paused
	run_command "${caller[@]}" "$AGENTRUN" --root "$state" resume "$id"
	expect_success
	run_command "${caller[@]}" "$AGENTRUN" --root "$state" ps --format json "$id"
	check_equal "how many run" "$(jq length <<<"$output")" 2
	run_command "${caller[@]}" "$AGENTRUN" --root "$state" delete --force "$id"
	expect_success
	check_equal "the unit" "$(user_property ActiveState)" inactive
	assert_nothing_left

	if test_begin "limits of a user's container are held ($where)" memory pids; then
		user_bundle sleep 1000
		edit_bundle "$bundle" '.linux.resources = {"memory": {"limit": 67108864}, "pids": {"limit": 50}}'
		run_command "${caller[@]}" "$AGENTRUN" --root "$state" --systemd-cgroup run --detach --bundle "$bundle" "$id"
		expect_success
		folder=$(cgroup_root)$(user_property ControlGroup)
		check_equal memory.max "$(cat "$folder/memory.max")" 67108864
		check_equal MemoryMax "$(user_property MemoryMax)" 67108864
		check_equal pids.max "$(cat "$folder/pids.max")" 50
		run_command "${caller[@]}" "$AGENTRUN" --root "$state" update --memory 128m --pids-limit 60 "$id"
		expect_success
		check_equal memory.max "$(cat "$folder/memory.max")" 134217728
		check_equal TasksMax "$(user_property TasksMax)" 60
		run_command "${caller[@]}" "$AGENTRUN" --root "$state" events --stats "$id"
		check_equal "the limit that events says" "$(jq .data.memory.usage.limit <<<"$output")" 134217728
		run_command "${caller[@]}" "$AGENTRUN" --root "$state" delete --force "$id"
		expect_success
		assert_nothing_left
	fi
done

if test_begin "root of a user namespace alone speaks to the user's systemd" command:newuidmap; then
	user_bundle sleep 1000
	chmod 711 "$own"
	# without a namespace of its own: the one that the caller is root of is all there is
	edit_bundle "$bundle" 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces -= [{"type": "user"}]'
	in_userns=(unshare --user --map-auto --map-root-user)
	run_command "${in_session[@]}" "${in_userns[@]}" "$AGENTRUN" --root "$state" --systemd-cgroup run \
		--detach --bundle "$bundle" "$id"
	expect_success
	check_match "where init is" "$(cgroup_of "$("${in_session[@]}" "${in_userns[@]}" "$AGENTRUN" \
		--root "$state" state "$id" | jq -r .pid)")" "/user\\.slice/t-$id\\.scope\$"
	run_command "${in_session[@]}" "${in_userns[@]}" "$AGENTRUN" --root "$state" delete --force "$id"
	expect_success
	assert_nothing_left
fi

test_begin "without a session there is one sentence that says what to do"
user_bundle true
run_command setpriv --reuid 1000 --regid 1000 --clear-groups env -i PATH="$PATH" "$AGENTRUN" \
	--root "$state" --systemd-cgroup run --bundle "$bundle" "$id"
expect_status 1
expect_error "the user's systemd cannot be reached on the session bus"
expect_error "loginctl enable-linger"
check_lacks "the errors" "$errors" "o such file"
assert_nothing_left

test_begin "--rootless chooses the user's systemd for root too"
user_bundle true
run_command env -u DBUS_SESSION_BUS_ADDRESS -u XDG_RUNTIME_DIR "$AGENTRUN" --root "$state.root" \
	--rootless=true --systemd-cgroup run --bundle "$bundle" "$id"
expect_error "the user's systemd cannot be reached on the session bus"
assert_nothing_left

test_end
