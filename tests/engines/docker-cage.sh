#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker with agentrun: the cage, seen from inside, without any flag and with flags that would open
# it; and what is refused.
set -euo pipefail
. "$(dirname "$0")/engines.bash"
docker_needs
needs agentrun

# CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID NET_BIND_SERVICE
agent_capabilities=0x4fb

test_begin "dockerd starts"
docker_start v2
check_has "version" "$("$docker_client" --host "unix://$docker_socket" version)" Server

# --- what the probe saw --------------------------------------------------------------------------

# seen NAME: the values of that name, one a line
seen() {
	awk -F '\t' -v name="$1" '$1 == name { print $2 }' "$TEST_TMP/probe"
}

# seen_all REGEX: whole lines
seen_all() {
	grep -E -e "$1" "$TEST_TMP/probe" || true
}

# probe HOW COMMAND...: docker COMMAND... prints what the probe says; the tests that follow look at it
probe() {
	how=$1
	shift
	test_begin "a container starts $how"
	docker "$@"
	expect_success
	printf '%s\n' "$output" >"$TEST_TMP/probe"
	check_equal "user" "$(seen uid)" 0
}

# refused NAME: everything of these names was tried and refused
refused() {
	local got
	got=$(seen_all "^$1")
	[ -n "$got" ] || fail "nothing like '$1' was tried"
	check_equal "done in spite of all" "$(grep -P "\tdone$" <<<"$got" || true)" ""
}

# cage FILTERS: all that is looked at; the number of seccomp filters is at least that
cage() {
	local filters=$1 name mounts

	test_begin "the root filesystem is read-only $how"
	refused 'write '
	check_match "reason" "$(seen 'write /')" 'Read-only file system'

	test_begin "scratch folders are writable, and nothing runs from them $how"
	check_equal "writable" "$(seen_all '^scratch' | grep -vP '\tdone$' || true)" ""
	refused 'run '
	check_equal "reasons" "$(seen_all '^run ' | cut -f 2 | sort -u)" "refused: Permission denied"

	test_begin "no program gets more privileges $how"
	check_equal "NoNewPrivs" "$(seen NoNewPrivs)" 1

	test_begin "system calls are filtered $how"
	check_equal "Seccomp" "$(seen Seccomp)" 2
	check_true "filters: $(seen Seccomp_filters), expected $filters" \
		test "$(seen Seccomp_filters)" -ge "$filters"
	refused 'call '

	test_begin "capabilities are those of the agent list $how"
	for name in CapPrm CapEff CapBnd; do
		check_equal "$name" "0x$(seen $name | sed 's/^0*//')" "$agent_capabilities"
	done
	check_equal "CapInh" "$(seen CapInh)" 0000000000000000
	check_equal "CapAmb" "$(seen CapAmb)" 0000000000000000

	test_begin "masked paths show nothing of the host $how"
	check_equal "shows" "$(seen_all '^shows')" ""

	test_begin "the kernel's settings and cgroups are read-only $how"
	refused 'kernel '
	check_true "settings were tried" test "$(seen_all '^kernel /proc/sys/' | wc -l)" -ge 4

	test_begin "only harmless devices are there, and no others can be made $how"
	# core is a link to the masked /proc/kcore
	check_equal "others" "$(seen device | grep -vxE \
		'console|core|fd|full|mqueue|null|ptmx|pts|random|shm|std(err|in|out)|tty|urandom|zero' || true)" ""
	refused mknod

	test_begin "mounts are of harmless types and flags $how"
	mounts=$(seen mount)
	check_has "mounts" "$mounts" "/proc proc rw"
	check_equal "without nosuid" "$(grep -v nosuid <<<"$mounts" || true)" ""
	# the nodes in /dev need to be opened; /dev/null hides files of /proc
	check_equal "without nodev" \
		"$(grep -vE 'nodev|^/dev(/pts|/console)? |^/proc/[^ ]* devtmpfs ' <<<"$mounts" || true)" ""
	check_equal "sysfs, cgroup and devtmpfs that are writable" \
		"$(grep -E '(sysfs|cgroup2?|devtmpfs) rw' <<<"$mounts" || true)" ""
	check_equal "devpts, mqueue and procfs elsewhere" \
		"$(grep -E ' (devpts|mqueue|proc) ' <<<"$mounts" | grep -vE '^/(dev/pts|dev/mqueue|proc)[ /]' || true)" ""
	check_equal "other filesystems" "$(grep -E \
		' (autofs|bpf|cgroup|configfs|debugfs|efivarfs|fuse[.a-z]*|fusectl|hugetlbfs|pstore|securityfs|tracefs) ' \
		<<<"$mounts" || true)" ""

	test_begin "no namespace is the host's $how"
	for name in cgroup ipc mnt net pid uts; do
		check_match "$name" "$(seen "ns $name")" "^$name:\\[[0-9]+\\]$"
		check_false "$name is the host's" \
			test "$(seen "ns $name")" = "$(in_host readlink "/proc/self/ns/$name")"
	done
}

