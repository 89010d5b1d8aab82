#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# CVE-2025-31133: a runtime that masks with the image's /dev/null binds whatever a link there names, over the
# masked path: a way to write to /proc/sys of the host. Ours binds the host's own null device.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

masked=(/proc/acpi /proc/interrupts /proc/kcore /proc/keys /proc/timer_list /proc/sysrq-trigger /proc/kallsyms /sys/firmware)

for null in link file; do
	test_begin "an image whose /dev/null is a $null: masked paths stay masked"
	make_command "$bundle" . sh -c 'for p in "$@"; do
		[ -e "$p" ] || continue
		if [ -d "$p" ]; then [ -z "$(ls -A "$p")" ] || echo "$p can be listed"
		else [ -z "$(head -c 10 "$p" 2>/dev/null | tr -d "\\0")" ] || echo "$p can be read"; fi
	done; grep -c . /proc/sys/kernel/core_pattern' sh "${masked[@]}"
	rm -rf "$bundle/rootfs/dev"
	mkdir "$bundle/rootfs/dev"
	case $null in
	link) ln -s /proc/sys/kernel/core_pattern "$bundle/rootfs/dev/null" ;;
	file) echo "something else" >"$bundle/rootfs/dev/null" ;;
	esac
	# without a tmpfs on /dev the image's own is what the container has
	edit_bundle "$bundle" 'del(.mounts[] | select(.destination == "/dev"))'
	run_agentrun run --bundle "$bundle" "$id"
	check_lacks "what can be seen" "$output" "can be"
	assert_nothing_left
done

test_begin "a masked path that is a link to another place in the image does not reach the host"
make_command "$bundle" '.linux.maskedPaths += ["/masked"]' sh -c 'cat /masked'
echo "of the image" >"$bundle/rootfs/target"
ln -s /target "$bundle/rootfs/masked"
run_agentrun run --bundle "$bundle" "$id"
expect_output ""
check_equal "the image's file" "$(cat "$bundle/rootfs/target")" "of the image"
assert_nothing_left

test_begin "a masked path that leads out of the image stays inside"
make_command "$bundle" '.linux.maskedPaths += ["/up"]' true
mkdir -p "$TEST_TMP/outside"
echo "of the host" >"$TEST_TMP/outside/file"
ln -s "../../../../../../..$TEST_TMP/outside/file" "$bundle/rootfs/up"
run_agentrun run --bundle "$bundle" "$id"
expect_success
check_equal "the host's file" "$(cat "$TEST_TMP/outside/file")" "of the host"
assert_nothing_left

test_begin "the probe reads what is not masked"
make_command "$bundle" '.linux.maskedPaths = []' sh -c 'head -c 10 /proc/timer_list | grep -q . && echo "can be read"'
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_output "can be read"
assert_nothing_left
