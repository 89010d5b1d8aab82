#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# User namespaces: of the bundle, joined, and those of callers other than root, with and without newuidmap(1).
# In the compat profile; the agent profile's own is user-namespace-own.sh.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root userns

mapped='.linux.namespaces += [{type: "user"}]
	| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
	| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]'

# run_mapped FILTER COMMAND...
run_mapped() {
	local filter=$1
	shift
	make_command "$bundle" "$mapped | $filter" "$@"
	run_agentrun --profile compat run --bundle "$bundle" "$id"
}

start_mapped() {
	make_command "$bundle" "$mapped | $1" sleep 300
	run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
	expect_success
}

# --- of the bundle -------------------------------------------------------------------------------

test_begin "root of the container is the mapped id on the host"
start_mapped .
check_equal "its ids" "$(stat -c %u:%g "/proc/$(container_pid "$id")")" 100000:200000
check_equal "its maps" "$(tr -s ' ' <"/proc/$(container_pid "$id")/uid_map" | sed 's/^ //')" "0 100000 65536"
run_agentrun exec "$id" sh -c 'id -u; id -g; cat /proc/self/setgroups; grep ^CapEff /proc/self/status'
expect_output $'0\n0\nallow\nCapEff:\t0000000020000420'
run_agentrun delete --force "$id"
assert_nothing_left

if test_begin "a score for the OOM killer below the caller's is set, by who may" CAP_SYS_RESOURCE; then
	make_command "$bundle" "$mapped | .process.oomScoreAdj = 0" cat /proc/self/oom_score_adj
	# as the shim of containerd has it
	run_command sh -c 'echo 1 >/proc/self/oom_score_adj; exec "$@"' sh \
		"$AGENTRUN" --root "$state" --profile compat run --bundle "$bundle" "$id"
	expect_output 0
fi

test_begin "the score for the OOM killer is the container's alone, not that of hooks on the host"
make_command "$bundle" "$mapped | .process.oomScoreAdj = 500 | .hooks.createRuntime = [{path: \"/bin/sh\",
	args: [\"sh\", \"-c\", \"cat /proc/self/oom_score_adj >$TEST_TMP/score\"]}]" cat /proc/self/oom_score_adj
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_output 500
check_equal "the hook's" "$(cat "$TEST_TMP/score")" "$(cat /proc/self/oom_score_adj)"

test_begin "several mappings are written as they are"
run_mapped '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1}, {containerID: 1000, hostID: 5000, size: 10}]
	| .linux.gidMappings = .linux.uidMappings | (.mounts[] | select(.type == "devpts")).options -= ["gid=5"]' \
	sh -c 'tr -s " " </proc/self/uid_map'
expect_output $' 0 100000 1\n 1000 5000 10'

test_begin "a user and groups of the container are the mapped ones"
make_command "$bundle" "$mapped | .process.user = {uid: 1000, gid: 1000, additionalGids: [6]}" sleep 300
run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
expect_success
check_equal "its ids" "$(stat -c %u:%g "/proc/$(container_pid "$id")")" 101000:201000
check_match "its groups" "$(cat "/proc/$(container_pid "$id")/status")" $'^Groups:\t200006 '
run_agentrun exec --user 5:6 "$id" id -u
expect_output 5
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "an id that is not mapped is an error that says so"
run_mapped '.process.user = {uid: 70000, gid: 0}' true
expect_error "70000"
expect_error "not mapped"
run_mapped '.linux.uidMappings[0].containerID = 1' true
expect_error "is id 0 mapped?"
assert_nothing_left

test_begin "mappings without a user namespace, and one without mappings, are refused"
make_command "$bundle" "$mapped | del(.linux.namespaces[] | select(.type == \"user\"))" true
run_agentrun run --bundle "$bundle" "$id"
expect_status 1
expect_error "config.json: linux.uidMappings: needs a user namespace"
make_command "$bundle" "$mapped | del(.linux.uidMappings, .linux.gidMappings)" true
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_status 1
assert_nothing_left

test_begin "the container has its devices, mounts and names"
run_mapped '.hostname = "mapped"' sh -c 'hostname; echo x >/dev/null && head -c 2 /dev/zero | wc -c
	touch /dev/shm/x && stat -c %u /dev/shm/x; ls -d /proc/1 /sys/kernel; stat -c %u:%g /dev/pts/ptmx; mknod /dev/x c 1 3 2>&1 | grep -cE "denied|permitted"'
expect_output $'mapped\n2\n0\n/proc/1\n/sys/kernel\n0:0\n1'

test_begin "what belongs to the host's root cannot be written to"
run_mapped '.root.readonly = false' sh -c 'stat -c %u /etc/passwd; touch /etc/x'
check_has "whose file" "$output" 65534
check_has "what it said" "$errors" "Permission denied"

test_begin "a mount with idmap takes the container's own mappings"
mkdir -p "$TEST_TMP/volume"
touch "$TEST_TMP/volume/file"
chown 1000:1000 "$TEST_TMP/volume/file"
make_command "$bundle" "$mapped"' | .mounts += [
	{destination: "/mnt", type: "bind", source: "'"$TEST_TMP"'/volume", options: ["rbind", "idmap"]},
	{destination: "/srv", type: "bind", source: "'"$TEST_TMP"'/volume", options: ["rbind"]}]' \
	stat -c %n:%u:%g /mnt/file /srv/file
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_output $'/mnt/file:1000:1000\n/srv/file:65534:65534'
assert_nothing_left

