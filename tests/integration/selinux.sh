#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# SELinux: the label that was asked for confines, and is seen from inside. The types are those of tests/lab/guest/selinux.cil.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root selinux command:getfattr

label=system_u:system_r:container_t:s0:c1
files=system_u:object_r:container_file_t:s0:c1
known() { printf '%s' "$1" 2>/dev/null >/sys/fs/selinux/context; }
{ known "$label" && known system_u:object_r:secret_t:s0; } ||
	skip_all "needs the SELinux policy of the lab: tests/lab/suite -x 'security=selinux selinux=1'"
[ "$(</sys/fs/selinux/enforce)" = 1 ] || skip_all "needs SELinux to enforce"

# with_label FILTER COMMAND...
with_label() {
	make_command "$bundle" ".process.selinuxLabel = \"$label\" | .linux.mountLabel = \"$files\" | $1" "${@:2}"
	mkdir -p "$bundle/rootfs/work"
	local name
	for name in own:container_file_t:s0:c1 other:container_file_t:s0:c2 secret:secret_t:s0; do
		echo "${name%%:*}" >"$bundle/rootfs/work/${name%%:*}"
		setfattr -n security.selinux -v "system_u:object_r:${name#*:}" "$bundle/rootfs/work/${name%%:*}"
	done
}
label_of() { getfattr --only-values -n security.selinux "$1" | tr -d '\0'; }
context_of() { tr -d '\0\n' <"/proc/$1/attr/current"; }

for kind in compat agent strict; do
	test_begin "a container of the $kind profile runs under the label of its bundle"
	with_label . cat /proc/self/attr/current
	run_agentrun --profile "$kind" run --bundle "$bundle" "$id"
	expect_success
	expect_output "$label"
done

test_begin "what the policy denies is denied to root of the container"
with_label . sh -c 'cat /work/own; cat /work/secret'
run_agentrun run --bundle "$bundle" "$id"
expect_error "/work/secret': Permission denied"
expect_output own

test_begin "the files of another container's category are denied"
with_label . cat /work/other
run_agentrun run --bundle "$bundle" "$id"
expect_error "/work/other': Permission denied"

test_begin "the filesystems that the runtime makes have the bundle's mount label"
with_label . sh -c 'echo here >/tmp/file && sleep 1000'
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
pid=$(container_pid "$id")
check_equal init "$(context_of "$pid")" "$label"
for _ in $(seq 100); do
	[ ! -s "/proc/$pid/root/tmp/file" ] || break
	sleep 0.1
done
check_equal "a file in /tmp" "$(label_of "/proc/$pid/root/tmp/file")" "$files"
check_equal "/dev" "$(label_of "/proc/$pid/root/dev")" "$files"
check_equal "/dev/shm" "$(label_of "/proc/$pid/root/dev/shm")" "$files"
check_equal "/dev/mqueue" "$(label_of "/proc/$pid/root/dev/mqueue")" "$files"

if test_begin "an overlay of the bundle has the mount label too, or the context of its own options" overlay; then
	mkdir -p "$TEST_TMP/lower" "$TEST_TMP/lower-2"
	overlay='{type: "overlay", source: "overlay", options: ["lowerdir=\($lower):\($lower)-2"]}'
	with_label . sleep 1000
	edit_bundle "$bundle" ".mounts += [$overlay + {destination: \"/mnt\"}, ($overlay | .destination = \"/srv\" | .options += [\"context=\\(\$own)\"])]" \
		--arg lower "$TEST_TMP/lower" --arg own '"system_u:object_r:container_file_t:s0:c2"'
	run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
	expect_success
	pid=$(container_pid "$id")
	check_equal "the mount label" "$(label_of "/proc/$pid/root/mnt")" "$files"
	check_equal "its own" "$(label_of "/proc/$pid/root/srv")" system_u:object_r:container_file_t:s0:c2
fi

test_begin "exec runs under the label of its container"
with_label . sleep 1000
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
run_agentrun exec "$id" cat /proc/self/attr/current
expect_output "$label"
run_agentrun exec "$id" cat /work/secret
expect_error "/work/secret': Permission denied"

test_begin "an exec that asks for another label does not get it"
with_label . sleep 1000
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
run_agentrun exec --process-label system_u:system_r:host_t:s0 "$id" cat /work/secret
expect_error "/work/secret': Permission denied"

test_begin "under compat an exec gets the label it asks for"
with_label . sleep 1000
run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
expect_success
run_agentrun --profile compat exec --process-label system_u:system_r:host_t:s0 "$id" cat /work/secret
expect_success
expect_output secret

test_begin "state says that the label is enforced"
with_label . sleep 1000
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
check_equal control "$("$AGENTRUN" --root "$state" state "$id" |
	jq -c '[.agentrun.controls | to_entries[] | select(.key | test("apparmor|lsm|label")) | .value.result]')" '["enforced"]'

test_begin "a label that the policy does not know is refused by name, and nothing is left"
with_label '.process.selinuxLabel = "system_u:system_r:no_such_t:s0"' true
run_agentrun run --bundle "$bundle" "$id"
expect_error "system_u:system_r:no_such_t:s0"
assert_nothing_left
