#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What of the command line of checkpoint and restore reaches CRIU, who may use them, and how they fail: with a
# CRIU that writes down what it is asked.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root cgroup command:python3

fake=$TEST_TMP/fake
image=$TEST_TMP/image
mkdir "$fake"
install -m 755 "$(dirname "$0")/criu-fake.py" "$fake/criu"
export FAKE_CRIU=$TEST_TMP/asked

# with_criu COMMAND...: of run_agentrun, with the fake.
with_criu() {
	rm -rf "$FAKE_CRIU"
	mkdir "$FAKE_CRIU"
	run_command env PATH="$fake:$PATH" "$AGENTRUN" --root "$state" --profile compat "$@"
}

# asked FILTER: of the last request.
asked() {
	jq -r "$1" "$FAKE_CRIU/0.json"
}

start() {
	make_command "$bundle" '.root.readonly = false' sleep 1000
	edit_bundle "$bundle" "${@:-.}"
	run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
	expect_success
}

checkpoint() {
	with_criu checkpoint --image-path "$image" "$@" "$id"
}

# prepare_image: as a checkpoint leaves it, without a container.
prepare_image() {
	rm -rf "$image"
	mkdir "$image"
	echo '["/dev/null","/dev/null","/dev/null"]' >"$image/descriptors.json"
}

restore() {
	make_command "$bundle" '.root.readonly = false' sleep 1000
	edit_bundle "$bundle" "${filter:-.}"
	with_criu restore --image-path "$image" --bundle "$bundle" "$@" "$id"
}

end() {
	run_agentrun delete --force "$id"
	assert_nothing_left
}

# --- checkpoint ----------------------------------------------------------------------------------

test_begin "a checkpoint asks for a dump of the container's init, and deletes the container"
start
pid=$(container_pid "$id")
group=$(cgroup_folder)
checkpoint
expect_success
check_equal "the request" "$(asked '[.type, .pid, .log_file, .root, .images_dir_fd, .notify_scripts, .orphan_pts_master] | join(" ")')" \
	"DUMP $pid dump.log $bundle/rootfs $image 1 1"
check_equal "flags that were not asked" "$(asked '[.leave_running, .ext_unix_sk, .tcp_established, .shell_job, .file_locks,
	.track_mem, .auto_dedup, .link_remap, .lazy_pages, .tcp_skip_in_flight] | add')" 0
check_equal "networks are the engine's" "$(asked .empty_ns)" $((0x40000000))
check_equal "cgroups" "$(asked '[.manage_cgroups, .manage_cgroups_mode] | join(" ")')" "1 6"
check_equal "where it is frozen" "$(asked .freeze_cgroup)" "$group"
check_equal "runc's configuration" "$(asked .config_file)" /etc/criu/runc.conf
check_equal "what was its streams" "$(cat "$image/descriptors.json")" '["/dev/null","'"$TEST_TMP/output"'","'"$TEST_TMP/errors"'"]'
check_equal "streams of CRIU" "$(asked '.fds | values | tojson')" '{"0":"/dev/null","1":"/dev/null","2":"/dev/null"}'
check_equal "the mode of the image" "$(stat -c %a "$image")" 700
assert_nothing_left

test_begin "each flag of checkpoint reaches CRIU"
while read -r flag member; do
	[ -n "$flag" ] || continue
	start
	checkpoint "--$flag"
	expect_success
	check_equal "$flag" "$(asked ".$member")" 1
	run_agentrun delete --force "$id"
done <<'FLAGS'
leave-running leave_running
tcp-established tcp_established
tcp-skip-in-flight tcp_skip_in_flight
link-remap link_remap
ext-unix-sk ext_unix_sk
shell-job shell_job
lazy-pages lazy_pages
file-locks file_locks
auto-dedup auto_dedup
FLAGS
end

test_begin "--manage-cgroups-mode has CRIU's numbers"
start
while read -r mode number; do
	checkpoint --leave-running --manage-cgroups-mode "$mode"
	expect_success
	check_equal "$mode" "$(asked .manage_cgroups_mode)" "$number"
