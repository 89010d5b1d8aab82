#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# linux.netDevices: interfaces that are moved into the container.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root command:ip CAP_NET_ADMIN

# In a network namespace of this test: the interfaces of the machine are left alone.
in_net() {
	unshare --net sh -c 'ip link set lo up; ip link add ar0 type dummy && ip address add 198.51.100.7/24 dev ar0 &&
		ip link set ar0 mtu 1400 && exec "$@"' sh "$@"
}
in_net true 2>/dev/null || skip_all "needs interfaces of the kind 'dummy'"

# run_in_net FILTER SCRIPT
run_in_net() {
	make_command "$bundle" ".linux.netDevices = $1" sh -c "$2"
	lib_asked="run with netDevices $1"
	status=0
	in_net "$AGENTRUN" --root "$state" --profile compat run --bundle "$bundle" "$id" \
		</dev/null >"$TEST_TMP/output" 2>"$TEST_TMP/errors" || status=$?
	output=$(cat "$TEST_TMP/output")
	errors=$(cat "$TEST_TMP/errors")
}

test_begin "the agent profile refuses to take an interface from the host"
make_command "$bundle" '.linux.netDevices = {ar0: {}}' true
run_agentrun run --bundle "$bundle" "$id"
expect_error "linux.netDevices is refused by the agent profile"
assert_nothing_left

test_begin "an interface is there under its own name, up, with its addresses and its MTU"
run_in_net '{ar0: {}}' 'ip address show dev ar0'
expect_success
expect_output_has "inet 198.51.100.7/24"
expect_output_has "mtu 1400"
check_match "up" "$output" '[<,]UP[,>]'
assert_nothing_left

test_begin "an interface is there under the name it is given"
run_in_net '{ar0: {name: "eth0"}}' 'ip -o link show; ip address show dev eth0'
expect_success
expect_output_has "inet 198.51.100.7/24"
check_lacks "names" "$output" "ar0"

test_begin "an interface that is not there is an error with its name, and nothing is left"
run_in_net '{ar9: {}}' true
expect_error ar9
assert_nothing_left

test_begin "a name that the container has already is refused"
run_in_net '{ar0: {name: "lo"}}' true
expect_error lo
assert_nothing_left
