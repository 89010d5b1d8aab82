#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Mounts, root, devices and paths as the container finds them: runtime-spec config.md "Mounts" and
# config-linux.md "Devices", "Masked Paths", "Readonly Paths", in the compat profile.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

# flags_of PLACE: those of the last mount there, from a container's mountinfo in $output.
flags_of() {
	awk -v place="$1" '$5 == place { flags = $6 } END { print flags }' <<<"$output"
}

# A source with a file, a program, a link and a mount below.
make_source() {
	mkdir -p "$1/below"
	echo content >"$1/file"
	cp /bin/busybox "$1/busybox"
	ln -sf file "$1/link"
	mount -t tmpfs -o mode=755 below "$1/below"
}

# --- filesystems ---------------------------------------------------------------------------------

test_begin "proc, sysfs, devpts, mqueue, tmpfs and the cgroup tree are mounted"
run_compat . -- cat /proc/self/mountinfo
expect_success
for pair in /proc:proc /sys:sysfs /dev:tmpfs /dev/pts:devpts /dev/mqueue:mqueue /dev/shm:tmpfs /sys/fs/cgroup:cgroup2; do
	check_match "the mount on ${pair%:*}" "$output" " ${pair%:*} [^-]*- ${pair#*:} "
done
check_equal "flags of /dev" "$(flags_of /dev)" rw,nosuid
check_equal "flags of /sys" "$(flags_of /sys)" ro,nosuid,nodev,noexec,relatime
assert_nothing_left

test_begin "cgroup and cgroup2 are both the container's own v2 tree"
run_compat '(.mounts[] | select(.type == "cgroup") | .type) = "cgroup2"' -- \
	sh -c 'grep -c " - cgroup2 " /proc/self/mountinfo; cat /proc/self/cgroup | grep ^0; cat /sys/fs/cgroup/cgroup.procs'
expect_success
check_has "the cgroup" "$output" "0::/"
check_match "its processes" "$output" '^1$'

test_begin "a tmpfs has the size, mode and owner it is asked"
run_compat '.mounts += [{destination: "/opt", type: "tmpfs", source: "tmpfs",
	options: ["size=64k", "mode=1750", "uid=1000", "gid=2000", "nr_inodes=10"]}]' -- \
	sh -c 'stat -c %a:%u:%g /opt; df -k /opt | tail -n 1 | tr -s " " | cut -d " " -f 2'
expect_output $'1750:1000:2000\n64'

test_begin "a devpts of the container's own has only its terminals"
run_compat . -- sh -c 'ls /dev/pts; stat -c %a /dev/pts/ptmx'
expect_output $'ptmx\n666'

test_begin "an overlay is mounted from the options it is given" overlay
mkdir -p "$TEST_TMP/lower"
echo below >"$TEST_TMP/lower/file"
mkdir -p "$TEST_TMP/layers/upper" "$TEST_TMP/layers/work"
run_compat '.mounts += [{destination: "/mnt", type: "overlay", source: "overlay",
	options: ["lowerdir=" + $tmp + "/lower", "upperdir=" + $tmp + "/layers/upper", "workdir=" + $tmp + "/layers/work"]}]' \
	--arg tmp "$TEST_TMP" -- sh -c 'cat /mnt/file; echo above >/mnt/file'
expect_output below
check_equal "the upper layer" "$(cat "$TEST_TMP/layers/upper/file")" above
check_equal "the lower layer" "$(cat "$TEST_TMP/lower/file")" below

test_begin "a filesystem's own option that it does not know is an error that names it"
run_compat '.mounts += [{destination: "/opt", type: "tmpfs", source: "tmpfs", options: ["flavour=mint"]}]' -- true
expect_error "/opt"
expect_error "flavour"
assert_nothing_left

test_begin "an unknown filesystem is an error that names it"
run_compat '.mounts += [{destination: "/opt", type: "nonesuchfs", source: "x"}]' -- true
expect_error nonesuchfs
assert_nothing_left

# --- binds ---------------------------------------------------------------------------------------

