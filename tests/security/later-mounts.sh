#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A bind or root that is a slave of the host's gets whatever the host mounts below its source later: a disk, a
# home, credentials, judged by nobody and without nosuid and nodev.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

printf '{ "bind-sources": ["%s/source"] }\n' "$TEST_TMP" >"$TEST_TMP/policy"

# late_bundle FILTER [OPTION...]: the bind /host, with these options besides.
late_bundle() {
	local filter=$1
	shift
	mkdir -p "$TEST_TMP/source/late"
	bind_bundle "$TEST_TMP/source" "$@"
	edit_bundle "$bundle" ".process.args = [\"sleep\", \"100\"] | $filter"
	mkdir -p "$bundle/rootfs/late"
}

# look_later PROFILE: mounts below the source and the root once the container runs, in a mount namespace of the test's
# own whose root is shared; $output says what of it the container sees.
look_later() {
	# shellcheck disable=SC2016 # for the other shells
	run_command unshare --mount --propagation private sh -euc '
		mount --make-rshared /
		agentrun() {
			"$AGENTRUN" --root "$state" --config "$TEST_TMP/policy" --profile "$profile" "$@"
		}
		agentrun run --detach --bundle "$bundle" "$id" >/dev/null
		for at in "$TEST_TMP/source/late" "$bundle/rootfs/late"; do
			mount -t tmpfs -o nosuid tmpfs "$at"
			touch "$at/file"
		done
		agentrun exec "$id" sh -c "ls -d /host/late /host/late/file /late/file 2>/dev/null || true"
		agentrun delete --force "$id"'
	assert_nothing_left
}
export state bundle id profile

for profile in agent strict; do
	test_begin "$profile: what the host mounts later below a bind or the root does not appear"
	late_bundle .
	look_later
	expect_output /host/late

	for how in private shared,rprivate slave,rprivate rslave,private; do
		test_begin "$profile: nor with the options $how"
		IFS=, read -ra options <<<"$how"
		late_bundle . "${options[@]}"
		look_later
		expect_output /host/late
	done
done

for how in slave rslave; do
	test_begin "strict: nor where $how is asked"
	profile=strict
	late_bundle ".linux.rootfsPropagation = \"$how\"" "$how"
	look_later
	expect_output /host/late

	test_begin "agent: where $how is asked of a bind it appears"
	profile=agent
	late_bundle . "$how"
	look_later
	expect_output_has /host/late/file
done

test_begin "agent: where the root is asked to be a slave, a bind that says nothing is none"
profile=agent
late_bundle '.linux.rootfsPropagation = "rslave"'
look_later
expect_output $'/host/late\n/late/file'

test_begin "strict: of several words no shared one is left over"
profile=strict
for words in shared,rslave rshared,slave rshared,rprivate; do
	IFS=, read -ra options <<<"$words"
	late_bundle . "${options[@]}"
	run_agentrun --config "$TEST_TMP/policy" --profile strict explain --format json --bundle "$bundle"
	expect_success
	check_equal "words of the bind" \
		"$(jq -c '[.config.mounts[] | select(.destination == "/host") | .options[] | select(test("shared|slave|private"))]' <<<"$output")" \
		'["rprivate"]'
done
assert_nothing_left

test_begin "where nothing guards, it appears"
profile=compat
late_bundle .
look_later
expect_output $'/host/late\n/host/late/file\n/late/file'
