#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An ordinary user's containers: every command, with a cgroup that is delegated to the user and without, in the
# compat and in the agent profile. User namespaces themselves are userns.sh.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root userns
. "$(dirname "$0")/user.bash"

# a network of its own, which spec --rootless does not give
users_filter='.linux.namespaces += [{type: "network"}]'

# --- without a cgroup ----------------------------------------------------------------------------

test_begin "the state is below XDG_RUNTIME_DIR, for the user alone"
users_bundle . sleep 300
as_user run --detach --bundle "$bundle" "$id"
expect_success
check_equal "whose it is" "$(stat -c '%a %u' "$mine")" "1700 $user"
check_true "the record" [ -f "$mine/$id/state.json" ]
as_user list
check_match "the owner" "$output" "^$id .*#$user"
as_user delete --force "$id"
expect_success
users_nothing_left

for rootless in true false auto; do
	test_begin "--rootless $rootless changes nothing for who is no root"
	users_bundle . id -u
	as_user --rootless "$rootless" run --bundle "$bundle" "$id"
	expect_output 0
	as_user "--rootless=$rootless" --profile compat run --bundle "$bundle" "$id"
	expect_output 0
	users_nothing_left
done

test_begin "features and list say nothing on standard error"
as_user features
expect_success
check_equal "errors" "$errors" ""
as_user list --format json
expect_output null
check_equal "errors" "$errors" ""

for profile in compat agent strict; do
	test_begin "a life without a cgroup: what needs one says so, the rest works ($profile)"
	users_bundle . sleep 300
	as_user --profile "$profile" create --bundle "$bundle" "$id"
	expect_success
	as_user start "$id"
	expect_success
	as_user state "$id"
	check_equal "status" "$(jq -r .status <<<"$output")" running
	as_user exec "$id" id -u
	expect_output 0
	for command in "ps $id" "events --stats $id" "pause $id" "update --pids-limit 5 $id"; do
		# shellcheck disable=SC2086 # words
		as_user $command
		expect_error "no cgroup of its own"
	done
	as_user kill "$id" KILL
	expect_success
	as_user delete --force "$id"
	expect_success
	users_nothing_left
done

# --- the cage ------------------------------------------------------------------------------------

test_begin "the agent profile cages an ordinary user's container too"
# shellcheck disable=SC2016
users_bundle '.root.readonly = false | .process.noNewPrivileges = false' sh -c '
	grep -E "^(NoNewPrivs|Seccomp):" /proc/self/status
	touch /x 2>/dev/null || echo root is read-only
	cp /bin/busybox /tmp/true && { /tmp/true 2>/dev/null || echo nothing runs in /tmp; }
	unshare -U true 2>/dev/null || echo no namespaces
	mount -t tmpfs none /mnt 2>/dev/null || echo no mounts
	touch /dev/x 2>/dev/null || echo /dev is read-only
	echo x >/dev/null && echo /dev/null works'
as_user run --bundle "$bundle" "$id"
expect_output $'NoNewPrivs:\t1\nSeccomp:\t2\nroot is read-only\nnothing runs in /tmp\nno namespaces\nno mounts\n/dev is read-only\n/dev/null works'
users_nothing_left

test_begin "what is not applied is on record with its reason, and it is the host's to give"
users_bundle . sleep 300
as_user run --detach --bundle "$bundle" "$id"
expect_success
as_user state "$id"
# the sysctl is root's to set; before it works memfd_create is denied, and before Linux 6.12 Landlock keeps only memory apart
lacks=
! has kernel:6.6 || lacks+="memfd-noexec "
has kernel:6.12 || lacks+="landlock "
check_equal "not applied, beside limits" "$(jq -r '.agentrun.controls | to_entries[] | select(.value.result == "not applied").key' <<<"$output" |
	grep -vE '^(pids|memory)-limit$' | tr '\n' ' ')" "$lacks"
check_equal "without a reason" "$(jq '[.agentrun.controls[] | select(.result == "not applied" and (.why // "") == "")] | length' <<<"$output")" 0
check_equal "enforced" "$(jq -r '[.agentrun.controls | to_entries[] | select(.value.result == "enforced").key] | contains(["binds", "capabilities",
	"devices", "keyring", "namespaces", "no-new-privs", "read-only-root", "scratch", "seccomp", "user-namespace"])' <<<"$output")" true
as_user delete --force "$id"
users_nothing_left