run_probe() {
	local what=$1
	shift
	probe "$what" run --rm --name "$lib_mark-probe" --runtime agentrun "$@" box probe
}

run_probe "without a flag"
cage 2

run_probe "with --privileged" --privileged
cage 1

run_probe "with everything unconfined" --cap-add ALL --security-opt seccomp=unconfined \
	--security-opt apparmor=unconfined --security-opt systempaths=unconfined \
	--security-opt no-new-privileges=false --cgroupns host --tmpfs /tmp:rw,exec,suid,dev \
	--tmpfs /run:rw,exec,suid,dev --device /dev/kmsg --device-cgroup-rule 'a *:* rwm'
cage 1

# --- exec ----------------------------------------------------------------------------------------

test_begin "docker exec --privileged starts"
start box sleep 600
caged=$id
# of several tests
engine_keep=1
docker exec --privileged "$caged" true
expect_success

probe "by exec" exec "$caged" probe
cage 2
probe "by exec --privileged" exec --privileged "$caged" probe
cage 1
engine_keep=

test_begin "a user in a container has no capability, run and executed"
start -u 1000 box sleep 60
docker exec "$id" grep -E '^Cap(Prm|Eff|Amb|Inh)' /proc/self/status
check_equal "other than none" "$(grep -v 0000000000000000 <<<"$output" || true)" ""
check_match "looked at" "$output" '^CapEff:'
docker exec --privileged "$id" grep -E '^Cap(Prm|Eff|Amb|Inh)' /proc/self/status
expect_success
check_equal "other than none" "$(grep -v 0000000000000000 <<<"$output" || true)" ""

if test_begin "what is executed in a container does not see into its first process" landlock; then
	start -e SECRET=hidden box sleep 60
	docker exec "$id" cat /proc/1/environ
	expect_error "Permission denied"
	check_lacks "environment" "$output" hidden
fi

# --- clamped -------------------------------------------------------------------------------------

test_begin "a tmpfs has noexec, nosuid and nodev, whatever is asked"
run --tmpfs /cache:rw,exec,suid,dev box sh -c 'grep " /cache " /proc/mounts'
expect_success
check_match "options" "$output" 'rw,nosuid,nodev,noexec'

test_begin "a volume has nosuid and nodev; what is built in it runs"
mkdir -p "$bundle/job"
run -v "$bundle/job:/job" box \
	sh -c 'grep " /job " /proc/mounts; cp /bin/busybox /job/echo && /job/echo runs'
expect_success
check_match "options" "$output" ' rw,nosuid,nodev'
expect_output_has runs

test_begin "a volume over a folder of the image's system is read-only"
mkdir -p "$bundle/usr"
run -v "$bundle/usr:/usr/bin" box touch /usr/bin/new
expect_error "Read-only file system"

test_begin "the host's time zone and certificates pass, read-only"
for file in /etc/localtime /etc/ssl/certs/ca-certificates.crt; do
	if ! [ -e "$file" ]; then
		note "this host has no $file"
		continue
	fi
	run -v "$file:$file" box sh -c "test -s $file && touch $file"
	expect_error "Read-only file system"
done
run -v /etc/passwd:/etc/passwd:ro box true
expect_error "is refused by the agent profile"

test_begin "groups that are powerful on the host are dropped"
run --group-add disk --group-add 2000 box id -G
expect_success
check_has "an ordinary one stays" " $output " " 2000 "
check_lacks "disk" " $output " " 6 "

