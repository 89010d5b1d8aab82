#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# podman container checkpoint and restore, with CRIU: a counter goes on, also from an archive. Containers of the agent
# profile are refused.
set -euo pipefail
. "$(dirname "$0")/podman.bash"

# counter RUNTIME: a container that counts in $bundle/data/count as long as it lives, and writes down each start
counter() {
	mkdir -p "$bundle/data"
	count_file=$bundle/data/count
	podman_ --runtime "$1" run --detach --log-driver k8s-file --name "$id" --cgroup-parent "/$engine_cgroup" \
		--volume "$bundle/data:/data" box sh -c "$counting"
	expect_success
	expect_counting
}

# expect_stopped: nothing counts any more; $before is how far it came
expect_stopped() {
	before=$(count)
	sleep 0.5
	check_equal "count of what has ended" "$(count)" "$before"
}

# expect_went_on NAME: it counts from where it was, and did not start again
expect_went_on() {
	expect_counting
	check_true "it goes on at $(count), and was $before" test "$(count)" -gt "$before"
	check_equal "starts" "$(cat "$bundle/data/starts")" start
	podman_ exec "$1" cat /proc/1/comm
	expect_output counter
	podman_ rm --force --time 0 "$1"
	expect_success
}

test_begin "podman starts and takes an image"
podman_start

if test_begin "a checkpoint of a hardened container is refused, and it goes on" agentrun command:criu; then
	counter agentrun
	podman_ container checkpoint "$id"
	check_equal "status" "$status" 125
	expect_error "is refused by the agent profile"
	check_equal "state" "$(inspect '{{.State.Status}}')" running
	expect_counting
	check_equal "starts" "$(cat "$bundle/data/starts")" start
fi

if test_begin "a counter goes on where its checkpoint was made" command:criu; then
	counter agentrun-compat
	podman_ container checkpoint "$id"
	expect_success
	expect_stopped
	podman_ inspect --format '{{.State.Checkpointed}} {{.State.Running}}' "$id"
	expect_output "true false"
	podman_ container restore "$id"
	expect_success
	expect_went_on "$id"
fi

if test_begin "a container that is left running has a checkpoint too" command:criu; then
	counter agentrun-compat
	podman_ container checkpoint --leave-running "$id"
	expect_success
	check_equal "state" "$(inspect '{{.State.Status}}')" running
	expect_counting
fi

if test_begin "an archive becomes a container with another name" command:criu; then
	counter agentrun-compat
	podman_ container checkpoint --export "$bundle/archive.tar.gz" "$id"
	expect_success
	expect_stopped
	podman_ rm "$id"
	expect_success
	podman_ --runtime agentrun-compat container restore --import "$bundle/archive.tar.gz" --name "$id-again"
	expect_success
	expect_went_on "$id-again"
fi

test_begin "when all is removed nothing is left"
podman_end