# --- joined --------------------------------------------------------------------------------------

# start_first: the container $id-2 with a user namespace of its own; its process is $first.
start_first() {
	make_command "$bundle-2" "$mapped" sleep 100
	run_agentrun --profile compat run --detach --bundle "$bundle-2" "$id-2"
	expect_success
	first=$(container_pid "$id-2")
}

test_begin "a user namespace is joined by its path"
start_first
make_command "$bundle" ".linux.namespaces += [{type: \"user\", path: \"/proc/$first/ns/user\"}]" \
	sh -c 'readlink /proc/self/ns/user; id -u; tr -s " " </proc/self/uid_map; hostname; ls -d /proc/1; stat -Lc %u /dev/stdout; echo opened >/dev/stdout'
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_output "$(readlink "/proc/$first/ns/user")"$'\n0\n 0 100000 65536\nagentrun\n/proc/1\n0\nopened'
run_agentrun delete --force "$id-2"
rm -rf "$bundle-2"
assert_nothing_left

# join_mapped FILTER COMMAND...: a bundle that joins the user namespace of $first.
join_mapped() {
	local filter=$1
	shift
	make_command "$bundle" ".linux.namespaces += [{type: \"user\", path: \"/proc/$first/ns/user\"}] | $filter" "$@"
}

test_begin "mappings beside the path of a user namespace are those that it has, or refused"
start_first
its='.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}] | .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]'
join_mapped "$its" sh -c 'tr -s " " </proc/self/gid_map'
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_output ' 0 200000 65536'
for profile in compat agent; do
	for change in '.linux.uidMappings[0].hostID = 300000' '.linux.gidMappings[0].size = 1000' 'del(.linux.gidMappings)' \
		'.linux.uidMappings += [{containerID: 70000, hostID: 300000, size: 1}]'; do
		join_mapped "$its | $change" true
		run_agentrun --profile "$profile" run --bundle "$bundle" "$id"
		expect_error "not those of the user namespace '/proc/$first/ns/user'"
	done
done
run_agentrun delete --force "$id-2"
rm -rf "$bundle-2"
assert_nothing_left

test_begin "a mount with idmap takes the mappings of a joined user namespace, also without any in the bundle"
start_first
idmapped='.mounts += [{destination: "/mnt", type: "bind", source: "'"$TEST_TMP"'/volume", options: ["rbind", "idmap"]}]'
join_mapped "$idmapped" stat -c %u:%g /mnt/file
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_output 1000:1000
join_mapped "$its | $idmapped" stat -c %u:%g /mnt/file
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_output 1000:1000
run_agentrun delete --force "$id-2"
rm -rf "$bundle-2"
assert_nothing_left

