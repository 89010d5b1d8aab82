# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For integration and security tests: bundles, runs of agentrun, and what must not be left behind.
# See tests/README.md; the words of tests/tap.sh (test_begin, check_equal ...) are here too.
#
#   AGENTRUN   the program under test
#   TEST_TMP   scratch folder, removed afterwards (made when it is not given)
#
# Each test_begin gives a new id and a new bundle folder:
#
#   $id        a container id that nobody else has; "$id-2" and the like are cleaned up as well
#   $bundle    a folder that does not exist yet, for make_bundle
#   $state     the --root of run_agentrun, the same for the whole file

# What every test does starts few programs: where no KVM helps, each costs a lab a tenth of a second.

. "${BASH_SOURCE[0]%/*}/tap.sh"

: "${AGENTRUN:=$SRCDIR/build/plain/agentrun}"
[ -x "$AGENTRUN" ] || { echo "Bail out! no program at '$AGENTRUN'" && exit 1; }
if [ -z "${TEST_TMP-}" ]; then
	TEST_TMP=$(mktemp -d "${TMPDIR:-/tmp}/agentrun-test.XXXXXX")
	lib_own_tmp=1
fi
export AGENTRUN TEST_TMP
# The usual state root of who is not root is his own, never one that root has left.
if [ "$EUID" != 0 ]; then
	export XDG_RUNTIME_DIR=$TEST_TMP/runtime
	mkdir -p "$XDG_RUNTIME_DIR"
fi
# A container's user must be able to reach its root filesystem, whatever the umask was.
umask 022
chmod 711 "$TEST_TMP"

state=$TEST_TMP/state
# In every id, cgroup and environment of ours, and of nobody else.
lib_mark=t$$-$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')
id=$lib_mark-0
bundle=$TEST_TMP/bundle-0
output='' errors='' status=0 count_file=''
lib_cgroup_root=$(awk '$0 ~ / - cgroup2 / { print $5; exit }' /proc/self/mountinfo)

# --- bundles -------------------------------------------------------------------------------------

# make_rootfs FOLDER: busybox with all its names, users and groups, and the usual empty folders. It is a copy of one
# that is made once, for all files of a tests/run: TEST_ROOTFS names it.
make_rootfs() {
	local root=$1 busybox=/bin/busybox template=$TEST_TMP/rootfs-template name
	if [ "$EUID" = 0 ] && [ -n "${TEST_ROOTFS-}" ]; then template=$TEST_ROOTFS; fi
	if ! [ -d "$template" ]; then
		local new=$TEST_TMP/rootfs-template.new
		mkdir -p "$new"/{bin,dev,etc,home/user,lib,mnt,opt,proc,root,run,sbin,srv,sys,tmp,usr/bin,usr/sbin,var/tmp,work}
		cp "$busybox" "$new/bin/busybox"
		while read -r name; do
			[ "$name" = busybox ] || ln -s busybox "$new/bin/$name"
		done < <("$busybox" --list)
		cat >"$new/etc/passwd" <<-'PASSWD'
			root:x:0:0:root:/root:/bin/sh
			daemon:x:1:1:daemon:/usr/sbin:/bin/false
			nobody:x:65534:65534:nobody:/:/bin/false
			user:x:1000:1000:user:/home/user:/bin/sh
		PASSWD
		cat >"$new/etc/group" <<-'GROUP'
			root:x:0:
			daemon:x:1:
			adm:x:4:
			disk:x:6:root
			nogroup:x:65534:
			user:x:1000:
			extra:x:2000:user
		GROUP
		chmod 700 "$new/root"
		chmod 1777 "$new/tmp" "$new/var/tmp"
		if [ "$EUID" = 0 ]; then chown 1000:1000 "$new/home/user"; fi
		# of two files at the same time one comes first
		mv -T "$new" "$template" 2>/dev/null || [ -d "$template" ]
	fi
	[ -d "${root%/*}" ] || mkdir -p "${root%/*}"
	cp -a --reflink=auto "$template" "$root"
}

