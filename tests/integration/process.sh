#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a process of a container is and has: runtime-spec config.md "Process", config-linux.md "Personality",
# "memoryPolicy", seen from inside, in the compat profile.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

# A container that waits, for exec.
start_compat() {
	make_command "$bundle" "$1" sleep 300
	run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
	expect_success
}

# --- who -----------------------------------------------------------------------------------------

test_begin "user, group and additional groups are those that are asked"
run_compat '.process.user = {uid: 1000, gid: 2000, additionalGids: [6, 4, 70000]}' -- \
	grep -E '^(Uid|Gid|Groups)' /proc/self/status
expect_output $'Uid:\t1000\t1000\t1000\t1000\nGid:\t2000\t2000\t2000\t2000\nGroups:\t4 6 70000 '

test_begin "no additional group of the caller's is left"
make_command "$bundle" . sed -n 's/^Groups:[[:space:]]*//p' /proc/self/status
run_command setpriv --groups 4,6,27 "$AGENTRUN" --root "$state" --profile compat run --bundle "$bundle" "$id"
expect_output ""
expect_success

test_begin "the umask is the one that is asked, else 0022"
run_compat '.process.user.umask = 23 | .root.readonly = false' -- sh -c 'umask; touch /tmp/x; stat -c %a /tmp/x'
expect_output $'0027\n640'
(
	umask 0
	run_compat . -- sh -c umask
	expect_output 0022
	[ -z "$tap_problems" ]
) || fail "the caller's umask comes through"

test_begin "HOME comes from the image's users, unless the bundle has it"
run_compat '.process.user = {uid: 1000, gid: 1000}' -- sh -c 'echo $HOME'
expect_output /home/user
run_compat '.process.user = {uid: 4711, gid: 1000}' -- sh -c 'echo $HOME'
expect_output /
run_compat '.process.user = {uid: 1000, gid: 1000} | .process.env = ["PATH=/bin", "HOME="]' -- env
empty=$(grep -c ^HOME= <<<"$output" || true)
check_equal "how many, where the bundle's is empty" "$empty" 1
check_equal "PATH and HOME" "$(grep '^PATH\|^HOME' <<<"$output")" $'PATH=/bin\nHOME=/home/user'
run_compat '.process.env += ["HOME=/work"]' -- sh -c 'echo $HOME'
expect_output /work

# --- what it is started with ---------------------------------------------------------------------

test_begin "the environment is the bundle's alone, its last word counts"
run_compat '.process.env = ["PATH=/bin", "A=1", "EMPTY=", "A=with = and spaces"]' -- env
expect_output $'PATH=/bin\nEMPTY=\nA=with = and spaces\nHOME=/root'

test_begin "arguments come through unchanged"
run_compat . -- sh -c 'for word; do echo "[$word]"; done' sh 'two words' '' '$HOME' $'a\nb' 'ü'
expect_output $'[two words]\n[]\n[$HOME]\n[a\nb]\n[ü]'

test_begin "the program is looked up in the PATH of the process"
make_rootfs "$bundle/rootfs"
mkdir "$bundle/rootfs/opt/bin"
ln -s /bin/busybox "$bundle/rootfs/opt/bin/echo"
run_compat '.process.env = ["PATH=/nonesuch:/opt/bin:/bin"]' -- echo found
expect_output found
run_compat '.process.env = ["PATH=/nonesuch"]' -- echo found
# shellcheck disable=SC2016 # it says so literally
expect_error 'executable file not found in $PATH'
assert_nothing_left

test_begin "the working directory is the one that is asked"
run_compat '.process.cwd = "/var/tmp"' -- sh -c 'pwd; echo $PWD; readlink /proc/self/cwd'
expect_output $'/var/tmp\n/var/tmp\n/var/tmp'

test_begin "a working directory that only the user may enter is entered"
make_rootfs "$bundle/rootfs"
chmod 700 "$bundle/rootfs/home/user"
run_compat '.process.user = {uid: 1000, gid: 1000} | .process.cwd = "/home/user"
	| .process.capabilities.effective = [] | .process.capabilities.permitted = []' -- pwd
expect_output /home/user

test_begin "no signal is blocked or ignored, whatever the caller had"
make_command "$bundle" . sed -n 's/^Sig\(Blk\|Ign\):[[:space:]]*/\1 /p' /proc/self/status
(
	trap '' HUP INT PIPE USR1
	run_agentrun --profile compat run --bundle "$bundle" "$id"
	expect_output $'Blk 0000000000000000\nIgn 0000000000000000'
	[ -z "$tap_problems" ]
) || fail "what the caller ignores is ignored"