test_begin "a bind shows the directory, and rbind what is mounted below it too"
make_source "$TEST_TMP/source"
touch "$TEST_TMP/source/below/inside"
run_compat '.mounts += [{destination: "/one", type: "bind", source: $source, options: ["bind"]},
	{destination: "/all", type: "none", source: $source, options: ["rbind"]}]' --arg source "$TEST_TMP/source" -- \
	sh -c 'cat /one/file; ls /one/below; echo; ls /all/below'
expect_output $'content\n\ninside'
umount "$TEST_TMP/source/below"

test_begin "a file is bound on a file, which is made where it is missing"
echo bound >"$TEST_TMP/file"
run_compat '.root.readonly = false | .mounts += [
	{destination: "/etc/passwd", type: "bind", source: $file, options: ["bind", "ro"]},
	{destination: "/etc/new/place", type: "bind", source: $file, options: ["bind", "ro"]}]' \
	--arg file "$TEST_TMP/file" -- cat /etc/passwd /etc/new/place
expect_output $'bound\nbound'

test_begin "a directory on a file is an error that names both"
mkdir -p "$TEST_TMP/directory"
run_compat '.mounts += [{destination: "/etc/passwd", type: "bind", source: $source, options: ["bind"]}]' \
	--arg source "$TEST_TMP/directory" -- true
expect_error "$TEST_TMP/directory"
expect_error /etc/passwd
assert_nothing_left

test_begin "a source that is not there is an error that engines know"
run_compat '.mounts += [{destination: "/mnt", type: "bind", source: "/nonesuch", options: ["rbind"]}]' -- true
expect_error "no such file or directory"
expect_error /nonesuch
assert_nothing_left

test_begin "a relative source is one of the bundle"
mkdir -p "$bundle/data"
echo here >"$bundle/data/file"
run_compat '.mounts += [{destination: "/mnt", type: "bind", source: "data", options: ["rbind"]}]' -- cat /mnt/file
expect_output here

test_begin "a relative destination is one below the root"
run_compat '.mounts += [{destination: "mnt", type: "tmpfs", source: "tmpfs"}]' -- grep -c " /mnt " /proc/self/mountinfo
expect_output 1

test_begin "links of the image in a destination lead to places in the container"
make_rootfs "$bundle/rootfs"
rmdir "$bundle/rootfs/mnt"
ln -s /srv "$bundle/rootfs/mnt"
ln -s ../../../../../../opt "$bundle/rootfs/work/up"
echo bound >"$TEST_TMP/file"
run_compat '.root.readonly = false | .mounts += [
	{destination: "/mnt/file", type: "bind", source: $file, options: ["bind"]},
	{destination: "/work/up", type: "tmpfs", source: "tmpfs"}]' --arg file "$TEST_TMP/file" -- \
	sh -c 'cat /srv/file; grep -c " /opt " /proc/self/mountinfo'
expect_output $'bound\n1'
check_false "a file of the host" test -e /srv/file

test_begin "mounts come in their order: a later one covers an earlier one"
run_compat '.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs"},
	{destination: "/mnt/sub/dir", type: "tmpfs", source: "tmpfs"}, {destination: "/srv/x", type: "tmpfs", source: "tmpfs"},
	{destination: "/srv", type: "tmpfs", source: "tmpfs"}] | .root.readonly = false' -- \
	sh -c 'ls -d /mnt/sub/dir; ls -A /srv'
expect_output /mnt/sub/dir

test_begin "something can be mounted in a read-only tmpfs, and /dev can be one"
run_compat '.mounts += [{destination: "/opt", type: "tmpfs", source: "tmpfs", options: ["ro"]},
	{destination: "/opt/sub", type: "tmpfs", source: "tmpfs"}]
	| (.mounts[] | select(.destination == "/dev") | .options) += ["ro"]' -- \
	sh -c 'touch /opt/sub/x && echo made; for place in /opt /dev; do touch $place/x 2>/dev/null || echo $place is read-only; done
		echo x >/dev/null && echo and the null device is there'
