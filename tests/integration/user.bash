# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lib.sh has $bundle, $id and the rest; its words are for the files that source this one:
# shellcheck disable=SC2154,SC2034
#
# An ordinary user, for tests that root runs. Sourced after tests/lib.sh.
#
#   $user              its uid and gid, which nobody else has
#   $session           its XDG_RUNTIME_DIR; agentrun's state is in $mine below it
#   $group             the folder of a cgroup that its commands begin in; empty: that of the test
#   $users_filter      jq, for all of its bundles
#   user_environment   all that its commands have

user=54321
session=$TEST_TMP/session
mine=$session/agentrun
group='' users_filter=.
user_environment=("PATH=$PATH" "XDG_RUNTIME_DIR=$session" "AGENTRUN_TEST=$lib_mark" ${ASAN_OPTIONS+"ASAN_OPTIONS=$ASAN_OPTIONS"})
mkdir "$session"
chown "$user:$user" "$session"
chmod 700 "$session"

# as_user ARGUMENT...: agentrun, with nothing of root's.
as_user() {
	# shellcheck disable=SC2016
	run_command sh -c '[ -z "$1" ] || echo $$ >"$1/cgroup.procs"; shift; exec "$@"' sh "$group" \
		setpriv --reuid "$user" --regid "$user" --clear-groups --bounding-set -all env -i "${user_environment[@]}" "$AGENTRUN" "$@"
}

# users_bundle FILTER COMMAND...: from "spec --rootless", all of it the user's.
users_bundle() {
	local filter=$1
	shift
	mkdir -p "$bundle"
	[ -d "$bundle/rootfs" ] || make_rootfs "$bundle/rootfs"
	rm -f "$bundle/config.json"
	chown -R "$user:$user" "$bundle"
	as_user spec --rootless --bundle "$bundle"
	expect_success
	edit_bundle "$bundle" ".process.terminal = false | .process.args = \$ARGS.positional | $users_filter | $filter" --args -- "$@"
	chown "$user:$user" "$bundle/config.json"
}

users_nothing_left() {
	assert_nothing_left
	check_equal "state of the user" "$(ls -A "$mine")" ""
}
