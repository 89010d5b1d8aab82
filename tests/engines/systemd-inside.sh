#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# systemd as the first process of a container: podman run --systemd=always, under agentrun-compat.
set -euo pipefail
. "$(dirname "$0")/engines.bash"
. "$(dirname "$0")/../integration/debian.bash"
# before anything is needed: the lab has it made on a machine without engines
debian_rootfs_of systemd dbus libpam-systemd passwd procps systemd systemd-sysv
. "$(dirname "$0")/podman.bash"
needs cgroup

podman_runtime=agentrun-compat

# boot OPTION...: systemd in the background
boot() {
	podman_ --runtime "$podman_runtime" run --detach --name "$id" --log-driver k8s-file --network none \
		--cgroup-parent "/$engine_cgroup" "$@" debian /sbin/init
}

# booted: at most a minute; the words of systemctl is-system-running
booted() {
	for _ in $(seq 60); do
		podman_ exec "$id" systemctl is-system-running
		case $output in running | degraded) return 0 ;; esac
		sleep 1
	done
	podman_ logs "$id"
	fail "systemd does not come up: $output$errors"
}

test_begin "podman takes an image with systemd"
podman_host
tar -C "$debian_root" -cf "$TEST_TMP/image.tar" .
podman_ import "$TEST_TMP/image.tar" debian
expect_success

test_begin "systemd comes up in a container, runs a unit, and stops by its own signal"
boot --systemd=always
expect_success
booted
podman_ exec "$id" cat /proc/1/comm
expect_output systemd
podman_ exec "$id" systemd-run --wait --quiet --pipe echo "from a unit"
expect_success
expect_output "from a unit"
podman_ exec "$id" sh -c 'systemd-run --quiet --unit=sleeper sleep 600 && systemctl is-active sleeper && grep -c sleeper.service "/proc/$(systemctl show --value --property=MainPID sleeper)/cgroup"'
expect_success
expect_output $'active\n1'
# podman 5 has the name
check_match "stop signal" "$(podman_ inspect --format '{{.Config.StopSignal}}' "$id" && echo "$output")" '^(37|SIGRTMIN\+3)$'
seconds=$SECONDS
podman_ stop --time 30 "$id"
expect_success
check_true "it took $((SECONDS - seconds)) seconds, and was not killed" test "$((SECONDS - seconds))" -lt 30
podman_ inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$id"
check_match "how it ended" "$output" '^exited (0|130)$'

if test_begin "under the agent profile systemd ends, and says on its terminal that it cannot make a cgroup" agentrun; then
	podman_runtime=agentrun
	boot --systemd=always --tty
	expect_success
	podman_ wait "$id"
	expect_output 255
	podman_ logs "$id"
	expect_output_has "control group: Read-only file system"
fi

test_begin "when all is removed nothing is left"
podman_end
