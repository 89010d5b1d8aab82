#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sysctls: those of the kernel as a whole are not a container's, and of its namespaces only harmless ones.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

test_begin "a sysctl outside of the list is left out, one of the list is set"
make_command "$bundle" '.linux.sysctl = {"net.ipv4.ip_default_ttl": "7", "net.ipv4.conf.all.accept_redirects": "0",
	"kernel.msgmax": "65536", "net.ipv4.ip_unprivileged_port_start": "80"}' \
	cat /proc/sys/net/ipv4/ip_default_ttl /proc/sys/net/ipv4/ip_unprivileged_port_start
run_agentrun run --bundle "$bundle" "$id"
expect_success
expect_output $'64\n80'
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_output $'7\n80'
assert_nothing_left

test_begin "the kernel's own, also by a name with dots or slashes too many, does not change on the host"
before=$(cat /proc/sys/kernel/core_pattern /proc/sys/vm/overcommit_memory /proc/sys/kernel/domainname)
for key in kernel.core_pattern kernel/core_pattern vm.overcommit_memory net.ipv4...kernel.core_pattern \
	net/../kernel/core_pattern net.ipv4.conf.all../../../../kernel/core_pattern kernel.domainname/../core_pattern; do
	attack_bundle '.linux.sysctl = {($key): "7"}' --arg key "$key"
	run_agentrun run --bundle "$bundle" "$id"
	check_equal "the host after $key" \
		"$(cat /proc/sys/kernel/core_pattern /proc/sys/vm/overcommit_memory /proc/sys/kernel/domainname)" "$before"
	run_agentrun --profile compat run --bundle "$bundle" "$id"
	check_false "$key in the compat profile" [ "$status" = 0 ]
	check_equal "the host after $key in the compat profile" \
		"$(cat /proc/sys/kernel/core_pattern /proc/sys/vm/overcommit_memory /proc/sys/kernel/domainname)" "$before"
done
assert_nothing_left

test_begin "none is written from inside"
make_command "$bundle" "$privileged" sh -c 'for f in /proc/sys/kernel/core_pattern /proc/sys/net/ipv4/ip_forward \
	/proc/sys/kernel/hostname /proc/sys/vm/drop_caches; do (echo 1 >$f) 2>&1; done'
run_agentrun run --bundle "$bundle" "$id"
check_equal "refusals" "$(grep -c 'Read-only file system' <<<"$output")" 4
assert_nothing_left
