#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker with agentrun: the life of a container, volumes, terminals, exit codes and messages.
set -euo pipefail
. "$(dirname "$0")/engines.bash"
docker_needs

test_begin "dockerd starts and knows the runtime"
docker_start v2
docker info --format '{{json .Runtimes}}'
expect_output_has '"agentrun":{"path":"'

# --- run -----------------------------------------------------------------------------------------

test_begin "docker run prints what the command prints"
run box echo hello
expect_success
expect_output hello

test_begin "standard error and input are the container's"
docker run --rm --name "$id" --runtime agentrun box sh -c 'echo to-stderr >&2'
check_equal "standard error" "$errors" to-stderr
expect_output ''
output=$(echo typed | "$docker_client" --host "unix://$docker_socket" run -i --rm --name "$id" --runtime agentrun box cat)
check_equal "output of cat" "$output" typed

test_begin "docker run -it has a terminal of the size of the caller's"
# the client says it when the container has started
size_of_caller='stty rows 33 cols 77; exec "$@"'
run_pty 'until [ "$(stty size)" = "33 77" ] || [ $((n += 1)) = 50 ]; do sleep 0.1; done; echo "size $(stty size)"; tty; exit 7' \
	sh -c "$size_of_caller" sh "$docker_client" --host "unix://$docker_socket" run -it --rm --name "$id" --runtime agentrun box sh
expect_status 7
expect_output_has "size 33 77"
expect_output_has /dev/pts/0

test_begin "an image's entry point, user, folder and environment are used"
run tool
expect_success
expect_output $'entry: echo default\nuser\n/job\ndefault'
run tool sh -c 'echo $COLOR'
expect_output_has green

test_begin "environment, folder, user and hostname are as asked"
run -e COLOR=blue -w /data -u 1000:2000 --hostname inner box \
	sh -c 'echo $COLOR; pwd; id -u; id -g; hostname'
expect_success
expect_output $'blue\n/data\n1000\n2000\ninner'

test_begin "a folder of the host is mounted, and written through"
mkdir -p "$bundle/job"
echo outside >"$bundle/job/file"
run -v "$bundle/job:/job" box sh -c 'cat /job/file; echo inside >/job/new'
expect_success
expect_output outside
check_equal "file on the host" "$(cat "$bundle/job/new")" inside

test_begin "a folder of the host that is mounted read-only stays so"
mkdir -p "$bundle/job"
run -v "$bundle/job:/job:ro" box touch /job/new
expect_status 1
expect_error "Read-only file system"

test_begin "a named volume keeps what is written, and starts with the image's files"
docker volume create "$id"
run -v "$id:/data" box sh -c 'cat /data/file; echo kept >/data/mine'
expect_success
expect_output 'from the image'
run -v "$id:/data" box cat /data/mine
expect_output kept
docker volume rm "$id"
expect_success

test_begin "an anonymous volume is writable"
run -v /data box sh -c 'echo x >/data/new && cat /data/new'
expect_success
expect_output x

test_begin "--tmpfs gives a writable filesystem"
run --tmpfs /cache box sh -c 'echo x >/cache/new && cat /cache/new; grep " /cache tmpfs" /proc/mounts'
expect_success
expect_output_has $'x\ntmpfs /cache tmpfs'

test_begin "--read-only, --privileged and --user root start"
run --read-only box true
expect_success
run --privileged box true
expect_success
run --user root box id -u
expect_output 0

init=(command:docker-init)
# where it is not in PATH
[ ! -x /usr/libexec/docker/docker-init ] || init=()
if test_begin "--init puts Docker's init before the command" "${init[@]}"; then
	run --init box sh -c 'cat /proc/1/comm; echo "command $PPID"; exit 7'
	expect_status 7
	expect_output $'docker-init\ncommand 1'
fi

test_begin "the engine's resolv.conf, hosts and hostname are there"
run --hostname inner --add-host other:10.1.2.3 --dns 10.9.8.7 box \
	sh -c 'cat /etc/hostname; grep -w other /etc/hosts; cat /etc/resolv.conf'
expect_success
expect_output_has inner
expect_output_has $'10.1.2.3\tother'
expect_output_has 'nameserver 10.9.8.7'