expect_output $'made\n/opt is read-only\n/dev is read-only\nand the null device is there'

# --- flags ---------------------------------------------------------------------------------------

# flag_tests TYPE OPTION:EXPECTED...: each on a mount of its own, all in one container.
flag_tests() {
	local type=$1 pair option mounts='' number=0
	shift
	for pair; do
		number=$((number + 1))
		option=${pair%%:*}
		mounts+="{destination: \"/opt/$number\", type: \"$type\", source: \$source, options: [\"${option//,/\",\"}\"]},"
	done
	run_compat ".root.readonly = false | .mounts += [${mounts%,}]" --arg source "$TEST_TMP/source" -- \
		cat /proc/self/mountinfo
	expect_success
	number=0
	for pair; do
		number=$((number + 1))
		check_equal "a $type with ${pair%%:*}" "$(flags_of "/opt/$number")" "${pair#*:}"
	done
}

test_begin "flags of a filesystem's mount"
flag_tests tmpfs nosuid:rw,nosuid,relatime nodev:rw,nodev,relatime noexec:rw,noexec,relatime ro:ro,relatime \
	noatime:rw,noatime strictatime:rw nodiratime:rw,nodiratime,relatime relatime:rw,relatime defaults:rw,relatime \
	nosuid,suid:rw,relatime nodev,dev:rw,relatime noexec,exec:rw,relatime ro,rw:rw,relatime \
	noatime,atime:rw,relatime nodiratime,diratime:rw,relatime noatime,relatime:rw,noatime \
	norelatime:rw,relatime strictatime,nostrictatime:rw,relatime nosymfollow:rw,relatime,nosymfollow \
	nosymfollow,symfollow:rw,relatime ro,nosuid,nodev,noexec,noatime:ro,nosuid,nodev,noexec,noatime

test_begin "flags of a superblock"
run_compat '.mounts += [{destination: "/opt", type: "tmpfs", source: "tmpfs", options: ["sync", "dirsync", "lazytime"]},
	{destination: "/srv", type: "tmpfs", source: "tmpfs", options: ["sync", "async", "lazytime", "nolazytime"]}]' -- \
	sed -n 's/.* \(\/opt\|\/srv\) .* - tmpfs tmpfs /\1 /p' /proc/self/mountinfo
expect_output_has "/opt rw,sync,dirsync,lazytime"
check_lacks "what is cleared again" "$(grep /srv <<<"$output")" sync
check_lacks "what is cleared again" "$(grep /srv <<<"$output")" lazytime

test_begin "flags of a bind do what they say"
make_source "$TEST_TMP/source"
run_compat '.mounts += [{destination: "/ro", type: "bind", source: $source, options: ["rbind", "ro"]},
	{destination: "/noexec", type: "bind", source: $source, options: ["rbind", "noexec"]},
	{destination: "/nolinks", type: "bind", source: $source, options: ["rbind", "nosymfollow"]}]' \
	--arg source "$TEST_TMP/source" -- sh -c '
	touch /ro/x 2>/dev/null || echo ro; touch /ro/below/x && echo not below
	/noexec/busybox true 2>/dev/null || echo noexec; /ro/busybox true && echo else it runs
	cat /nolinks/link 2>/dev/null || echo nosymfollow; cat /ro/link'
expect_output $'ro\nnot below\nnoexec\nelse it runs\nnosymfollow\ncontent'
umount "$TEST_TMP/source/below"

test_begin "nodev of a bind does what it says"
mkdir -p "$TEST_TMP/nodes"
mknod "$TEST_TMP/nodes/null" c 1 3
run_compat '.mounts += [
	{destination: "/plain", type: "bind", source: $source, options: ["bind"]},
	{destination: "/strict", type: "bind", source: $source, options: ["bind", "nodev"]}]' \
	--arg source "$TEST_TMP/nodes" -- \
	sh -c 'for place in /plain /strict; do echo x 2>/dev/null >$place/null && echo $place: a device; done; true'
expect_output "/plain: a device"