test_begin "a setting outside of the allowed ones is not applied"
run box cat /proc/sys/kernel/msgmax
default=$output
run --sysctl kernel.msgmax=4242 box cat /proc/sys/kernel/msgmax
expect_success
expect_output "$default"
run --sysctl net.ipv4.ip_unprivileged_port_start=80 box cat /proc/sys/net/ipv4/ip_unprivileged_port_start
expect_output 80

test_begin "there are no core dumps, and no protection from the OOM killer"
run --ulimit core=-1 --oom-score-adj -500 box sh -c 'ulimit -c; cat /proc/self/oom_score_adj'
expect_success
check_equal "core" "$(head -n 1 <<<"$output")" 0
check_true "oom_score_adj is $(tail -n 1 <<<"$output")" test "$(tail -n 1 <<<"$output")" -ge 0

test_begin "the image's files in /run are there"
run box ls /run
expect_success
expect_output_has postgresql

test_begin "the home of the user is writable and forgotten"
run box sh -c 'echo x >~/new && ls ~'
expect_success
expect_output new
run -u 1000 box sh -c 'echo x >~/new && ls ~'
expect_success
expect_output new

# --- refused -------------------------------------------------------------------------------------

# refuses WHAT SENTENCE OPTION...: docker ends with 125 and the sentence is there
refuses() {
	local what=$1 sentence=$2
	shift 2
	test_begin "$what is refused"
	run "$@" box echo started
	expect_status 125
	expect_output ''
	expect_error "$sentence"
	expect_error "is refused by the agent profile"
}

refuses "docker's socket" \
	"mounts[/var/run/docker.sock].source '/run/docker.sock' is refused by the agent profile: it is a socket of the host" \
	-v /var/run/docker.sock:/var/run/docker.sock
refuses "docker's socket, read-only" "it is a socket of the host" -v /run/docker.sock:/s:ro
refuses "the host's /" "mounts[/host].source '/'" -v /:/host
refuses "the host's /, read-only" "mounts[/host].source '/'" -v /:/host:ro
refuses "the folder of the host's sockets" "mounts[/host].source '/run'" -v /run:/host
refuses "the host's /etc" "mounts[/host].source '/etc'" -v /etc:/host:ro
refuses "root's home" "mounts[/host].source '/root'" -v /root:/host
refuses "the host's /proc" "mounts[/host].source '/proc'" -v /proc:/host
refuses "the host's settings" "/proc/sys/kernel" -v /proc/sys/kernel:/host
refuses "the host's /sys" "mounts[/host].source '/sys'" -v /sys:/host
refuses "the host's /dev" "mounts[/host].source '/dev'" -v /dev:/host
refuses "the folder of all engines' data" "mounts[/host].source '/var/lib'" -v /var/lib:/host
refuses "the host's processes" "linux.namespaces[pid]" --pid host
refuses "the host's network" "linux.namespaces[network]" --network host
refuses "the host's shared memory" "linux.namespaces[ipc]" --ipc host
refuses "the host's name" "linux.namespaces[uts]" --uts host

test_begin "a link to a refused place is refused"
mkdir -p "$bundle"
ln -s / "$bundle/innocent"
run -v "$bundle/innocent/:/host" box echo started
expect_status 125
expect_error "is refused by the agent profile"

test_begin "shared propagation is refused"
mkdir -p "$bundle/job"
run -v "$bundle/job:/job:rshared" box echo started
expect_status 125
expect_error "with shared propagation mounts reach the host"

test_begin "credentials are refused"
mkdir -p "$bundle/.ssh" "$bundle/.aws"
run -v "$bundle/.ssh:/keys:ro" box echo started
expect_status 125
expect_error "is refused by the agent profile"
run -v "$bundle:/job" box ls /job/.ssh
expect_status 125
expect_error "is refused by the agent profile"

test_begin "a device of the host is not in the container"
run --device /dev/kmsg --device /dev/null:/dev/sda box sh -c 'ls /dev/kmsg /dev/sda'
expect_error "No such file"

test_begin "nothing is left"
engine_forget
engine_stop
assert_engine_left_nothing