done <<<$'soft 3\nfull 4\nstrict 5\nignore 0'
checkpoint --manage-cgroups-mode other
expect_error "Invalid manage-cgroups-mode value"
end

test_begin "--page-server, --work-path, --empty-ns and --parent-path reach CRIU"
start
mkdir -p "$TEST_TMP/earlier"
checkpoint --leave-running --page-server 192.0.2.1:1234 --work-path "$TEST_TMP/work" --empty-ns network --parent-path ../earlier
expect_success
check_equal "page server" "$(asked '.ps | tojson')" '{"address":"192.0.2.1","port":1234}'
check_equal "work path" "$(asked .work_dir_fd)" "$TEST_TMP/work"
check_equal "parent" "$(asked '[.parent_img, .track_mem] | join(" ")')" "../earlier 1"
checkpoint --leave-running --page-server '[2001:db8::1]:80'
check_equal "page server" "$(asked '.ps | tojson')" '{"address":"2001:db8::1","port":80}'
end

test_begin "a pre-dump leaves the container running, and is asked for without mounts"
start '.mounts += [{destination: "/there", source: "/tmp", type: "bind", options: ["bind"]}]'
checkpoint --pre-dump
expect_success
check_equal "the request" "$(asked '[.type, (.ext_mnt | length)] | join(" ")')" "PRE_DUMP 0"
check_equal "the status" "$(container_status)" running
end