test_begin "containers of a bridge network reach each other"
start box sh -c 'while :; do echo pong | nc -l -p 7000; done'
address=$(inspect '{{.NetworkSettings.IPAddress}}')
check_match "address" "$address" '^[0-9.]+$'
docker run --rm --name "$id-2" --runtime agentrun box \
	sh -c "for i in 1 2 3 4 5; do nc $address 7000 </dev/null && exit; sleep 0.3; done; exit 1"
expect_success
expect_output pong

test_begin "a container joins the network of another"
start box sleep 60
docker run --rm --name "$id-2" --runtime agentrun --network "container:$id" box hostname
expect_success
expect_output "$(inspect '{{.Config.Hostname}}')"

test_begin "a container joins the processes and the shared memory of another"
start --ipc shareable box sh -c 'echo shared >/dev/shm/file; sleep 62'
docker run --rm --name "$id-2" --runtime agentrun --pid "container:$id" --ipc "container:$id" box \
	sh -c 'cat /dev/shm/file; ps -o args | grep -c "[s]leep 62"'
expect_success
expect_output $'shared\n1'

test_begin "--network none leaves only the loopback interface"
run --network none box sh -c 'ls /sys/class/net'
expect_output lo

# --- exec ----------------------------------------------------------------------------------------

test_begin "docker exec runs in the container"
start -e COLOR=red -w /data box sleep 60
docker exec "$id" sh -c 'echo $COLOR; pwd; cat /proc/1/comm'
expect_success
expect_output $'red\n/data\nsleep'
docker exec -u 1000 -w /job -e COLOR=blue "$id" sh -c 'id -u; pwd; echo $COLOR'
expect_success
expect_output $'1000\n/job\nblue'
docker exec --detach "$id" sh -c 'touch /tmp/detached; sleep 60'
expect_success
docker exec "$id" sh -c 'for i in 1 2 3 4 5 6 7 8 9; do [ ! -e /tmp/detached ] || exit 0; sleep 0.2; done; exit 1'
expect_success

test_begin "docker exec -it has a terminal"
start box sleep 60
# the client tells the size when it has started
run_pty $'tty; until [ "$(stty size 2>&1)" = "31 77" ] || [ $((n += 1)) = 100 ]; do sleep 0.1; done; echo "size $(stty size)"; exit 9' \
	sh -c 'stty rows 31 columns 77; exec "$@"' sh "$docker_client" --host "unix://$docker_socket" exec -it "$id" sh
expect_status 9
expect_output_has /dev/pts/
expect_output_has "size 31 77"
check_lacks "output" "$output" "not a tty"

test_begin "docker exec gives the command's status, 126 and 127"
start box sleep 60
docker exec "$id" sh -c 'exit 42'
expect_status 42
docker exec "$id" no-such-command
# Docker before 23 gives 126 here, with any runtime
check_match "status of a missing command" "$status" '^12[67]$'
check_has "message" "$output$errors" 'exec: "no-such-command": executable file not found in $PATH'
docker exec "$id" /bin/plain-file
expect_status 126
docker exec "$id" /etc
expect_status 126
docker exec "$id" sh -c 'kill -9 $$'
expect_status 137

test_begin "docker exec in a container that is not running says so"
docker create --name "$id" --runtime agentrun box true
docker exec "$id" true
expect_status 1
expect_error "is not running"

# --- exit codes and messages ---------------------------------------------------------------------

test_begin "the container's exit status is docker's"
run box sh -c 'exit 7'
expect_status 7
start box sh -c 'exit 3'
docker wait "$id"
expect_output 3

test_begin "a container ended by a signal gives 128 and its number"
run box sh -c 'kill -9 $$; sleep 1'
# a first process is not killed by its own hand
expect_success
start box sleep 60
docker kill "$id"
expect_success
docker wait "$id"
expect_output 137
check_equal "status" "$(inspect '{{.State.Status}}')" exited

test_begin "a missing command is 127, with its name"
run box no-such-command
expect_status 127
expect_error 'exec: "no-such-command": executable file not found in $PATH'
run box /no/such/path
expect_status 127
expect_error "no such file or directory"

test_begin "a file that is no program, and a folder, are 126"
run box /bin/plain-file
expect_status 126
expect_error "permission denied"
run box /etc
expect_status 126
expect_error 'exec: "/etc": '

test_begin "a bad flag is 125"
run --no-such-flag box true
expect_status 125

if test_begin "what the runtime refuses is 125, with its reason" agentrun; then
	run -v /:/host box true
	expect_status 125
	expect_error "is refused by the agent profile"
	check_lacks "the runtime's reason reached the user" "$errors" "unable to retrieve OCI runtime error"
