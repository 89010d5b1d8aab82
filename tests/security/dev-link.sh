#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# CVE-2026-41579, CVE-2026-47766: an image whose /dev is a link makes the runtime create its nodes and
# links where the link leads.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

for profile in compat agent; do
	for mounted in with without; do
		test_begin "$profile: /dev of the image is a link, $mounted a tmpfs on it"
		make_command "$bundle" . true
		mkdir -p "$TEST_TMP/outside" "$bundle/rootfs/inside"
		rm -rf "$bundle/rootfs/dev"
		ln -s "../../../../../../../..$TEST_TMP/outside" "$bundle/rootfs/dev"
		[ "$mounted" = with ] || edit_bundle "$bundle" 'del(.mounts[] | select(.destination | startswith("/dev")))'
		run_agentrun --profile "$profile" run --bundle "$bundle" "$id"
		expect_error "/dev"
		check_equal "made outside of the image" "$(ls -A "$TEST_TMP/outside")" ""
		assert_nothing_left

		test_begin "$profile: /dev is a link within the image, $mounted a tmpfs on it"
		make_command "$bundle" . true
		mkdir -p "$bundle/rootfs/inside"
		rm -rf "$bundle/rootfs/dev"
		ln -s inside "$bundle/rootfs/dev"
		[ "$mounted" = with ] || edit_bundle "$bundle" 'del(.mounts[] | select(.destination | startswith("/dev")))'
		run_agentrun --profile "$profile" run --bundle "$bundle" "$id"
		check_equal "made in the image" "$(ls -A "$bundle/rootfs/inside")" ""
		assert_nothing_left
	done
done

test_begin "the probe sees what is made in a /dev of the image"
make_command "$bundle" 'del(.mounts[] | select(.destination | startswith("/dev")))' true
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_success
check_true "null is there" [ -c "$bundle/rootfs/dev/null" ]
assert_nothing_left
