#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# runtime-spec config.md: mounts, their types and every option; config-linux.md: rootfsPropagation, mappings of mounts.
# shellcheck disable=SC2016 # scripts are for the container's shell
set -euo pipefail
. "$(dirname "$0")/properties.bash"

# The flags of the mount on /mnt, of its superblock, and its propagation: fields of /proc/self/mountinfo.
flags='awk "\$5 == \"/mnt\" { print \$6 }" /proc/self/mountinfo'
superblock='awk "\$5 == \"/mnt\" { print \$NF }" /proc/self/mountinfo'
propagation='awk "\$5 == \"/mnt\" { print \$7 }" /proc/self/mountinfo | sed "s/:.*//"'

tmpfs() {
	echo ".mounts += [{destination: \"/mnt\", type: \"tmpfs\", source: \"tmpfs\", options: [$1]}]"
}
bind() {
	echo ".mounts += [{destination: \"/mnt\", type: \"${2-bind}\", source: \"$volume\", options: [$1]}]"
}

# --- options of a filesystem ---------------------------------------------------------------------

while read -r option expected; do
	property "option $option" config="$(tmpfs "\"$option\"")" run="$flags" output="$expected"
done <<'OPTIONS'
rw rw,relatime
ro ro,relatime
nosuid rw,nosuid,relatime
nodev rw,nodev,relatime
noexec rw,noexec,relatime
noatime rw,noatime
nodiratime rw,nodiratime,relatime
relatime rw,relatime
strictatime rw
OPTIONS
while read -r first second expected; do
	property "option $second after $first" config="$(tmpfs "\"$first\", \"$second\"")" run="$flags" output="$expected"
done <<'OPTIONS'
ro rw rw,relatime
nosuid suid rw,relatime
nodev dev rw,relatime
noexec exec rw,relatime
noatime atime rw,relatime
strictatime noatime rw
noatime strictatime rw
noatime relatime rw,noatime
nodiratime diratime rw,relatime
strictatime nostrictatime rw,relatime
OPTIONS
property "option symfollow after nosymfollow" runc=1.2 needs=kernel:5.10 config="$(tmpfs '"nosymfollow", "symfollow"')" run="$flags" output=rw,relatime
property "an option that is empty" config="$(tmpfs '"", "size=4096"')" run='stat -f -c %b /mnt' output=1
property "options in one text" runc=1.3.3 config="$(tmpfs '"size=4096,mode=700"')" run='stat -f -c %b /mnt; stat -c %a /mnt' output=$'1\n700'
property "a flag in the text of the filesystem" config="$(tmpfs '"size=4096,sync"')" run="$superblock" match='sync.*size=4k'
property "option defaults" runc=no config="$(tmpfs '"defaults"')" run="$flags" output=rw,relatime
property "option nosymfollow" runc=1.2 needs=kernel:5.10 config="$(tmpfs '"nosymfollow"')" run="$flags" output=rw,relatime,nosymfollow
property "option sync" config="$(tmpfs '"sync"')" run="$superblock" match='(^|,)sync(,|$)'
property "option dirsync" config="$(tmpfs '"dirsync"')" run="$superblock" match='(^|,)dirsync(,|$)'
property "options async and nolazytime" runc=no config="$(tmpfs '"sync", "async"')" run="$superblock | grep -c sync" status=1 output=0
property "option lazytime" config="$(tmpfs '"lazytime"')" run="$superblock" match='(^|,)lazytime(,|$)'
property "option nolazytime after lazytime" config="$(tmpfs '"lazytime", "nolazytime"')" run="$superblock | grep -c lazytime" status=1 output=0
# Of these the kernel shows nothing; mand is nothing to it since 5.15.
for option in silent loud mand nomand noiversion; do
	property "option $option is none of the filesystem's own" config="$(tmpfs "\"$option\"")" run="$flags" output=rw,relatime
done
property "options of the filesystem itself" runc=1.3.3 config="$(tmpfs '"size=1m", "mode=1750", "uid=5", "gid=6"')" \
	run='stat -c "%a %u %g" /mnt; df -k /mnt | tail -n 1 | tr -s " " | cut -d " " -f 2' output=$'1750 5 6\n1024'
property "a tmpfs without a mode has that of its directory" before='make_rootfs "$bundle/rootfs"; chmod 2751 "$bundle/rootfs/mnt"' \
	config="$(tmpfs '"size=1m"')" run='stat -c "%a %u" /mnt' output='2751 0'