test_begin "no signal is blocked, ignored or caught in a container that was started"
make_command "$bundle" . sed -n '/^Sig[BIC]/w /seen' /proc/self/status
edit_bundle "$bundle" '.root.readonly = false'
(
	trap '' HUP INT TERM
	run_agentrun --profile compat create --bundle "$bundle" "$id"
	expect_success
	[ -z "$tap_problems" ]
) || fail "create fails"
run_agentrun start "$id"
expect_success
wait_status stopped
check_equal "what it has" "$(cat "$bundle/rootfs/seen")" \
	$'SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000'
run_agentrun delete "$id"
assert_nothing_left

test_begin "nothing is open but the standard streams"
exec 7</etc/passwd
run_compat . -- sh -c "$own_descriptors"
exec 7<&-
expect_output "0 1 2 "

test_begin "--preserve-fds passes descriptors on, and no more than it says"
make_command "$bundle" . sh -c "cat <&3; cat <&4; $own_descriptors"
echo three >"$TEST_TMP/three"
echo four >"$TEST_TMP/four"
run_agentrun --profile compat run --preserve-fds 2 --bundle "$bundle" "$id" \
	3<"$TEST_TMP/three" 4<"$TEST_TMP/four" 5</etc/passwd
expect_output $'three\nfour\n0 1 2 3 4 '

# --- capabilities --------------------------------------------------------------------------------

# sets_of: the five sets of /proc/PID/status in $output, decoded.
sets_of() {
	local name bits
	while read -r name bits; do
		echo "${name%:} $(capsh --decode="$bits" | sed 's/.*=//')"
	done <<<"$output"
}

if test_begin "each of the five capability sets is the one that is asked" command:capsh; then
	run_compat '.process.capabilities = {
		bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID", "CAP_NET_RAW"], permitted: ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"],
		effective: ["CAP_CHOWN", "CAP_KILL"], inheritable: ["CAP_KILL", "CAP_SETUID"], ambient: ["CAP_KILL"]}
		| .process.user = {uid: 1000, gid: 1000}' -- grep ^Cap /proc/self/status
	expect_success
	# what is permitted and not ambient is lost at the execve of a user other than root (capabilities(7))
	check_equal "the sets" "$(sets_of)" 'CapInh cap_kill,cap_setuid
CapPrm cap_kill
CapEff cap_kill
CapBnd cap_chown,cap_kill,cap_setuid,cap_net_raw
CapAmb cap_kill'
fi

if test_begin "root has what is bounded, and no more" command:capsh; then
	run_compat '.process.capabilities |= map_values(["CAP_CHOWN", "CAP_KILL"])' -- grep ^Cap /proc/self/status
	check_equal "the sets" "$(sets_of)" $'CapInh \nCapPrm cap_chown,cap_kill\nCapEff cap_chown,cap_kill\nCapBnd cap_chown,cap_kill\nCapAmb '
fi

test_begin "without capabilities there are none"
run_compat 'del(.process.capabilities)' -- grep -c '^Cap.*0000000000000000' /proc/self/status
expect_output 5

test_begin "noNewPrivileges is as the bundle has it"
run_compat '.process.noNewPrivileges = true' -- grep NoNewPrivs /proc/self/status
expect_output $'NoNewPrivs:\t1'
run_compat '.process.noNewPrivileges = false' -- grep NoNewPrivs /proc/self/status
expect_output $'NoNewPrivs:\t0'

# --- limits and scheduling -----------------------------------------------------------------------

test_begin "every resource limit is the one that is asked"
# below what a caller without CAP_SYS_RESOURCE has, so that it may set them
limits=(CPU:100:200 FSIZE:1000000:2000000 DATA:1000000000:2000000000 STACK:4000000:8000000 CORE:0:0 RSS:1000:2000
	NPROC:500:600 NOFILE:100:200 MEMLOCK:4096:8192 AS:2000000000:3000000000 LOCKS:10:20 SIGPENDING:30:40
	MSGQUEUE:1000:2000 NICE:0:0 RTPRIO:0:0 RTTIME:1000:2000)
filter='.process.rlimits = ['
for limit in "${limits[@]}"; do
	IFS=: read -r name soft hard <<<"$limit"
	filter+="{type: \"RLIMIT_$name\", soft: $soft, hard: $hard},"
