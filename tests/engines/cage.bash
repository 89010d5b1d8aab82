# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The cage of the agent profile, by what tests/engines/probe printed in a container.
#
#   expect_cage HOW TEXT [LACKS...]   every part of it holds, but for what the machine lacks, which is said; LACKS are parts that this way to start a container has not. HOW says
#                                     "exec" where what the probe is was executed in a container
#   cage_parts                        the parts, and what each is in words: cage_words[PART]
#   cage_PART                         the checks of one, of $cage_text, with $cage_how in what they say
#   cage_seen NAME                    the values of that name, one a line
#
# A part fails as well where nothing of it was looked at.

cage_parts=(end root scratch home privileges groups filter calls memory siblings capabilities masked kernel devices mounts namespaces
	rlimits limits lsm)
# shellcheck disable=SC2034 # for those that make a test of each
declare -A cage_words=(
	[end]="the probe looks at everything"
	[root]="the root filesystem and the folder of devices are read-only"
	[scratch]="scratch folders are writable and bounded, and nothing runs from them"
	[home]="the home is writable and bounded, and programs run from it"
	[privileges]="no program gets more privileges"
	[groups]="groups that are powerful on the host are left out"
	[filter]="system calls are filtered"
	[calls]="calls that lead out are denied by name"
	[memory]="memory is not executed"
	[siblings]="what is executed in a container does not see into its first process"
	[capabilities]="capabilities are those of the agent list"
	[masked]="masked paths show nothing of the host"
	[kernel]="the kernel's settings and cgroups are read-only"
	[devices]="only harmless devices are there, and no others can be made"
	[mounts]="mounts are of harmless types and flags"
	[namespaces]="no namespace is the host's"
	[rlimits]="open files have a ceiling, and there are no core files"
	[limits]="processes and memory have a limit, and there is no swap"
	[lsm]="a profile of AppArmor confines"
)
cage_text='' cage_how=''

expect_cage() {
	local part lacks
	cage_how=$1 cage_text=$2
	shift 2
	lacks=" $* "
	for part in "${cage_parts[@]}"; do
		case $lacks in *" $part "*) continue ;; esac
		if ! cage_can_have "$part"; then
			note "not looked at, $cage_how: ${cage_words[$part]}"
			continue
		fi
		"cage_$part"
	done
}

cage_can_have() {
	case $1 in
	limits) has pids && has memory ;;
	siblings) has landlock ;;
	lsm) cage_profile_loaded ;;
	esac
}

cage_seen() {
	awk -F '\t' -v name="$1" '$1 == name { print $2 }' <<<"$cage_text"
}

# cage_all REGEX: whole lines
cage_all() {
	grep -E -e "$1" <<<"$cage_text" || true
}

# cage_refused NAME REASONS: everything whose name begins so was tried and refused, for one of these
cage_refused() {
	local got
	got=$(cage_all "^$1")
	[ -n "$got" ] || fail "nothing like '$1' was tried, $cage_how"
	check_equal "$1: not refused for '$2', $cage_how" "$(grep -vP "\trefused: ($2)\$" <<<"$got" || true)" ""
}

# cage_between WHAT GOT LEAST MOST
cage_between() {
	check_match "$1, $cage_how" "$2" '^[0-9]+$'
	case $2 in '' | *[!0-9]*) return 0 ;; esac
	check_true "$1 is $2, $cage_how" test "$2" -ge "$3"
	check_true "$1 is $2, $cage_how" test "$2" -le "$4"
}

# cage_calls_give RESULTS PROBE...: what helpers/surface.c says of these
cage_calls_give() {
	local results=$1 probe
	shift
	for probe; do
		check_match "$probe, $cage_how" "$(cage_seen "surface $probe")" "^($results)\$"
	done
}

cage_end() {
	check_equal "the last line, $cage_how" "$(tail -n 1 <<<"$cage_text")" $'end\tof what was looked at'
}

cage_root() {
	cage_refused 'write ' 'Read-only file system'
	check_true "places were tried, $cage_how" test "$(cage_all '^write ' | wc -l)" -ge 7
}