# unshare(1) denies setgroups(2) there, as it must.
for profile in compat agent; do
	test_begin "an ordinary user who is root of a namespace of one id runs containers in it ($profile)" command:unshare || continue
	users_bundle 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))' \
		sh -c 'tr -s " " </proc/self/uid_map; cat /proc/self/setgroups'
	mkdir "$session/state"
	chown "$user:$user" "$session/state"
	run_command setpriv --reuid "$user" --regid "$user" --clear-groups env -i "PATH=$PATH" "AGENTRUN_TEST=$lib_mark" \
		${ASAN_OPTIONS+"ASAN_OPTIONS=$ASAN_OPTIONS"} \
		unshare -U -r -m "$AGENTRUN" --root "$session/state" --profile "$profile" run --bundle "$bundle" "$id"
	expect_output " 0 $user 1"$'\ndeny'
	check_equal "state" "$(ls -A "$session/state")" ""
	rmdir "$session/state"
	assert_nothing_left
done

test_begin "the host's network, which spec --rootless keeps, is refused by the agent profile"
users_bundle 'del(.linux.namespaces[] | select(.type == "network"))' true
as_user run --bundle "$bundle" "$id"
expect_error "linux.namespaces[network]"
as_user --profile compat run --bundle "$bundle" "$id"
expect_success
users_nothing_left

# --- with a cgroup that is the user's ------------------------------------------------------------

# A subtree as systemd delegates it: who begins in it may divide what is beside.
delegate() {
	delegated=$(cgroup_root)/$lib_mark-delegated
	group=$delegated/session
	mkdir -p "$group"
	chown "$user:$user" "$delegated" "$group" "$delegated"/cgroup.{procs,threads,subtree_control} "$group/cgroup.procs"
}
own_cgroup() {
	sed -n 's/^0:://p' "/proc/$(jq .init_process_pid "$mine/$id/state.json")/cgroup"
}

for profile in compat agent; do
	test_begin "in a delegated cgroup every command works ($profile)" cgroup || continue
	delegate
	users_bundle . sleep 300
	as_user --profile "$profile" run --detach --bundle "$bundle" "$id"
	expect_success
	# as with runc, compat has it right beside the caller's
	expected=$lib_mark-delegated/$id
	[ "$profile" = compat ] || expected=$lib_mark-delegated/agentrun/$id
	check_equal "its cgroup" "$(own_cgroup)" "/$expected"
	check_equal "whose it is" "$(stat -c %u "$(cgroup_root)/$expected")" "$user"
	as_user ps --format json "$id"
	expect_output "[$(jq .init_process_pid "$mine/$id/state.json")]"
	as_user exec "$id" sh -c 'sed -n s/^0:://p /proc/self/cgroup'
	expect_output /
	as_user events --stats "$id"
	check_equal "what is counted" "$(jq -r .type <<<"$output")" stats
	as_user pause "$id"
	expect_success
	as_user state "$id"
	check_equal "status" "$(jq -r .status <<<"$output")" paused
	as_user exec "$id" true
	expect_status 255
	as_user resume "$id"
	expect_success
	as_user kill "$id" KILL
	expect_success
	as_user delete --force "$id"
	expect_success
	check_false "its cgroup is gone" [ -e "$(cgroup_root)/$expected" ]
	group=
done

while read -r path expected; do
	test_begin "cgroupsPath '$path' of an ordinary user" cgroup || continue
	delegate
	users_bundle ".linux.cgroupsPath = \"${path/MARK/$lib_mark}\"" sleep 300
	as_user run --detach --bundle "$bundle" "$id"
	expect_success
	check_equal "its cgroup" "$(own_cgroup)" "/$lib_mark-delegated/$expected"
	as_user delete --force "$id"
	expect_success
	group=
done <<'PATHS'
/MARK-delegated/given given
relative relative
PATHS

if test_begin "a cgroup that is not the user's is refused in a sentence" cgroup; then
	delegate
	users_bundle '.linux.cgroupsPath = "/agentrun-not-yours"' true
	as_user --profile compat run --bundle "$bundle" "$id"
	expect_error agentrun-not-yours
	check_false "it was not made" [ -e "$(cgroup_root)/agentrun-not-yours" ]
	group=
fi

if test_begin "limits of a delegated cgroup are in force, and updated" pids; then
	delegate
	echo +pids >"$(cgroup_root)/cgroup.subtree_control"
	users_bundle '.linux.resources.pids.limit = 50' sleep 300
	as_user run --detach --bundle "$bundle" "$id"
	expect_success
	check_equal "the limit" "$(cat "$delegated/agentrun/$id/pids.max")" 50
	as_user update --pids-limit 20 "$id"
	expect_success
	check_equal "the limit" "$(cat "$delegated/agentrun/$id/pids.max")" 20
	as_user delete --force "$id"
	group=
fi
