#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A process of the same user in another process tree of the container: its memory and environment are its
# own. System call filters do not help here, /proc/PID/mem is a file.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root landlock kernel:6.12

for profile in compat agent; do
	test_begin "$profile: environment and memory of init, asked by an exec"
	make_command "$bundle" '.process.env += ["TOKEN=of-init"]' sh -c 'sleep 100; :'
	run_agentrun --profile "$profile" run --detach --bundle "$bundle" "$id"
	expect_success
	run_agentrun exec --env TOKEN=of-exec "$id" sh -c 'tr "\0" "\n" </proc/1/environ | grep ^TOKEN=; cat /proc/1/maps | grep -c .'
	if [ "$profile" = compat ]; then
		expect_output_has "TOKEN=of-init"
	else
		check_lacks output "$output" of-init
		check_has errors "$errors" "/proc/1/environ"
	fi
	run_agentrun delete --force "$id"
	assert_nothing_left

	test_begin "$profile: environment of an exec, asked by another"
	make_command "$bundle" . sleep 100
	run_agentrun --profile "$profile" run --detach --bundle "$bundle" "$id"
	expect_success
	run_agentrun exec --detach --env TOKEN=of-first "$id" sleep 99
	expect_success
	run_agentrun exec "$id" sh -c 'for p in /proc/[0-9]*; do
		grep -q 99 $p/cmdline 2>/dev/null && echo found && tr "\0" "\n" <$p/environ | grep ^TOKEN=of-first; done; true'
	expect_output_has found
	if [ "$profile" = compat ]; then
		expect_output_has of-first
	else
		check_lacks output "$output" of-first
	fi
	run_agentrun delete --force "$id"
	assert_nothing_left
done
