#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sockets of abstract names know no mount namespace: who shares the network reaches those of daemons (CVE-2020-15257).
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root landlock kernel:6.12 command:python3

# pod_bundle: in a network namespace, as of a pod, with a daemon that listens in it.
pod_bundle() {
	rm -f "$TEST_TMP/ready"
	AGENTRUN_TEST=$lib_mark unshare --net python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind("\0agentrun-daemon")
s.listen()
open(sys.argv[1], "w").close()
time.sleep(100)' "$TEST_TMP/ready" &
	daemon=$!
	for _ in $(seq 100); do
		[ ! -e "$TEST_TMP/ready" ] || break
		sleep 0.05
	done
	build_helper surface
	make_bundle "$bundle" '(.linux.namespaces[] | select(.type == "network")).path = $path' \
		--arg path "/proc/$daemon/ns/net"
	cp "$helpers_folder/surface" "$bundle/rootfs/surface"
}

stop_daemon() {
	kill "$daemon"
	wait "$daemon" 2>/dev/null || true
	assert_nothing_left
}

test_begin "a container that joins a pod's network does not reach an abstract socket of a daemon there"
pod_bundle
run_probes agent abstract-agentrun-daemon
expect_probe abstract-agentrun-daemon EPERM
stop_daemon

test_begin "nor does an exec"
pod_bundle
edit_bundle "$bundle" '.process.args = ["sleep", "100"]'
run_agentrun run --detach --bundle "$bundle" "$id"
expect_success
run_agentrun exec "$id" /surface abstract-agentrun-daemon
expect_probe abstract-agentrun-daemon EPERM
run_agentrun delete --force "$id"
stop_daemon

test_begin "it does where nothing guards"
pod_bundle
run_probes compat abstract-agentrun-daemon
expect_probe abstract-agentrun-daemon OK
stop_daemon
