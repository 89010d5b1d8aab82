#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The host's namespaces: by leaving one out, or by joining it by its path.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

test_begin "a namespace that is left out would be the host's, and is refused"
for type in pid network ipc uts mount; do
	attack_bundle 'del(.linux.namespaces[] | select(.type == $type)) | del(.hostname)' --arg type "$type"
	# what cannot be without them is an error for every profile
	[ "$type" != mount ] || edit_bundle "$bundle" 'del(.linux.maskedPaths, .linux.readonlyPaths, .mounts)'
	expect_refused "linux.namespaces[$type]"
done
assert_nothing_left

test_begin "none at all is refused"
attack_bundle '.linux.namespaces = [] | del(.hostname, .mounts, .linux.maskedPaths, .linux.readonlyPaths)'
expect_refused "linux.namespaces["
assert_nothing_left

test_begin "the host's own cannot be joined by a path either, nor through a link"
ln -sf /proc/self/ns/net "$TEST_TMP/link"
for pair in pid=/proc/self/ns/pid network=/proc/self/ns/net ipc=/proc/self/ns/ipc uts=/proc/self/ns/uts \
	mount=/proc/self/ns/mnt "network=$TEST_TMP/link"; do
	attack_bundle '(.linux.namespaces[] | select(.type == $type)).path = $path' \
		--arg type "${pair%%=*}" --arg path "${pair#*=}"
	expect_refused "linux.namespaces[${pair%%=*}].path"
done
assert_nothing_left

test_begin "the host's cgroup namespace becomes the container's own"
make_command "$bundle" 'del(.linux.namespaces[] | select(.type == "cgroup"))' readlink /proc/self/ns/cgroup
run_agentrun run --bundle "$bundle" "$id"
expect_success
check_false "the namespace is the host's" [ "$output" = "$(readlink /proc/self/ns/cgroup)" ]
assert_nothing_left

test_begin "the host's network is there where nothing guards"
make_command "$bundle" 'del(.linux.namespaces[] | select(.type == "network"))' readlink /proc/self/ns/net
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_success
expect_output "$(readlink /proc/self/ns/net)"
assert_nothing_left