done
run_compat "${filter%,}]" -- cat /proc/self/limits
expect_success
declare -A title_of=([CPU]="Max cpu time" [FSIZE]="Max file size" [DATA]="Max data size" [STACK]="Max stack size"
	[CORE]="Max core file size" [RSS]="Max resident set" [NPROC]="Max processes" [NOFILE]="Max open files"
	[MEMLOCK]="Max locked memory" [AS]="Max address space" [LOCKS]="Max file locks" [SIGPENDING]="Max pending signals"
	[MSGQUEUE]="Max msgqueue size" [NICE]="Max nice priority" [RTPRIO]="Max realtime priority" [RTTIME]="Max realtime timeout")
for limit in "${limits[@]}"; do
	IFS=: read -r name soft hard <<<"$limit"
	check_match "RLIMIT_$name" "$output" "^${title_of[$name]} +$soft +$hard "
done

test_begin "the limit of open files is the program's alone: its container starts with few, and so does exec"
for profile in agent compat; do
	make_command "$bundle" '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 3, hard: 4}]' sleep 1000
	run_agentrun --profile "$profile" create --bundle "$bundle" "$id"
	expect_success
	run_agentrun start "$id"
	expect_success
	check_match "limit of the program" "$(grep files "/proc/$(container_pid)/limits")" '^Max open files +3 +4 '
	run_agentrun exec "$id" sh -c 'ulimit -Sn; ulimit -Hn; echo "$HOME"'
	expect_output $'3\n4\n/root'
	run_agentrun delete --force "$id"
	expect_success
done
assert_nothing_left

test_begin "a soft limit above the hard one is refused by name"
run_compat '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 10, hard: 5}]' -- true
expect_error RLIMIT_NOFILE
assert_nothing_left

test_begin "a limit that is given twice is refused, but in compat"
twice='.process.rlimits = [{type: "RLIMIT_CORE", soft: 1, hard: 5}, {type: "RLIMIT_CORE", soft: 0, hard: 0}]'
run_compat "$twice" -- sh -c 'ulimit -c'
expect_output 0
run_agentrun --profile agent run --bundle "$bundle" "$id"
expect_error "process.rlimits[1]: RLIMIT_CORE is given twice"
assert_nothing_left

test_begin "the OOM score is the one that is asked"
run_compat '.process.oomScoreAdj = 789' -- cat /proc/self/oom_score_adj
expect_output 789

# policy, nice and real-time priority from /proc/self/stat; a policy without nice leaves the test's own
own_nice=$(nice)
# shellcheck disable=SC2016 # for the container's shell
policy='set -- $(sed "s/.*) //" /proc/$$/stat); echo "${39} ${17} ${38}"'

test_begin "the scheduler is the one that is asked"
run_compat '.process.scheduler = {policy: "SCHED_BATCH", nice: 7}' -- sh -c "$policy"
expect_output "3 7 0"
run_compat '.process.scheduler = {policy: "SCHED_IDLE"}' -- sh -c "$policy"
expect_output "5 $own_nice 0"
run_compat '.process.scheduler = {policy: "SCHED_OTHER", nice: 5}' -- sh -c "$policy"
expect_output "0 5 0"

if test_begin "a real-time scheduler has its priority" CAP_SYS_NICE; then
	run_compat '.process.scheduler = {policy: "SCHED_FIFO", priority: 11}' -- sh -c "$policy"
	expect_output "1 $own_nice 11"
	run_compat '.process.scheduler = {policy: "SCHED_RR", priority: 12, flags: ["SCHED_FLAG_RESET_ON_FORK"]}' -- \
		sh -c "$policy"
	expect_output "2 $own_nice 12"
fi

# Without a value, and a kernel may have no clamps: what it is asked for.
if test_begin "the flags for clamps of a scheduler are those that are asked" command:strace; then
	while read -r flag bit; do
		make_command "$bundle" ".process.scheduler = {policy: \"SCHED_OTHER\", flags: [\"SCHED_FLAG_UTIL_CLAMP_$flag\"]}" true
		ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run_command strace -f -qq -X raw -o "$TEST_TMP/calls" -e trace=sched_setattr \
			-e inject=sched_setattr:retval=0 "$AGENTRUN" --root "$state" --profile compat run --bundle "$bundle" "$id"
		expect_success
		check_equal "SCHED_FLAG_UTIL_CLAMP_$flag" "$(grep -o 'sched_flags=[0-9a-fx]*' "$TEST_TMP/calls")" "sched_flags=$bit"
	done <<-'FLAGS'
		MIN 0x20
		MAX 0x40
	FLAGS