fi

test_begin "a container that did not start can be removed and made again"
docker run --name "$id" --runtime agentrun box no-such-command
expect_status 127
docker rm "$id"
expect_success
run box echo again
expect_output again

# said LINE: by the container
said() {
	docker logs "$id"
	grep -qxF "$1" <<<"$output"
}

# --- life ----------------------------------------------------------------------------------------

test_begin "docker stop ends the container by its own signal handler"
start box sh -c 'trap "echo stopping; exit 5" TERM; echo ready; while :; do sleep 0.1; done'
wait_until said ready
docker stop --time 10 "$id"
expect_success
check_equal "exit code" "$(inspect '{{.State.ExitCode}}')" 5
docker logs "$id"
expect_output $'ready\nstopping'

test_begin "docker stop kills what ignores the signal"
start box sh -c 'trap "" TERM; while :; do sleep 1; done'
docker stop --time 1 "$id"
expect_success
check_equal "exit code" "$(inspect '{{.State.ExitCode}}')" 137

test_begin "docker kill sends any signal"
start box sh -c 'trap "echo got usr1" USR1; echo ready; while :; do sleep 0.1; done'
wait_until said ready
docker kill --signal USR1 "$id"
expect_success
check_true "the trap is heard of" wait_until said "got usr1"

test_begin "docker stop, start and restart keep the container's changes in volumes"
start -v /data box sh -c 'echo run >>/data/runs; grep -c run /data/runs; sleep 60'
wait_until said 1
docker restart --time 0 "$id"
expect_success
wait_until said 2
docker stop --time 0 "$id"
expect_success
docker start "$id"
expect_success
check_true "it is the third run" wait_until said 3

test_begin "docker pause stops time for the container, unpause goes on"
start -v /data box sh -c 'while :; do echo . >>/data/ticks; sleep 0.1; done'
docker exec "$id" sh -c 'until [ -s /data/ticks ]; do sleep 0.1; done'
expect_success
docker pause "$id"
expect_success
check_equal "status" "$(inspect '{{.State.Status}}')" paused
ticks=$(inspect '{{(index .Mounts 0).Source}}')/ticks
before=$(wc -c <"$ticks")
check_true "it ticked before" test "$before" -gt 0
sleep 1
check_equal "ticks while it is paused" "$(wc -c <"$ticks")" "$before"
docker exec "$id" true
expect_error "is paused"
docker unpause "$id"
expect_success
for _ in $(seq 50); do
	[ "$(wc -c <"$ticks")" = "$before" ] || break
	sleep 0.1
done
check_true "ticks after that: $(wc -c <"$ticks"), before $before" test "$(wc -c <"$ticks")" -gt "$before"
docker exec "$id" true
expect_success

test_begin "docker top shows the container's processes"
start box sleep 61
docker top "$id"
expect_success
expect_output_has "sleep 61"
docker top "$id" -o pid,args
expect_success
expect_output_has "sleep 61"

if test_begin "docker stats has what the container uses, and its limit" pids memory; then
	start --memory 64m box sh -c 'sleep 61 & sleep 62 & wait'
	for _ in $(seq 50); do
		docker stats --no-stream --format '{{.Name}} {{.PIDs}} {{.MemUsage}}' "$id"
		[ "$(cut -d ' ' -f 2 <<<"$output")" != 3 ] || break
	done
	check_match "name, processes, memory" "$output" "^$id 3 [0-9.]*[1-9][0-9.]*[KM]iB / 64MiB\$"
fi

test_begin "docker stats, inspect and diff answer"
start box sleep 60
docker stats --no-stream --format '{{.Name}}' "$id"
expect_success
expect_output "$id"
check_equal "running" "$(inspect '{{.State.Running}}')" true
check_equal "runtime" "$(inspect '{{.HostConfig.Runtime}}')" agentrun
pid=$(inspect '{{.State.Pid}}')
check_has "the pid is the container's" "$(tr '\0' ' ' <"/proc/$pid/cmdline")" "sleep 60"
docker diff "$id"
expect_success

test_begin "docker cp goes both ways with a volume"
start -v /data box sleep 60
echo in >"$TEST_TMP/copied"
docker cp "$TEST_TMP/copied" "$id:/data/copied"
expect_success
docker exec "$id" cat /data/copied
expect_output in
docker exec "$id" sh -c 'echo out >/data/made'
docker cp "$id:/data/made" "$TEST_TMP/made"
expect_success
check_equal "copied out" "$(cat "$TEST_TMP/made")" out

