#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What CRIU itself does of the options of checkpoint and restore: what it takes a checkpoint of only when it is asked to,
# and what it does otherwise then.
set -euo pipefail
. "$(dirname "$0")/checkpoint.bash"

# what tests make beside containers, and a failure leaves
unload() {
	[ ! -e "$TEST_TMP/profiles" ] || apparmor_parser --remove "$TEST_TMP/profiles" || true
	rm -f "$TEST_TMP/profiles"
}
eval "$(declare -f tap_file_done | sed '1s/tap_file_done/lib_file_done/')"
tap_file_done() {
	local name
	unload
	for name in /run/netns/"$lib_mark"*; do
		[ ! -e "$name" ] || ip netns del "${name##*/}" || true
	done
	lib_file_done
}

# refuses_dump PART: a checkpoint without the option fails, CRIU's log says why, and the container runs on.
refuses_dump() {
	rm -rf "$image"
	compat checkpoint --image-path "$image" "$id"
	expect_error "criu failed: type DUMP"
	check_match "CRIU's log" "$(cat "$image/dump.log")" "$1"
	check_equal "the status" "$(container_status)" running
}

test_begin "--file-locks: a lock is held again by who held it"
start_program -- /lock /tmp/lock /counter alone /tmp/count
refuses_dump 'file locks'
checkpoint --file-locks
restore --file-locks
expect_counting
compat exec "$id" /lock /tmp/lock
expect_status 1
compat exec "$id" /lock /tmp/free
expect_success
end

test_begin "--link-remap: an open file whose name is gone is the one that another name leads to"
start_program -- sh -c 'exec >>/tmp/name; ln /tmp/name /tmp/other; rm /tmp/name; exec /counter speaker /tmp/count'
refuses_dump 'link-remap'
checkpoint --link-remap
lines=$(wc -l <"$bundle/rootfs/tmp/other")
restore
expect_counting
check_true "it writes on, after $lines lines" test "$(wc -l <"$bundle/rootfs/tmp/other")" -gt "$lines"
check_false "the name is back" test -e "$bundle/rootfs/tmp/name"
check_equal "other names" "$(find "$bundle/rootfs/tmp" -name 'link_remap*')" ""
end

test_begin "a file that is deleted and open goes into the image"
start_program -- sh -c 'exec 9>/tmp/gone 8</tmp/gone; rm /tmp/gone; echo kept >&9; /counter alone /tmp/count; cat <&8 >/tmp/said; exec sleep 600'
checkpoint
restore
expect_counting
touch "$count_file.end"
wait_until test -s "$bundle/rootfs/tmp/said" || fail "it does not go on"
check_equal "what is in it" "$(cat "$bundle/rootfs/tmp/said")" kept
end

# CRIU brings back the links of a namespace after the sockets in it: what has connections is in one that is joined, as with
# engines.
joined='(.linux.namespaces[] | select(.type == "network")).path = $path'
start_connection() {
	ip netns add "$id"
	ip -n "$id" link set lo up
	start_program "$joined" --arg path "/run/netns/$id" -- /counter "$1" /tmp/count
}

end_connection() {
	end
	ip netns del "$id"
}

if test_begin "--tcp-established: a connection goes on" command:iptables-restore command:ip; then
	start_connection itself
	refuses_dump 'tcp-established'
	expect_counting
	checkpoint --tcp-established
	at=$(count)
	restore --tcp-established
	expect_counting
	check_true "it has counted on, not from 1" test "$(count)" -gt "$at"
	end_connection
fi

if test_begin "--tcp-skip-in-flight: connections that nobody has taken are left out, and their port is listened on again" \
	command:iptables-restore command:ip; then
	start_connection deaf
	AGENTRUN_TEST=$lib_mark ip netns exec "$id" bash -c 'exec 9<>/dev/tcp/127.0.0.1/7000 && echo >"$1" && exec sleep 600' sh "$TEST_TMP/connected" &
	client=$!
	wait_until test -e "$TEST_TMP/connected" || fail "nothing listens"
	refuses_dump 'In-flight connection'
	checkpoint --tcp-skip-in-flight
	kill "$client" || true
	wait "$client" || true
	restore
	expect_counting
	check_true "it is connected to again" ip netns exec "$id" bash -c ': 9<>/dev/tcp/127.0.0.1/7000'
	end_connection
