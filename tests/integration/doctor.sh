#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the doctor says of hosts and configurations, good and bad. They are made in a mount namespace:
# an /etc, a /run and tools of the test's own.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root overlay

mkdir -p "$TEST_TMP/bin"
program=$TEST_TMP/bin/agentrun
ln -sf "$(realpath "$AGENTRUN")" "$program"

# host FOLDER SCRIPT ARGUMENT...: runs the doctor where SCRIPT has changed /etc, which is empty but for
# what is needed, and /run.
# shellcheck disable=SC2016 # for the other shell
host() {
	local script=$1
	shift
	run_command unshare --mount --propagation private bash -euc '
		program=$1 script=$2
		mkdir -p "$3"
		mount -t tmpfs -o mode=755 tmpfs "$3"
		cp /etc/passwd /etc/group "$3"
		mount --move "$3" /etc
		mount -t tmpfs -o mode=755 tmpfs /run
		eval "$script"
		shift 3
		exec "$program" "$@"' bash "$program" "$script" "$TEST_TMP/etc" "$@"
}

# verdict AREA NAME: of the JSON in $output
verdict() {
	jq -r --arg area "$1" --arg name "$2" \
		'[.findings[] | select(.area == $area and .name == $name) | .verdict] | join(" ")' <<<"$output"
}

found() {
	jq -r --arg area "$1" --arg name "$2" \
		'.findings[] | select(.area == $area and .name == $name) | .found' <<<"$output"
}

advice() {
	jq -r --arg area "$1" --arg name "$2" \
		'.findings[] | select(.area == $area and .name == $name) | .advice // ""' <<<"$output"
}

# good: no failure; bad: at least one
good() {
	check_equal "standard error" "$errors" ""
	expect_status 0
	check_equal "failures" "$(jq .count.failure <<<"$output")" 0
}

bad() {
	check_equal "standard error" "$errors" ""
	expect_status 1
	check_true "there is a failure" test "$(jq .count.failure <<<"$output")" -gt 0
}

examine() {
	host "$1" doctor --format json
}

# put FILE TEXT: a script that writes it
put() {
	printf "mkdir -p '%s'; cat >'%s' <<'END'\n%s\nEND\n" "$(dirname "$1")" "$1" "$2"
}

# by_user SCRIPT: the same, asked by a user whose home is /run/user
# shellcheck disable=SC2016
by_user() {
	host "$1"'
		cd /
		echo "user:x:1234:1234::/tmp:/bin/sh" >/etc/passwd
		chmod 755 /run; mkdir -p -m 700 /run/user; chown -R 1234 /run/user
		cp "$(realpath "$program")" /run/program; chmod 755 /run/program
		export XDG_RUNTIME_DIR=/run/user HOME=/run/user; unset XDG_CONFIG_HOME
		exec setpriv --reuid 1234 --regid 1234 --clear-groups /run/program doctor --format json' :
}

# --- the output ------------------------------------------------------------------------------------

test_begin "text has areas, verdicts, advice, and the counts at the end"
host : doctor
expect_status 0
check_match "areas" "$output" '^cgroups$'
check_match "verdict" "$output" '^  ok +version: Linux [0-9]'
check_match "counts" "$(tail -n 1 <<<"$output")" '^[0-9]+ ok, [0-9]+ notes, [0-9]+ warnings, 0 failures$'
text=$output
examine :
check_equal "advice, each below its finding" "$(grep -A 1 -E '^  (ok|note|warning|failure) ' <<<"$text" | sed -n 's/^ *-> //p')" \
	"$(jq -r '.findings[].advice // empty' <<<"$output")"
host "$(put /etc/docker/daemon.json '{ "runtimes": { "agentrun": { "path": "/opt/none/agentrun" } }, "default-runtime": "agentrnu" }')" doctor
expect_status 1
check_has "advice" "$output" $'  failure  default runtime: agentrnu is not one of the runtimes\n           -> add it to runtimes; dockerd does not start without it\n'

