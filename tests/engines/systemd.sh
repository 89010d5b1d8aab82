#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Engines whose cgroups are made by systemd, which is what they choose on a systemd host.
set -euo pipefail
. "$(dirname "$0")/../integration/systemd.bash"
. "$(dirname "$0")/../lib.sh"
needs root systemd

make_rootfs "$TEST_TMP/image"
runtime=$(command -v "${AGENTRUN_ENGINE_RUNTIME:-$AGENTRUN}" || true)
[ -n "$runtime" ] || skip_all "$(needs_text "command:$AGENTRUN_ENGINE_RUNTIME")"

# What the engine's unit is called: docker-<id>.scope
unit_of() {
	systemctl list-units --all --plain --no-legend "$1" | awk '$1 !~ /conmon/ { print $1, $3 }'
}

unit_gone() {
	[ -z "$(unit_of "$1")" ]
}

podman_() {
	podman --root "$TEST_TMP/podman" --runroot "$TEST_TMP/podman-run" --storage-driver vfs \
		--events-backend none --cgroup-manager systemd --runtime "$runtime" "$@"
}
podman_create=(--network none --pids-limit 0 --log-driver k8s-file)

if test_begin "podman's containers are scopes: run, exec, pause, rm" command:podman; then
	tar -C "$TEST_TMP/image" -c . | podman_ import - image >/dev/null 2>&1
	check_equal "what it prints" "$(podman_ run --rm "${podman_create[@]}" image echo hello)" hello
	name=$(podman_ run --detach "${podman_create[@]}" image sleep 1000)
	check_equal "its unit" "$(unit_of "libpod-$name.scope")" "libpod-$name.scope active"
	check_equal "exec" "$(podman_ exec "$name" echo inside)" inside
	podman_ pause "$name" >/dev/null
	check_equal "paused" "$(podman_ inspect --format '{{.State.Status}}' "$name")" paused
	podman_ unpause "$name" >/dev/null
	podman_ rm --force --time 0 "$name" >/dev/null
	check_true "its unit goes" wait_until unit_gone "libpod-$name.scope"
fi

docker_() {
	docker --host "unix://$TEST_TMP/docker.sock" "$@"
}

if test_begin "Docker's containers are scopes: run, exec, pause, rm" command:dockerd; then
	ip link set lo up 2>/dev/null || true
	dockerd --data-root "$TEST_TMP/docker" --exec-root "$TEST_TMP/docker-run" --bridge none \
		--host "unix://$TEST_TMP/docker.sock" --pidfile "$TEST_TMP/docker.pid" --iptables=false \
		--storage-driver vfs --exec-opt native.cgroupdriver=systemd \
		--add-runtime "agentrun=$runtime" >"$TEST_TMP/docker.log" 2>&1 &
	daemon=$!
	for _ in $(seq 120); do
		! docker_ info >/dev/null 2>&1 || break
		sleep 0.5
	done
	check_equal "the driver" "$(docker_ info --format '{{.CgroupDriver}}')" systemd
	tar -C "$TEST_TMP/image" -c . | docker_ import - image >/dev/null
	run=(--runtime agentrun --network none)
	check_equal "what it prints" "$(docker_ run --rm "${run[@]}" image echo hello)" hello
	name=$(docker_ run --detach "${run[@]}" image sleep 1000)
	check_equal "its unit" "$(unit_of "docker-$name.scope")" "docker-$name.scope active"
	check_equal "exec" "$(docker_ exec "$name" echo inside)" inside
	docker_ pause "$name" >/dev/null
	check_equal "paused" "$(docker_ inspect --format '{{.State.Status}}' "$name")" paused
	docker_ unpause "$name" >/dev/null
	docker_ rm --force "$name" >/dev/null
	check_true "its unit goes" wait_until unit_gone "docker-$name.scope"
	kill "$daemon"
	wait "$daemon" || true
fi

test_end
