#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A control that is enforced if it is available is not given up because the host was out of descriptors, memory or
# quota at that moment, which neighbours and users can bring about.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root command:strace

# run_with CALL ERROR NUMBER: a container whose init meets that error at that call of the name
run_with() {
	make_command "$bundle" . echo ran
	ASAN_OPTIONS=detect_leaks=0 run_command strace -f -qq -o "$TEST_TMP/trace" -e trace="$1" \
		-e "inject=$1:error=$2:when=$3" "$AGENTRUN" --root "$state" run --keep --bundle "$bundle" "$id"
	check_has "the trace" "$(cat "$TEST_TMP/trace")" "$2"
	check_has "the trace" "$(cat "$TEST_TMP/trace")" INJECTED
}

# of init: the first asks for the version
while read -r control call number; do
	needed=()
	[ "$control" != landlock ] || needed=(landlock)
	for error in EMFILE ENFILE ENOMEM EDQUOT EAGAIN; do
		if test_begin "no container starts without $control for $error" "${needed[@]}"; then
			run_with "$call" "$error" "$number"
			expect_status 1
			check_lacks "what ran" "$output" ran
			check_has "what it says" "$errors" "error during container init"
			assert_nothing_left
		fi
	done
	for error in ENOSYS EOPNOTSUPP EPERM; do
		if test_begin "a host that has no $control, which $error says, starts one, and says so" "${needed[@]}"; then
			run_with "$call" "$error" "$number"
			expect_success
			expect_output ran
			check_equal "on record" "$(jq -r --arg control "$control" \
				'.outcomes[] | select(.control == $control).result' "$state/$id/state.json")" "not applied"
			run_agentrun delete "$id"
			assert_nothing_left
		fi
	done
done <<'CASES'
landlock landlock_create_ruleset 2
keyring keyctl 1
CASES