property "a tmpfs on what was not there has its own" config='.mounts += [{destination: "/not/there", type: "tmpfs", source: "tmpfs"}]' \
	run='stat -c %a /not/there' output=1777
property "option iversion of a filesystem that has none" config="$(tmpfs '"iversion"')" run="$flags" output=rw,relatime
property "option norelatime" config="$(tmpfs '"norelatime"')" run="$flags" output=rw,relatime
property "recursive options of a filesystem say nothing" runc=1.1 config="$(tmpfs '"rro", "rnosuid"')" run="$flags" output=rw,relatime
property "option tmpcopyup" config='.mounts += [{destination: "/etc", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]}]' \
	run='grep -c ^root: /etc/passwd; touch /etc/new && echo written' output=$'1\nwritten'

property "an overlay of many layers" needs=overlay before='for i in {10..49}; do mkdir "$volume/layer-$i"; echo $i >"$volume/layer-$i/file-$i"; done' \
	config=".mounts += [{destination: \"/mnt\", type: \"overlay\", source: \"overlay\",
		options: [\"lowerdir=\" + ([range(10; 50) | \"$volume/layer-\\(.)\"] | join(\":\"))]}]" \
	run='ls /mnt | wc -l; cat /mnt/file-10 /mnt/file-49' output=$'40\n10\n49'
property "a source with a long name" config='.mounts += [{destination: "/mnt", type: "tmpfs", source: ("x" * 300)}]' \
	run='awk "\$5 == \"/mnt\"" /proc/self/mountinfo | grep -o "x*" | wc -L' output=300

# --- binds ---------------------------------------------------------------------------------------

property "option bind, a directory" before='echo text >"$volume/file"' config="$(bind '"bind"')" run='cat /mnt/file; touch /mnt/new && echo written' \
	output=$'text\nwritten'
property "option bind, a file" before='echo text >"$volume/file"' \
	config=".mounts += [{destination: \"/srv/made\", type: \"bind\", source: \"$volume/file\", options: [\"bind\"]}]" run='cat /srv/made' output=text
property "type none with the option rbind" config="$(bind '"rbind"' none)" run='touch /mnt/x && echo written' output=written
property "type bind is none without the option" config="$(bind '')" error='no such device'
property "a source that is relative to the bundle" before='mkdir -p "$bundle/beside"; touch "$bundle/beside/x"' \
	config='.mounts += [{destination: "/mnt", type: "bind", source: "beside", options: ["bind"]}]' run='ls /mnt' output=x
while read -r option expected; do
	property "bind and $option" config="$(bind "\"rbind\", \"$option\"")" run="$flags | tr , '\n' | grep -x $expected" output="$expected"
done <<'OPTIONS'
ro ro
nosuid nosuid
nodev nodev
noexec noexec
noatime noatime
nodiratime nodiratime
OPTIONS
# Of a source with flags of its own: all of them are the container's as soon as an option speaks of one.
host_flags='mount -t tmpfs -o nosuid,nodev,noexec,noatime,mode=755 none "$volume"'
while read -r since options expected; do
	property "a bind of a mount with flags: ${options:-no option}" runc="$since" before="$host_flags" config="$(bind "\"rbind\"${options:+, \"${options//,/\", \"}\"}")" \
		run="$flags" output="$expected"
	umount -l "$volume"
done <<'OPTIONS'
1.0  rprivate rw,nosuid,nodev,noexec,noatime
1.0  tmpcopyup rw,nosuid,nodev,noexec,noatime
1.2  rw rw,noatime
1.0  ro ro,noatime
1.2  suid rw,noatime
1.0  nodev rw,nodev,noatime
1.0  relatime rw,relatime
1.0  nodiratime rw,nodiratime,relatime
1.2  noatime,atime rw,noatime
1.2  norelatime rw,noatime
1.2  diratime rw,noatime
1.0  sync rw,noatime
OPTIONS
property "a bind of a mount with flags, in a user namespace" needs=userns runc=1.2 before="$host_flags" run="$flags" output=ro,nosuid,nodev,noexec,noatime \
	config="$(bind '"rbind", "ro"') | .linux.namespaces += [{type: \"user\"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings"
umount -l "$volume"
while read -r option; do
	property "bind and $option" runc=1.2 config="$(bind "\"bind\", \"$option\"")" error='bind mounts cannot have any filesystem-specific options applied'