fi

if test_begin "--ext-unix-sk: a datagram socket is connected to what it was outside" command:ip command:python3; then
	rm -f "$TEST_TMP/log"
	ip netns add "$id"
	AGENTRUN_TEST=$lib_mark ip netns exec "$id" python3 -u -c 'import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\0log")
while True: print(s.recv(64).decode(), end="")' >"$TEST_TMP/log" &
	server=$!
	wait_until ip netns exec "$id" grep -q '@log$' /proc/net/unix || fail "the log is not there"
	start_program "$joined" --arg path "/run/netns/$id" -- /counter logger /tmp/count
	refuses_dump 'ext-unix-sk'
	expect_counting
	checkpoint --ext-unix-sk
	at=$(count)
	restore --ext-unix-sk
	expect_counting
	check_true "it has counted on, not from 1" test "$(count)" -gt "$at"
	heard_of() {
		[ "$(tail -n 1 "$TEST_TMP/log")" -gt "$at" ]
	}
	check_true "who listens hears of it" wait_until heard_of
	kill "$server" || true
	wait "$server" || true
	end_connection
fi

test_begin "--shell-job: what leads its session is none, and goes on"
start_counter
checkpoint --shell-job
restore --shell-job
expect_counting
end

for mode in soft full ignore; do
	test_begin "--manage-cgroups-mode $mode: the restored container is in its cgroup"
	start_counter ".linux.cgroupsPath = \"/$id\""
	checkpoint --manage-cgroups-mode "$mode"
	restore --manage-cgroups-mode "$mode"
	check_has "its cgroup" "$(cat "/proc/$(container_pid "$id")/cgroup")" "/$id"
	expect_counting
	end
done

# Where it is to be is made before its processes are, as with runc: CRIU sees that it is there.
test_begin "--manage-cgroups-mode strict: nothing is restored into a cgroup that is there"
start_counter ".linux.cgroupsPath = \"/$id\""
checkpoint --manage-cgroups-mode strict
compat restore --detach --image-path "$image" --bundle "$bundle" --manage-cgroups-mode strict "$id"
expect_error "criu failed: type RESTORE"
expect_error "existing cgroups"
assert_nothing_left

test_begin "--auto-dedup: pages that a later image has are taken out of the earlier one"
rm -rf "$TEST_TMP/earlier" "$image"
start_program -- /counter memory /tmp/count
compat checkpoint --pre-dump --image-path "$TEST_TMP/earlier" "$id"
if [[ $errors == *"memory cannot be tracked"* ]]; then
	skip "needs a kernel that tracks memory (CONFIG_MEM_SOFT_DIRTY)"
else
	expect_success
	pages() {
		du --total --block-size=1 "$TEST_TMP"/earlier/pages-*.img | tail -n 1 | cut -f 1
	}
	before=$(pages)
	expect_counting
	checkpoint --auto-dedup --parent-path ../earlier
	check_true "the earlier pages are fewer: $(pages) of $before bytes" test "$(pages)" -lt "$before"
	restore
	expect_counting
fi
end

if test_begin "--lsm-profile: the restored container is under that profile of AppArmor" apparmor command:apparmor_parser; then
	for name in "$id-one" "$id-other"; do
		echo "profile $name flags=(attach_disconnected,mediate_deleted) { file, capability, network, signal, ptrace, umount, mount, pivot_root, unix, }"
	done >"$TEST_TMP/profiles"
	apparmor_parser --skip-cache --replace "$TEST_TMP/profiles"
	start_counter '.process.apparmorProfile = $name' --arg name "$id-one"
	checkpoint
	restore --lsm-profile "apparmor:$id-other"
	check_equal "its profile" "$(cat "/proc/$(container_pid "$id")/attr/current")" "$id-other (enforce)"
	expect_counting
	end
	unload
fi
