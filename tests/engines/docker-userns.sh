#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker that gives its containers a user namespace (--userns-remap), with agentrun.
set -euo pipefail
. "$(dirname "$0")/engines.bash"
docker_needs
needs userns

# ids that nobody on the host should have
first=1879048192

test_begin "dockerd starts with --userns-remap"
host_start v2
# the daemon's own /etc
in_host sh -c "echo remap:x:$first:$first::/:/bin/false >>/etc/passwd; echo remap:x:$first: >>/etc/group
	echo remap:$first:65536 >>/etc/subuid; echo remap:$first:65536 >>/etc/subgid"
containerd_start
dockerd_options=(--userns-remap remap)
dockerd_start
docker_images
docker info --format '{{.SecurityOptions}}'
expect_output_has userns

for runtime_name in agentrun agentrun-compat; do
	test_begin "$runtime_name: root in the container is nobody on the host"
	docker run --detach --name "$id" --runtime "$runtime_name" -v /data box sh -c 'echo mine >/data/new; sleep 60'
	expect_success
	pid=$(inspect '{{.State.Pid}}')
	check_equal "user on the host" "$(stat -c %u "/proc/$pid")" "$first"
	docker exec "$id" sh -c 'id -u; cat /proc/self/uid_map; cat /data/new; stat -c %u /etc/passwd'
	expect_success
	check_equal "ids" "$(tr -s ' ' <<<"$output")" $'0\n 0 '"$first"$' 65536\nmine\n0'
	docker exec -u 1000 "$id" id -u
	expect_output 1000
	docker rm --force "$id"
	expect_success

	test_begin "$runtime_name: status, terminal, messages and stop in a user namespace"
	docker run --rm --name "$id" --runtime "$runtime_name" box sh -c 'exit 7'
	expect_status 7
	docker_pty $'tty; exit 9' run -it --rm --name "$id" --runtime "$runtime_name" box sh
	expect_status 9
	expect_output_has /dev/pts/0
	docker run --rm --name "$id" --runtime "$runtime_name" box no-such-command
	expect_status 127
	expect_error 'exec: "no-such-command": executable file not found in $PATH'
	docker run --detach --name "$id" --runtime "$runtime_name" box sh -c 'trap "exit 5" TERM; while :; do sleep 0.1; done'
	wait_until handles_term "$(inspect '{{.State.Pid}}')"
	docker stop "$id"
	expect_success
	check_equal "exit code" "$(inspect '{{.State.ExitCode}}')" 5
done

if test_begin "a container in a user namespace is caged" agentrun; then
	run box probe
	expect_success
	# a group by number is none of the host's here
	expect_cage "in a user namespace" "$output" groups
	check_match "capabilities" "$output" $'^CapBnd\t00000000000004fb$'
	check_match "devices" "$output" $'^mknod\trefused'
fi

test_begin "nothing is left"
engine_forget
engine_stop
assert_engine_left_nothing