done <<'OPTIONS'
size=1k
mode=700
defaults
acl
unknown
OPTIONS
property "bind and remount, where nothing is mounted" config="$(bind '"bind", "remount", "ro"')" error='invalid argument'
property "remount says all flags" config='.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["nosuid", "noexec"]},
	{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["remount", "ro"]}]' run="$flags" output=ro,relatime
property "bind and remount, of what is mounted" config='.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["nosuid", "noexec"]},
	{destination: "/mnt", type: "bind", source: "/tmp", options: ["bind", "remount", "ro"]}]' run="$flags" output=ro,relatime
property "bind, ro is the mount's alone" before='touch "$volume/x"' config="$(bind '"bind", "ro"')" \
	run='touch /mnt/x 2>&1' status=1 match='Read-only file system'
property "bind and remount has its propagation" runc=1.2 config='.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs"},
	{destination: "/mnt", type: "bind", source: "/tmp", options: ["bind", "remount", "unbindable"]}]' run="$propagation" output=unbindable
property "remount configures the filesystem too" config='.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["size=1m"]},
	{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["remount", "sync", "noatime", "size=2m"]}]' \
	run="$flags; $superblock" match='^rw,noatime.*(,|^)sync.*size=2048k'
property "a tmpfs that is mounted again read-only is written to by nobody" config='.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs"},
	{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["remount", "ro"]}, {destination: "/mnt/in", type: "tmpfs", source: "tmpfs"}]' \
	run="$flags; [ -d /mnt/in ] && echo made; touch /mnt/x 2>&1" status=1 match='^ro,relatime.*made.*Read-only'
property "a remount of the root" runc=1.4 config='.mounts += [{destination: "/", type: "none", options: ["remount", "nosuid"]}]' error='root'
property "a remount of /proc as something else" runc=1.2 config='.mounts += [{destination: "/proc", type: "none", options: ["remount", "ro"]}]' error='not of type proc'
property "a /dev that is mounted again read-only has its nodes" config='.mounts += [{destination: "/dev", type: "none", options: ["remount", "ro"]}]' \
	run='stat -c %t:%T /dev/zero; touch /dev/x 2>&1' status=1 match=$'1:5.*Read-only'
property "of options that contradict each other those of the tree come last" runc=1.2 needs=kernel:5.12 config="$(bind '"rbind", "ro", "rrw", "nosuid", "rsuid"')" \
	run="$flags" output=rw,relatime
# A mount in the source, which binds with "rbind" alone bring.
below='mkdir "$volume/below"; mount -t tmpfs -o mode=755 none "$volume/below"; touch "$volume/below/x"'
property "rbind brings what is mounted in the source" before="$below" config="$(bind '"rbind"')" run='ls /mnt/below' output=x
property "bind leaves it out" before="$below" config="$(bind '"bind"')" run='ls /mnt/below | wc -l' output=0
property "rbind and ro: what is below stays writable" before="$below" config="$(bind '"rbind", "ro"')" run='touch /mnt/below/y && echo written' output=written
umount_below() {
	while umount -l "$volume/below" 2>/dev/null; do :; done
}
umount_below
flags_below='awk "\$5 == \"/mnt/below\" { print \$6 }" /proc/self/mountinfo'
while read -r option expected; do
	property "recursive option $option" runc=1.1 needs=kernel:5.12 before="umount_below; $below" config="$(bind "\"rbind\", \"$option\"")" \
		run="$flags_below" output="$expected"
done <<'OPTIONS'
rro ro,relatime
rnosuid rw,nosuid,relatime
rnodev rw,nodev,relatime
rnoexec rw,noexec,relatime
rnoatime rw,noatime
rnodiratime rw,nodiratime,relatime
rnosymfollow rw,relatime,nosymfollow
OPTIONS
# runc 1.1 asks the kernel to clear one bit of the field that access times are.
while read -r before_it option expected; do
	property "recursive option $option" runc=1.2 needs=kernel:5.12 before="umount_below; $below; mount -o remount,bind,$before_it '$volume/below'" \
		config="$(bind "\"rbind\", \"$option\"")" run="$flags_below" output="$expected"
done <<'OPTIONS'
ro rrw rw,relatime
nosuid rsuid rw,relatime
nodev rdev rw,relatime
noexec rexec rw,relatime
noatime ratime rw,relatime
noatime rrelatime rw,relatime
noatime rnorelatime rw,relatime
noatime rstrictatime rw
noatime rnostrictatime rw,relatime
nodiratime rdiratime rw,relatime
nosymfollow rsymfollow rw,relatime
OPTIONS
umount_below

