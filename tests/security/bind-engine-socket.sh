#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whoever reaches the socket of an engine or of the init system is root of the host. Connecting needs no
# write: a read-only bind is as good. The host's /run is one of this file's own.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root command:python3
build_helper surface

# on_own_run ARGUMENT...: agentrun where /run has an engine's socket, in a mount namespace that ends with it.
on_own_run() {
	# shellcheck disable=SC2016
	run_command unshare --mount --propagation private sh -c '
		mount -t tmpfs tmpfs /run
		mkdir -p /run/containerd /run/dbus /run/podman /run/systemd /run/user/1000
		: >/run/containerd/file
		ln -s /run/docker.sock '"$TEST_TMP"'/innocent-link
		python3 -c "
import socket
for path in \"docker.sock\", \"containerd/containerd.sock\", \"dbus/system_bus_socket\":
    socket.socket(socket.AF_UNIX).bind(\"/run/\" + path)"
		exec "$@"' sh "$AGENTRUN" --root "$state" "$@"
	rm -f "$TEST_TMP/innocent-link"
}

test_begin "a socket, or a directory that holds one, is refused, also read-only and through a link"
for source in /run/docker.sock /run/containerd/containerd.sock /run/containerd /run/dbus/system_bus_socket \
	/run/dbus /run/podman /run/systemd /run/user/1000 /run /var/run/docker.sock "$TEST_TMP/innocent-link"; do
	for option in rw ro; do
		bind_bundle "$source" "$option"
		on_own_run run --bundle "$bundle" "$id"
		expect_error "is refused by the agent profile"
		expect_error "mounts[/host].source"
		check_lacks "what ran with $source" "$output" escaped
	done
done
assert_nothing_left

# listen_at PATH: a service of the host; one more of ${services[@]}. $user: whose it is, not root's
listen_at() {
	AGENTRUN_TEST=$lib_mark python3 -c 'import os, socket, sys, time
os.setuid(int(sys.argv[2]))
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
time.sleep(1000)' "$1" "${user-0}" &
	services+=($!)
	for _ in $(seq 100); do
		[ ! -S "$1" ] || break
		sleep 0.05
	done
}
services=()

test_begin "a service's socket anywhere else is refused as well"
socket=$TEST_TMP/service
listen_at "$socket"
bind_bundle "$socket" ro
expect_refused "mounts[/host].source" "it is a socket of the host"
# control: what stands behind a read-only bind answers
bind_bundle "$socket" ro
cp "$helpers_folder/surface" "$bundle/rootfs/surface"
run_probes compat connect-/host
expect_probe connect-/host OK

test_begin "a directory in which a process of root listens is refused, unless it is declared"
mkdir "$TEST_TMP/agent" "$TEST_TMP/agent/run"
listen_at "$TEST_TMP/agent/run/agent.sock"
bind_bundle "$TEST_TMP/agent" ro
expect_refused "mounts[/host].source" "it holds '$TEST_TMP/agent/run/agent.sock', the socket of a service"
echo "{\"bind-sources\": [\"$TEST_TMP/agent\"]}" >"$TEST_TMP/declared.conf"
make_command "$bundle" ".mounts += [{destination: \"/host\", type: \"bind\", source: \"$TEST_TMP/agent\", options: [\"rbind\", \"ro\"]}]" \
	sh -c 'test -S /host/run/agent.sock && echo there'
run_agentrun --config "$TEST_TMP/declared.conf" run --bundle "$bundle" "$id"
expect_output there
kill "${services[@]}"
wait "${services[@]}" 2>/dev/null || true
assert_nothing_left

test_begin "too few descriptors to look for one are no way around it"
services=()
rm "$TEST_TMP/agent/run/agent.sock"
listen_at "$TEST_TMP/agent/run/agent.sock"
make_command "$bundle" ".mounts += [{destination: \"/host\", type: \"bind\", source: \"$TEST_TMP/agent\", options: [\"rbind\", \"ro\"]}]" \
	sh -c 'test -S /host/run/agent.sock && echo escaped'
for limit in $(seq 3 40); do
	# shellcheck disable=SC2016
	run_command sh -c 'ulimit -n "$1"; shift; exec "$@"' sh "$limit" "$AGENTRUN" --root "$state" run --bundle "$bundle" "$id"
	check_lacks "output with $limit descriptors" "$output" escaped
	check_true "it fails with $limit descriptors" [ "$status" != 0 ]
	check_true "it says why with $limit descriptors" [ -n "$errors" ]
	check_false "a state directory with $limit descriptors" [ -e "$state/$id" ]
done
expect_error "it holds '$TEST_TMP/agent/run/agent.sock', the socket of a service"
kill "${services[@]}"
wait "${services[@]}" 2>/dev/null || true
assert_nothing_left

test_begin "a user's socket in a place of everybody is refused, and taken in a directory of that user"
place=$(mktemp -d /srv/agentrun-test.XXXXXX)
chmod 755 "$place" "$TEST_TMP"
for folder in "$TEST_TMP/theirs" "$place/theirs"; do
	install -d -m 700 -o 1234 "$folder"
	services=()
	user=1234 listen_at "$folder/agent.sock"
	bind_bundle "$folder" ro
	if [ "$folder" = "$place/theirs" ]; then
		expect_runs
		# of another user there
		chown 4321 "$folder"
	fi
	expect_refused "mounts[/host].source" "it holds '$folder/agent.sock', the socket of a service"
	kill "${services[@]}" 2>/dev/null || true # a test's own end has ended them, perhaps
	wait "${services[@]}" 2>/dev/null || true
done
rm -r "$place"
assert_nothing_left

if test_begin "a directory is not bound where nobody can say who listens in it" command:strace; then
	bind_bundle "$TEST_TMP/agent" ro
	ASAN_OPTIONS=detect_leaks=0 run_command strace -qq -o "$TEST_TMP/trace" -P /proc/net/unix -e inject=all:error=EACCES \
		"$AGENTRUN" --root "$state" run --bundle "$bundle" "$id"
	expect_error "'/proc/net/unix': permission denied"
	check_lacks "what ran" "$output" escaped
	assert_nothing_left
fi

# listen_apart PATH: as listen_at, in a network namespace of its own; $kind: SOCK_DGRAM, say
listen_apart() {
	AGENTRUN_TEST=$lib_mark unshare --net python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX, getattr(socket, sys.argv[2]))
s.bind(sys.argv[1])
if s.type == socket.SOCK_STREAM: s.listen()
time.sleep(1000)' "$1" "${kind-SOCK_STREAM}" &
	services=($!)
	for _ in $(seq 100); do
		[ ! -S "$1" ] || break
		sleep 0.05
	done
}
end_services() {
	kill "${services[@]}"
	wait "${services[@]}" 2>/dev/null || true
}

