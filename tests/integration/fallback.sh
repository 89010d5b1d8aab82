#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Kernels without the new mount calls, and filters that hide them: mount(2) must come to the same.
# strace(1) answers ENOSYS in their place.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root command:strace

# before Linux 5.2, or a filter that knows none of them; Linux 5.2 to 5.11
none_of_them=open_tree,fsopen,fsmount,fsconfig,move_mount,mount_setattr
no_setattr=mount_setattr

# run_without CALLS PROFILE: the bundle, with ENOSYS for these calls ("" for all there are).
run_without() {
	local tracer=()
	[ -z "$1" ] || tracer=(strace -f -qq -o /dev/null -e "trace=$1" -e "inject=$1:error=ENOSYS")
	# LeakSanitizer needs ptrace(2) for itself
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 \
		run_command "${tracer[@]}" "$AGENTRUN" --root "$state" --profile "$2" run --bundle "$bundle" "$id"
}

# What a mount is, without what differs from run to run.
mounts_of() {
	sed -E 's/^[0-9]+ [0-9]+ [0-9:]+ [^ ]+ //; s/(master|shared):[0-9]+/\1/g; s/lowerdir=.*//' <<<"$1" |
		sort
}

# same_mounts CALLS PROFILE: the same with these calls and without them.
same_mounts() {
	local with
	run_without "" "$2"
	expect_success
	with=$(mounts_of "$output")
	check_has "the mounts" "$with" "/proc "
	run_without "$1" "$2"
	expect_success
	check_equal "mounts without $1 ($2)" "$(mounts_of "$output")" "$with"
}

# A source with a mount below it, as the host has it, and one below that.
make_tree() {
	mkdir -p "$1"
	mount -t tmpfs -o mode=755 top "$1"
	mkdir "$1/below" "$1/a folder"
	mount -t tmpfs -o mode=755 below "$1/below"
	mkdir "$1/below/deep"
	mount -t tmpfs -o mode=755 deep "$1/below/deep"
	mount -t tmpfs -o mode=755 blank "$1/a folder"
}

# on_tree FILTER COMMAND...: a bundle that runs the command; $tree of the filter is such a source.
on_tree() {
	local filter=$1
	shift
	make_tree "$TEST_TMP/tree"
	echo data >"$TEST_TMP/file"
	make_bundle "$bundle" "$filter | .process.args = \$ARGS.positional" \
		--arg tree "$TEST_TMP/tree" --arg file "$TEST_TMP/file" --args -- "$@"
}

tree_goes() {
	umount -R "$TEST_TMP/tree"
	assert_nothing_left
}

many='.mounts += [
	{destination: "/plain", type: "bind", source: $tree, options: ["rbind"]},
	{destination: "/ro", type: "bind", source: $tree, options: ["rbind", "ro", "nosuid"]},
	{destination: "/rro", type: "bind", source: $tree, options: ["rbind", "rro", "rnoexec", "rnodev"]},
	{destination: "/one", type: "bind", source: $tree, options: ["bind", "noatime", "nodiratime"]},
	{destination: "/links", type: "bind", source: $tree, options: ["bind", "nosymfollow"]},
	{destination: "/strict", type: "bind", source: $tree, options: ["rbind", "rstrictatime"]},
	{destination: "/opt", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup", "ro", "size=1m"]},
	{destination: "/srv", type: "tmpfs", source: "tmpfs", options: ["nosuid", "noatime", "size=1m", "mode=700"]},
	{destination: "/etc/hostname", type: "bind", source: $file, options: ["bind", "ro"]}]
	| .hostname = "fallback"'