test_begin "a pod's namespaces are joined together with its user namespace"
start_first
make_command "$bundle" "del(.hostname) | .linux.namespaces = [{type: \"mount\"}, {type: \"cgroup\"}] +
	[{type: \"user\", path: \"/proc/$first/ns/user\"}, {type: \"network\", path: \"/proc/$first/ns/net\"},
	{type: \"ipc\", path: \"/proc/$first/ns/ipc\"}, {type: \"uts\", path: \"/proc/$first/ns/uts\"},
	{type: \"pid\", path: \"/proc/$first/ns/pid\"}]" \
	sh -c 'for kind in user net ipc uts pid; do readlink /proc/self/ns/$kind; done; tr "\0" " " </proc/1/cmdline'
run_agentrun --profile compat run --bundle "$bundle" "$id"
expected=$(for kind in user net ipc uts pid; do readlink "/proc/$first/ns/$kind"; done)
expect_output "$expected"$'\nsleep 100 '
run_agentrun delete --force "$id-2"
rm -rf "$bundle-2"
assert_nothing_left

# --- a caller other than root --------------------------------------------------------------------

. "$(dirname "$0")/user.bash"

test_begin "an ordinary user runs a container: root inside, the user outside"
users_bundle '.root.readonly = false' sh -c 'id -u; cat /proc/self/setgroups; touch /x && stat -c %u /x; echo $$'
as_user --profile compat run --bundle "$bundle" "$id"
expect_output $'0\ndeny\n0\n1'
check_equal "the owner of its file" "$(stat -c %u "$bundle/rootfs/x")" "$user"
users_nothing_left

test_begin "an ordinary user's exec is in every namespace of the container"
users_bundle . sleep 300
as_user --profile compat run --detach --bundle "$bundle" "$id"
expect_success
pid=$(jq .init_process_pid "$mine/$id/state.json")
kinds=(user mnt pid ipc uts cgroup)
as_user exec "$id" sh -c 'for kind; do readlink /proc/self/ns/$kind; done; hostname; [ -e /proc/self ] && echo in its proc' \
	sh "${kinds[@]}"
expected=$(for kind in "${kinds[@]}"; do readlink "/proc/$pid/ns/$kind"; done)
expect_output "$expected"$'\nagentrun\nin its proc'
as_user exec --user 0 "$id" sh -c "cat /proc/self/oom_score_adj; $own_descriptors"
expect_output $'0\n0 1 2 '
as_user delete --force "$id"
expect_success
users_nothing_left

test_begin "kill, state, list and delete work for an ordinary user"
users_bundle . sleep 300
as_user --profile compat create --bundle "$bundle" "$id"
expect_success
as_user start "$id"
expect_success
as_user list --quiet
expect_output "$id"
as_user kill "$id" KILL
expect_success
for _ in $(seq 100); do
	as_user state "$id"
	[ "$(jq -r .status <<<"$output")" != stopped ] || break
	sleep 0.05
done
as_user delete "$id"
expect_success
users_nothing_left

test_begin "an ordinary user cannot map the ids of others"
users_bundle '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}]' true
as_user --profile compat run --bundle "$bundle" "$id"
expect_status 1
users_bundle '.linux.uidMappings[0].size = 10' true
as_user --profile compat run --bundle "$bundle" "$id"
expect_status 1
users_nothing_left

# The same with ranges of ids that the host gives to the user. Its files are covered in a mount namespace of
# the test's own: nothing of the host is changed.
as_user_with_ranges() {
	run_command unshare --mount --propagation private sh -c '
		for file in passwd group subuid subgid; do mount --bind "$1/$file" "/etc/$file" || exit 99; done
		shift
		exec "$@"' sh "$TEST_TMP/etc" \
		setpriv --reuid "$user" --regid "$user" --clear-groups \
		env -i "${user_environment[@]}" "$AGENTRUN" "$@"
}

if test_begin "newuidmap(1) and newgidmap(1) write the ranges of an ordinary user" command:newuidmap command:newgidmap; then
	mkdir -p "$TEST_TMP/etc"
	{ cat /etc/passwd; echo "agentrun-test:x:$user:$user::/:/bin/sh"; } >"$TEST_TMP/etc/passwd"
	{ cat /etc/group; echo "agentrun-test:x:$user:"; } >"$TEST_TMP/etc/group"
	echo "agentrun-test:700000:65536" >"$TEST_TMP/etc/subuid"
	echo "agentrun-test:800000:65536" >"$TEST_TMP/etc/subgid"
	ranges='.linux.uidMappings = [{containerID: 0, hostID: $user, size: 1}, {containerID: 1, hostID: 700000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: $user, size: 1}, {containerID: 1, hostID: 800000, size: 65536}]'
	users_bundle "${ranges//\$user/$user} | .process.user = {uid: 1000, gid: 1000, additionalGids: [6]}" sleep 300
	as_user_with_ranges --profile compat run --detach --bundle "$bundle" "$id"
	expect_success
	pid=$(jq .init_process_pid "$mine/$id/state.json")
	check_equal "its ids" "$(stat -c %u:%g "/proc/$pid")" 700999:800999
	as_user_with_ranges exec "$id" sh -c 'id -u; id -G; tr -s " " </proc/self/gid_map'
	expect_output $'1000\n1000 6\n 0 '"$user"$' 1\n 1 800000 65536'
	as_user_with_ranges delete --force "$id"
	expect_success
	users_nothing_left

	test_begin "a range that is not the user's is refused by newuidmap(1), and said so"
	users_bundle "${ranges//\$user/$user} | .linux.uidMappings[1].hostID = 100000" true
	as_user_with_ranges --profile compat run --bundle "$bundle" "$id"
	expect_error "newuidmap"
	expect_error "/etc/subuid"
	users_nothing_left
fi

# --- inside a user namespace, as podman's and others' --------------------------------------------

# as_mapped_root COMMAND...: root of a user namespace of 65536 ids, not of the host.
as_mapped_root() {
	local pid
	AGENTRUN_TEST=$lib_mark unshare --user --mount sleep 300 &
	pid=$!
	while [ "/proc/$pid/ns/user" -ef /proc/self/ns/user ]; do sleep 0.01; done
	echo 0 100000 65536 >"/proc/$pid/uid_map"
	echo 0 100000 65536 >"/proc/$pid/gid_map"
	run_command nsenter --target "$pid" --user --mount --setuid 0 --setgid 0 "$@"
	kill "$pid"
	wait "$pid" || true
}

mine=$TEST_TMP/mapped-state # of that root

test_begin "root of a user namespace runs containers as root does"
mkdir -p "$mine"
make_command "$bundle" 'del(.linux.resources)
	| (.mounts[] | select(.type == "sysfs")) = {destination: "/sys", type: "bind", source: "/sys", options: ["rbind", "ro"]}
	| .mounts |= map(select(.type != "cgroup"))
	| .linux.namespaces |= map(select(.type != "network"))' sh -c 'id -u; tr -s " " </proc/self/uid_map; echo $$'
chown -R 100000:100000 "$bundle" "$mine"
as_mapped_root "$AGENTRUN" --root "$mine" --profile compat run --bundle "$bundle" "$id"
expect_output $'0\n 0 100000 65536\n1'
users_nothing_left

# Device rules, a cgroup mount with and without a namespace for it, and no cgroup that could be made.
for profile in compat agent; do
	for namespace in '' cgroup; do
		test_begin "root of a user namespace that has no cgroup to give, as podman's may (cgroup namespace: ${namespace:-none}, $profile)"
		mkdir -p "$mine"
		make_command "$bundle" '.linux.resources.devices = [{allow: false, access: "rwm"}]' \
			sh -c 'id -u; echo x >/dev/null && echo null; awk "\$5 == \"/sys/fs/cgroup\" { n++ } END { print (n > 0) }" /proc/self/mountinfo'
		edit_bundle "$bundle" '.linux.namespaces |= map(select(.type != "cgroup")) | if $namespace == "" then . else .linux.namespaces += [{type: $namespace}] end' \
			--arg namespace "$namespace"
		chown -R 100000:100000 "$bundle" "$mine"
		as_mapped_root "$AGENTRUN" --root "$mine" --profile "$profile" run --bundle "$bundle" "$id"
		expect_output $'0\nnull\n1'
		users_nothing_left
	done
done