test_begin "JSON has the same findings, and counts them"
host : doctor
lines=$(grep -cE '^  (ok|note|warning|failure) ' <<<"$output")
examine :
good
check_equal "findings" "$(jq '.findings | length' <<<"$output")" "$lines"
check_equal "sum of the counts" "$(jq '[.count[]] | add' <<<"$output")" "$lines"
check_true "each says what" jq -e '[.findings[] | .area, .name, .verdict, .found | length > 0] | all' <<<"$output"

test_begin "another format is an error"
host : doctor --format xml
expect_status 1
expect_error "invalid format: xml (expected text or json)"

test_begin "nothing is changed on the host"
# shellcheck disable=SC2016
host 'echo "{}" >/etc/x; find /etc /run -printf "%p %i %m %T@\n" | sort >"${3%/etc}/before"
	program=; "$1" doctor >/dev/null; "$1" --root /run/state doctor >/dev/null; XDG_RUNTIME_DIR=/run/user "$1" doctor >/dev/null || true
	find /etc /run -printf "%p %i %m %T@\n" | sort >"${3%/etc}/after"; program=true' :
expect_success
check_true "there are files" grep -q '^/etc/x ' "$TEST_TMP/before"
check_equal "files" "$(<"$TEST_TMP/after")" "$(<"$TEST_TMP/before")"

# --- kernel, cgroups -------------------------------------------------------------------------------

test_begin "the features of this kernel are found"
examine :
for name in 'clone3 into a cgroup' openat2 pidfd close_range 'mount API' mount_setattr seccomp; do
	check_equal "$name" "$(verdict kernel "$name")" ok
done

test_begin "a call that a filter hides is missing, and what it is for is said" command:strace
# LeakSanitizer needs ptrace(2) for itself
ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run_command strace -f -qq -o /dev/null \
	-e inject=openat2,mount_setattr:error=ENOSYS "$program" doctor --format json
expect_status 1
check_equal "openat2" "$(verdict kernel openat2)" failure
check_has "openat2" "$(found kernel openat2)" "missing: no container can be created"
check_has "advice" "$(advice kernel openat2)" "Linux 5.6"
check_equal "mount_setattr" "$(verdict kernel mount_setattr)" warning
check_equal "pidfd" "$(verdict kernel pidfd)" ok

test_begin "a host without cgroup v2 is a failure"
# shellcheck disable=SC2016
examine 'for at in $(sed -nE "s/^([^ ]+ ){4}([^ ]+) .* - cgroup2 .*/\2/p" /proc/self/mountinfo); do umount --lazy "$at"; done'
bad
check_equal "tree" "$(verdict cgroups tree)" failure
check_has "advice" "$(advice cgroups tree)" systemd.unified_cgroup_hierarchy=1

test_begin "the controllers of the tree are those that are told of"
examine :
root=/sys/fs/cgroup
[ -e $root/cgroup.controllers ] || root=/sys/fs/cgroup/unified
for name in memory pids cpu cpuset io; do
	if grep -qw "$name" $root/cgroup.controllers; then
		check_equal "$name" "$(verdict cgroups "$name")" ok
	else
		check_match "$name" "$(verdict cgroups "$name")" '^(warning|note)$'
	fi
done

# --- security modules, KVM -------------------------------------------------------------------------

# inject WORDS...: the doctor, by a kernel that answers otherwise
inject() {
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run_command strace -f -qq -o /dev/null "$@" "$program" doctor --format json
	check_equal "standard error" "$errors" ""
}

test_begin "a controller that v1 has, or that the kernel has not, comes with advice"
examine :
for name in pids memory cpu cpuset io; do
	if [ "$(verdict cgroups "$name")" = ok ]; then
		check_equal "advice for $name" "$(advice cgroups "$name")" ""
	else
		check_match "advice for $name" "$(advice cgroups "$name")" \
			'^(boot with cgroup v2 alone: systemd\.unified_cgroup_hierarchy=1|the kernel does not offer it: )'
	fi