test_begin "docker cp puts files into the root filesystem from outside, also where the container cannot"
start box sleep 60
docker cp "$TEST_TMP/copied" "$id:/etc/copied"
expect_success
docker exec "$id" cat /etc/copied
expect_output in
if has agentrun; then
	docker exec "$id" rm /etc/copied
	expect_error "Read-only file system"
fi

test_begin "docker cp out of the root filesystem works in a running container"
start box sleep 60
docker cp "$id:/etc/passwd" "$TEST_TMP/passwd"
expect_success
check_has "copied" "$(cat "$TEST_TMP/passwd")" "root:x:0:0"

if test_begin "docker update changes a running container's limits" pids; then
	start box sleep 60
	docker update --pids-limit 77 "$id"
	expect_success
	docker exec "$id" cat /sys/fs/cgroup/pids.max
	expect_output 77
fi

test_begin "docker rm --force ends and removes a running container"
start box sleep 60
pid=$(inspect '{{.State.Pid}}')
docker rm --force "$id"
expect_success
check_false "its process is gone" test -d "/proc/$pid"
docker inspect "$id"
expect_status 1
check_equal "state directories of the runtime" \
	"$(runtime_state)" ""

test_begin "a health check makes the container healthy"
start --health-cmd 'test -e /tmp/good' --health-interval 1s --health-retries 1 box \
	sh -c 'touch /tmp/good; sleep 60'
wait_for "health" '{{.State.Health.Status}}' healthy
docker exec "$id" rm /tmp/good
wait_for "health after the check fails" '{{.State.Health.Status}}' unhealthy

test_begin "a restart policy restarts"
start --restart on-failure:2 box sh -c 'exit 3'
wait_for "restarts" '{{.RestartCount}} {{.State.Status}}' '2 exited'
check_equal "exit code" "$(inspect '{{.State.ExitCode}}')" 3

test_begin "a published port leads into the container"
start -p 127.0.0.1:7789:7000 box sh -c 'while :; do nc -l -p 7000 -e echo pong; done'
for _ in 1 2 3 4 5 6 7 8 9; do
	run_command nsenter --target "$host_pid" --mount --net --wd=/ -- busybox nc -w 5 127.0.0.1 7789 </dev/null
	[ "$output" != pong ] || break
	sleep 0.3
done
expect_output pong

test_begin "containers of a network find each other by name"
docker network create "$id"
expect_success
docker run --detach --name "$id-1" --runtime agentrun --network "$id" --network-alias other box \
	sh -c 'while :; do nc -l -p 7000 -e echo pong; done'
expect_success
docker run --rm --name "$id-2" --runtime agentrun --network "$id" box \
	sh -c 'for i in 1 2 3 4 5; do [ "$(nc other 7000 </dev/null)" = pong ] && echo found && exit; sleep 0.3; done; exit 1'
expect_success
expect_output found
docker rm --force "$id-1"
docker network rm "$id"
expect_success

test_begin "a container goes on when the network is connected and disconnected"
start box sleep 60
docker network create "$id"
docker network connect "$id" "$id"
expect_success
docker exec "$id" sh -c 'ls /sys/class/net | grep -c eth'
expect_output 2
docker network disconnect "$id" "$id"
expect_success
docker exec "$id" sh -c 'ls /sys/class/net | grep -c eth'
expect_output 1
docker rm --force "$id"
docker network rm "$id"
expect_success

test_begin "the log has what the container wrote, with the time, and follows it"
start box sh -c 'for i in 1 2 3; do echo line $i; echo error $i >&2; done'
docker wait "$id"
docker logs --tail 2 "$id"
check_equal "lines" "$(printf '%s\n' "$output" "$errors" | grep -c .)" 2
docker logs --timestamps "$id"
check_match "time" "$output" '^[0-9]{4}-[0-9]{2}-[0-9]{2}T.*Z line 1$'
docker rm --force "$id"
mkdir "$TEST_TMP/gate"
# the second line is written while the log is read, which ends with the container
start -v "$TEST_TMP/gate:/gate" box sh -c 'echo line 1; until [ -e /gate/open ]; do sleep 0.1; done; echo line 2'
AGENTRUN_TEST=$lib_mark timeout 60 "$docker_client" --host "unix://$docker_socket" logs --follow "$id" >"$TEST_TMP/followed" &
follower=$!
for _ in $(seq 100); do
	[ ! -s "$TEST_TMP/followed" ] || break
	sleep 0.1