for calls in "$none_of_them" "$no_setattr"; do
	for profile in agent compat; do
		test_begin "$profile has the same mounts without $calls"
		on_tree "$many" cat /proc/self/mountinfo
		same_mounts "$calls" "$profile"
		check_match "a mount below" "$(mounts_of "$output")" '^/rro/below/deep ro,.*nodev,noexec'
		tree_goes
	done

	test_begin "a root with mounts below it is restricted as a whole without $calls"
	make_command "$bundle" . sh -c 'touch /mnt/x; grep " /mnt " /proc/self/mountinfo'
	mount -t tmpfs -o mode=777 host "$bundle/rootfs/mnt"
	run_without "$calls" agent
	expect_success
	check_has "the write" "$errors" "Read-only file system"
	expect_output_has " /mnt ro,nosuid,nodev"
	umount "$bundle/rootfs/mnt"
	assert_nothing_left

	test_begin "in a user namespace the mounts are the same without $calls"
	# mount_namespaces(7): there, what the host has mounted below must not come off by a plain bind, and
	# its access times are locked
	on_tree "$many"' | del(.mounts[] | select(.destination == ("/one", "/links", "/strict"))) | .linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings' cat /proc/self/mountinfo
	(cd "$bundle/rootfs" && mkdir plain ro rro one links strict && touch etc/hostname)
	same_mounts "$calls" compat
	tree_goes

	test_begin "what is masked and read-only stays so without $calls"
	# shellcheck disable=SC2016 # for the container's shell
	make_command "$bundle" . sh -c 'cat /proc/keys /proc/timer_list; ls -A /sys/firmware
		for file in /proc/sys/kernel/core_pattern /sys/kernel/profiling /x /dev/x; do
			echo x 2>/dev/null >$file && echo "wrote $file"
		done
		echo end'
	run_without "$calls" agent
	expect_output end
	assert_nothing_left

	for profile in compat agent; do
		test_begin "$profile: a read-only path that leads to the root uncovers nothing without $calls"
		# the home has a mount upon another, of which only one can be reached
		make_command "$bundle" '.linux.maskedPaths = ["/proc/timer_list"] | .linux.readonlyPaths = ["/", "/proc"]
			| .root.readonly = false | .annotations["io.agentrun.no-home"] = "true"' \
			sh -c 'cat /proc/timer_list /../proc/timer_list; touch /x 2>/dev/null || echo end'
		run_without "$calls" "$profile"
		expect_output end
		assert_nothing_left
	done

	# mappings of its own ask for it as the option does
	for options in '"bind", "idmap"' '"bind"'; do
		test_begin "there is no id-mapped mount without $calls ($options)"
		on_tree '.mounts += [{destination: "/mapped", type: "bind", source: $file, options: ['"$options"'],
			uidMappings: [{containerID: 0, hostID: 1000, size: 1}],
			gidMappings: [{containerID: 0, hostID: 1000, size: 1}]}]' true
		run_without "$calls" compat
		expect_error "function not implemented"
		tree_goes
	done
done

test_begin "a mount that cannot be reached to be made read-only is an error"
on_tree '.mounts += [{destination: "/rro", type: "bind", source: $tree, options: ["rbind", "rro"]}]' true
mount -t tmpfs upper "$TEST_TMP/tree/below"
run_without "$none_of_them" compat
expect_error "another is mounted over it"
umount "$TEST_TMP/tree/below"
tree_goes

test_begin "control: with the new calls it is made read-only"
# shellcheck disable=SC2016 # for the container's shell
on_tree '.mounts += [{destination: "/rro", type: "bind", source: $tree, options: ["rbind", "rro"]}]' \
	sh -c 'for dir in /rro /rro/below; do touch $dir/x 2>/dev/null || echo "$dir is read-only"; done'
mount -t tmpfs upper "$TEST_TMP/tree/below"
run_without "" compat
expect_output $'/rro is read-only\n/rro/below is read-only'
umount "$TEST_TMP/tree/below"
tree_goes

# without those of another file of tests
hosts_mounts() {
	awk -v own="$TEST_TMP/" 'index($5, own) == 1 || $5 !~ "/agentrun-test\\."' /proc/self/mountinfo
}

test_begin "a mix of calls that no kernel has mounts nothing elsewhere"
make_command "$bundle" . cat /proc/self/mountinfo
before=$(hosts_mounts)
touch "$bundle/rootfs/tmp/from-the-image"
same_mounts fsopen agent
check_equal "mounts of the host" "$(hosts_mounts)" "$before"
check_false "a file of the image in the host's /tmp" test -e /tmp/from-the-image
assert_nothing_left

test_begin "tmpcopyup copies what the image has without the new calls"
make_bundle "$bundle" '.mounts += [{destination: "/opt", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]}]
	| .process.args = ["sh", "-c", "cat /opt/sub/file; stat -c %a:%u /opt/sub; echo x >/opt/sub/file"]'
mkdir "$bundle/rootfs/opt/sub"
echo of the image >"$bundle/rootfs/opt/sub/file"
chown 1000 "$bundle/rootfs/opt/sub"
chmod 2750 "$bundle/rootfs/opt/sub"
run_without "$none_of_them" compat
expect_output $'of the image\n2750:1000'
check_equal "the image's file" "$(<"$bundle/rootfs/opt/sub/file")" "of the image"
assert_nothing_left

for profile in compat agent; do
	test_begin "who may make no device gets the host's nodes, in the profile $profile" command:setpriv || continue
	make_command "$bundle" . sh -c 'stat -c "%t:%T %a" /dev/null /dev/full; echo x >/dev/null && head -c 1 /dev/zero | wc -c
		chmod 666 /dev/null 2>/dev/null || echo and cannot change them'
	run_command setpriv --inh-caps=-mknod --bounding-set=-mknod "$AGENTRUN" --root "$state" --profile "$profile" run --bundle "$bundle" "$id"
	expect_output $'1:3 666\n1:7 666\n1\nand cannot change them'
	assert_nothing_left
done

test_begin "who may make no device gets none that the host has not, or has as another" command:setpriv
make_command "$bundle" '.linux.devices = [{path: "/dev/null", type: "c", major: 1, minor: 5}]' true
run_command setpriv --inh-caps=-mknod --bounding-set=-mknod "$AGENTRUN" --root "$state" --profile compat run --bundle "$bundle" "$id"
expect_error "make device '/dev/null': operation not permitted"
assert_nothing_left
