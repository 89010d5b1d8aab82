#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the host has mounted read-only, noexec or without following links is bound with options that clear that.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root command:unshare kernel:5.12

source=$TEST_TMP/source
mkdir -p "$source/below"
printf '{ "bind-sources": ["%s"] }\n' "$source" >"$TEST_TMP/policy"

# look_at PROFILE TOP BELOW PLACE OPTION...: the bind of a source that the host mounts with flags TOP, what is below it
# with flags BELOW; $output: what the container can do at PLACE.
look_at() {
	local profile=$1 top=$2 below=$3 place=$4
	shift 4
	bind_bundle "$source" "$@"
	edit_bundle "$bundle" '.process.args = ["sh", "-c", $script, "sh", $place]' --arg place "/host$place" --arg script '
		cd "$1" || exit
		touch written 2>/dev/null && echo written
		./busybox true 2>/dev/null && echo executed
		cat link 2>/dev/null
		true'
	# shellcheck disable=SC2016 # for the other shell
	run_command unshare --mount --propagation private sh -euc '
		mount -t tmpfs -o mode=755 top "$source"
		mkdir "$source/below"
		mount -t tmpfs -o mode=755 below "$source/below"
		for place in "$source" "$source/below"; do
			cp /bin/busybox "$place/busybox"
			echo followed >"$place/file"
			ln -s file "$place/link"
		done
		mount -o "remount,bind,$2" "$source/below"
		mount -o "remount,bind,$1" "$source"
		shift 2
		exec "$@"' sh "$top" "$below" \
		"$AGENTRUN" --root "$state" --config "$TEST_TMP/policy" --profile "$profile" run --bundle "$bundle" "$id"
}
export source

for profile in agent strict; do
	test_begin "$profile: a read-only mount of the host stays read-only"
	look_at "$profile" ro rw "" rw
	expect_output $'executed\nfollowed'
	look_at "$profile" ro rw "" ro rrw
	expect_output $'executed\nfollowed'

	test_begin "$profile: one that is noexec stays that"
	look_at "$profile" ro,noexec rw "" rw exec rexec
	expect_output followed
	look_at "$profile" noexec rw "" exec
	expect_output $'written\nfollowed'

	test_begin "$profile: so does a mount below"
	look_at "$profile" rw ro,noexec /below rw exec rrw rexec
	expect_output followed
	look_at "$profile" rw ro,noexec "" rw exec rrw rexec
	expect_output $'written\nexecuted\nfollowed'

	test_begin "$profile: links are not followed where the host does not" kernel:5.14 || continue
	look_at "$profile" nosymfollow rw "" symfollow rsymfollow
	expect_output $'written\nexecuted'
	assert_nothing_left
done

test_begin "agent: nor is it written to while mounts are made in a place that is read-only"
attack_bundle '.mounts += [{destination: "/etc/app", type: "bind", source: $source, options: ["rbind", "rw"]},
	{destination: "/etc/app/new", type: "tmpfs", source: "tmpfs"}]' --arg source "$source"
# shellcheck disable=SC2016 # for the other shell
run_command unshare --mount --propagation private sh -euc '
	mount --bind "$source" "$source"
	mount -o remount,bind,ro "$source"
	exec "$@"' sh "$AGENTRUN" --root "$state" run --bundle "$bundle" "$id"
expect_error "mount '/etc/app/new': it is missing in the bind on '/etc/app', which is read-only by policy"
check_false "made on the host" test -e "$source/new"
assert_nothing_left

test_begin "agent: explain says what is left out"
bind_bundle "$source" rw exec
# shellcheck disable=SC2016 # for the other shell
run_command unshare --mount --propagation private sh -euc '
	mount --bind "$source" "$source"
	mount -o remount,bind,ro "$source"
	exec "$@"' sh "$AGENTRUN" explain --format json --bundle "$bundle"
expect_success
check_equal "the decision" "$(jq -c '[.decisions[] | select(.field == "mounts[/host].options" and .got == "left out")
	| .asked, .kind]' <<<"$output")" '["rw","forced"]'

test_begin "where nothing guards, the flags are cleared"
look_at compat ro,noexec ro,noexec /below rrw rexec
expect_output $'written\nexecuted\nfollowed'
assert_nothing_left