# make_bundle FOLDER [FILTER [JQ-ARGUMENT...]]: config.json from "agentrun spec", without a terminal
# and changed by the jq filter, beside a root filesystem of its own.
make_bundle() {
	local folder=$1 filter=${2:-.}
	shift
	[ $# -eq 0 ] || shift
	[ -d "$folder/rootfs" ] || make_rootfs "$folder/rootfs"
	if ! [ -e "$TEST_TMP/spec/config.json" ]; then
		mkdir "$TEST_TMP/spec"
		(cd "$TEST_TMP/spec" && "$AGENTRUN" spec)
		edit_bundle "$TEST_TMP/spec" '.process.terminal = false | .process.env += ["AGENTRUN_TEST=" + $mark]' \
			--arg mark "$lib_mark"
	fi
	[ ! -e "$folder/config.json" ] || rm -f "$folder/config.json"
	jq "$filter" "$@" <"$TEST_TMP/spec/config.json" >"$folder/config.json"
}

# edit_bundle FOLDER FILTER [JQ-ARGUMENT...]
edit_bundle() {
	local folder=$1 filter=$2
	shift 2
	jq "$filter" "$@" <"$folder/config.json" >"$folder/config.json.new"
	mv "$folder/config.json.new" "$folder/config.json"
}

# make_command FOLDER FILTER COMMAND [ARGUMENT...]: a bundle that runs the command.
make_command() {
	local folder=$1 filter=$2
	shift 2
	make_bundle "$folder" ".process.args = \$ARGS.positional | $filter" --args -- "$@"
}

# --- runs ----------------------------------------------------------------------------------------

# run_agentrun [ARGUMENT...]: with our --root and no standard input; $status, $output, $errors.
# Files and no pipes, so that what a container leaves open keeps nobody waiting.
run_agentrun() {
	run_command "$AGENTRUN" --root "$state" "$@"
}

# run_command COMMAND...: the same for any command (setpriv ... agentrun ...).
run_command() {
	lib_asked="$*"
	status=0
	AGENTRUN_TEST=$lib_mark timeout -k 5 "${RUN_SECONDS:-${AGENTRUN_RUN_SECONDS:-60}}" "$@" \
		</dev/null >"$TEST_TMP/output" 2>"$TEST_TMP/errors" || status=$?
	lib_is_clean=
	# the shell leaves out bytes of zero, and complains
	{ output=$(<"$TEST_TMP/output") errors=$(<"$TEST_TMP/errors"); } 2>/dev/null
}

# run_container COMMAND [ARGUMENT...]: the command in a container of $bundle (made when missing).
run_container() {
	[ -e "$bundle/config.json" ] || make_bundle "$bundle"
	edit_bundle "$bundle" '.process.args = $ARGS.positional' --args -- "$@"
	run_agentrun run --bundle "$bundle" "$id"
}

# run_compat FILTER [JQ-ARGUMENT...] -- COMMAND...: in the compat profile, where the bundle alone is in force.
run_compat() {
	local filter=$1 arguments=()
	shift
	while [ "$1" != -- ]; do
		arguments+=("$1")
		shift
	done
	shift
	make_bundle "$bundle" "$filter | .process.args = \$ARGS.positional" "${arguments[@]}" --args -- "$@"
	run_agentrun --profile compat run --bundle "$bundle" "$id"
}

# expected WHAT: for fail, beside what was asked in the last run and what came of it.
expected() {
	printf '   asked: %s\n  status: %s\n  output: %s\n  errors: %s\nexpected: %s' \
		"$lib_asked" "$status" "$output" "$errors" "$1"
}

# Of the last run:
expect_status() {
	[ "$status" = "$1" ] || fail "$(expected "status $1")"
}
expect_success() {
	expect_status 0
}
# It failed, and said so with that part of a sentence.
expect_error() {
	if [ "$status" = 0 ]; then
		fail "$(expected "an error with '$1'")"
	else
		case $errors in
		*"$1"*) ;;
		*) fail "$(expected "errors with '$1'")" ;;
		esac
	fi
}
expect_output() {
	[ "$output" = "$1" ] || fail "$(expected "output '$1'")"
}
expect_output_has() {
	case $output in
	*"$1"*) ;;
	*) fail "$(expected "output with '$1'")" ;;
	esac
}

# The status of a container, "none" when there is no such container.
container_status() {
	"$AGENTRUN" --root "$state" state "${1:-$id}" 2>/dev/null | jq -r .status || echo none
}

# wait_status STATUS [ID]: at most thirty seconds.
wait_status() {
	local wanted=$1 got=
	for _ in $(seq 300); do
		got=$(container_status "${2:-$id}")
		[ "$got" != "$wanted" ] || return 0
		sleep 0.1
	done
	fail "container ${2:-$id}: status"$'\n'"     got: $got"$'\n'"expected: $wanted"
}

