#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker with agentrun: the cage, seen from inside, without any flag and with flags that would open
# it; and what is refused.
set -euo pipefail
. "$(dirname "$0")/engines.bash"
docker_needs
needs agentrun

test_begin "dockerd starts"
docker_start v2
check_has "version" "$("$docker_client" --host "unix://$docker_socket" version)" Server

# --- what the probe saw --------------------------------------------------------------------------

# probe HOW COMMAND...: docker COMMAND... prints what the probe says; the tests that follow look at it
probe() {
	cage_how=$1
	shift
	test_begin "a container starts $cage_how"
	docker "$@"
	expect_success
	cage_text=$output
	check_equal "user" "$(cage_seen uid)" 0
}

# cage FILTERS: all that is looked at, a test each; the number of seccomp filters is at least that
cage() {
	local part features
	for part in "${cage_parts[@]}"; do
		features=()
		case $part in
		limits) features=(pids memory) ;;
		lsm) features=(apparmor command:apparmor_parser) ;;
		siblings)
			case $cage_how in *exec*) features=(landlock) ;; *) continue ;; esac
			;;
		esac
		test_begin "${cage_words[$part]} $cage_how" "${features[@]}" || continue
		"cage_$part"
		[ "$part" != filter ] || check_true "filters: $(cage_seen Seccomp_filters), expected $1" \
			test "$(cage_seen Seccomp_filters)" -ge "$1"
	done
}

run_probe() {
	local what=$1
	shift
	probe "$what" run --rm --name "$lib_mark-probe" --runtime agentrun "$@" box probe
}

run_probe "without a flag"
cage 2

test_begin "scratch folders have 64 MiB each when no size is asked for"
for place in /tmp /var/tmp /run; do
	read -r blocks size < <(cage_seen "size $place")
	check_equal "$place" "$((blocks * size))" 67108864
done

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

if test_begin "what is executed in a container does not see into what else is" landlock; then
	start box sleep 60
	docker exec --detach -e SECRET=hidden "$id" sh -c 'echo $$ >/tmp/other; exec sleep 61'
	expect_success
	docker exec "$id" sh -c 'until [ -s /tmp/other ]; do sleep 0.1; done; cat "/proc/$(cat /tmp/other)/environ"'
	expect_error "/environ': Permission denied"
	check_lacks "environment" "$output" hidden
fi

test_begin "the runtime's state says that every control is enforced, or why not"
start box sleep 60
run_command "$AGENTRUN" --root "$TEST_TMP/docker-exec/runtime-runc/moby" state "$(inspect '{{.Id}}')"
expect_success
expected=cpu-limit
has apparmor || expected+=" lsm"
has memory || expected+=" memory-limit"
has pids || expected+=" pids-limit"
# a user namespace of the engine's, or a range in the policy file
expected+=" user-namespace"
check_equal "not enforced" \
	"$(jq -r '[.agentrun.controls | to_entries[] | select(.value.result != "enforced").key] | sort | join(" ")' <<<"$output")" "$expected"
check_true "controls" test "$(jq '.agentrun.controls | length' <<<"$output")" -ge 20

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

for name in agentrun agentrun-strict; do
	test_begin "$name: what is asked for beyond a ceiling is held to it"
	half=1 mib=1024
	[ "$name" = agentrun ] || half=2 mib=256
	# shared memory alone is as asked, for its pages are memory of the container
	docker run --rm --name "$id" --runtime "$name" --shm-size 1536m --tmpfs /cache:size=8g box stat -f -c '%b %S' /dev/shm /cache
	expect_success
	check_equal "bytes of /dev/shm and of a tmpfs" "$(awk '{ printf "%d ", $1 * $2 }' <<<"$output")" "$((1536 << 20)) $((mib << 20)) "
	open_files=$((65536 / half))
	# a host may give less
	most=$(in_host sh -c 'ulimit -H -n')
	[ "$most" = unlimited ] || [ "$most" -gt "$open_files" ] || open_files=$most
	docker run --rm --name "$id" --runtime "$name" --ulimit nofile=100000:1000000 box sh -c 'ulimit -S -n; ulimit -H -n'
	expect_success
	check_equal "open files" "$output" "$open_files"$'\n'"$open_files"

	if test_begin "$name: more processes and memory than the ceiling are not given" pids memory; then
		docker run --rm --name "$id" --runtime "$name" --pids-limit 100000 --memory 1t box \
			cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/memory.max
		expect_success
		cage_how="with $name"
		check_equal "processes" "$(head -n 1 <<<"$output")" "$((4096 / half))"
		cage_between "memory" "$(tail -n 1 <<<"$output")" 1 "$(awk '$1 == "MemTotal:" { printf "%d", $2 * 1024 / 8 * 7 }' /proc/meminfo)"
	fi
