#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# File systems that a container has no business to mount: all devices, disks, the host through an overlay,
# a file system whose server is somebody else's program, the kernel's own.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

test_begin "no file system but the harmless ones, in their places, is mounted"
for type in devtmpfs ext4 xfs btrfs squashfs erofs vfat iso9660 fuse fuseblk nfs cifs 9p virtiofs debugfs tracefs \
	securityfs bpf configfs binfmt_misc pstore efivarfs ramfs hugetlbfs autofs rpc_pipefs selinuxfs; do
	attack_bundle '.mounts += [{destination: "/mnt", type: $type, source: "none"}]' --arg type "$type"
	expect_refused "mounts[/mnt].type"
done
assert_nothing_left

test_begin "a disk of the host is not mounted"
for type in ext4 ext3 ext2 xfs btrfs; do
	attack_bundle '.mounts += [{destination: "/mnt", type: $type, source: $disk, options: ["ro"]}]' \
		--arg type "$type" --arg disk "$(findmnt -no SOURCE / | grep ^/dev/ || echo /dev/sda1)"
	expect_refused "mounts[/mnt].type"
done
assert_nothing_left

test_begin "an overlay of the host's directories is refused"
mkdir -p "$TEST_TMP/upper" "$TEST_TMP/work"
attack_bundle '.mounts += [{destination: "/mnt", type: "overlay", source: "overlay",
	options: ["lowerdir=/etc", "upperdir=" + $tmp + "/upper", "workdir=" + $tmp + "/work"]}]' --arg tmp "$TEST_TMP"
expect_refused "mounts[/mnt].type"
assert_nothing_left

test_begin "options smuggled into a mount of a harmless type change nothing"
make_command "$bundle" '.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs",
	options: ["exec", "suid", "dev", "size=100%", "mode=0777"]}]' grep ' /mnt ' /proc/mounts
run_agentrun run --bundle "$bundle" "$id"
expect_success
for flag in noexec nosuid nodev; do
	expect_output_has "$flag"
done
assert_nothing_left

if test_begin "an overlay of the host is there where nothing guards" overlay; then
	attack_bundle '.mounts += [{destination: "/mnt", type: "overlay", source: "overlay",
		options: ["lowerdir=/etc:/usr"]}]
		| .process.args = ["sh", "-c", "test -e /mnt/passwd && echo escaped"]'
	expect_runs
	assert_nothing_left
fi
