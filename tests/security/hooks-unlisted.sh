#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Hooks run on the host as root: a bundle names none that the administrator did not list.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

hook=$TEST_TMP/hook
# shellcheck disable=SC2016
printf '#!/bin/sh\necho "$@" >>%s\n' "$TEST_TMP/ran" >"$hook"
chmod 755 "$hook"

test_begin "a hook that is not listed is refused, whenever it would run"
for when in prestart createRuntime createContainer startContainer poststart poststop; do
	attack_bundle '.hooks = {($when): [{path: $hook, args: ["hook", $when]}]}' --arg when "$when" --arg hook "$hook"
	if [ "$when" = startContainer ]; then
		# it runs in the container's root, where there is no such file
		run_agentrun run --bundle "$bundle" "$id"
		check_false "the container ran" [ "$status" = 0 ]
	else
		expect_refused "hooks.${when}[0]"
	fi
	check_false "the hook of $when ran" [ -e "$TEST_TMP/ran" ]
done
assert_nothing_left

test_begin "a program of the host, given arguments, is no hook either"
for path in /bin/sh /usr/bin/env /proc/self/exe; do
	attack_bundle '.hooks = {createRuntime: [{path: $path, args: ["sh", "-c", "echo x >" + $ran]}]}' \
		--arg path "$path" --arg ran "$TEST_TMP/ran"
	expect_refused "hooks.createRuntime[0]"
	check_false "it ran" [ -e "$TEST_TMP/ran" ]
done
assert_nothing_left

test_begin "a listed name with a file of somebody else's behind it is not the listed file"
cp "$hook" "$TEST_TMP/nvidia-container-runtime-hook"
chown 1000 "$TEST_TMP/nvidia-container-runtime-hook"
attack_bundle '.hooks = {prestart: [{path: $hook, args: ["nvidia-container-runtime-hook", "prestart"]}]}' \
	--arg hook "$TEST_TMP/nvidia-container-runtime-hook"
expect_refused "hooks.prestart[0]"
check_false "it ran" [ -e "$TEST_TMP/ran" ]
assert_nothing_left

test_begin "a listed hook does not work in the bundle, nor in the container's root"
printf '#!/bin/sh\npwd >>"%s"\n' "$TEST_TMP/places" >"$TEST_TMP/listed"
chmod 755 "$TEST_TMP/listed"
echo "{\"hooks\": [{\"path\": \"$TEST_TMP/listed\", \"args\": [\"listed\"], \"reason\": \"test\"}]}" >"$TEST_TMP/listed.conf"
for stage in createRuntime createContainer; do
	: >"$TEST_TMP/places"
	attack_bundle '.hooks[$stage] = [{path: $hook, args: ["listed"]}]' --arg stage "$stage" --arg hook "$TEST_TMP/listed"
	run_agentrun --config "$TEST_TMP/listed.conf" run --bundle "$bundle" "$id"
	expect_success
	check_equal "where the $stage hook works" "$(cat "$TEST_TMP/places")" "$PWD"
done
assert_nothing_left

test_begin "the hook runs where nothing guards"
attack_bundle '.hooks = {createRuntime: [{path: $hook, args: ["hook", "here"]}]}' --arg hook "$hook"
expect_runs
check_equal "what the hook left" "$(cat "$TEST_TMP/ran")" here
rm "$TEST_TMP/ran"
assert_nothing_left