done
check_equal "followed so far" "$(cat "$TEST_TMP/followed")" "line 1"
check_true "it goes on" kill -0 "$follower"
touch "$TEST_TMP/gate/open"
status=0
wait "$follower" || status=$?
check_equal "status of logs --follow" "$status" 0
check_equal "followed" "$(cat "$TEST_TMP/followed")" $'line 1\nline 2'

test_begin "always is restarted by the daemon when its process is killed"
start --restart always box sleep 60
pid=$(inspect '{{.State.Pid}}')
kill -KILL "$pid"
wait_for "restarts" '{{.RestartCount}} {{.State.Status}}' '1 running'
docker stop --time 0 "$id"
expect_success
check_equal "status" "$(inspect '{{.State.Status}}')" exited

test_begin "what is not stopped is started again with the daemon"
start --restart unless-stopped -v /data box sh -c 'echo run >>/data/runs; grep -c run /data/runs; exec sleep 600'
check_true "it has started" wait_until said 1
docker run --detach --name "$id-stopped" --runtime agentrun --restart unless-stopped box sleep 600
expect_success
docker stop --time 0 "$id-stopped"
expect_success
end_daemon "$dockerd_pid"
dockerd_start
wait_for "the one that ran" '{{.State.Status}}' running
check_true "it is the second run" wait_until said 2
docker inspect --format '{{.State.Status}}' "$id-stopped"
expect_output exited

if test_begin "a container that takes more memory than it may is killed, which Docker says" memory; then
	# Docker hears of that and of the end in any order, and not of it at all where containerd's shim comes to look at
	# memory.events when the cgroup has gone
	for _ in 1 2 3; do
		docker rm --force "$id"
		start --memory 32m box sh -c 'x=$(tail /dev/zero)'
		docker wait "$id"
		expect_output 137
		for _ in $(seq 25); do
			[ "$(inspect '{{.State.OOMKilled}}')" != true ] || break 2
			sleep 0.2
		done
	done
	check_equal "state" "$(inspect '{{.State.OOMKilled}} {{.State.ExitCode}}')" "true 137"
fi

if test_begin "limits of memory and processor time are set and changed" memory cpu; then
	start --memory 64m --cpus 0.5 box sleep 60
	docker exec "$id" cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max
	expect_output $'67108864\n50000 100000'
	docker update --memory 128m --memory-swap 128m --cpus 1 "$id"
	expect_success
	docker exec "$id" cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max
	expect_output $'134217728\n100000 100000'
fi

test_begin "an exported container is an image again"
start box sleep 60
docker export --output "$TEST_TMP/exported.tar" "$id"
expect_success
docker import "$TEST_TMP/exported.tar" exported
expect_success
docker rm --force "$id"
run exported cat /data/file
expect_output 'from the image'

test_begin "ten containers at once"
for number in 1 2 3 4 5 6 7 8 9 10; do
	"$docker_client" --host "unix://$docker_socket" run --rm --name "$id-$number" --runtime agentrun \
		box echo "number $number" >"$TEST_TMP/many.$number" 2>&1 &
	pids[number]=$!
done
for number in 1 2 3 4 5 6 7 8 9 10; do
	status=0
	wait "${pids[number]}" || status=$?
	check_equal "status of container $number" "$status" 0
	check_equal "output of $number" "$(cat "$TEST_TMP/many.$number")" "number $number"
done

# --- nothing is left -----------------------------------------------------------------------------

test_begin "when all containers are removed no process, mount or cgroup of theirs is left"
engine_forget
check_equal "state of the runtime" "$(runtime_state)" ""
# dockerd answers before it has unmounted the last one
for _ in $(seq 100); do
	mounts=$(in_host grep "$TEST_TMP/docker/.*/merged" /proc/self/mountinfo || true)
	[ -n "$mounts" ] || break
	sleep 0.1
done
docker version --format '{{.Server.Version}}'
case $output in
26.*) note "Docker 26 leaves this mounted, under runc too: ${mounts:-nothing}" ;;
*) check_equal "mounts of containers" "$mounts" "" ;;
esac
engine_stop
assert_engine_left_nothing