done

if test_begin "Landlock, by the version that the kernel has" command:strace; then
	while read -r answer expected_verdict expected_found; do
		inject -e "inject=landlock_create_ruleset:$answer"
		check_equal "$answer" "$(verdict 'security modules' Landlock)" "$expected_verdict"
		check_has "$answer" "$(found 'security modules' Landlock)" "$expected_found"
	done <<-'ANSWERS'
		error=EOPNOTSUPP warning missing:
		retval=5 note ABI 5
		retval=6 ok ABI 6
	ANSWERS
	check_equal "advice, where nothing is missing" "$(advice 'security modules' Landlock)" ""
fi

# modules ENABLED PROFILES: AppArmor's files, as a kernel with it has them
modules() {
	# shellcheck disable=SC2016
	examine "enabled='$1' profiles='$2'"'
		mount -t tmpfs tmpfs /sys/kernel/security
		mkdir /sys/kernel/security/apparmor
		echo lockdown,capability,apparmor >/sys/kernel/security/lsm
		printf "%b" "$profiles" >/sys/kernel/security/apparmor/profiles
		mount -t tmpfs tmpfs /sys/module
		mkdir -p /sys/module/apparmor/parameters
		echo "$enabled" >/sys/module/apparmor/parameters/enabled'
	check_equal "standard error" "$errors" ""
}

test_begin "AppArmor: off, on without an engine's profile, and with one"
modules N 'docker-default (enforce)\n'
check_equal "the list" "$(found 'security modules' list)" lockdown,capability,apparmor
check_equal "off" "$(found 'security modules' AppArmor)" off
modules Y 'docker-default (complain)\nman_filter (enforce)\n'
check_equal "without a profile" "$(verdict 'security modules' AppArmor)" note
check_equal "without a profile" "$(found 'security modules' AppArmor)" "on, no engine's profile is loaded"
check_has "advice" "$(advice 'security modules' AppArmor)" apparmor_parser
modules Y 'man_filter (enforce)\ncontainers-default-0.50.1 (enforce)\n'
check_equal "with one" "$(verdict 'security modules' AppArmor)" ok
check_equal "with one" "$(found 'security modules' AppArmor)" "on, profile containers-default-0.50.1"

if test_begin "SELinux: off, permissive and enforcing" command:strace; then
	mkdir -p "$TEST_TMP/selinux" "$TEST_TMP/scratch"
	while read -r magic enforce expected_verdict expected_found; do
		echo "$enforce" >"$TEST_TMP/selinux/enforce"
		# shellcheck disable=SC2016
		examine "$stand_in; stand_in $TEST_TMP/selinux selinux $TEST_TMP/scratch $magic"' "$program" doctor --format json'
		check_equal "standard error" "$errors" ""
		check_equal "$expected_found" "$(verdict 'security modules' SELinux) $(found 'security modules' SELinux)" \
			"$expected_verdict $expected_found"
	done <<-'SELINUX'
		9419020100000000 1 note off
		8cff7cf900000000 0 note permissive
		8cff7cf900000000 1 ok enforcing
	SELINUX
fi

if test_begin "KVM: a device that is closed, missing, or answers otherwise" command:strace; then
	while read -r answer expected_found; do
		inject -P /dev/kvm -e "inject=$answer"
		check_equal "$answer" "$(verdict KVM /dev/kvm)" note
		check_has "$answer" "$(found KVM /dev/kvm)" "$expected_found"
		check_has "$answer" "$(advice KVM /dev/kvm)" "only the profile vm needs it"
	done <<-'ANSWERS'
		openat:error=EACCES this user may not open it
		openat:error=ENOENT not usable: not found
		openat:error=ENXIO not usable:
	ANSWERS
fi