fi

if test_begin "a change of ids does not open the process to others before the program runs" command:strace; then
	make_command "$bundle" '.process.user = {uid: 1000, gid: 1000}' true
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run_command strace -f -qq -o "$TEST_TMP/calls" -e trace=setresuid,setuid,prctl \
		"$AGENTRUN" --root "$state" run --bundle "$bundle" "$id"
	expect_success
	check_match "after the last change" "$(sed -E '1,/set(res)?uid\(/d' "$TEST_TMP/calls")" 'prctl\(PR_SET_DUMPABLE, SUID_DUMP_DISABLE\) += 0'
fi

test_begin "the I/O priority is the one that is asked"
run_compat '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}' -- ionice -p 1
expect_output "best-effort: prio 6"
run_compat '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}' -- ionice -p 1
expect_output_has idle

if test_begin "exec runs on the CPUs that are asked" command:taskset; then
	last=$(sed 's/.*[-,]//' /sys/devices/system/cpu/online)
	start_compat ".process.execCPUAffinity = {initial: \"0\", final: \"$last\"}"
	run_agentrun exec "$id" sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status
	expect_output "$last"
	check_equal "the container's own" "$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "/proc/$(container_pid "$id")/status")" \
		"$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)"
	run_agentrun delete --force "$id"
	assert_nothing_left
fi

# --- personality, memory, keys -------------------------------------------------------------------

test_begin "the personality is the one that is asked"
run_compat '.linux.personality = {domain: "LINUX32"}' -- uname -m
check_lacks "the machine" "$output" 64
run_compat '.linux.personality = {domain: "LINUX"}' -- uname -m
expect_output "$(uname -m)"

if test_begin "the memory policy is the one that is asked" CAP_SYS_NICE; then
	if [ -e /proc/self/numa_maps ]; then
		run_compat '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"}' -- cat /proc/self/numa_maps
		expect_output_has " bind:0"
		run_compat '.linux.memoryPolicy = {mode: "MPOL_INTERLEAVE", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}' -- \
			cat /proc/self/numa_maps
		expect_output_has " interleave"
		run_compat '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "1000"}' -- true
		expect_error "memory policy MPOL_BIND on nodes 1000"
		assert_nothing_left
	else
		skip "needs a kernel with NUMA"
	fi
fi

if [ -e /proc/keys ]; then
	test_begin "the session keyring is the container's own, unless it is to be kept"
	make_command "$bundle" '.linux.maskedPaths = []' grep -c "keyring *_ses.$id:" /proc/keys
	run_agentrun --profile compat run --no-new-keyring --bundle "$bundle" "$id"
	expect_output 0
	run_agentrun --profile compat run --bundle "$bundle" "$id"
	expect_output 1
fi

# --- terminal ------------------------------------------------------------------------------------

if test_begin "a terminal has the size that is asked and is the controlling one" command:script; then
	make_command "$bundle" '.process.terminal = true | .process.consoleSize = {height: 33, width: 99}' \
		sh -c 'stty size; tty; [ -c /dev/console ] && echo console; echo test >/dev/tty'
	run_command script -qec "$AGENTRUN --root $state --profile compat run --bundle $bundle $id" /dev/null
	output=$(tr -d '\r' <<<"$output")
	expect_success
	expect_output_has "/dev/pts/0"
	expect_output_has console
	expect_output_has test
	assert_nothing_left
fi

if test_begin "a program may close its terminal and open it again" command:script; then
	make_command "$bundle" '.process.terminal = true' \
		sh -c 'echo first; exec 0<&- 1>&- 2>&-; sleep 1; echo second >/dev/console; head -c 200000 /dev/zero | tr "\0" x >/dev/console'
	AGENTRUN_RUN="$AGENTRUN --root $state run --bundle $bundle $id" timeout 60 script -qec '$AGENTRUN_RUN' /dev/null \
		</dev/null >"$TEST_TMP/typescript" || fail "it ended with $?"
	check_match "what it said" "$(tr '\r\n' ',,' <"$TEST_TMP/typescript")" 'first,+.*second,+.*xxx'
	check_equal "length" "$(tr -cd x <"$TEST_TMP/typescript" | wc -c)" 200000
fi

test_begin "detached, a terminal goes to the console socket with the size that is asked"
make_command "$bundle" '.process.terminal = true | .process.consoleSize = {height: 33, width: 99}' \
	sh -c 'stty size; sleep 100'