for kind in SOCK_STREAM SOCK_DGRAM SOCK_SEQPACKET; do
	test_begin "a service that listens in a network namespace of its own is found by its socket ($kind)"
	rm -rf "$TEST_TMP/private"
	mkdir -p "$TEST_TMP/private/run"
	listen_apart "$TEST_TMP/private/run/service"
	for option in rw ro; do
		bind_bundle "$TEST_TMP/private" "$option"
		expect_refused "mounts[/host].source" "it holds '$TEST_TMP/private/run/service', the socket of a service"
	done
	end_services
	assert_nothing_left
done

test_begin "however much lies in the directories beside it"
mkdir -p "$TEST_TMP/private/many" "$TEST_TMP/private/more"
(cd "$TEST_TMP/private" && seq 1100 | sed 's|.*|many/& more/&|' | xargs touch)
listen_apart "$TEST_TMP/private/socket"
bind_bundle "$TEST_TMP/private" ro
expect_refused "mounts[/host].source" "it holds '$TEST_TMP/private/socket', the socket of a service"
end_services
assert_nothing_left

test_begin "a socket that its program has left behind keeps no directory out"
rm -rf "$TEST_TMP/project"
install -d -o 1234 "$TEST_TMP/project" "$TEST_TMP/project/tmp"
for socket in "$TEST_TMP/project/app.sock" "$TEST_TMP/project/tmp/puma.sock"; do
	python3 -c 'import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen()' "$socket"
	check_true "it is there" [ -S "$socket" ]
done
bind_bundle "$TEST_TMP/project" ro
run_agentrun run --bundle "$bundle" "$id"
expect_success
expect_output escaped
assert_nothing_left
