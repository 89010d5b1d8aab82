#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# checkpoint and restore with CRIU itself: what a container was doing goes on.
set -euo pipefail
. "$(dirname "$0")/checkpoint.bash"

test_begin "a checkpointed container is gone, and its image restores it where it was"
start_counter
checkpoint
assert_nothing_left
at=$(count)
sleep 0.3
check_equal "the count while there is no process" "$(count)" "$at"
restore --pid-file "$TEST_TMP/pid"
expect_counting
check_true "it has counted on, not from 1" test "$(count)" -gt "$at"
check_equal "the status" "$(container_status)" running
check_equal "the pid file" "$(cat "$TEST_TMP/pid")" "$(container_pid "$id")"
check_equal "the mounts of the host" "$(our_mounts)" ""
end

test_begin "a restored container can be looked into, paused, resumed, stopped and deleted"
start_counter
checkpoint
restore
compat exec "$id" sh -c 'cat /proc/1/comm; test -s /tmp/count'
expect_success
expect_output counter
compat pause "$id"
expect_success
check_equal "the status" "$(container_status)" paused
compat resume "$id"
expect_success
expect_counting
compat kill "$id" KILL
expect_success
wait_status stopped
compat delete "$id"
expect_success
assert_nothing_left

test_begin "restore brings the container into the cgroup and under the limits of its bundle"
limits=.
if has pids; then limits='.linux.resources.pids.limit = 32'; fi
start_counter ".linux.cgroupsPath = \"/$id\" | $limits"
checkpoint
restore
pid=$(container_pid "$id")
check_has "the cgroup of its init" "$(cat "/proc/$pid/cgroup")" "/$id"
if has pids; then
	check_equal "the limit" "$(cat "$(cgroup_root)/$id/pids.max")" 32
fi
expect_counting
end

test_begin "--leave-running leaves it running, and its image restores it as well"
start_counter
checkpoint --leave-running
check_equal "the status" "$(container_status)" running
expect_counting
compat delete --force "$id"
expect_success
restore
expect_counting
end

test_begin "a paused container can be checkpointed"
start_counter
compat pause "$id"
checkpoint
assert_nothing_left
restore
check_equal "the status" "$(container_status)" running
expect_counting
end

test_begin "binds are taken from the host that restores: directories, files, read-only and through links"
make_rootfs "$bundle/rootfs"
mkdir -p "$TEST_TMP/volume" "$bundle/rootfs/real"
echo outside >"$TEST_TMP/file"
ln -s /real "$bundle/rootfs/linked"
start_counter '.mounts += [
	{destination: "/volume", source: $volume, type: "bind", options: ["rbind", "rw"]},
	{destination: "/volume/inner", source: $volume, type: "bind", options: ["bind", "ro"]},
	{destination: "/etc/outside", source: $file, type: "bind", options: ["bind", "ro"]},
	{destination: "/linked/there", source: $volume, type: "bind", options: ["bind"]}]' \
	--arg volume "$TEST_TMP/volume" --arg file "$TEST_TMP/file"
checkpoint
restore
# shellcheck disable=SC2016 # for the shell in the container
compat exec "$id" sh -c 'cat /etc/outside; echo said >/volume/word; cat /linked/there/word /volume/inner/word
	echo x >/volume/inner/no'
check_has "what it reads" "$output" $'outside\nsaid\nsaid'
check_has "what it may not write" "$errors" "Read-only file system"
expect_counting
end

test_begin "mount points that a new root filesystem lacks are made"
start_counter '.mounts += [{destination: "/volume/deep", source: $volume, type: "bind", options: ["bind"]}]' \
	--arg volume "$TEST_TMP/volume"
checkpoint
rmdir "$bundle/rootfs/volume/deep" "$bundle/rootfs/volume"
restore
check_true "the mount point is there" test -d "$bundle/rootfs/volume/deep"
expect_counting
end

test_begin "masked and read-only paths are masked and read-only after a restore"
start_counter
looks='cat /proc/kcore | wc -c; ls /proc/scsi 2>/dev/null | wc -l; echo 1 >/proc/sys/vm/drop_caches'
compat exec "$id" sh -c "$looks"
before=$output$errors
checkpoint
restore
compat exec "$id" sh -c "$looks"
check_equal "what is seen" "$output$errors" "$before"
end

test_begin "a network namespace that was joined by its path is joined again"
unshare --net="$TEST_TMP/netns" true 2>/dev/null || { touch "$TEST_TMP/netns" && unshare --net="$TEST_TMP/netns" true; }
start_counter '.linux.namespaces |= map(if .type == "network" then .path = $path else . end)' --arg path "$TEST_TMP/netns"
checkpoint
restore
check_equal "its network namespace" "$(stat -Lc %i "/proc/$(container_pid "$id")/ns/net")" "$(stat -Lc %i "$TEST_TMP/netns")"
expect_counting
compat delete --force "$id"
umount "$TEST_TMP/netns"
assert_nothing_left