# --- propagation ---------------------------------------------------------------------------------

while read -r option expected; do
	property "option $option" config="$(bind "\"rbind\", \"$option\"")" run="$propagation" output="$expected"
done <<'OPTIONS'
private -
rprivate -
shared shared
rshared shared
unbindable unbindable
runbindable unbindable
OPTIONS
# Each is done, in its order: the last for what is bound alone, what is below it stays as the first has made it.
both='awk "\$5 ~ \"^/mnt\" { print \$5, \$7 }" /proc/self/mountinfo | sed "s/:.*//"'
property "options rprivate and shared" before='umount_below; eval "$below"' config="$(bind '"rbind", "rprivate", "shared"')" run="$both" output=$'/mnt shared\n/mnt/below -'
property "options rshared and private" before='umount_below; eval "$below"' config="$(bind '"rbind", "rshared", "private"')" run="$both" output=$'/mnt -\n/mnt/below shared'
umount_below
property "option slave" before='mount --bind "$volume" "$volume"; mount --make-shared "$volume"' config="$(bind '"bind", "slave"')" run="$propagation" output=master
umount -l "$volume"
property "option rslave" before='mount --bind "$volume" "$volume"; mount --make-shared "$volume"' config="$(bind '"rbind", "rslave"')" run="$propagation" output=master
umount -l "$volume"

root_propagation='awk "\$5 == \"/\" { print \$7 }" /proc/self/mountinfo | sed "s/:.*//"'
property "linux.rootfsPropagation private" config='.linux.rootfsPropagation = "private"' run="$root_propagation" output=-
property "linux.rootfsPropagation rslave" config='.linux.rootfsPropagation = "rslave"' run="$root_propagation" match='^(-|master)$'
property "linux.rootfsPropagation slave, of a root that is shared" runc=no before='make_rootfs "$bundle/rootfs"; mount --bind "$bundle/rootfs" "$bundle/rootfs"; mount --make-shared "$bundle/rootfs"' \
	config='.linux.rootfsPropagation = "slave"' run="$root_propagation" output=master
property "linux.rootfsPropagation shared" runc=1.4 config='.linux.rootfsPropagation = "shared"' run="$root_propagation" output=shared
property "linux.rootfsPropagation rshared" runc=1.4 config='.linux.rootfsPropagation = "rshared"' run="$root_propagation" output=shared
property "linux.rootfsPropagation unbindable" runc=1.4 config='.linux.rootfsPropagation = "unbindable"' run="$root_propagation" output=unbindable

# --- types and places ----------------------------------------------------------------------------

property "type proc" run='readlink /proc/self >/dev/null && stat -f -c %T /proc' output=proc
property "type sysfs" run='stat -f -c %t /sys; ls -d /sys/kernel' output=$'62656572\n/sys/kernel'
property "type devpts" run='stat -f -c %t /dev/pts' output=1cd1
property "type mqueue" run='awk "\$5 == \"/dev/mqueue\"" /proc/self/mountinfo | grep -c mqueue' output=1
property "type tmpfs" run='stat -f -c %t /dev/shm' output=1021994
property "type cgroup: the container's own tree" needs=cgroup unified=yes run='cat /sys/fs/cgroup/cgroup.procs | head -n 1; cat /proc/self/cgroup | grep ^0' output=$'1\n0::/'
property "a destination that is relative" config='.mounts += [{destination: "srv/x", type: "tmpfs", source: "tmpfs"}]' \
	run='stat -f -c %t /srv/x' output=1021994
property "a destination that is missing is made" config='.mounts += [{destination: "/a/b/c", type: "tmpfs", source: "tmpfs"}]' \
	run='stat -f -c %t /a/b/c' output=1021994
property "mounts come in their order" config='.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs"},
		{destination: "/mnt/in", type: "tmpfs", source: "tmpfs", options: ["ro"]}]' \
	run='touch /mnt/x; awk "\$5 ~ \"^/mnt\" { print \$5 }" /proc/self/mountinfo' output=$'/mnt\n/mnt/in'
property "a source that is missing" config='.mounts += [{destination: "/mnt", type: "bind", source: "/nonesuch/x", options: ["bind"]}]' error=nonesuch
for place in / /mnt/.. /link; do
	property "a mount on the root, as $place" runc=1.4 before='make_rootfs "$bundle/rootfs"; ln -s / "$bundle/rootfs/link"' \
		config=".mounts += [{destination: \"$place\", type: \"bind\", source: \"$volume\", options: [\"bind\"]}]" error='root'
