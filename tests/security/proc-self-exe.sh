#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# CVE-2019-5736: an image whose program is /proc/self/exe executes the runtime itself, and what it opens
# for writing there would be the runtime's file on the host.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../helpers.bash"
needs root
build_helper overwrite-exe

# A copy of the program under test, so that a success harms nobody.
victim=$TEST_TMP/victim
cp "$AGENTRUN" "$victim"
before=$(sha256sum <"$victim")

for profile in compat agent; do
	test_begin "$profile: the program of a container cannot write to the runtime that started it"
	make_command "$bundle" '.root.readonly = false' /overwrite-exe
	cp "$helpers_folder/overwrite-exe" "$bundle/rootfs/overwrite-exe"
	AGENTRUN=$victim run_agentrun --profile "$profile" run --bundle "$bundle" "$id"
	check_lacks "what the attack says" "$output" "opened for writing"
	check_equal "the runtime's file" "$(sha256sum <"$victim")" "$before"
	assert_nothing_left

	test_begin "$profile: an image whose program is /proc/self/exe does not run the host's file"
	make_command "$bundle" '.root.readonly = false' /proc/self/exe --version
	AGENTRUN=$victim run_agentrun --profile "$profile" run --bundle "$bundle" "$id"
	check_lacks "output" "$output" "agentrun version"
	check_equal "the runtime's file" "$(sha256sum <"$victim")" "$before"
	assert_nothing_left

	test_begin "$profile: a process of the container that waits for an exec cannot open its file"
	make_command "$bundle" '.root.readonly = false' /overwrite-exe watch
	cp "$helpers_folder/overwrite-exe" "$bundle/rootfs/overwrite-exe"
	AGENTRUN=$victim run_agentrun --profile "$profile" run --detach --bundle "$bundle" "$id"
	expect_success
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		AGENTRUN=$victim run_agentrun exec "$id" true
		expect_success
	done
	check_equal "the runtime's file" "$(sha256sum <"$victim")" "$before"
	run_agentrun delete --force "$id"
	assert_nothing_left
done

test_begin "the attack finds a file that is not protected"
check_equal "what it says outside" "$("$helpers_folder/overwrite-exe" self "$helpers_folder/target" 2>&1)" \
	"opened for writing"
