#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# podman with agentrun, started by conmon: run, exec, volumes, exit codes, life, the cage.
set -euo pipefail
. "$(dirname "$0")/podman.bash"
needs command:script

test_begin "podman starts and takes an image"
podman_start
podman_ info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Version}}'
expect_success
expect_output_has "agentrun $(basename "$engine_program") version"

# expect_runtimes: the drop-in names all three
expect_runtimes() {
	local name rights=()
	for name in agentrun agentrun-strict agentrun-compat; do
		podman_ --runtime "$name" run --rm --name "$id" --cgroup-parent "/$engine_cgroup" box grep CapBnd /proc/self/status
		expect_success
		check_match "capabilities of $name" "$output" '^CapBnd'
		rights+=("$output")
	done
	check_equal "different ones" "$(printf '%s\n' "${rights[@]}" | sort -u | wc -l)" 3
}

if test_begin "the installed drop-in names the three runtimes" agentrun; then
	expect_runtimes
fi

if test_begin "the drop-in for newer podmans names them as well, and adds to podman's own lists" agentrun command:crun; then
	if podman_since 5; then
		podman_drop_in 50-agentrun.conf
		check_has "it adds to lists" "$(in_host cat /etc/containers/containers.conf.d/50-agentrun.conf)" "append = true"
		expect_runtimes
		run -v /:/host box true
		expect_error "Error: OCI runtime error: agentrun: agentrun create failed: mounts[/host].source '/' is refused by the agent profile: "
		for name in agentrun-compat crun; do
			podman_ --runtime "$name" run --rm --name "$id" --cgroups disabled box echo hello
			expect_success
			expect_output hello
		done
		podman_drop_in containers.conf
	else
		skip "needs podman 5, whose lists can be added to"
	fi
fi

test_begin "podman run prints what the command prints, with its status"
run box sh -c 'echo hello; exit 7'
expect_status 7
expect_output hello

test_begin "podman run -it has a terminal"
podman_pty $'tty; exit 9' run -it --rm --name "$id" --cgroup-parent "/$engine_cgroup" box sh
expect_status 9
expect_output_has /dev/pts/0

test_begin "an image's entry point, user, folder and environment are used"
run tool sh -c 'echo $COLOR'
expect_success
expect_output $'entry: sh -c echo $COLOR\nuser\n/job\ngreen'

test_begin "environment, folder, user and hostname are as asked"
run -e COLOR=blue -w /data -u 1000:2000 --hostname inner box sh -c 'echo $COLOR; pwd; id -u; id -g; hostname'
expect_success
expect_output $'blue\n/data\n1000\n2000\ninner'

test_begin "volumes, scratch and secrets are there"
mkdir -p "$bundle/job"
echo outside >"$bundle/job/file"
printf secret >"$bundle/secret"
podman_ secret create "$id" "$bundle/secret"
expect_success
run -v "$bundle/job:/job" -v "$id:/data" --tmpfs /cache --secret "$id,target=token" box \
	sh -c 'cat /job/file; echo inside >/job/new; cat /data/file; echo x >/cache/new; cat /run/secrets/token'
expect_success
expect_output $'outside\nfrom the image\nsecret'
check_equal "file on the host" "$(cat "$bundle/job/new")" inside
podman_ secret rm "$id"
podman_ volume rm "$id"
expect_success

if test_begin "a secret is read-only" agentrun; then
	mkdir -p "$bundle"
	printf secret >"$bundle/secret"
	podman_ secret create "$id" "$bundle/secret"
	expect_success
	run --secret "$id,target=token" box touch /run/secrets/new
	expect_error "/run/secrets/new: Read-only file system"
	podman_ secret rm "$id"
fi

test_begin "the engine's resolv.conf, hosts and hostname are there"
run --hostname inner --add-host other:10.1.2.3 --dns 10.9.8.7 box \
	sh -c 'cat /etc/hostname; grep -w other /etc/hosts; cat /etc/resolv.conf; ls /run/.containerenv'
expect_success
expect_output_has inner
expect_output_has other
expect_output_has 10.9.8.7
expect_output_has /run/.containerenv

test_begin "podman exec runs in the container, with a status and a terminal"
start -e COLOR=red -w /data box sleep 60
podman_ exec "$id" sh -c 'echo $COLOR; pwd; cat /proc/1/comm; exit 5'
expect_status 5
expect_output $'red\n/data\nsleep'
podman_ exec -u 1000 -w /job "$id" sh -c 'id -u; pwd'
expect_success
expect_output $'1000\n/job'
podman_pty $'tty; exit 3' exec -it "$id" sh
expect_status 3
expect_output_has /dev/pts/
podman_ exec "$id" no-such-command
expect_status 127
expect_error 'executable file not found in $PATH'
podman_ exec "$id" /bin/plain-file
expect_status 126

