#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# CVE-2024-45310: mount targets that are missing are made, and a link in their path must not have them made
# outside of the root filesystem.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

mkdir -p "$TEST_TMP/outside" "$TEST_TMP/source"
echo x >"$TEST_TMP/source-file"
for profile in compat agent; do
	for link in "../../../../../../../..$TEST_TMP/outside" "$TEST_TMP/outside"; do
		for source in source source-file; do
			test_begin "$profile: a $source below the link ${link:0:3}... of the image"
			make_command "$bundle" '.mounts += [{destination: "/way/new/place", type: "bind", source: "/", options: ["rbind"]}]' \
				true
			edit_bundle "$bundle" '.mounts[-1].source = $s' --arg s "$TEST_TMP/$source"
			ln -s "$link" "$bundle/rootfs/way"
			run_agentrun --profile "$profile" run --bundle "$bundle" "$id"
			check_equal "made outside" "$(find "$TEST_TMP/outside" -mindepth 1)" ""
			assert_nothing_left
		done
	done
done

test_begin "the probe sees what is made within"
make_command "$bundle" '.mounts += [{destination: "/new/place", type: "bind", source: "/", options: ["rbind"]}]' true
edit_bundle "$bundle" '.mounts[-1].source = $s' --arg s "$TEST_TMP/source"
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_success
check_true "the target is in the image" [ -d "$bundle/rootfs/new/place" ]
assert_nothing_left