test_begin "recursive flags reach what is mounted below"
make_source "$TEST_TMP/source"
mkdir "$TEST_TMP/source/below/deep"
mount -t tmpfs deep "$TEST_TMP/source/below/deep"
# shellcheck disable=SC2054 # commas are of the options
declare -A recursive=(
	[rro]=ro,relatime [rnosuid]=rw,nosuid,relatime [rnodev]=rw,nodev,relatime [rnoexec]=rw,noexec,relatime
	[rnoatime]=rw,noatime [rstrictatime]=rw [rnodiratime]=rw,nodiratime,relatime [rrelatime]=rw,relatime
	[rnosymfollow]=rw,relatime,nosymfollow [rro,rrw]=rw,relatime [rnosuid,rsuid]=rw,relatime
	[rnodev,rdev]=rw,relatime [rnoexec,rexec]=rw,relatime [rnoatime,ratime]=rw,relatime
	[rnosymfollow,rsymfollow]=rw,relatime [rnodiratime,rdiratime]=rw,relatime [rnorelatime]=rw,relatime
	[rstrictatime,rnostrictatime]=rw,relatime)
mounts='' number=0
for option in "${!recursive[@]}"; do
	number=$((number + 1))
	mounts+="{destination: \"/opt/$number\", type: \"bind\", source: \$source, options: [\"rbind\", \"${option//,/\",\"}\"]},"
done
run_compat ".root.readonly = false | .mounts += [${mounts%,}]" --arg source "$TEST_TMP/source" -- cat /proc/self/mountinfo
expect_success
number=0
for option in "${!recursive[@]}"; do
	number=$((number + 1))
	for place in "" /below /below/deep; do
		check_equal "$option on the source's '$place'" "$(flags_of "/opt/$number$place")" "${recursive[$option]}"
	done
done
check_match "the host's own mount" "$(findmnt -no OPTIONS "$TEST_TMP/source/below/deep")" '^rw'
umount "$TEST_TMP/source/below/deep" "$TEST_TMP/source/below"

test_begin "a remount says all flags of what is mounted"
run_compat '.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["nodev"]},
	{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["remount", "ro", "noexec"]}]' -- \
	cat /proc/self/mountinfo
expect_success
check_equal "its flags" "$(flags_of /mnt)" ro,noexec,relatime
check_equal "mounts there" "$(grep -c " /mnt " <<<"$output")" 1

# --- propagation ---------------------------------------------------------------------------------

test_begin "a mount has the propagation that is asked"
run_compat '.mounts += [
	{destination: "/opt", type: "tmpfs", source: "tmpfs", options: ["shared"]},
	{destination: "/srv", type: "tmpfs", source: "tmpfs", options: ["unbindable"]},
	{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["private"]},
	{destination: "/work", type: "bind", source: $tmp, options: ["rbind", "rshared"]}]' --arg tmp "$bundle" -- \
	awk '{ kind = $7; sub(/:.*/, "", kind) } $5 ~ /^\/(opt|srv|mnt|work)$/ { print $5, kind }' /proc/self/mountinfo
output=$(LC_ALL=C sort <<<"$output")
expect_output $'/mnt -\n/opt shared\n/srv unbindable\n/work shared'
assert_nothing_left

# --- id-mapped mounts ----------------------------------------------------------------------------