test_begin "a command that is missing is 127, one that cannot run 126, a bad flag 125"
run box no-such-command
expect_status 127
expect_error 'exec: "no-such-command": executable file not found in $PATH'
run box /bin/plain-file
expect_status 126
expect_error "permission denied"
run box /etc
expect_status 126
expect_error 'exec: "/etc"'
run --no-such-flag box true
expect_status 125

if test_begin "what policy refuses reaches the user as a sentence" agentrun; then
	run -v /:/host box true
	check_match "status" "$status" '^12[56]$'
	expect_error "Error: OCI runtime error: agentrun: agentrun create failed: mounts[/host].source '/' is refused by the agent profile: "
	run --network host box true
	check_match "status" "$status" '^12[56]$'
	expect_error "linux.namespaces[network]"
	run --pid host box true
	check_match "status" "$status" '^12[56]$'
	expect_error "linux.namespaces[pid]"
fi

if test_begin "a container is caged, with --privileged and in exec too" agentrun; then
	start box sleep 600
	for how in "run --rm --cgroup-parent /$engine_cgroup box" "run --rm --privileged --cgroup-parent /$engine_cgroup box" \
		"exec $id" "exec --privileged $id"; do
		# shellcheck disable=SC2086 # words
		podman_ $how probe
		expect_success
		expect_cage "$how" "$output"
	done
fi

test_begin "podman stop, kill, pause, restart, logs, top and inspect"
start box sh -c 'trap "echo stopping; exit 5" TERM; echo ready; while :; do sleep 0.1; done'
check_true "it waits for the signal" wait_until handles_term "$(inspect '{{.State.Pid}}')"
podman_ pause "$id"
expect_success
check_equal "status" "$(inspect '{{.State.Status}}')" paused
check_equal "in its cgroup" "$(frozen "$(inspect '{{.State.Pid}}')")" 1
podman_ unpause "$id"
expect_success
check_equal "in its cgroup, after that" "$(frozen "$(inspect '{{.State.Pid}}')")" 0
podman_ top "$id" pid args
expect_success
expect_output_has "sh -c"
podman_ stop --time 10 "$id"
expect_success
check_equal "exit code" "$(inspect '{{.State.ExitCode}}')" 5
podman_ logs "$id"
expect_output $'ready\nstopping'
podman_ restart --time 0 "$id"
expect_success
check_equal "running" "$(inspect '{{.State.Running}}')" true
podman_ kill "$id"
expect_success
podman_ wait "$id"
expect_output 137

test_begin "podman cp goes both ways with a volume"
start -v "$id:/data" box sleep 60
echo in >"$TEST_TMP/copied"
podman_ cp "$TEST_TMP/copied" "$id:/data/copied"
expect_success
podman_ exec "$id" cat /data/copied
expect_output in
podman_ cp "$id:/data/copied" "$TEST_TMP/copied.back"
expect_success
check_equal "copied out" "$(cat "$TEST_TMP/copied.back")" in

test_begin "podman rm --force ends and removes a running container"
start box sleep 60
pid=$(inspect '{{.State.Pid}}')
podman_ rm --force --time 0 "$id"
expect_success
check_false "its process is gone" test -d "/proc/$pid"
podman_ container exists "$id"
expect_status 1

test_begin "containers share a network"
start box sleep 60
podman_ run --rm --name "$id-2" --cgroup-parent "/$engine_cgroup" --network "container:$id" box \
	sh -c 'readlink /proc/self/ns/net'
expect_success
expect_output "$(readlink "/proc/$(inspect '{{.State.Pid}}')/ns/net")"

test_begin "containers of a pod share network, names and shared memory"
# not in a cgroup of the pod where podman 4.3 denies all devices there, for any runtime
shared=(--share-parent=false) parent=(--cgroup-parent "/$engine_cgroup")
! podman_since 5 || shared=() parent=()
podman_ pod create --name "$id-pod" "${shared[@]}" --cgroup-parent "/$engine_cgroup" --infra-image box \
	--infra-command 'sleep 600' --infra-name "$id-infra"
expect_success
podman_ run --detach --name "$id-a" "${parent[@]}" --pod "$id-pod" box sh -c 'echo shared >/dev/shm/file; exec nc -l -p 7000 -e echo pong'
expect_success
if podman_since 5; then
	podman_ inspect --format '{{.State.Pid}}' "$id-a"
	check_match "cgroup of a container" "$(sed -n 's/^0:://p' "/proc/$output/cgroup")" "/$engine_cgroup/[0-9a-f]{64}/libpod-[0-9a-f]{64}(/container)?\$"
fi
podman_ run --rm --name "$id-b" "${parent[@]}" --pod "$id-pod" box \
	sh -c 'for i in 1 2 3 4 5; do nc 127.0.0.1 7000 </dev/null && break; sleep 0.3; done; cat /dev/shm/file'