if test_begin "KVM: its answer" command:strace; then
	if [ ! -w /dev/kvm ]; then
		skip "needs /dev/kvm"
	else
		inject -P /dev/kvm -e inject=ioctl:retval=11
		check_equal "another version" "$(found KVM /dev/kvm)" "not usable: another version of its interface"
		inject -P /dev/kvm -e inject=ioctl:retval=12
		answer="answers, but the processor has no virtualization (vmx or svm)"
		if [ "$(uname -m)" != x86_64 ] || grep -qwE 'vmx|svm' /proc/cpuinfo; then
			answer="answers, and the processor has virtualization"
		fi
		check_equal "the version" "$(found KVM /dev/kvm)" "$answer"
	fi
fi

# setting FILE VALUE: it says so to the doctor
setting() {
	printf 'echo %q >/run/setting; mount --bind /run/setting %s' "$2" "$1"
}

test_begin "a program that gets crashed processes' memory is told of"
host "$(setting /proc/sys/kernel/core_pattern '|/usr/lib/core-handler %p')" doctor --format json
check_equal "verdict" "$(verdict 'security modules' core_pattern)" note
check_has "found" "$(found 'security modules' core_pattern)" "'|/usr/lib/core-handler %p': "
check_has "advice" "$(advice 'security modules' core_pattern)" "sysctl kernel.core_pattern=core"
host "$(setting /proc/sys/kernel/core_pattern core)" doctor --format json
check_equal "verdict" "$(verdict 'security modules' core_pattern)" ok

# --- users -----------------------------------------------------------------------------------------

test_begin "a user without ids to map is told of it, one with them is not" userns
for ranges in '' user:100000:65536; do
	by_user "echo '$ranges' >/etc/subuid; echo '$ranges' >/etc/subgid"
	check_equal "caller" "$(found 'user namespaces' caller)" user
	check_equal "ids" "$(verdict 'user namespaces' ids)" "$([ -z "$ranges" ] && echo warning || echo ok)"
	check_equal "standard error" "$errors" ""
	[ -n "$ranges" ] || check_match "advice" "$(advice 'user namespaces' ids)" '^usermod .* user$'
done

test_begin "a user without the helpers that map ids is told which package has them"
# shellcheck disable=SC2016
by_user 'for tool in newuidmap newgidmap; do if command -v "$tool"; then mount --bind /dev/null "$(command -v "$tool")"; fi >/dev/null; done'
check_equal "helpers" "$(verdict 'user namespaces' helpers)" warning
check_has "advice" "$(advice 'user namespaces' helpers)" "Debian package uidmap"

test_begin "no user namespace may be made"
host "$(setting /proc/sys/user/max_user_namespaces 0)" doctor --format json
check_equal "verdict" "$(verdict 'user namespaces' limit)" warning
check_equal "found" "$(found 'user namespaces' limit)" "user.max_user_namespaces is 0: no container can have one"
check_match "advice" "$(advice 'user namespaces' limit)" '^sysctl user\.max_user_namespaces='
host "$(setting /proc/sys/user/max_user_namespaces 31000)" doctor --format json
check_equal "verdict" "$(verdict 'user namespaces' limit)" ok

