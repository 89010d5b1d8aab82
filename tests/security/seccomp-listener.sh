#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A seccomp listener answers in the kernel's stead, also "go on": whoever holds it is no less than the filter.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

test_begin "a bundle hands no listener to a socket of the host"
for how in '{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}' '{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}'; do
	attack_bundle ".linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", listenerPath: \$socket,
		listenerMetadata: \"x\", syscalls: [$how]}" --arg socket "$TEST_TMP/socket"
	expect_refused "linux.seccomp.listenerPath"
done
assert_nothing_left

test_begin "a filter of the bundle that allows everything stands beside ours, not in its place"
probe_bundle '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
	{names: ["bpf", "mount", "unshare", "keyctl", "io_uring_setup"], action: "SCMP_ACT_ALLOW"}]}'
run_probes agent bpf unshare-user keyctl io-uring-setup tiocsti-garbage
for probe in bpf unshare-user keyctl io-uring-setup tiocsti-garbage; do
	expect_probe "$probe" EPERM
done
assert_nothing_left

test_begin "flags that weaken the processor's protection are left out"
make_command "$bundle" '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
	flags: ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"], syscalls: [{names: ["bpf"], action: "SCMP_ACT_ERRNO"}]}' \
	true
run_agentrun explain --bundle "$bundle" --format json
expect_output_has "SECCOMP_FILTER_FLAG_SPEC_ALLOW"
expect_output_has "left out"
run_agentrun run --bundle "$bundle" "$id"
expect_success
assert_nothing_left

test_begin "where nothing guards, the socket is connected to"
attack_bundle '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $socket,
	syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}' --arg socket "$TEST_TMP/socket"
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_error "linux.seccomp.listenerPath"
check_lacks "the reason" "$errors" "is refused by"
assert_nothing_left
