#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sockets that lead to seldom used code of the kernel: AF_ALG, AF_VSOCK (the hypervisor), AF_PACKET, raw
# ones, netlink beyond routes; also past the list, by the tables of 32-bit and x32 calls.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

families=(socket-38-5-0 socket-40-1-0 socket-17-3-0 socket-17-2-0 socket-15-3-2 socket-30-2-0 socket-44-3-0)
# raw IP, SOCK_PACKET, netlink NETFILTER, XFRM, AUDIT, KOBJECT_UEVENT, CRYPTO; MPTCP, SCTP
raw=(socket-2-3-1 socket-2-3-255 socket-10-3-58 socket-2-10-768)
netlink=(socket-16-3-12 socket-16-3-6 socket-16-3-9 socket-16-3-15 socket-16-3-21)
protocols=(socket-2-1-262 socket-2-1-132)

test_begin "no socket of a family beside UNIX, INET, INET6 and netlink routes, whatever is asked for"
probe_bundle "$privileged"
run_probes agent "${families[@]}" "${raw[@]}" "${netlink[@]}" "${protocols[@]}"
for probe in "${families[@]}"; do
	expect_probe "$probe" EAFNOSUPPORT
done
for probe in "${raw[@]}"; do
	expect_probe "$probe" EPERM
done
for probe in "${netlink[@]}" "${protocols[@]}"; do
	expect_probe "$probe" EPROTONOSUPPORT
done
assert_nothing_left

test_begin "flags beside the type hide no raw socket"
probe_bundle "$privileged"
# SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK
run_probes agent socket-2-526339-1 socket-17-526339-0
expect_probe socket-2-526339-1 EPERM
expect_probe socket-17-526339-0 EAFNOSUPPORT
assert_nothing_left

test_begin "the sockets that programs use are there"
probe_bundle .
run_probes agent socket-1-1-0 socket-1-5-0 socket-2-1-0 socket-2-2-17 socket-10-1-6 socket-16-3-0
for probe in socket-1-1-0 socket-1-5-0 socket-2-1-0 socket-2-2-17 socket-10-1-6 socket-16-3-0; do
	expect_probe "$probe" OK
done
assert_nothing_left

test_begin "32-bit and x32 calls do not reach a socket that the list denies"
if [ "$(uname -m)" = x86_64 ]; then
	probe_bundle "$privileged"
	run_probes agent int80-getpid int80-socketcall x32-getpid x32-socket
	# ENOSYS: this kernel has no 32-bit calls
	expect_probe int80-getpid 'killed by signal 31|ENOSYS'
	expect_probe int80-socketcall 'killed by signal 31|ENOSYS'
	# killed: where the list is compiled by libseccomp, for a kernel without vm.memfd_noexec
	expect_probe x32-getpid 'killed by signal 31|ENOSYS'
	expect_probe x32-socket 'killed by signal 31|ENOSYS'
	assert_nothing_left
else
	skip "needs x86_64, for its tables of foreign calls"
fi

test_begin "the probes find these sockets where nothing guards"
probe_bundle "$privileged"
run_probes compat "${families[@]}" "${raw[@]}" "${netlink[@]}" "${protocols[@]}"
control_probes "${families[@]}" "${raw[@]}" "${netlink[@]}" "${protocols[@]}"
if [ "$(uname -m)" = x86_64 ]; then
	run_probes compat int80-getpid int80-socketcall x32-getpid x32-socket
	control_probes int80-getpid int80-socketcall x32-getpid x32-socket
fi
assert_nothing_left