cage_scratch() {
	local place blocks size
	for place in /tmp /var/tmp /run /dev/shm; do
		check_equal "writing to $place, $cage_how" "$(cage_seen "scratch $place")" "done"
		check_equal "running from $place, $cage_how" "$(cage_seen "run $place")" "refused: Permission denied"
		read -r blocks size < <(cage_seen "size $place") || true
		# the ceiling of any tmpfs; without a wish the three are smaller
		cage_between "size of $place" "$((${blocks:-0} * ${size:-0}))" 1 1073741824
	done
}

cage_home() {
	local blocks size
	check_equal "writing to the home, $cage_how" "$(cage_seen home)" "done"
	check_equal "running from the home, $cage_how" "$(cage_seen "run home")" "done"
	read -r blocks size < <(cage_seen "size home") || true
	cage_between "size of the home" "$((${blocks:-0} * ${size:-0}))" 1 1073741824
}

cage_privileges() {
	check_equal "NoNewPrivs, $cage_how" "$(cage_seen NoNewPrivs)" 1
}

# Its /etc/group has root in "disk", whose number engines pass on.
cage_groups() {
	check_equal "lines of groups, $cage_how" "$(cage_all $'^groups\t' | wc -l)" 1
	check_lacks "groups, $cage_how" " $(cage_seen groups) " " 6 "
}

cage_filter() {
	check_equal "Seccomp, $cage_how" "$(cage_seen Seccomp)" 2
	check_match "filters, $cage_how" "$(cage_seen Seccomp_filters)" '^[1-9]'
	cage_refused 'call ' "Operation not permitted|permission denied \\(are you root\\?\\)"
}

cage_calls() {
	cage_calls_give OK "nothing" clone-plain socket-1-1-0 socket-2-1-0 socket-16-3-0
	cage_calls_give EPERM bpf perf userfaultfd io-uring-setup keyctl add-key request-key unshare-user clone-user \
		clone-user-garbage setns fsopen open-tree tiocsti tiocsti-garbage tioclinux tiocsetd read-implies-exec socket-2-3-1
	cage_calls_give ENOSYS clone3-user
	cage_calls_give 'ENOSYS|EPERM' name-to-handle
	cage_calls_give EAFNOSUPPORT socket-38-5-0 socket-40-1-0 socket-17-3-0
	cage_calls_give EPROTONOSUPPORT socket-16-3-12
	# an engine's filter that does not know a table kills
	if [ "$(uname -m)" = x86_64 ]; then
		cage_calls_give 'killed by signal 31|ENOSYS' int80-getpid x32-getpid x32-socket
	fi
}

cage_memory() {
	cage_calls_give 'EACCES|EPERM' memfd-exec
	cage_calls_give 'EACCES|EPERM|ENOSYS' memfd-execveat
}

# A first process has none.
cage_siblings() {
	case $cage_how in
	*exec*) cage_refused sibling 'Permission denied' ;;
	*) check_equal "a sibling, $cage_how" "$(cage_seen sibling)" none ;;
	esac
}

# CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID NET_BIND_SERVICE
cage_capabilities() {
	local name
	for name in CapPrm CapEff CapBnd; do
		check_equal "$name, $cage_how" "$(cage_seen $name)" 00000000000004fb
	done
	for name in CapInh CapAmb; do
		check_equal "$name, $cage_how" "$(cage_seen $name)" 0000000000000000
	done
}

cage_masked() {
	check_true "paths were looked at, $cage_how" test "$(cage_all '^shows ' | wc -l)" -ge 32
	check_equal "shows, $cage_how" "$(cage_all $'^shows [^\t]*\t.')" ""
}

cage_kernel() {
	local folder
	for folder in bus driver fs irq sys; do
		check_match "how /proc/$folder is mounted, $cage_how" "$(cage_seen mount)" "^/proc/$folder proc ro(,|\$)"
	done
	cage_refused 'kernel /proc/irq/' 'Read-only file system'
	cage_refused 'kernel /proc/sys/' 'Read-only file system'
	cage_refused 'kernel /sys/' 'Read-only file system'
	check_true "settings were tried, $cage_how" test "$(cage_all '^kernel /proc/sys/' | wc -l)" -ge 4
	check_match "sysrq-trigger, $cage_how" "$(cage_seen 'kernel /proc/sysrq-trigger')" '^(masked|not there|refused: Read-only file system)$'
}