done

# --- strict --------------------------------------------------------------------------------------

strict() {
	docker run --rm --name "$id" --runtime agentrun-strict "$@"
}

test_begin "agentrun-strict: no capability, small scratch, a home from which nothing runs, in --privileged too"
for how in '' --privileged; do
	# shellcheck disable=SC2086 # none or one
	strict $how box probe
	expect_success
	cage_how="with agentrun-strict $how" cage_text=$output
	for name in CapInh CapPrm CapEff CapBnd CapAmb; do
		check_equal "$name, $cage_how" "$(cage_seen $name)" 0000000000000000
	done
	for part in end root scratch privileges calls memory masked devices mounts namespaces rlimits; do
		"cage_$part"
	done
	check_equal "Seccomp, $cage_how" "$(cage_seen Seccomp)" 2
	# of /proc nothing is there but the container's processes
	check_equal "kernel settings in /proc, $cage_how" "$(cage_all '^kernel /proc/(sys|irq)/')" ""
	cage_refused 'kernel /sys/' 'Read-only file system'
	for place in /tmp /var/tmp /run; do
		read -r blocks size < <(cage_seen "size $place")
		check_equal "size of $place, $cage_how" "$((blocks * size))" "$((16 << 20))"
	done
	read -r blocks size < <(cage_seen "size home")
	check_equal "size of the home, $cage_how" "$((blocks * size))" "$((64 << 20))"
	check_equal "writing to the home, $cage_how" "$(cage_seen home)" "done"
	check_equal "running from the home, $cage_how" "$(cage_seen "run home")" "refused: Permission denied"
done

test_begin "agentrun-strict: other users' processes are not seen"
docker run --detach --name "$id" --runtime agentrun-strict box sleep 60
expect_success
docker exec "$id" sh -c 'ls -d /proc/1'
expect_output /proc/1
docker exec -u 1000 "$id" sh -c 'ls -d /proc/1 /proc/self'
expect_error "/proc/1: No such file or directory"
expect_output /proc/self

test_begin "agentrun-strict: a source that is not declared is refused"
mkdir -p "$bundle/job"
strict -v "$bundle/job:/job" box true
expect_status 125
expect_error "is refused by the strict profile: the strict profile takes only sources that bind-sources declares"

test_begin "what is executed in a container ends its first process"
start box sh -c 'trap "exit 9" TERM; echo ready >/tmp/ready; while :; do sleep 0.1; done'
docker exec "$id" sh -c 'until [ -s /tmp/ready ]; do sleep 0.1; done; kill -TERM 1'
expect_success
docker wait "$id"
expect_output 9

if test_begin "agentrun-strict: what is executed in a container sends no signal to its first process" landlock kernel:6.12; then
	docker run --detach --name "$id" --runtime agentrun-strict box sh -c 'trap "exit 9" TERM; while :; do sleep 0.1; done'
	expect_success
	docker exec "$id" kill -TERM 1
	expect_error "Operation not permitted"
	check_equal "running" "$(inspect '{{.State.Running}}')" true
	docker stop --time 10 "$id"
	expect_success
	check_equal "exit code" "$(inspect '{{.State.ExitCode}}')" 9
fi

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