done
property "a file that a mount point is made of" runc=1.4 before='rm -rf "$TEST_TMP/made"; mkdir "$TEST_TMP/made"; touch "$volume/file"' \
	config=".mounts += [{destination: \"/mnt\", type: \"bind\", source: \"$TEST_TMP/made\", options: [\"bind\"]},
		{destination: \"/mnt/file\", type: \"bind\", source: \"$volume/file\", options: [\"bind\"]}]" \
	host='stat -c "%a %s" "$TEST_TMP/made/file"' output='644 0'
property "a type that the kernel has not" config='.mounts += [{destination: "/mnt", type: "nofs", source: "none"}]' error='no such device'
property "a mount without a type" config='.mounts += [{destination: "/mnt"}]' error='no such device'
# Over the container's /proc comes another procfs alone, and in it what lxcfs stands in for.
while read -r since type place error; do
	touch "$TEST_TMP/file"
	source=$TEST_TMP/file
	[ "$type" != folder ] || source=$TEST_TMP
	[ "$type" = tmpfs ] || type="bind\", options: [\"bind\"], source: \"$source"
	property "a mount on $place: ${error:-fine}" runc="$since" config=".mounts += [{destination: \"$place\", type: \"$type\"}]" run='echo runs' \
		output=runs error="$error"
done <<'PLACES'
1.0 folder /proc not of type proc
1.2 tmpfs /proc not of type proc
1.0 folder /proc/sys inside /proc
1.2 tmpfs /proc/fs inside /proc
1.0 folder /proc/self inside /proc
1.0 file /proc/version inside /proc
1.0 file /proc/net/dev inside /proc
1.0 file /proc/1/maps inside /proc
1.2 tmpfs /mnt/../proc/fs inside /proc
1.0 file /proc/cpuinfo
1.0 file /proc/uptime
1.0 file /proc/sys/kernel/ns_last_pid
PLACES
property "a mount on /proc: the host's" config='.mounts += [{destination: "/proc", type: "bind", source: "/proc", options: ["rbind"]}]' run='echo runs' output=runs
property "a mount in another procfs" config='.mounts += [{destination: "/proc2", type: "proc", source: "proc"}, {destination: "/proc2/fs", type: "tmpfs", source: "tmpfs"}]' \
	run='echo runs' output=runs
property "what every container finds in /dev" run='cd /dev && ls -d null zero full tty random urandom fd stdin stdout stderr ptmx pts shm' \
	match='fd.*full.*null.*ptmx.*pts.*random.*shm.*stderr.*stdin.*stdout.*tty.*urandom.*zero'

# --- mappings ------------------------------------------------------------------------------------

userns='.linux.namespaces += [{type: "user"}]
	| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = .linux.uidMappings'
files='touch "$volume/f"; chown 7:8 "$volume/f"'
property "mounts[].uidMappings and gidMappings" runc=1.2 needs="userns kernel:5.12" before="$files" run='stat -c %u:%g /mnt/f' output=7:8 \
	config="$userns | .mounts += [{destination: \"/mnt\", type: \"bind\", source: \"$volume\", options: [\"bind\"],
		uidMappings: .linux.uidMappings, gidMappings: .linux.gidMappings}]"
property "mappings of a mount alone" runc=1.2 needs="userns kernel:5.12" before="$files" run='stat -c %u:%g /mnt/f' output=1007:2008 \
	config=".mounts += [{destination: \"/mnt\", type: \"bind\", source: \"$volume\", options: [\"bind\", \"idmap\"],
		uidMappings: [{containerID: 0, hostID: 1000, size: 100}], gidMappings: [{containerID: 0, hostID: 2000, size: 100}]}]"
property "option idmap" runc=1.2 needs="userns kernel:5.12" before="$files" run='stat -c %u:%g /mnt/f' output=7:8 config="$userns | $(bind '"bind", "idmap"')"
# what is mounted below is a tmpfs, which can be id-mapped since 6.3
property "option ridmap" runc=1.2 needs="userns kernel:6.3" before="umount_below; $files; $below" run='stat -c %u:%g /mnt/f /mnt/below/x' output=$'7:8\n0:0' \
	config="$userns | $(bind '"rbind", "ridmap"')"
umount_below

properties_end
