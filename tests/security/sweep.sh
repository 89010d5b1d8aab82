#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Any system call of a command fails, or the runtime is killed there: nothing hangs, nothing is left, and no
# container is weaker than it was asked to be.
#
#   AGENTRUN_SWEEP=full tests/run -t 7200 tests/security/sweep.sh     every point; else a fixed sample of them
#   AGENTRUN_SWEEP_POINTS=N                                           so many in the sample of each, at least
#   AGENTRUN_SWEEP_PROFILE=compat                                     in another profile than agent
#   AGENTRUN_SWEEP_SOCKETS=1                                          as an engine calls it: with terminals and sockets
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../helpers.bash"
needs root cgroup command:python3
case $(uname -m) in
x86_64 | aarch64) ;;
*) skip_all "helpers/fault.c knows no way to skip a system call on $(uname -m)" ;;
esac
build_helper fault
build_helper witness

profile=${AGENTRUN_SWEEP_PROFILE:-agent} sockets=${AGENTRUN_SWEEP_SOCKETS-} jobs=$(nproc)
options=(--profile "$profile" --points "${AGENTRUN_SWEEP_POINTS:-60}")
[ "${AGENTRUN_SWEEP-}" != full ] || options+=(--all)
[ -z "$sockets" ] || options+=(--sockets)

words=()
for path in /proc/{acpi,interrupts,kcore,keys,config.gz,kallsyms,timer_list,kpagecount,mtrr} \
	/sys/{firmware,kernel/debug,kernel/security,fs/bpf}; do
	words+=("masked=$path")
done
for path in / /dev /etc /proc/sys/kernel/core_pattern /proc/irq/default_smp_affinity \
	/sys/fs/cgroup/cgroup.procs /sys/kernel/mm/transparent_hugepage/enabled /data /data/ro; do
	words+=("write=$path")
done
for kind in cgroup ipc mnt net pid uts; do
	words+=("host=$(readlink "/proc/self/ns/$kind")")
done

# One of everything: binds with flags, limits, names, devices, masks, a user with groups.
make_bundles() {
	local filter='
		.hostname = "sweep" | .domainname = "sweep.test" | .process.user.additionalGids = [2000, 2001]
		| .process.user.umask = 63 | .process.oomScoreAdj = 100
		| .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 512, hard: 512}, {type: "RLIMIT_CORE", soft: 0, hard: 0}]
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: [],
			syscalls: [{names: ["swapon", "swapoff"], action: "SCMP_ACT_ERRNO", errnoRet: 38}]}
		| .linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "80"}
		| .mounts += [{destination: "/data", type: "bind", source: $data, options: ["rbind", "ro", "nosuid"]},
			{destination: "/data/ro", type: "tmpfs", source: "tmpfs", options: ["ro", "size=4k"]},
			{destination: "/etc/hostname", type: "bind", source: ($data + "/file"), options: ["bind", "ro"]}]'
	# compat takes what the others refuse: hooks, and here a user namespace too
	[ "$profile" != compat ] || filter+='
		| .hooks = ({path: "/bin/true"} | {prestart: [.], createRuntime: [.], createContainer: [.],
			startContainer: [. + {args: ["true"]}], poststart: [.], poststop: [.]})
		| .linux.namespaces += [{type: "user"}, {type: "time"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings | .linux.timeOffsets = {monotonic: {secs: 1000, nanosecs: 0}}'
	# a terminal that goes to a socket, and who answers some calls: the caller's own process, in compat alone
	local program='"/bin/witness"'
	if [ -n "$sockets" ]; then
		filter+=' | .process.terminal = true'
		program+=', "ready"'
		[ "$profile" != compat ] || filter+='
			| .linux.seccomp += {listenerPath: $listener, listenerMetadata: "sweep"}
			| .linux.seccomp.syscalls += [{names: ["acct"], action: "SCMP_ACT_NOTIFY"}]'
	fi
	mkdir -p "$TEST_TMP/data/ro"
	echo data >"$TEST_TMP/data/file"
	make_bundle "$1" "$filter | .process.args = [$program] + \$ARGS.positional" \
		--arg data "$TEST_TMP/data" --arg listener "$TEST_TMP/listener" --args -- "${words[@]}"
	make_bundle "$2" "$filter | .process.terminal = false | .process.args = [\"sleep\", \"300\"]" \
		--arg data "$TEST_TMP/data" --arg listener "$TEST_TMP/listener"
	local root
	for root in "$1/rootfs" "$2/rootfs"; do
		cp "$helpers_folder/witness" "$root/bin/"
		# root of a user namespace may not make them
		mkdir "$root/data" "$root/run/notify"
		touch "$root/etc/hostname"
	done
}

# sweep COMMAND MODE: in the background of the others, with a mark, a state root and a scratch folder of its
# own, and in a mount namespace in which nobody else mounts. Its words and status go to files.
sweep() {
	local name=$1-$2 status=0
	lib_mark=$lib_mark-$name bundle=$TEST_TMP/$name/bundle
	export TEST_TMP=$TEST_TMP/$name
	state=$TEST_TMP/state
	mkdir -p "$TEST_TMP"
	chmod 711 "$TEST_TMP"
	make_bundles "$bundle" "$bundle-sleeper"
	FAULT=$helpers_folder/fault WITNESS_WORDS=${words[*]} MARK=$lib_mark BUNDLE=$bundle SLEEPER=$bundle-sleeper \
		unshare --mount --propagation private "$(dirname "$0")/sweep.py" "$@" "${options[@]}" >"$TEST_TMP/said" 2>&1 || status=$?
	echo "$status" >"$TEST_TMP/status"
	lib_clean
}

# The longest first.
all_sweeps=() commands=(run create exec start)
# these have no sockets
[ -n "$sockets" ] || commands+=(delete delete-stopped kill)
for command in "${commands[@]}"; do
	all_sweeps+=("$command error" "$command kill")
done
running=0
for one in "${all_sweeps[@]}"; do
	read -ra argv <<<"$one"
	(trap - EXIT ERR; sweep "${argv[@]}") &
	running=$((running + 1))
	if [ "$running" -ge "$jobs" ]; then
		wait -n || true
		running=$((running - 1))
	fi
done
wait

for one in "${all_sweeps[@]}"; do
	read -r command mode <<<"$one"
	case $mode in
	error) title="a system call that fails leaves nothing and weakens nothing" ;;
	kill) title="killed anywhere, delete --force leaves nothing" ;;
	esac
	test_begin "$command: $title"
	said=$(cat "$TEST_TMP/$command-$mode/said")
	note "sum: ${said##*$'\n'}"
	[ "$(cat "$TEST_TMP/$command-$mode/status")" = 0 ] || fail "$said"
	assert_nothing_left
done
