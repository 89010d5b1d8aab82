#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the administrator's opt-outs let through works in the container, and nothing besides.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

config=$TEST_TMP/agentrun.conf

# with_config TEXT ARGUMENT...: run_agentrun with that policy file
with_config() {
	printf '%s\n' "$1" >"$config"
	shift
	run_agentrun --config "$config" "$@"
}

# /dev/kmsg is on every Linux; opening it to write needs no capability, and writes nothing.
kmsg='{"path":"/dev/kmsg","type":"c","major":1,"minor":11}'
urandom='{"path":"/dev/other","type":"c","major":1,"minor":10}'
let_in='{ "opt-outs": [ { "control": "devices", "path": "/dev/kmsg", "reason": "test" } ] }'

test_begin "a device that is let in is made and can be opened, another is left out"
make_command "$bundle" ".linux.devices = [$kmsg, $urandom]" \
	sh -c ': >/dev/kmsg && echo opened; ls /dev/other /dev/kmsg 2>/dev/null'
with_config '{}' run --bundle "$bundle" "$id"
check_lacks "output without the opt-out" "$output" opened
with_config "$let_in" run --bundle "$bundle" "$id"
expect_output $'opened\n/dev/kmsg'

test_begin "another device at the path that is let in is left out, and comes in by its numbers alone"
make_command "$bundle" '.linux.devices = [{path: "/dev/urandom", type: "c", major: 1, minor: 11}]' \
	sh -c 'stat -c %t:%T /dev/urandom; : >/dev/urandom && echo opened'
with_config "${let_in//\/dev\/kmsg//dev/urandom}" run --bundle "$bundle" "$id"
expect_output $'1:9\nopened'
with_config "${let_in//\/dev\/kmsg/c 1:11}" run --bundle "$bundle" "$id"
expect_output $'1:b\nopened'

test_begin "a device that is bound and let in can be opened"
make_command "$bundle" \
	'.mounts += [{destination: "/dev/kmsg", type: "bind", source: "/dev/kmsg", options: ["bind"]}]' \
	sh -c ': >/dev/kmsg && echo opened'
with_config '{}' run --bundle "$bundle" "$id"
check_lacks "output without the opt-out" "$output" opened
with_config "$let_in" run --bundle "$bundle" "$id"
expect_output opened

test_begin "what an opt-out relaxes is not called enforced"
make_command "$bundle" '.root.readonly = false' sleep 1000
with_config '{ "opt-outs": [ { "control": "read-only-root", "reason": "it builds" },
	{ "control": "linux.maskedPaths", "path": "/proc/interrupts", "reason": "it counts" } ] }' \
	run --detach --bundle "$bundle" "$id"
expect_success
run_agentrun state "$id"
controls=$output
# result CONTROL
result() {
	jq -c ".agentrun.controls[\"$1\"] | [.result, .why]" <<<"$controls"
}
check_equal "read-only-root" "$(result read-only-root)" '["relaxed","it builds"]'
check_equal "masked-paths" "$(result masked-paths)" '["relaxed","it counts"]'
check_equal "no-new-privs" "$(result no-new-privs)" '["enforced",null]'
run_agentrun delete --force "$id"

test_begin "an opt-out that has expired lets nothing in"
make_command "$bundle" ".linux.devices = [$kmsg]" sh -c ': >/dev/kmsg && echo opened'
with_config "${let_in/\"reason\"/\"expires\": \"2020-01-31\", \"reason\"}" run --bundle "$bundle" "$id"
check_lacks "output" "$output" opened

test_begin "an opt-out for an annotation holds only for containers that have it"
make_command "$bundle" '.root.readonly = false | .annotations = {"org.example.job": "build"}' touch /made
build='{ "opt-outs": [ { "control": "read-only-root", "annotation": "org.example.job=build", "reason": "test" } ] }'
with_config "$build" run --bundle "$bundle" "$id"
expect_success
edit_bundle "$bundle" '.annotations = {"org.example.job": "other"}'
with_config "$build" run --bundle "$bundle" "$id"
expect_status 1
expect_error "Read-only file system"
assert_nothing_left

# below_minimum PROFILE: "explain" with a policy of the caller's, on a host whose own demands the strict profile.
below_minimum() {
	local file
	file=$("$AGENTRUN" --help | sed -n 's/.*policy file in place of //p' | tr -d ' ')
	echo '{ "opt-outs": [] }' >"$TEST_TMP/other.conf"
	# shellcheck disable=SC2016 # for the other shell
	run_command unshare --mount --propagation private sh -c '
		mount -t tmpfs none "$(dirname "$(dirname "$1")")" && mkdir "$(dirname "$1")" &&
			echo "{ \"profile\": \"strict\", \"minimum-profile\": \"strict\" }" >"$1" && shift && exec "$@"' \
		sh "$file" "$AGENTRUN" --config "$TEST_TMP/other.conf" --profile "$1" explain --bundle "$bundle"
}

test_begin "another policy file does not go below the minimum of the usual one"
make_command "$bundle" . true
for profile in compat agent; do
	below_minimum "$profile"
	expect_error "below the minimum 'strict'"
done
below_minimum strict
expect_success
expect_output_has "Profile strict"