# wait_until COMMAND...: until it succeeds, AGENTRUN_RUN_SECONDS (60) at most; false: it does not.
wait_until() {
	local end=$((SECONDS + ${AGENTRUN_RUN_SECONDS:-60}))
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

# handles_term PID: it has set its trap: the kernel brings the first process of a pid namespace nothing before.
handles_term() {
	grep -q '^SigCgt:.*[4-7c-f]...$' "/proc/$1/status"
}

# frozen PID: 1 where its cgroup is frozen, 0 where it runs
frozen() {
	awk '$1 == "frozen" { print $2 }' "$lib_cgroup_root$(sed -n 's/^0:://p' "/proc/$1/cgroup")/cgroup.events"
}

# The pid of a container's init.
container_pid() {
	"$AGENTRUN" --root "$state" state "${1:-$id}" | jq -r .pid
}

# The container's cgroup, in the file system.
cgroup_folder() {
	jq -r '.cgroup_paths[""]' "$state/$id/state.json"
}

# in_cgroup FILE: of the container's cgroup.
in_cgroup() {
	cat "$(cgroup_folder)/$1"
}

# count, expect_counting: how far the container has counted in $count_file, and that it goes on within ten seconds.
count() {
	local n
	n=$(cat "$count_file" 2>/dev/null) || true
	echo "${n:-0}"
}
expect_counting() {
	local from
	from=$(count)
	for _ in $(seq 100); do
		[ "$(count)" -le "$from" ] || return 0
		sleep 0.1
	done
	fail "the container does not count beyond $from"
}

# For a container's shell: its own open descriptors, by nobody who opens some to look (a pipe, ls).
# shellcheck disable=SC2034 # for the files that source this one
own_descriptors='for fd in 0 1 2 3 4 5 6 7 8 9; do [ ! -e "/proc/$$/fd/$fd" ] || printf "%s " "$fd"; done'

# For a shell in a mount namespace of its own. "stand_in FOLDER NAME SCRATCH MAGIC COMMAND..." executes the command with FOLDER
# in the place of the filesystem /sys/fs/NAME: statfs(2) alone says that it is what it is not. MAGIC is the number's bytes in
# hexadecimal, the least first. Needs strace.
# shellcheck disable=SC2034,SC2016 # for the files that source this one
stand_in='stand_in() {
	local folder=$1 name=$2 scratch=$3 magic=$4
	shift 4
	mount -t tmpfs none "$scratch"
	mkdir "$scratch/cgroup" "$scratch/$name"
	mount --rbind /sys/fs/cgroup "$scratch/cgroup"
	mount --bind "$folder" "$scratch/$name"
	mount --move "$scratch" /sys/fs
	exec env "ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0" strace -qq -o /dev/null -P "/sys/fs/$name" \
		-e "inject=statfs:retval=0:poke_exit=@arg2=$(printf "%s%0224d" "$magic" 0)" "$@"
}'

# --- what may not be left ------------------------------------------------------------------------

# Processes of our runs and of their containers: the mark is in their environment. our_processes [CGROUPS]
our_processes() {
	local pid pids folder cgroups=${1-$(our_cgroups)}
	pids=$(grep -lxzF "AGENTRUN_TEST=$lib_mark" /proc/[0-9]*/environ 2>/dev/null) || true
	pids=${pids//\/proc\//} pids=${pids//\/environ/}
	# a process that changed its environment still stands in the container's cgroup
	while read -r folder; do
		[ -z "$folder" ] || pids+=$'\n'$(cat "$folder/cgroup.procs" 2>/dev/null) || true
	done <<<"$cgroups"
	[ -z "$pids" ] || sort -nu <<<"$pids" | while read -r pid; do
		[ -z "$pid" ] || echo "$pid $(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")"
	done
}