cage_devices() {
	check_has "devices, $cage_how" "$(cage_seen device)" null
	# core is a link to the masked /proc/kcore
	check_equal "other devices, $cage_how" "$(cage_seen device | grep -vxE \
		'console|core|fd|full|mqueue|null|ptmx|pts|random|shm|std(err|in|out)|termination-log|tty|urandom|zero' || true)" ""
	cage_refused mknod 'Operation not permitted'
}

cage_mounts() {
	local mounts
	mounts=$(cage_seen mount)
	check_has "mounts, $cage_how" "$mounts" "/proc proc rw"
	check_equal "without nosuid, $cage_how" "$(grep -v nosuid <<<"$mounts" || true)" ""
	# the nodes in /dev need to be opened, in a user namespace the host's; /dev/null hides files of /proc
	check_equal "without nodev, $cage_how" \
		"$(grep -vE 'nodev|^/dev(/pts|/console)? |^/dev/(full|null|random|tty|urandom|zero) devtmpfs |^/proc/[^ ]* devtmpfs ' <<<"$mounts" || true)" ""
	check_equal "sysfs, cgroup and devtmpfs that are writable, $cage_how" \
		"$(grep -E '(sysfs|cgroup2?|devtmpfs) rw' <<<"$mounts" || true)" ""
	check_equal "devpts, mqueue and procfs elsewhere, $cage_how" \
		"$(grep -E ' (devpts|mqueue|proc) ' <<<"$mounts" | grep -vE '^/(dev/pts|dev/mqueue|proc)[ /]' || true)" ""
	check_equal "other filesystems, $cage_how" "$(grep -E \
		' (autofs|bpf|cgroup|configfs|debugfs|efivarfs|fuse[.a-z]*|fusectl|hugetlbfs|pstore|securityfs|tracefs) ' \
		<<<"$mounts" || true)" ""
}

cage_namespaces() {
	local name
	for name in cgroup ipc mnt net pid uts; do
		check_match "namespace $name, $cage_how" "$(cage_seen "ns $name")" "^$name:\\[[0-9]+\\]\$"
		check_false "namespace $name is the host's, $cage_how" \
			test "$(cage_seen "ns $name")" = "$(in_host readlink "/proc/self/ns/$name")"
	done
}

cage_rlimits() {
	cage_between "limit of open files" "$(cage_seen 'limit nofile')" 1 65536
	check_equal "limit of core files, $cage_how" "$(cage_seen 'limit core')" 0
}

# Without a wish: 1024 processes, 4 GiB of memory, and never so much that the host has less than an eighth of its own.
cage_limits() {
	cage_between pids.max "$(cage_seen 'limit pids.max')" 1 1024
	cage_between memory.max "$(cage_seen 'limit memory.max')" 1 4294967296
	cage_between memory.max "$(cage_seen 'limit memory.max')" 1 \
		"$(awk '$1 == "MemTotal:" { printf "%d", $2 * 1024 / 8 * 7 }' /proc/meminfo)"
	# a kernel without support for swap has none; one without a swap device has it
	check_match "memory.swap.max, $cage_how" "$(cage_seen 'limit memory.swap.max')" '^0?$'
	check_equal "memory.oom.group, $cage_how" "$(cage_seen 'limit memory.oom.group')" 1
}

# One that an engine has loaded is taken, whatever the engine asks for this container.
cage_profile_loaded() {
	has apparmor && grep -qE '^(docker-default|containers-default-[^ ]*|cri-containerd\.apparmor\.d) \(enforce\)' \
		/sys/kernel/security/apparmor/profiles 2>/dev/null
}

cage_lsm() {
	check_match "profile, $cage_how" "$(cage_seen apparmor)" '^(docker-default|containers-default-|cri-containerd\.apparmor\.d).* \(enforce\)$'
}