expect_success
expect_output $'pong\nshared'
podman_ pod rm --force --time 0 "$id-pod"
expect_success

if test_begin "a pod has podman's own infrastructure container, and --init puts its init before the command" command:catatonit; then
	podman_ pod create --name "$id-pod" "${shared[@]}" --cgroup-parent "/$engine_cgroup"
	expect_success
	podman_ run --rm --name "$id-a" "${parent[@]}" --pod "$id-pod" box echo "in the pod"
	expect_success
	expect_output "in the pod"
	podman_ pod rm --force --time 0 "$id-pod"
	expect_success
	run --init box sh -c 'cat /proc/1/comm; exit 7'
	expect_status 7
	check_match "first process" "$output" '^(podman-init|catatonit)$'
fi

if test_begin "a container without a cgroup of its own is refused" agentrun; then
	podman_ run --detach --name "$id" --cgroups disabled box sleep 60
	check_match "status" "$status" '^12[56]$'
	expect_error "flag.cgroup-manager 'disabled' is refused by the agent profile"
fi

test_begin "a container without a cgroup of its own runs, executes and ends under agentrun-compat"
compat=(--runtime agentrun-compat)
podman_ "${compat[@]}" run --detach --name "$id" --cgroups disabled box sleep 60
expect_success
podman_ "${compat[@]}" exec "$id" sh -c 'echo executed; exit 4'
expect_status 4
expect_output executed
check_lacks "cgroup of the container" "$(cat "/proc/$(inspect '{{.State.Pid}}')/cgroup")" "$engine_cgroup"
podman_ "${compat[@]}" stop --time 0 "$id"
expect_success
check_equal "exit code" "$(inspect '{{.State.ExitCode}}')" 137

test_begin "descriptors of the caller are passed on when they are asked for"
echo "from outside" >"$TEST_TMP/passed"
exec 3<"$TEST_TMP/passed"
run box sh -c 'test -e /proc/self/fd/3 && readlink /proc/self/fd/3 | grep passed'
expect_status 1
run --preserve-fds 1 box sh -c 'cat <&3; ls /proc/self/fd | sort -n | tr "\n" " "'
exec 3<&-
expect_success
expect_output_has "from outside"

test_begin "a health check says whether the container is healthy"
expect_health_told

test_begin "a port of the host leads into the container"
start --publish 127.0.0.1:7788:7000 box sh -c 'while :; do nc -l -p 7000 -e echo pong; done'
for _ in 1 2 3 4 5 6 7 8 9; do
	run_command nsenter --target "$host_pid" --mount --net --wd=/ -- busybox nc 127.0.0.1 7788 </dev/null
	[ "$output" != pong ] || break
	sleep 0.3
done
expect_output pong

test_begin "--read-only, --tmpfs, --systemd=false and --security-opt start"
run --read-only --tmpfs /cache --systemd false --security-opt no-new-privileges \
	--security-opt seccomp=unconfined --security-opt label=disable box sh -c 'echo x >/cache/x && cat /cache/x'
expect_success
expect_output x

if test_begin "an annotation asks for less than the profile gives" agentrun pids; then
	run --annotation io.agentrun.pids-limit=7 box cat /sys/fs/cgroup/pids.max
	expect_output 7
fi

if test_begin "the annotation of the page about engines is a limit of memory" agentrun memory; then
	annotation=$(sed -n 's/.*`podman run --annotation \(io\.agentrun[^`]*\)`.*/\1/p' "$SRCDIR/docs/engines.md")
	check_equal "annotation" "$annotation" io.agentrun.memory-limit=256m
	run --annotation "$annotation" box cat /sys/fs/cgroup/memory.max
	expect_output 268435456
fi

if test_begin "an annotation that asks for more than the profile gives is refused" agentrun; then
	run --annotation io.agentrun.scratch-size=1t box true
	check_match "status" "$status" '^12[56]$'
	expect_error "it would"
fi

test_begin "podman build runs its steps with agentrun-compat"
printf 'FROM box\nRUN echo built >/built && chmod 600 /built\nUSER user\nCMD ["stat", "-c", "%%a %%U", "/built"]\n' >"$TEST_TMP/Containerfile"
podman_ --runtime agentrun-compat build --isolation oci --tag built --file "$TEST_TMP/Containerfile" "$TEST_TMP"
expect_success
run built
expect_success
expect_output "600 root"

test_begin "agentrun-compat lets a container write to its root"
podman_ --runtime agentrun-compat run --rm --cgroup-parent "/$engine_cgroup" box sh -c 'echo x >/new && cat /new'
expect_success
expect_output x

test_begin "when all is removed nothing is left"
podman_end