our_mounts() {
	local place
	while read -r _ _ _ _ place _; do
		[[ $place != "$TEST_TMP"/* ]] || echo "$place"
	done </proc/self/mountinfo
}

cgroup_root() {
	echo "$lib_cgroup_root"
}

our_cgroups() {
	[ -n "$lib_cgroup_root" ] || return 0
	find "$lib_cgroup_root" -depth -type d -path "*$lib_mark*" 2>/dev/null || true
}

# After everything is deleted: no process, mount, cgroup or state of this file is left.
assert_nothing_left() {
	local left cgroups found=$tap_problems
	# what was killed a moment ago may still be going
	for _ in {1..100}; do
		cgroups=$(our_cgroups)
		left=$(our_processes "$cgroups") || true
		[ -n "$left" ] || break
		sleep 0.1
	done
	[ -z "$left" ] || fail "processes are left:"$'\n'"$left"
	left=$(our_mounts)
	[ -z "$left" ] || fail "mounts are left:"$'\n'"$left"
	# those of a process that was found may have gone with it
	[ -z "$cgroups" ] || cgroups=$(our_cgroups)
	[ -z "$cgroups" ] || fail "cgroups are left:"$'\n'"$cgroups"
	left=$(shopt -s dotglob nullglob && cd "$state" 2>/dev/null && echo *) || true
	[ -z "$left" ] || fail "state directories are left:"$'\n'"$left"
	[ "$tap_problems" != "$found" ] || lib_is_clean=yes
}

# --- what this machine has -----------------------------------------------------------------------

has() {
	case $1 in
	!*) ! has "${1#!}" ;;
	agentrun) [ -z "${AGENTRUN_ENGINE_RUNTIME-}" ] ;;
	root) [ "$EUID" = 0 ] ;;
	cgroup) [ -w "$(cgroup_root)/cgroup.procs" ] ;;
	cpu | cpuset | hugetlb | io | memory | misc | pids | rdma)
		has cgroup && grep -qw "$1" "$(cgroup_root)/cgroup.controllers"
		;;
	nsdelegate) awk '$3 == "cgroup2" && $4 ~ /(^|,)nsdelegate(,|$)/ { found = 1 } END { exit !found }' /proc/mounts ;;
	swap) has memory && [ -e /proc/swaps ] && [ "$(wc -l </proc/swaps)" -gt 1 ] ;;
	CAP_*) setpriv --dump | sed -n 's/^Capability bounding set: //p' | tr , '\n' |
		grep -qxi "${1#CAP_}" ;;
	userns) unshare --user true 2>/dev/null ;;
	timens) [ -e /proc/self/ns/time ] ;;
	unified) [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ] ;;
	numa) [ -e /proc/self/numa_maps ] ;;
	resctrl) grep -qw resctrl /proc/filesystems ;;
	bfq) grep -qw bfq /sys/block/*/queue/scheduler 2>/dev/null ;;
	landlock | apparmor | selinux | bpf)
		grep -qw "$1" /sys/kernel/security/lsm 2>/dev/null ||
			{ [ "$1" = landlock ] && lib_has_landlock; }
		;;
	kernel:*) printf '%s\n%s\n' "${1#kernel:}" "$(uname -r)" | sort -VC ;;
	overlay) grep -qw overlay /proc/filesystems ;;
	systemd) [ -d /run/systemd/system ] && systemctl show --property=Version >/dev/null 2>&1 ;;
	command:*) command -v "${1#command:}" >/dev/null ;;
	*)
		echo "tests/lib.sh: unknown feature '$1'" >&2
		exit 2
		;;
	esac
}

# landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) answers with a version.
lib_has_landlock() {
	command -v python3 >/dev/null &&
		python3 -c 'import ctypes, sys
sys.exit(ctypes.CDLL(None).syscall(444, None, 0, 1) < 1)'
}

needs_text() {
	case $1 in
	!*) echo "$(needs_text "${1#!}") not to be there" ;;
	agentrun) echo "is about agentrun, and this is ${AGENTRUN_ENGINE_RUNTIME-}" ;;
	root) echo "needs root" ;;
	cgroup) echo "needs a writable cgroup v2 tree" ;;
	cpu | cpuset | hugetlb | io | memory | misc | pids | rdma)
		echo "needs the cgroup v2 controller '$1'"
		;;
	CAP_*) echo "needs $1" ;;
	nsdelegate) echo "needs a cgroup v2 tree mounted with nsdelegate, as systemd does" ;;
	userns) echo "needs user namespaces" ;;
	timens) echo "needs time namespaces" ;;
	systemd) echo "needs systemd as the init" ;;
	unified) echo "needs a host with cgroup v2 alone" ;;
	numa) echo "needs a kernel with memory policies" ;;
	resctrl) echo "needs resctrl" ;;
	bfq) echo "needs a disk with the I/O scheduler bfq" ;;
	kernel:*) echo "needs Linux ${1#kernel:}" ;;
	command:*) echo "needs the command '${1#command:}'" ;;
	*) echo "needs $1" ;;
	esac
}

# --- from test to test ---------------------------------------------------------------------------

# End what this file started, and nothing else.
lib_clean() {
	local left pid
	if [ -d "$state" ]; then
		for left in "$state"/*; do
			[ -e "$left" ] || continue
			timeout -k 5 30 "$AGENTRUN" --root "$state" delete --force "${left##*/}" >/dev/null 2>&1 || true
		done
	fi
	while read -r pid _; do
		kill -KILL "$pid" 2>/dev/null || true
	done < <(our_processes)
	while read -r left; do
		umount -l "$left" 2>/dev/null || true
	done < <(our_mounts | sort -r)
	while read -r left; do
		rmdir "$left" 2>/dev/null || true
	done < <(our_cgroups)
	rm -rf "$state"
}

lib_tests=0 lib_is_clean=
tap_test_start() {
	lib_tests=$((lib_tests + 1))
	id=$lib_mark-$lib_tests
	bundle=$TEST_TMP/bundle-$lib_tests
	output='' errors='' status=0 lib_asked=
}

tap_test_done() {
	# nothing was left, and nothing was run since
	if [ -z "$lib_is_clean" ] || { [ -d "$state" ] && ! rmdir "$state" 2>/dev/null; }; then lib_clean; fi
	lib_is_clean=
	rm -rf "$bundle"
}

tap_file_done() {
	lib_clean
	if [ -n "${lib_own_tmp-}" ]; then rm -rf "$TEST_TMP"; fi
}