for name in unprivileged_userns_clone:0 apparmor_restrict_unprivileged_userns:1; do
	test_begin "user namespaces are for root alone: kernel.${name%:*}"
	if ! [ -e "/proc/sys/kernel/${name%:*}" ]; then
		skip "needs the kernel parameter kernel.${name%:*}"
		continue
	fi
	host "$(setting "/proc/sys/kernel/${name%:*}" "${name#*:}")" doctor --format json
	check_equal "verdict" "$(verdict 'user namespaces' unprivileged)" warning
	check_equal "found" "$(found 'user namespaces' unprivileged)" "kernel.${name%:*} is ${name#*:}"
	check_match "advice" "$(advice 'user namespaces' unprivileged)" '^for containers without root: '
done

# --- policy and state ------------------------------------------------------------------------------

policy() {
	printf "mkdir /etc/agentrun; cat >/etc/agentrun/agentrun.conf <<'END'\n%s\nEND\n" "$1"
}
if [ "$("$AGENTRUN" doctor --format json | jq -r '.findings[] | select(.area == "policy" and .name == "file") | .found' |
	grep -c '^/etc/agentrun/')" = 1 ]; then
	config=()
else
	config=(--config /etc/agentrun/agentrun.conf)
fi

test_begin "a policy file that is valid"
host "$(policy '{ "profile": "strict" }')" "${config[@]}" doctor --format json
good
check_has "file" "$(found policy file)" "is valid"
check_equal "profile" "$(found policy profile)" strict

test_begin "a policy file with a misspelt key"
host "$(policy '{ "profiel": "strict" }')" "${config[@]}" doctor --format json
bad
check_equal "file" "$(verdict policy file)" failure
check_has "file" "$(found policy file)" "agentrun.conf:1: profiel: no such member"

check_has "advice" "$(advice policy file)" "no container starts until it is fixed"

test_begin "a policy file in which nothing is said"
for text in '' '// nothing'; do
	host "$(policy "$text")" "${config[@]}" doctor --format json
	good
	check_has "file" "$(found policy file)" "is valid"
done

test_begin "an engine's data root that the policy does not know"
roots=$(put /etc/docker/daemon.json '{ "data-root": "/data/docker" }'
	put /etc/containerd/config.toml $'version = 2\nroot = "/data/containerd"'
	put /etc/containers/storage.conf $'[storage]\ndriver = "overlay"\ngraphroot = "/data/containers"'
	put /etc/crio/crio.conf $'[crio]\nroot = "/data/crio"')
host "$roots"$'\n'"$(policy '{}')" "${config[@]}" doctor --format json
while read -r area path; do
	check_equal "$area" "$(verdict "$area" "data root")" warning
	check_has "$area" "$(found "$area" "data root")" "$path is not known as an engine's"
	check_has "$area" "$(advice "$area" "data root")" engine-roots
done <<-'AREAS'
	Docker /data/docker
	containerd /data/containerd
	podman /data/containers
	CRI-O /data/crio
AREAS
host "$roots"$'\n'"$(policy '{ "engine-roots": ["/data"] }')" "${config[@]}" doctor --format json
for area in Docker containerd podman CRI-O; do check_equal "$area" "$(verdict "$area" "data root")" ''; done
host "$(put /etc/docker/daemon.json '{ "data-root": "/var/lib/docker/0.0" }')" doctor --format json
check_equal "one at the usual place" "$(verdict Docker "data root")" ''

test_begin "a policy file that others can change"
host "$(policy '{}')"$'\n'"chmod 666 /etc/agentrun/agentrun.conf" "${config[@]}" doctor --format json
bad
check_has "file" "$(found policy file)" "can be changed by users other than root"

test_begin "a profile below the minimum"
host "$(policy '{ "minimum-profile": "strict", "profile": "strict" }')" "${config[@]}" --profile agent doctor --format json
bad
check_equal "profile" "$(verdict policy profile)" failure

test_begin "a policy that requires what the host does not have"
# shellcheck disable=SC2016
host "$(policy '{ "strengths": { "memory-limit": "required" } }')"'
	for at in $(sed -nE "s/^([^ ]+ ){4}([^ ]+) .* - cgroup2 .*/\2/p" /proc/self/mountinfo); do umount --lazy "$at"; done' \
	"${config[@]}" doctor --format json
bad
check_equal "strengths" "$(verdict policy strengths)" failure

test_begin "opt-outs that have expired, and that soon will"
opt_out() {
	printf '{ "control": "hooks", "reason": "r"%s }' "${1:+, \"expires\": \"$1\"}"
}
soon=$(date -u -d '+20 days' +%F)
host "$(policy "{ \"opt-outs\": [$(opt_out 2020-01-01), $(opt_out "$soon"), $(opt_out "$(date -u -d '+90 days' +%F)"), $(opt_out)] }")" \
	"${config[@]}" doctor --format json
good
check_equal "expired" "$(verdict policy 'opt-outs[0]')" warning
check_has "expired" "$(found policy 'opt-outs[0]')" "expired on 2020-01-01"
check_equal "soon" "$(verdict policy 'opt-outs[1]')" note
check_equal "soon" "$(found policy 'opt-outs[1]')" "expires on $soon"
check_equal "later" "$(verdict policy 'opt-outs[2]')" ""
check_has "count" "$(found policy opt-outs)" "3, each"

test_begin "a range of ids that is somebody's already"
range='{ "subid-start": 300000, "subid-count": 65536 }'
host "$(policy "$range")" "${config[@]}" doctor --format json
good
check_equal "of nobody" "$(verdict policy subid-start)" ""
while read -r line file owner; do
	host "$(policy "$range")
		echo $line >>/etc/$file" "${config[@]}" doctor --format json
	good
	check_equal "$file" "$(verdict policy subid-start)" warning
	check_has "$file" "$(found policy subid-start)" "the range has ids of $owner"
done <<'END'
u:x:365535:1::/:/bin/sh passwd user 'u' (id 365535 in /etc/passwd)
g:x:300000: group group 'g' (id 300000 in /etc/group)
u:299999:2 subuid user 'u' (ids 299999 to 300000 in /etc/subuid)
1000:100000:1000000 subgid user '1000' (ids 100000 to 1099999 in /etc/subgid)
END
host "$(policy "$range")
	echo u:234464:65536 >>/etc/subuid; echo u:365536:65536 >>/etc/subgid" "${config[@]}" doctor --format json
good
check_equal "beside it" "$(verdict policy subid-start)" ""

test_begin "a state root in memory, on a disk, read-only, and of others"
examine :
check_equal "in memory" "$(verdict state filesystem)" ok
mkdir "$TEST_TMP/state"
host : --root "$TEST_TMP/state" doctor --format json
if [ "$(stat -f -c %T "$TEST_TMP")" != tmpfs ]; then
	check_equal "on a disk" "$(verdict state filesystem)" warning
fi
examine 'mount -o remount,ro /run'
bad
check_equal "read-only" "$(verdict state filesystem)" failure
examine 'mkdir -m 777 /run/agentrun'
bad
check_has "writable by others" "$(found state owner)" "writable by others (mode 0777)"
examine 'mkdir -m 711 /run/agentrun; chown 1234 /run/agentrun'
bad
check_has "of another user" "$(found state owner)" "belongs to user 1234"
host : --root / doctor --format json
bad
check_has "the root" "$(found state root)" "should not be set to /"

# --- engines ---------------------------------------------------------------------------------------

test_begin "Docker: a configuration that names the program"
examine "$(put /etc/docker/daemon.json \
	"{ \"runtimes\": { \"agentrun\": { \"path\": \"$program\" } }, \"default-runtime\": \"agentrun\", \"exec-opts\": [\"native.cgroupdriver=cgroupfs\"] }")"
good
check_equal "runtime" "$(verdict Docker 'runtime agentrun')" ok
check_equal "default" "$(found Docker 'default runtime')" agentrun
check_equal "driver" "$(found Docker 'cgroup driver')" cgroupfs

test_begin "Docker: a file that is no JSON"
examine "$(put /etc/docker/daemon.json $'{\n  "runtimes": {},\n}')"
bad
check_match "configuration" "$(found Docker configuration)" '^/etc/docker/daemon.json:3: '

test_begin "Docker: a program that is not there, and a default that is no runtime"
examine "$(put /etc/docker/daemon.json \
	'{ "runtimes": { "agentrun": { "path": "/opt/none/agentrun" } }, "default-runtime": "agentrnu" }')"
bad
check_equal "runtime" "$(verdict Docker 'runtime agentrun')" failure
check_has "runtime" "$(found Docker 'runtime agentrun')" "/opt/none/agentrun: missing, or not executable"
check_equal "default" "$(verdict Docker 'default runtime')" failure

test_begin "Docker: runc is a name that cannot be given"
examine "$(put /etc/docker/daemon.json "{ \"runtimes\": { \"runc\": { \"path\": \"$program\" } } }")"
bad
check_equal "runtime" "$(verdict Docker 'runtime runc')" "ok failure"

test_begin "Docker, podman: the files of a user's own"
by_user "$(put /run/user/.config/docker/daemon.json '{ "runtimes": { "agentrun": { "path": "/opt/none/agentrun" } } }')
$(put /run/user/.config/containers/containers.conf $'[engine.runtimes]\nagentrun = ["/opt/none/other/agentrun"]')
$(put /etc/docker/daemon.json '{')"
bad
check_has "Docker" "$(found Docker 'runtime agentrun')" "/opt/none/agentrun: missing"
check_has "podman" "$(found podman 'runtime agentrun')" "/opt/none/other/agentrun: missing"

test_begin "Docker: a configuration without the runtime" command:dockerd && {
	examine "$(put /etc/docker/daemon.json '{}')"
	good
	check_equal "runtimes" "$(verdict Docker runtimes)" warning
	check_has "advice" "$(advice Docker runtimes)" docker-daemon.json
}

# containerd_config VERSION PLUGIN TYPE PROGRAM [FILE]
containerd_config() {
	put "${5:-/etc/containerd/config.toml}" "version = $1
[plugins.\"$2\".containerd.runtimes.agentrun]
  runtime_type = \"$3\"
  [plugins.\"$2\".containerd.runtimes.agentrun.options]
    BinaryName = \"$4\""
}

test_begin "containerd: handlers of both versions of its file"
examine "$(containerd_config 2 io.containerd.grpc.v1.cri io.containerd.runc.v2 "$program")"
good
check_equal "version 2" "$(verdict containerd 'runtime agentrun')" ok
examine "$(containerd_config 3 io.containerd.cri.v1.runtime io.containerd.runc.v2 "$program")"
good
check_equal "version 3" "$(verdict containerd 'runtime agentrun')" ok

test_begin "containerd: a handler of the other version's plugin, of another type, without its program"
examine "$(containerd_config 3 io.containerd.grpc.v1.cri io.containerd.runc.v2 "$program")"
check_equal "plugin" "$(verdict containerd 'runtime agentrun')" "warning ok"
check_has "advice" "$(advice containerd 'runtime agentrun')" \
	'begin the file with version = 2, or name the table plugins."io.containerd.cri.v1.runtime"'
handler=$(containerd_config 3 io.containerd.cri.v1.runtime io.containerd.runc.v2 "$program")
examine "$(sed '/^version/d' <<<"$handler")"
check_equal "no version" "$(verdict containerd 'runtime agentrun')" "warning ok"
check_has "advice" "$(advice containerd 'runtime agentrun')" 'begin the file with version = 3, or name the table plugins."cri"'
examine "$(sed 's/^version/version = 2\n&/' <<<"$handler")"
bad
check_equal "two versions" "$(found containerd version)" "given in line 1 and in line 2"
examine "$(containerd_config 2 io.containerd.grpc.v1.cri io.containerd.runtime.v1.linux "$program")"
bad
check_equal "type" "$(verdict containerd 'runtime agentrun')" "failure ok"
examine "$(containerd_config 2 io.containerd.grpc.v1.cri io.containerd.runc.v2 /opt/none/agentrun)"
bad
check_equal "program" "$(verdict containerd 'runtime agentrun')" failure

test_begin "containerd: on a host with systemd, a handler that makes cgroups by itself is told of"
handler=$(containerd_config 3 io.containerd.cri.v1.runtime io.containerd.runc.v2 "$program")
examine "mkdir -p /run/systemd/system; $handler"
good
check_equal "verdict" "$(verdict containerd 'cgroup driver of agentrun')" note
check_has "advice" "$(advice containerd 'cgroup driver of agentrun')" "SystemdCgroup = true"
examine "mkdir -p /run/systemd/system; ${handler%$'\nEND'*}"$'\n    SystemdCgroup = true\nEND'
good
check_equal "with systemd" "$(verdict containerd 'cgroup driver of agentrun')" ""

test_begin "containerd: imported files are read, a disabled plugin is told of, what is no TOML fails"
examine "$(put /etc/containerd/config.toml $'version = 2\nimports = ["conf.d/*.toml"]\ndisabled_plugins = ["cri"]')
$(containerd_config 2 io.containerd.grpc.v1.cri io.containerd.runc.v2 "$program" /etc/containerd/conf.d/agentrun.toml)"
good
check_equal "imported" "$(verdict containerd 'runtime agentrun')" ok
check_equal "disabled" "$(verdict containerd CRI)" note
examine "$(put /etc/containerd/config.toml $'version = 2\n[plugins\n')"
bad
check_has "configuration" "$(found containerd configuration)" "/etc/containerd/config.toml:2: ']' is expected"

test_begin "podman: runtimes and the list of those that support JSON"
runtimes="[engine.runtimes]
agentrun = [\"/opt/none/agentrun\", \"$program\"]"
examine "$(put /etc/containers/containers.conf.d/50-agentrun.conf "[engine]
runtime_supports_json = [\"crun\", \"agentrun\"]
$runtimes")"
good
check_equal "runtime" "$(verdict podman 'runtime agentrun')" ok
check_equal "list" "$(verdict podman runtime_supports_json)" ok
examine "$(put /etc/containers/containers.conf "$runtimes")"
good
check_equal "no list" "$(verdict podman runtime_supports_json)" warning
check_equal "no list of those without cgroups" "$(verdict podman runtime_supports_nocgroup)" note
check_has "advice" "$(advice podman runtime_supports_nocgroup)" "--cgroups=disabled"
examine "$(put /etc/containers/containers.conf $'[engine.runtimes]\nagentrun = ["/opt/none/agentrun"]')"
bad
check_equal "program" "$(verdict podman 'runtime agentrun')" failure

test_begin "CRI-O: a drop-in"
examine "$(put /etc/crio/crio.conf.d/50-agentrun.conf "[crio.runtime.runtimes.agentrun]
runtime_path = \"$program\"")"
good
check_equal "runtime" "$(verdict CRI-O 'runtime agentrun')" ok

test_begin "the files that are installed are taken as they stand"
bin=$(dirname "$program")
ln -sf agentrun "$bin/agentrun-strict"
ln -sf agentrun "$bin/agentrun-compat"
snippet() {
	sed "s|@bindir@|$bin|g" "$SRCDIR/packaging/engines/$1"
}
examine "$(put /etc/docker/daemon.json "$(snippet docker-daemon.json.in)")
$(put /etc/containerd/config.toml "version = 2"$'\n'"$(snippet containerd-config.toml.in)")
$(put /etc/containers/containers.conf.d/50-agentrun.conf "$(snippet containers.conf.in)")
$(put /etc/crio/crio.conf.d/50-agentrun.conf "$(snippet crio.conf.in)")"
good
for area in Docker containerd podman CRI-O; do
	for name in agentrun agentrun-strict agentrun-compat; do
		check_equal "$area $name" "$(verdict $area "runtime $name")" ok
	done
done
check_equal "podman's list" "$(verdict podman runtime_supports_json)" ok
check_equal "podman's other list" "$(verdict podman runtime_supports_nocgroup)" ok
examine "$(put /etc/containerd/config.toml "version = 3"$'\n'"$(snippet containerd-2-config.toml.in)")
$(put /etc/containers/containers.conf.d/50-agentrun.conf "$(snippet 50-agentrun.conf.in)")"
good
check_equal "containerd 2" "$(verdict containerd 'runtime agentrun')" ok
check_equal "podman's list" "$(verdict podman runtime_supports_json)" ok