test_begin "pipes that the container wrote to are exchanged for those of the restore"
program -- /counter speaker /tmp/count
exec 7> >(cat >"$TEST_TMP/said")
"$AGENTRUN" --root "$state" --profile compat run --detach --bundle "$bundle" "$id" </dev/null >&7 2>&7
exec 7>&-
sleep 0.5
checkpoint
check_match "what it had for its streams" "$(cat "$image/descriptors.json")" \
	'^\["/dev/null","pipe:\[[0-9]+\]","pipe:\[[0-9]+\]"\]$'
last=$(tail -n 1 "$TEST_TMP/said")
: >"$TEST_TMP/said-on"
# ends when it has gone on for some lines, or after a minute
(for _ in $(seq 600); do
	if [ "$(wc -l <"$TEST_TMP/said-on")" -gt 4 ]; then break; fi
	sleep 0.1
done
touch "$count_file.end") &
ended=$!
"$AGENTRUN" --root "$state" --profile compat restore --image-path "$image" --bundle "$bundle" "$id" \
	</dev/null 2>&1 | cat >"$TEST_TMP/said-on" && code=0 || code=$?
check_equal "its exit status" "$code" 5
wait "$ended"
check_equal "the first line after $last" "$(head -n 1 "$TEST_TMP/said-on")" $((last + 1))
check_true "there are more" test "$(wc -l <"$TEST_TMP/said-on")" -gt 3
assert_nothing_left

test_begin "restore without --detach ends with the program's exit status"
start_counter
checkpoint
touch "$count_file.end"
compat restore --image-path "$image" --bundle "$bundle" "$id"
expect_status 5
assert_nothing_left

test_begin "a chain of pre-dumps leaves it running until the last checkpoint"
start_counter
rm -rf "$image" "$TEST_TMP/pre1" "$TEST_TMP/pre2"
compat checkpoint --pre-dump --image-path "$TEST_TMP/pre1" "$id"
if [[ $errors == *"memory cannot be tracked"* ]]; then
	check_equal "the status" "$(container_status)" running
	skip "needs a kernel that tracks memory (CONFIG_MEM_SOFT_DIRTY)"
else
	expect_success
	expect_counting
	compat checkpoint --pre-dump --image-path "$TEST_TMP/pre2" --parent-path ../pre1 "$id"
	expect_success
	expect_counting
	checkpoint --parent-path ../pre2
	check_true "the image refers to its parent" test -L "$image/parent"
	restore
	expect_counting
fi
end

test_begin "hooks are told of the restored process, and poststop runs at the end"
counter '.hooks = {
	prestart: [{path: "/bin/sh", args: ["sh", "-c", "cat >>" + $log]}],
	createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "cat >>" + $log]}],
	poststop: [{path: "/bin/sh", args: ["sh", "-c", "cat >>" + $log]}]}' --arg log "$TEST_TMP/hooks"
detached
expect_counting
checkpoint
check_equal "hooks until then" "$(jq -r .status "$TEST_TMP/hooks" | xargs)" "creating creating stopped"
rm "$TEST_TMP/hooks"
restore
check_equal "hooks of the restore" "$(jq -r '.status + " \(.pid)"' "$TEST_TMP/hooks" | xargs)" \
	"creating $(container_pid "$id") creating $(container_pid "$id")"
end
check_equal "hooks at the end" "$(jq -r .status "$TEST_TMP/hooks" | xargs)" "creating creating stopped"

test_begin "a hook that fails ends the restore, and nothing is left"
start_counter
checkpoint
edit_bundle "$bundle" '.hooks.prestart = [{path: "/bin/false"}]'
compat restore --detach --image-path "$image" --bundle "$bundle" "$id"
expect_error "error running prestart hook #0: exit status 1"
assert_nothing_left

test_begin "an image that is damaged is refused with the place of CRIU's log, and nothing is left"
start_counter
checkpoint
: >"$image/inventory.img"
compat restore --detach --image-path "$image" --work-path "$TEST_TMP/work" --bundle "$bundle" "$id"
expect_error "criu failed: type RESTORE"
expect_error "log file: $TEST_TMP/work/restore.log"
check_true "the log is there" test -s "$TEST_TMP/work/restore.log"
assert_nothing_left

test_begin "a checkpoint that CRIU refuses leaves the container running"
counter
compat run --detach --bundle "$bundle" "$id" # its output is a file of the host
expect_counting
rm -rf "$image"
compat checkpoint --image-path "$image" "$id"
expect_error "criu failed: type DUMP"
expect_error "log file: $image/dump.log"
check_equal "the status" "$(container_status)" running
expect_counting
end

test_begin "the file that the annotation org.criu.config names is CRIU's configuration"
start_counter '.annotations["org.criu.config"] = $path' --arg path "$TEST_TMP/criu.conf"
echo "log-file other.log" >"$TEST_TMP/criu.conf"
checkpoint
check_true "it names the log" test -s "$image/other.log"
restore
expect_counting
end

