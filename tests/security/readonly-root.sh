#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A read-only path is a bind on itself. One that leads to the root put a copy of the whole tree on top of it, in
# which nothing was masked yet: "/" still showed the masked tree, "/.." the other one.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

# look_bundle FILTER [JQ-ARGUMENT...]: prints what of the masked paths can be seen, by "/" and by "/..", and whatever
# lies on the root.
look_bundle() {
	# shellcheck disable=SC2016 # for the container's shell
	make_command "$bundle" '.linux.maskedPaths = ["/proc/interrupts", "/proc/timer_list", "/sys/firmware", "/opt/secret"]' \
		sh -c 'for top in "" /..; do
			for p in /proc/interrupts /proc/timer_list /opt/secret; do
				[ -z "$(head -c 10 $top$p 2>/dev/null | tr -d "\\0")" ] || echo "$top$p can be read"
			done
			[ -z "$(ls -A $top/sys/firmware 2>/dev/null)" ] || echo "$top/sys/firmware can be listed"
		done
		awk "\$5 == \"/\" { n++ } END { if (n != 1) print n \" mounts on the root\" }" /proc/self/mountinfo
		touch /written 2>/dev/null && echo "the root can be written to"
		echo looked'
	mkdir -p "$bundle/rootfs/opt"
	echo secret >"$bundle/rootfs/opt/secret"
	ln -s / "$bundle/rootfs/datalink"
	ln -s .. "$bundle/rootfs/opt/up"
	ln -s /proc "$bundle/rootfs/proclink"
	edit_bundle "$bundle" "$@"
}

expect_hidden() {
	run_agentrun --profile "$1" run --bundle "$bundle" "$id"
	expect_success
	expect_output looked
	assert_nothing_left
}

for profile in compat agent strict; do
	for path in / /.. /proc/.. /datalink /opt/up; do
		test_begin "$profile: the read-only path $path uncovers nothing, and makes the root read-only"
		look_bundle '.linux.readonlyPaths = [$path] | .root.readonly = false' --arg path "$path"
		expect_hidden "$profile"
	done
	for path in /proc /proclink /sys /sys/firmware /opt /opt/secret; do
		test_begin "$profile: nor does $path"
		look_bundle '.linux.readonlyPaths = [$path] | .root.readonly = true' --arg path "$path"
		expect_hidden "$profile"
	done
	test_begin "$profile: nor do all of them, in any order"
	look_bundle '.linux.readonlyPaths = ["/opt", "/", "/proc/sys", "/proc", "/sys/firmware", "/sys", "/opt/up", "/opt/secret", "/"]'
	expect_hidden "$profile"
done

for path in / /datalink /proc /opt; do
	test_begin "nor does an annotation that asks for $path"
	look_bundle '.annotations["io.agentrun.read-only-paths"] = $path' --arg path "$path"
	expect_hidden agent
done

test_begin "a process that comes later sees the masked tree too"
look_bundle '.linux.readonlyPaths = ["/"]'
edit_bundle "$bundle" '.process.args = ["sleep", "100"]'
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
run_agentrun exec "$id" sh -c 'cat /proc/interrupts /../proc/interrupts /../opt/secret; ls -A /../sys/firmware'
expect_output ""
run_agentrun delete --force "$id"
assert_nothing_left

test_begin "what is mounted below a read-only root is read-only with it"
mkdir -p "$TEST_TMP/data"
# shellcheck disable=SC2016 # for the container's shell and jq
make_command "$bundle" '.mounts += [{destination: "/data", type: "bind", source: ($ENV.TEST_TMP + "/data"), options: ["rbind"]}]' \
	sh -c 'for at in /data /tmp /dev/shm; do touch $at/x 2>/dev/null && echo "$at"; done; true'
run_agentrun run --bundle "$bundle" "$id"
expect_output $'/data\n/tmp\n/dev/shm'
edit_bundle "$bundle" '.linux.readonlyPaths = ["/"]'
run_agentrun run --bundle "$bundle" "$id"
expect_success
expect_output ""
assert_nothing_left

# look_by_bind ARGUMENT...: a container that writes to its root by a bind of $source, by way of a second name if $second is set
look_by_bind() {
	# shellcheck disable=SC2016 # for the container's shell and jq
	make_command "$bundle" '.root.readonly = false
		| .mounts += [{destination: "/mnt", type: "bind", source: $ENV.source, options: ["rbind", "rw"]}]' \
		sh -c 'for at in /mnt /mnt/bin /mnt/rootfs/bin; do touch $at/escaped 2>/dev/null; done; ls /bin/escaped 2>/dev/null; echo ran'
	# shellcheck disable=SC2016 # for the other shell
	run_command unshare --mount --propagation private sh -euc '
		[ -z "$second" ] || mount --bind "$second" "$source"
		exec "$@"' sh "$AGENTRUN" --root "$state" "$@" run --bundle "$bundle" "$id"
}
export source second
mkdir -p "$TEST_TMP/second"
echo '{ "opt-outs": [ { "control": "read-only-root", "reason": "the test writes" } ] }' >"$TEST_TMP/writable.conf"

test_begin "the root is not to be written by a bind of it, by whatever name"
for source in "$bundle/rootfs" "$bundle" "$bundle/rootfs/bin" "$TEST_TMP/second"; do
	second=
	[ "$source" != "$TEST_TMP/second" ] || second=$bundle/rootfs
	look_by_bind
	expect_output ran
	# controls
	look_by_bind --config "$TEST_TMP/writable.conf"
	expect_output $'/bin/escaped\nran'
	rm "$bundle/rootfs/bin/escaped"
	look_by_bind --profile compat
	expect_output $'/bin/escaped\nran'
	rm "$bundle/rootfs/bin/escaped"
done
assert_nothing_left

test_begin "compat: but the root alone, as with runc"
make_command "$bundle" '.linux.readonlyPaths = ["/"] | .root.readonly = false' \
	sh -c 'touch /dev/shm/x && ! touch /x 2>/dev/null && echo "as with runc"'
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_output "as with runc"
assert_nothing_left

for path in / /datalink /opt/up; do
	test_begin "a masked path that leads to the root ($path) is refused"
	look_bundle '.linux.maskedPaths += [$path]' --arg path "$path"
	run_agentrun run --bundle "$bundle" "$id"
	expect_error "masked paths: '$path' is the container's root"
	check_lacks "what ran" "$output" looked
	assert_nothing_left
done

test_begin "what is not masked can be read by /.. as well"
make_command "$bundle" '.linux.maskedPaths = []' sh -c 'head -c 10 /../proc/timer_list | grep -q . && echo "can be read"'
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_output "can be read"
assert_nothing_left