test_begin "binds and masked files are external, by their destination and /dev/null"
mkdir -p "$bundle/rootfs/real"
make_rootfs "$bundle/rootfs.2" && mv "$bundle/rootfs.2"/* "$bundle/rootfs/"
ln -s /real "$bundle/rootfs/linked"
start '.mounts += [{destination: "/there", source: "/tmp", type: "bind", options: ["bind"]},
	{destination: "/linked/it", source: "/tmp", type: "bind", options: ["rbind"]}] | .linux.maskedPaths = ["/proc/version", "/proc/keys", "/proc/key-users", "/proc/no-such*", "/etc"]'
checkpoint
expect_success
check_equal "external mounts" "$(asked '.ext_mnt | map(.key + "=" + .value) | sort | join(" ")')" \
	"/proc/key-users=/dev/null /proc/keys=/dev/null /proc/version=/dev/null /real/it=/linked/it /there=/there"
assert_nothing_left

test_begin "namespaces that were joined by path are external, by runc's keys"
unshare --net --pid --fork --mount-proc sleep 1000 &
unshared=$!
for _ in $(seq 50); do
	inner=$(pgrep -P "$unshared" || true)
	[ -z "$inner" ] || break
	sleep 0.05
done
start '.linux.namespaces |= map(if .type == "network" then .path = "/proc/\($pid)/ns/net" elif .type == "pid" then .path = "/proc/\($pid)/ns/pid" else . end)' \
	--arg pid "$inner"
checkpoint
expect_success
check_equal external "$(asked '.external | sort | join(" ")')" \
	"net[$(stat -Lc %i "/proc/$inner/ns/net")]:extRootNetNS pid[$(stat -Lc %i "/proc/$inner/ns/pid")]:extRootPidNS"
kill -KILL "$inner" # the first of its namespace: no other signal ends it
wait "$unshared" 2>/dev/null || true
assert_nothing_left

test_begin "--status-fd gets a NUL byte and its end of file when lazy pages are served"
start
exec 8> >(od -An -tx1 >"$TEST_TMP/said")
checkpoint --lazy-pages --status-fd 8
expect_success
exec 8>&-
for _ in $(seq 50); do
	[ ! -s "$TEST_TMP/said" ] || break
	sleep 0.05
done
check_equal "what was said" "$(xargs <"$TEST_TMP/said")" 00
start
exec 8</dev/null
checkpoint --lazy-pages --status-fd 8
expect_error "invalid --status-fd argument 8: not writable"
checkpoint --lazy-pages --status-fd 99
expect_error "invalid --status-fd argument 99: bad file descriptor"
exec 8<&-
end

test_begin "the annotation org.criu.config names CRIU's configuration, an empty one none"
start '.annotations["org.criu.config"] = "/etc/of-our-own.conf"'
checkpoint
check_equal config_file "$(asked .config_file)" /etc/of-our-own.conf
start '.annotations["org.criu.config"] = ""'
checkpoint
check_equal config_file "$(asked .config_file)" null
end

test_begin "flags that make no sense are refused before anything is made"
start
rm -rf "$image"
while IFS='|' read -r arguments words; do
	# shellcheck disable=SC2086
	checkpoint $arguments
	expect_error "$words"
done <<'CASES'
--parent-path /absolute|--parent-path must be relative
--page-server 192.0.2.1|Use --page-server ADDRESS:PORT to specify page server
--page-server :80|Use --page-server ADDRESS:PORT to specify page server
--page-server 2001:db8::1:80|Use --page-server ADDRESS:PORT to specify page server
--page-server 192.0.2.1:|Use --page-server ADDRESS:PORT to specify page server
--page-server 192.0.2.1:http|Invalid port number
--page-server 192.0.2.1:70000|Invalid port number
--empty-ns pid|namespace \"pid\" is not supported
--status-fd -2|invalid --status-fd argument -2
--status-fd x|invalid value \"x\" for flag -status-fd
CASES
check_false "the image's folder is made" test -e "$image"
checkpoint --parent-path ../missing
expect_error "invalid --parent-path: '../missing': not found"
check_equal "the status" "$(container_status)" running
end

test_begin "only running containers are checkpointed"
make_command "$bundle" . sleep 1000
checkpoint
expect_error "container does not exist"
run_agentrun --profile compat create --bundle "$bundle" "$id"
checkpoint
expect_error "Container cannot be checkpointed in created state"
run_agentrun kill "$id" KILL
wait_status stopped
checkpoint
expect_error "Container cannot be checkpointed in stopped state"
end

# --- restore -------------------------------------------------------------------------------------

test_begin "a restore asks for the container's own root, cgroup and folders, and records what it gets"
prepare_image
restore --detach --pid-file "$TEST_TMP/pid" --work-path "$TEST_TMP/work"
expect_success
check_equal "the request" "$(asked '[.type, .log_file, .images_dir_fd, .work_dir_fd, .rst_sibling, .evasive_devices, .orphan_pts_master] | join(" ")')" \
	"RESTORE restore.log $image $TEST_TMP/work 1 1 1"
check_equal "the root is mounted for CRIU" "$(asked '.root_mounts | join(" ")')" "$(asked .root)"
check_equal "and not here" "$(our_mounts)" ""
group=$(cgroup_folder)
group=${group#"$(cgroup_root)"}
check_has "where CRIU was born" "$(asked '.cgroups | join(" ")')" "0::$group"
check_has "where all is restored" "$(asked '.cg_root | map(.key + "=" + .value) | join(" ")')" "=$group"
check_equal "sources of masked files and nodes" "$(asked '.ext_mnt | map(select(.key == "/dev/null")) | tojson')" \
	'[{"key":"/dev/null","value":"/dev/null"}]'
check_equal "the pid" "$(cat "$TEST_TMP/pid")" "$(container_pid "$id")"
check_equal "the status" "$(container_status)" running
check_equal "the state" "$(ls "$state/$id")" "$(printf '%s\n' effective.json seccomp.bpf state.json)"
end

test_begin "each flag of restore reaches CRIU"
prepare_image
while read -r flag member value; do
	restore --detach "$flag"
	expect_success
	check_equal "$flag" "$(asked ".$member")" "$value"
	run_agentrun delete --force "$id"
done <<'FLAGS'
--tcp-established tcp_established 1
--ext-unix-sk ext_unix_sk 1
--shell-job shell_job 1
--file-locks file_locks 1
--auto-dedup auto_dedup 1
--lazy-pages lazy_pages 1
--manage-cgroups-mode=strict manage_cgroups_mode 5
--empty-ns=network empty_ns 1073741824
--lsm-profile=apparmor:other lsm_profile apparmor:other
--lsm-mount-context=system_u:object_r:container_file_t:s0 lsm_mount_context system_u:object_r:container_file_t:s0
--no-pivot type RESTORE
-no-subreaper type RESTORE
FLAGS
end

test_begin "binds are restored from the bundle's sources"
prepare_image
mkdir -p "$TEST_TMP/volume"
ln -sfn volume "$TEST_TMP/link"
filter=".mounts += [{destination: \"/there\", source: \"$TEST_TMP/link\", type: \"bind\", options: [\"bind\"]},
	{destination: \"/there/../file\", source: \"/etc/hostname\", type: \"bind\", options: [\"bind\"]}]"
restore --detach
expect_success
check_equal "sources" "$(asked '.ext_mnt | map(select(.key | startswith("/dev") | not) | .key + "=" + .value) | sort | join(" ")')" \
	"/file=/etc/hostname /there=$TEST_TMP/volume"
check_true "a mount point is made" test -d "$bundle/rootfs/there"
check_true "a file is made" test -f "$bundle/rootfs/file"
filter=.
end

test_begin "namespaces are joined by key or by path"
prepare_image
unshare --net --ipc sleep 1000 &
other=$!
for _ in $(seq 50); do
	[ "$(readlink "/proc/$other/ns/net")" = "$(readlink /proc/self/ns/net)" ] || break
	sleep 0.05
done
filter=".linux.namespaces |= map(if .type == \"network\" then .path = \"/proc/$other/ns/net\" elif .type == \"ipc\" then .path = \"/proc/$other/ns/ipc\" else . end)"
restore --detach
expect_success
check_equal "network" "$(asked '.inherit_fd | tojson')" '[{"key":"extRootNetNS","fd":4}]'
check_equal "what is there" "$(asked '.fds["4"]')" "$(readlink "/proc/$other/ns/net")"
check_equal "ipc" "$(asked '.join_ns | tojson')" "[{\"key\":\"ipc\",\"value\":\"/proc/$other/ns/ipc\"}]"
filter=.
run_agentrun delete --force "$id"
kill "$other"
wait "$other" 2>/dev/null || true
end

test_begin "--criu names the program, by its path or by its name in PATH"
mkdir "$TEST_TMP/other"
cp "$fake/criu" "$TEST_TMP/other/other-criu"
without_criu=/nonexistent:$(dirname "$(command -v python3)"):/usr/bin:/bin
start
for asked in "$TEST_TMP/other/other-criu" other-criu; do
	rm -rf "$FAKE_CRIU"
	mkdir "$FAKE_CRIU"
	run_command env PATH="$TEST_TMP/other:$without_criu" "$AGENTRUN" --root "$state" --criu "$asked" checkpoint --image-path "$image" --leave-running "$id"
	expect_success
	check_equal "who was asked for by $asked" "$(asked .type)" DUMP
done
(
	cd "$TEST_TMP/other"
	"$AGENTRUN" --root "$state" --criu ./other-criu checkpoint --image-path "$image" --leave-running "$id"
) || fail "it is not found by a relative path"
run_agentrun --criu "$TEST_TMP/nothing" checkpoint --image-path "$image" "$id"
expect_status 1
expect_error "CRIU is not there: '$TEST_TMP/nothing' is not a program"
run_agentrun --criu no-such-criu checkpoint --image-path "$image" "$id"
expect_status 1
expect_error "CRIU is not installed: no program 'no-such-criu' in "
check_equal status "$(container_status)" running
end

test_begin "streams that were pipes are exchanged for our own"
prepare_image
echo '["/dev/null","pipe:[11]","pipe:[12]"]' >"$image/descriptors.json"
restore --detach
expect_success
check_equal "inherited" "$(asked '.inherit_fd | tojson')" '[{"key":"pipe:[11]","fd":1},{"key":"pipe:[12]","fd":2}]'
check_equal "what is there" "$(asked '.fds["1"]')" "$TEST_TMP/output"
end

test_begin "without --detach a restore stays, passes on signals and has the exit status"
prepare_image
with_signal() {
	make_command "$bundle" . sleep 1000
	rm -rf "$FAKE_CRIU" && mkdir "$FAKE_CRIU"
	env AGENTRUN_TEST="$lib_mark" PATH="$fake:$PATH" "$AGENTRUN" --root "$state" --profile compat restore --image-path "$image" \
		--bundle "$bundle" "$id" </dev/null >/dev/null 2>&1 &
	local tool=$! code=0
	wait_status running
	kill -TERM "$tool"
	wait "$tool" || code=$?
	check_equal "the exit status" "$code" 143
}
with_signal
assert_nothing_left

test_begin "a terminal without a master goes to the console socket"
prepare_image
python3 - "$TEST_TMP/console.sock" >"$TEST_TMP/console" 2>&1 <<'PYTHON' &
import array, os, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
server.bind(sys.argv[1])
server.listen(1)
connection = server.accept()[0]
data, control, _, _ = connection.recvmsg(4096, socket.CMSG_SPACE(4))
fds = array.array("i")
fds.frombytes(control[0][2][:4])
print(os.isatty(fds[0]))
PYTHON
receiver=$!
for _ in $(seq 100); do
	[ ! -S "$TEST_TMP/console.sock" ] || break
	sleep 0.05
done
filter='.process.terminal = true'
export FAKE_CRIU_TTY=1
restore --detach --console-socket "$TEST_TMP/console.sock"
expect_success
unset FAKE_CRIU_TTY
wait "$receiver"
check_equal "what came" "$(cat "$TEST_TMP/console")" True
run_agentrun delete --force "$id"
restore --detach
expect_error "cannot allocate tty if runc will detach without setting console socket"
filter=.
end

test_begin "hooks before the processes run are told of the restored one"
prepare_image
filter=".hooks = {prestart: [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"cat >$TEST_TMP/hook\"]}]}"
restore --detach
expect_success
check_equal "what they are told" "$(jq -r '.status + " \(.pid)"' "$TEST_TMP/hook")" "creating $(container_pid "$id")"
run_agentrun delete --force "$id"
filter='.hooks = {createRuntime: [{path: "/bin/false"}]}'
restore --detach
expect_error "error running createRuntime hook #0: exit status 1"
filter=.
assert_nothing_left

test_begin "poststop hooks of a restore that fails run when others have begun, and only then"
prepare_image
touched=".hooks.poststop = [{path: \"/bin/touch\", args: [\"touch\", \"$TEST_TMP/poststop\"]}]"
filter="$touched | .hooks.createRuntime = [{path: \"/bin/false\"}]"
for stay in "" --detach; do
	# shellcheck disable=SC2086 # a word or none
	restore $stay
	expect_error "error running createRuntime hook #0: exit status 1"
	check_true "the hook has run" rm "$TEST_TMP/poststop"
done
filter=$touched
export FAKE_CRIU_FAILS=late
restore --detach
unset FAKE_CRIU_FAILS
expect_error "criu failed: type RESTORE"
check_false "the hook has run" test -e "$TEST_TMP/poststop"
filter=.
assert_nothing_left

test_begin "the poststop hooks of a restore that was killed in its createRuntime hooks run when it is deleted"
prepare_image
filter="$touched | .hooks.createRuntime = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"kill -KILL \$PPID\"]}]"
restore --detach
expect_status 137
check_equal "the record" "$(jq -c '[.hooksBegun, .init_process_pid]' "$state/$id/state.json")" '[true,null]'
run_agentrun delete --force "$id"
expect_success
check_true "the hook has run" rm "$TEST_TMP/poststop"
filter=.
assert_nothing_left

test_begin "an id that is taken is not restored to"
prepare_image
restore --detach
expect_success
restore --detach
expect_error "container with given ID already exists"
check_equal "the status" "$(container_status)" running
end

test_begin "a restore without its image says what is missing, and leaves nothing"
rm -rf "$image"
restore --detach
expect_error "--image-path '$image': not found"
check_false "it is made" test -e "$image"
mkdir "$image"
restore --detach
expect_error "the image: open 'descriptors.json': not found"
echo '{}' >"$image/descriptors.json"
restore --detach
expect_error "descriptors.json must be an array"
assert_nothing_left

# --- CRIU ----------------------------------------------------------------------------------------

test_begin "without CRIU both commands say so in one sentence, and change nothing"
start
rm -rf "$image"
mkdir -p "$TEST_TMP/empty"
for command in "checkpoint --image-path $image $id" "restore --detach --image-path $image --bundle $bundle $id-2"; do
	# shellcheck disable=SC2086
	run_command env PATH="$TEST_TMP/empty" "$AGENTRUN" --root "$state" --profile compat $command
	expect_status 1
	expect_error "CRIU is not installed: no program 'criu' in $TEST_TMP/empty"
	check_equal "lines" "$(wc -l <<<"$errors")" 1
done
check_false "the image's folder is made" test -e "$image"
check_equal "the status" "$(container_status)" running
end

test_begin "CRIU's error is told with its log, and the container runs on"
start
export FAKE_CRIU_FAILS="Error (criu/x.c:1): that does not work"
checkpoint --work-path "$TEST_TMP/work"
expect_error "criu failed: type DUMP errno 22: Error (criu/x.c:1): that does not work, log file: $TEST_TMP/work/dump.log"
check_equal "the status" "$(container_status)" running
run_agentrun delete --force "$id"
prepare_image
restore --detach
expect_error "criu failed: type RESTORE errno 22: Error (criu/x.c:1): that does not work, log file: $image/restore.log"
unset FAKE_CRIU_FAILS
assert_nothing_left

test_begin "a CRIU that dies is an error, and nothing is left"
export FAKE_CRIU_FAILS=die
prepare_image
restore --detach
expect_error "criu failed: it ended without an answer"
start
checkpoint
expect_error "criu failed: it ended without an answer"
unset FAKE_CRIU_FAILS
end

test_begin "an old CRIU, or one whose kernel cannot do what is asked, is refused by name"
start
export FAKE_CRIU_VERSION=3.15.9
checkpoint
expect_error "CRIU version 31509 must be 31600 or higher"
unset FAKE_CRIU_VERSION
export FAKE_CRIU_LACKS="mem_track lazy_pages"
checkpoint --pre-dump
expect_error "criu is missing features: memory cannot be tracked on this kernel (--pre-dump)"
checkpoint --lazy-pages
expect_error "criu is missing features: pages cannot be restored lazily on this kernel (--lazy-pages)"
check_equal "the status" "$(container_status)" running
run_agentrun delete --force "$id"
prepare_image
restore --detach --lazy-pages
expect_error "criu is missing features"
unset FAKE_CRIU_LACKS
assert_nothing_left

# --- who may -------------------------------------------------------------------------------------

test_begin "a container of another profile is not checkpointed, whatever profile the caller has"
for profile in agent strict; do
	make_command "$bundle" . sleep 1000
	run_agentrun --profile "$profile" run --detach --bundle "$bundle" "$id"
	expect_success
	checkpoint
	expect_error "checkpoint is refused by the $profile profile: a restored image would shed Landlock and seccomp"
	check_equal "requests" "$(ls "$FAKE_CRIU")" ""
	check_equal "the status" "$(container_status)" running
	run_agentrun delete --force "$id"
done
end

test_begin "nothing is restored into another profile"
prepare_image
make_command "$bundle" . sleep 1000
for profile in agent strict; do
	run_command env PATH="$fake:$PATH" "$AGENTRUN" --root "$state" --profile "$profile" restore --detach --image-path "$image" \
		--bundle "$bundle" "$id"
	expect_error "restore is refused by the $profile profile: a restored image would shed Landlock and seccomp"
done
assert_nothing_left