# terminal SOCKET OUTPUT: in the background, takes the master of a terminal, says "hello" to it once it is
# there, and writes down what it says until the file OUTPUT.end is there.
terminal() {
	rm -f "$1" "$2" "$2.end"
	python3 - "$1" "$2" <<'PYTHON' &
import array, os, select, socket, sys
path, output = sys.argv[1:]
server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
server.bind(path)
server.listen(1)
control = server.accept()[0].recvmsg(4096, socket.CMSG_SPACE(4))[1]
fds = array.array("i")
fds.frombytes(control[0][2][:4])
os.write(fds[0], b"hello\n")
with open(output, "wb", buffering=0) as file:
    while not os.path.exists(output + ".end"):
        if select.select(fds, [], [], 0.05)[0]:
            try:
                file.write(os.read(fds[0], 4096))
            except OSError:
                break
PYTHON
	terminal_pid=$!
	for _ in $(seq 100); do
		[ ! -S "$1" ] || return 0
		sleep 0.05
	done
}

# expect_said FILE TEXT
expect_said() {
	for _ in $(seq 100); do
		! grep -qF "$2" "$1" 2>/dev/null || return 0
		sleep 0.1
	done
	fail "the terminal says '$(cat "$1" 2>/dev/null)', expected '$2'"
}

if test_begin "a container with a terminal goes on at the one that restore gives out" command:python3; then
	# shellcheck disable=SC2016 # for the shell in the container
	make_command "$bundle" '.process.terminal = true' \
		sh -c 'i=0; while read -r line; do i=$((i + 1)); echo "$i: $line on $(tty)"; done'
	terminal "$TEST_TMP/console" "$TEST_TMP/said"
	compat run --detach --console-socket "$TEST_TMP/console" --bundle "$bundle" "$id"
	expect_success
	expect_said "$TEST_TMP/said" "1: hello on /dev/pts/0"
	checkpoint
	touch "$TEST_TMP/said.end"
	wait "$terminal_pid"
	terminal "$TEST_TMP/console" "$TEST_TMP/said"
	restore --console-socket "$TEST_TMP/console"
	expect_said "$TEST_TMP/said" "2: hello on /dev/pts/0"
	touch "$TEST_TMP/said.end"
	wait "$terminal_pid"
	end
fi

test_begin "memory goes to a page server when one is named"
start_counter
rm -rf "$TEST_TMP/pages" && mkdir "$TEST_TMP/pages"
criu page-server --images-dir "$TEST_TMP/pages" --work-dir "$TEST_TMP/pages" --address 127.0.0.1 --port 27027 \
	>/dev/null 2>&1 &
server=$!
for _ in $(seq 100); do
	! grep -q ':6993 .* 0A' /proc/net/tcp || break # 27027 listens
	sleep 0.05
done
checkpoint --page-server 127.0.0.1:27027
wait "$server" || fail "the page server: status $?"
check_true "the pages are there" compgen -G "$TEST_TMP/pages/pages-*.img"
check_false "and not here" compgen -G "$image/pages-*.img"
cp "$TEST_TMP"/pages/*.img "$image"
restore
expect_counting
end

test_begin "--lazy-pages: memory comes to the restored container while it runs"
if ! criu check --feature uffd >/dev/null 2>&1; then
	skip "needs userfaultfd, which criu check finds"
else
	# some memory that is not there at once
	start_program -- /counter memory /tmp/count
	rm -rf "$image" "$TEST_TMP/lazy"
	mkdir "$TEST_TMP/lazy"
	mkfifo "$TEST_TMP/ready"
	exec 8<>"$TEST_TMP/ready"
	"$AGENTRUN" --root "$state" --profile compat checkpoint --lazy-pages --page-server 127.0.0.1:27028 --status-fd 8 \
		--image-path "$image" "$id" </dev/null >"$TEST_TMP/lazy/said" 2>&1 &
	dump=$!
	if ! IFS= read -r -d '' -t 60 -u 8; then
		fail "CRIU does not say that it is ready: $(cat "$TEST_TMP/lazy/said")"
		kill "$dump"
	else
		criu lazy-pages --page-server --address 127.0.0.1 --port 27028 --images-dir "$image" --work-dir "$TEST_TMP/lazy" \
			>/dev/null 2>&1 &
		pages=$!
		for _ in $(seq 100); do
			[ ! -S "$TEST_TMP/lazy/lazy-pages.socket" ] || break
			sleep 0.05
		done
		compat restore --detach --lazy-pages --image-path "$image" --work-path "$TEST_TMP/lazy" --bundle "$bundle" "$id-2"
		expect_criu
		expect_counting
		wait "$pages" || fail "lazy-pages: status $?: $(tail -n 5 "$TEST_TMP/lazy"/*.log)"
		check_equal "the restored" "$(container_status "$id-2")" running
	fi
	wait "$dump" || fail "checkpoint: status $?: $(cat "$TEST_TMP/lazy/said")"
	exec 8>&-
	check_equal "the dumped" "$(container_status "$id")" none
	compat delete --force "$id-2"
	expect_success
	assert_nothing_left
fi
