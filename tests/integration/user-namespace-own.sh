#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# With an id range in the administrator's file every container gets a user namespace of its own.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root userns

conf=$TEST_TMP/agentrun.conf
echo '{ "subid-start": 300000, "subid-count": 65536 }' >"$conf"

# run_mapped: the bundle with that file; where its file system cannot be id-mapped nothing is to be seen.
run_mapped() {
	run_agentrun --config "$conf" "$@"
}

make_command "$bundle" . true
if "$AGENTRUN" --config "$conf" explain --bundle "$bundle" | grep -q 'cannot be id-mapped'; then
	skip_all "needs a file system that can be id-mapped below $TEST_TMP"
fi

test_begin "root of the container is nobody on the host"
make_command "$bundle" . cat /proc/self/uid_map
run_mapped run --bundle "$bundle" "$id"
expect_success
check_equal "the map" "$(echo "$output" | awk '{print $1, $2, $3}')" "0 300000 65536"
assert_nothing_left

test_begin "the image and a writable workspace keep their owners"
mkdir -p "$bundle/work"
chown 1000:1000 "$bundle/work"
make_command "$bundle" '.mounts += [{destination: "/work", type: "bind", source: "/", options: ["rbind", "rw"]}]
	| .process.user = {uid: 1000, gid: 1000}' sh -c 'stat -c %u:%g / /work && echo x >/work/file && stat -c %u /work/file'
edit_bundle "$bundle" '.mounts[-1].source = $work' --arg work "$bundle/work"
run_mapped run --bundle "$bundle" "$id"
expect_output $'0:0\n1000:1000\n1000'
check_equal "the owner on the host" "$(stat -c %u "$bundle/work/file")" 1000
assert_nothing_left

test_begin "the cage is the same, and exec is in it"
make_command "$bundle" . sleep 100
run_mapped run --detach --bundle "$bundle" "$id"
expect_success
check_equal "what state says" "$("$AGENTRUN" --root "$state" state "$id" |
	jq -r '.agentrun.controls | [."user-namespace".result, ."read-only-root".result, .seccomp.result, .landlock.result] | join(" ")')" \
	"enforced enforced enforced enforced"
check_equal "uid of init on the host" "$(stat -c %u "/proc/$(container_pid "$id")")" 300000
run_agentrun exec "$id" sh -c 'awk "{print \$2}" /proc/self/uid_map; id -u; touch /x 2>/dev/null || echo refused;
	cat /proc/sys/vm/memfd_noexec; ls -l /dev/null | cut -c1'
expect_output $'300000\n0\nrefused\n2\nc'
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "a joined user namespace counts only if root of it is not root of the host"
for host_id in 0 100000; do
	make_command "$bundle-$host_id" '.linux.namespaces += [{type: "user"}]' sleep 100
	edit_bundle "$bundle-$host_id" '.linux.uidMappings = [{containerID: 0, hostID: $from, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings' --argjson from "$host_id"
	run_agentrun --profile compat run --detach --bundle "$bundle-$host_id" "$id"
	expect_success
	make_command "$bundle-in-$host_id" . sleep 100
	edit_bundle "$bundle-in-$host_id" '.linux.namespaces += [{type: "user"}]
		| .linux.namespaces |= map(if IN(.type; "user", "network", "ipc", "uts")
			then .path = $of + ({network: "net"}[.type] // .type) else . end)' --arg of "/proc/$(container_pid "$id")/ns/"
	run_agentrun run --detach --bundle "$bundle-in-$host_id" "$id-2"
	expect_success
	check_equal "user-namespace of a joiner of one from $host_id" \
		"$("$AGENTRUN" --root "$state" state "$id-2" | jq -r '.agentrun.controls["user-namespace"].result')" \
		"$([ "$host_id" = 0 ] && echo 'not applied' || echo enforced)"
	run_agentrun delete --force "$id-2"
	run_agentrun delete --force "$id"
done
assert_nothing_left