if test_begin "an id-mapped bind shows other owners, ridmap below too" kernel:6.3; then
	make_source "$TEST_TMP/source"
	chown 1000:2000 "$TEST_TMP/source/file"
	touch "$TEST_TMP/source/below/file"
	chown 1000:2000 "$TEST_TMP/source/below/file"
	map='uidMappings: [{containerID: 1000, hostID: 5000, size: 1}], gidMappings: [{containerID: 2000, hostID: 6000, size: 1}]'
	run_compat ".mounts += [
		{destination: \"/one\", type: \"bind\", source: \$source, options: [\"rbind\", \"idmap\"], $map},
		{destination: \"/all\", type: \"bind\", source: \$source, options: [\"rbind\", \"ridmap\"], $map},
		{destination: \"/plain\", type: \"bind\", source: \$source, options: [\"rbind\"]}]" \
		--arg source "$TEST_TMP/source" -- \
		stat -c %n:%u:%g /plain/file /one/file /one/below/file /all/file /all/below/file
	expect_output $'/plain/file:1000:2000\n/one/file:5000:6000\n/one/below/file:1000:2000\n/all/file:5000:6000\n/all/below/file:5000:6000'
	umount "$TEST_TMP/source/below"
	assert_nothing_left
fi

# --- tmpcopyup -----------------------------------------------------------------------------------

test_begin "a tmpfs with tmpcopyup starts with what the image has there"
make_rootfs "$bundle/rootfs"
mkdir -p "$bundle/rootfs/opt/a/b"
echo data >"$bundle/rootfs/opt/a/b/file"
ln -s b/file "$bundle/rootfs/opt/a/link"
mkfifo "$bundle/rootfs/opt/a/fifo"
chown -h 1000:2000 "$bundle/rootfs/opt/a/b" "$bundle/rootfs/opt/a/b/file" "$bundle/rootfs/opt/a/link"
chmod 2750 "$bundle/rootfs/opt/a/b"
chown 1000 "$bundle/rootfs/opt/a"
chmod 4755 "$bundle/rootfs/opt/a/b/file"
# shellcheck disable=SC2016 # for the container's shell
run_compat '.process.user = {uid: 1000, gid: 2000} |
	.mounts += [{destination: "/opt", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", "noexec"]}]' -- \
	sh -c 'cd /opt/a; stat -c %n:%a:%u:%g:%F b b/file link fifo; cat link; echo more >>b/file && rm link && echo changed'
expect_output $'b:2750:1000:2000:directory\nb/file:4755:1000:2000:regular file\nlink:777:1000:2000:symbolic link\nfifo:644:0:0:fifo\ndata\nchanged'
check_equal "the image" "$(cat "$bundle/rootfs/opt/a/link")" data

# --- root ----------------------------------------------------------------------------------------

test_begin "root.readonly decides whether the root can be written to"
run_compat . -- touch /x
check_has "what it said" "$errors" "Read-only file system"
run_compat '.root.readonly = false' -- touch /x
expect_success
check_true "the image" test -e "$bundle/rootfs/x"

test_begin "a root outside of the bundle is found by its absolute path"
make_rootfs "$TEST_TMP/elsewhere"
echo marker >"$TEST_TMP/elsewhere/etc/marker"
run_compat '.root.path = $root' --arg root "$TEST_TMP/elsewhere" -- cat /etc/marker
expect_output marker

test_begin "what the host has mounted in the root is there"
make_rootfs "$bundle/rootfs"
mount -t tmpfs inside "$bundle/rootfs/srv"
echo mounted >"$bundle/rootfs/srv/file"
run_compat . -- cat /srv/file
expect_output mounted
umount "$bundle/rootfs/srv"
assert_nothing_left

test_begin "--no-pivot gives the same root"
make_command "$bundle" . sleep 100
run_agentrun --profile compat run --detach --no-pivot --bundle "$bundle" "$id"
expect_success
# shellcheck disable=SC2016 # for the container's shell
run_agentrun exec "$id" sh -c 'head -n 1 /etc/passwd; touch /x 2>/dev/null || echo read-only
	[ /proc/1/root/. -ef / ] && echo one root; grep -c " /[^ ]* $1" /proc/self/mountinfo' sh "$TEST_TMP"
expect_output $'root:x:0:0:root:/root:/bin/sh\nread-only\none root\n0'
# what the host has mounted is not there any more, for chroot(2) to find
check_equal "mounts of a /proc" "$(grep -c ' - proc ' "/proc/$(container_pid "$id")/mountinfo")" \
	"$(run_agentrun exec "$id" grep -c ' - proc ' /proc/self/mountinfo; echo "$output")"
run_agentrun delete --force "$id"
assert_nothing_left

# --- devices -------------------------------------------------------------------------------------

test_begin "every container has the default devices and links"
run_compat . -- sh -c 'cd /dev; for name in null zero full random urandom tty; do stat -c %n:%t:%T:%a $name; done
	for name in fd stdin stdout stderr ptmx; do echo "$name -> $(readlink $name)"; done'
expect_output 'null:1:3:666
zero:1:5:666
full:1:7:666
random:1:8:666
urandom:1:9:666
tty:5:0:666
fd -> /proc/self/fd
stdin -> /proc/self/fd/0
stdout -> /proc/self/fd/1
stderr -> /proc/self/fd/2
ptmx -> pts/ptmx'

test_begin "devices of every type are made with mode and owner"
run_compat '.linux.devices = [
	{type: "c", path: "/dev/sub/fuse", major: 10, minor: 229, fileMode: 432, uid: 1000, gid: 2000},
	{type: "b", path: "/dev/loop9", major: 7, minor: 9, fileMode: 384},
	{type: "u", path: "/dev/unbuffered", major: 1, minor: 5},
	{type: "p", path: "/dev/fifo", fileMode: 420}]' -- \
	stat -c %n:%F:%t:%T:%a:%u:%g /dev/sub/fuse /dev/loop9 /dev/unbuffered /dev/fifo
expect_output '/dev/sub/fuse:character special file:a:e5:660:1000:2000
/dev/loop9:block special file:7:9:600:0:0
/dev/unbuffered:character special file:1:5:666:0:0
/dev/fifo:fifo:0:0:644:0:0'

test_begin "a device that is there already stays what it is"
make_rootfs "$bundle/rootfs"
mknod "$bundle/rootfs/work/zero" c 1 5
run_compat '.linux.devices = [{type: "c", path: "/work/zero", major: 1, minor: 5}]' -- stat -c %t:%T /work/zero
expect_output 1:5
run_compat '.linux.devices = [{type: "c", path: "/work/zero", major: 1, minor: 7}]' -- stat -c %t:%T /work/zero
expect_output 1:5
assert_nothing_left

# --- paths ---------------------------------------------------------------------------------------

test_begin "masked files are empty, masked directories too, missing ones are no error"
make_rootfs "$bundle/rootfs"
echo secret >"$bundle/rootfs/etc/secret"
mkdir "$bundle/rootfs/srv/hidden"
echo secret >"$bundle/rootfs/srv/hidden/file"
run_compat '.root.readonly = false | .linux.maskedPaths = ["/etc/secret", "/srv/hidden", "/nonesuch", "/proc/meminfo"]' -- \
	sh -c 'cat /etc/secret /proc/meminfo; ls -A /srv/hidden; stat -c %t:%T /etc/secret
		echo x >>/etc/secret; echo x 2>/dev/null >/srv/hidden/file || echo nothing can be put there'
expect_output $'1:3\nnothing can be put there'
check_equal "the image's file" "$(cat "$bundle/rootfs/etc/secret")" secret

test_begin "read-only paths can be read and not be written"
run_compat '.root.readonly = false | .linux.readonlyPaths = ["/etc", "/nonesuch", "/proc/sys"]' -- \
	sh -c 'for file in /etc/passwd /proc/sys/kernel/shmmax; do
		echo x 2>/dev/null >>$file || echo $file cannot be written; done
		head -c 4 /etc/passwd; echo; touch /work/x && echo else it can'
expect_output $'/etc/passwd cannot be written\n/proc/sys/kernel/shmmax cannot be written\nroot\nelse it can'
assert_nothing_left

test_begin "read-only paths in the agent profile are so with what is mounted below"
make_command "$bundle" '.linux.readonlyPaths = ["/srv"] | .mounts += ["/srv/below", "/opt" | {destination: ., type: "tmpfs", source: "tmpfs"}]' \
	sh -c 'touch /srv/below/x 2>/dev/null || echo not below; touch /opt/x && echo else it can'
run_agentrun --profile agent run --bundle "$bundle" "$id"
expect_output $'not below\nelse it can'
assert_nothing_left
