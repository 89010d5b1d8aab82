#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# In strict only what is declared is taken, and volumes of engines: a directory that only looks like one is not one.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

# as of containerd's CRI plugin: what is annotated of pods counts
state=$TEST_TMP/k8s.io
pod=0a1b2c3d-1111-2222-3333-444455556666
printf '{}\n' >"$TEST_TMP/none"
printf '{ "engine-roots": ["%s/data"] }\n' "$TEST_TMP" >"$TEST_TMP/declared"

# ID: the container's own
shapes=(volumes/x/_data volumes/x/_data/below nerdctl/1935db59/volumes/default/x/_data
	overlay-containers/ID/userdata/volumes/x io.containerd.grpc.v1.cri/containers/ID/volumes/x
	"kubelet/pods/$pod/volumes/kubernetes.io~empty-dir/x" .local/share/docker/volumes/x/_data)
# bind_shape FOLDER: $shape in it, for a container of $pod
bind_shape() {
	local source=$TEST_TMP/$1/${shape//ID/$id}
	mkdir -p "$source"
	bind_bundle "$source" rw
	edit_bundle "$bundle" '.annotations["io.kubernetes.pod.uid"] = $pod' --arg pod "$pod"
}

for shape in "${shapes[@]}"; do
	test_begin "strict: $shape anywhere is no engine's"
	bind_shape other
	run_agentrun --config "$TEST_TMP/declared" --profile strict run --bundle "$bundle" "$id"
	expect_error "is refused by the strict profile"
	expect_error "mounts[/host].source"
	check_lacks "what ran" "$output" escaped
	assert_nothing_left

	test_begin "strict: in a root of engines that is declared it is"
	bind_shape data
	run_agentrun --config "$TEST_TMP/none" --profile strict explain --bundle "$bundle" "$id"
	expect_status 1
	run_agentrun --config "$TEST_TMP/declared" --profile strict run --bundle "$bundle" "$id"
	expect_success
	expect_output escaped
	assert_nothing_left
done

test_begin "a pod's volume is one of an engine of Kubernetes alone, whatever is annotated"
shape=kubelet/pods/$pod/volumes/kubernetes.io~empty-dir/x
bind_shape data
for profile in agent strict; do
	run_command "$AGENTRUN" --root "$TEST_TMP/other-state" --config "$TEST_TMP/declared" --profile "$profile" \
		run --bundle "$bundle" "$id"
	expect_error "mounts[/host].source"
	expect_error "it is a pod's, and the state root '$TEST_TMP/other-state' is not that of containerd's CRI plugin or of CRI-O"
	check_lacks "what ran" "$output" escaped
done
assert_nothing_left

test_begin "agent: it is taken"
bind_bundle "$TEST_TMP/other/volumes/x/_data" rw
run_agentrun --config "$TEST_TMP/none" run --bundle "$bundle" "$id"
expect_success
expect_output escaped
assert_nothing_left