if ! has command:python3; then
	skip "needs the command 'python3'"
else
	python3 - "$TEST_TMP/console.sock" >"$TEST_TMP/console" 2>&1 <<'PYTHON' &
import array, os, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
server.bind(sys.argv[1])
server.listen(1)
connection = server.accept()[0]
data, control, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4))
fds = array.array("i")
fds.frombytes(control[0][2][:4])
print(len(control), data.decode())
print(os.read(fds[0], 100).decode().strip())
PYTHON
	for _ in $(seq 100); do
		[ ! -S "$TEST_TMP/console.sock" ] || break
		sleep 0.05
	done
	run_agentrun --profile compat run --detach --console-socket "$TEST_TMP/console.sock" --bundle "$bundle" "$id"
	expect_success
	wait $!
	check_equal "what came" "$(cat "$TEST_TMP/console")" $'1 /dev/pts/0\n33 99'
	run_agentrun delete --force "$id"
	assert_nothing_left
fi

# --- exec ----------------------------------------------------------------------------------------

test_begin "exec has what its process file asks for"
start_compat '.linux.maskedPaths = []'
jq -n '{terminal: false, user: {uid: 1000, gid: 1000, umask: 63, additionalGids: [6]}, cwd: "/var/tmp",
	args: ["sh", "-c", "id -u; id -G; umask; pwd; echo $A; grep -E \"^(CapEff|NoNewPrivs)\" /proc/self/status; ulimit -n; cat /proc/self/oom_score_adj; ls /proc/self/fd | wc -l"],
	env: ["A=b", "PATH=/bin"], noNewPrivileges: true, oomScoreAdj: 77,
	rlimits: [{type: "RLIMIT_NOFILE", soft: 55, hard: 55}],
	capabilities: {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"], inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]}}' \
	>"$TEST_TMP/process.json"
run_agentrun exec --process "$TEST_TMP/process.json" "$id"
expect_output $'1000\n1000 6\n0022\n/var/tmp\nb\nCapEff:\t0000000000000020\nNoNewPrivs:\t1\n55\n77\n4'
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "exec takes its process file, and update its resources, through a pipe"
start_compat .
run_agentrun exec --process <(cat "$TEST_TMP/process.json") "$id"
expect_output_has "/var/tmp"
expect_success
# shellcheck disable=SC2016 # for the inner shell
run_command sh -c 'cat "$0" | "$@"' "$TEST_TMP/process.json" "$AGENTRUN" --root "$state" exec --process /dev/stdin "$id"
expect_output_has "/var/tmp"
expect_success
if has cgroup; then
	run_agentrun update --resources <(echo '{}') "$id"
	expect_success
fi
run_agentrun exec --process /dev/null "$id"
expect_error "read '/dev/null': not a regular file"
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "exec takes flags for what it has no file for"
start_compat .
run_agentrun exec --user 1000:2000 --additional-gids 6 --cwd /var/tmp --env A=b --env C=d "$id" \
	sh -c 'id -u; id -G; pwd; echo $A$C'
expect_output $'1000\n2000 6\n/var/tmp\nbd'
run_agentrun exec --cap CAP_NET_RAW "$id" grep ^CapEff /proc/self/status
expect_output $'CapEff:\t0000000020002420'
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "exec leaves no descriptor of the host open"
start_compat .
# shellcheck disable=SC2016 # for the container's shell
run_agentrun exec "$id" sh -c 'ls /proc/$$/fd; true'
expect_output $'0\n1\n2'
run_agentrun delete --force "$id"
assert_nothing_left

if test_begin "the process of an exec that is said to have failed does not run on" command:strace; then
	make_command "$bundle" . sleep 1000
	run_agentrun run --detach --bundle "$bundle" "$id"
	expect_success
	failed=0
	for n in $(seq 8); do
		# what the host waits by: its last wait is for the execution of the program
		ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run_command strace -qq -o /dev/null -e "inject=poll:error=ENOMEM:when=$n" \
			"$AGENTRUN" --root "$state" exec --detach "$id" sleep 500
		[ "$status" = 0 ] || failed=$((failed + 1))
		sleep 0.2
		run_agentrun exec "$id" sh -c 'for p in /proc/[0-9]*; do tr "\0" " " <$p/cmdline; echo; done | grep -c "^sleep 500"'
		check_equal "processes after $failed failures of $n" "$output" "$((n - failed))"
	done
	check_true "some failed, not $failed" test "$failed" -gt 0
	run_agentrun delete --force "$id"
fi
