#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Labels of images and annotations of pods become annotations of the bundle: whoever writes an image writes them.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root

test_begin "an annotation of ours that would loosen, or that nobody knows, is refused"
for pair in profile=compat pids-limit=999999999 memory-limit=0 scratch-size=99999999999 home-size=999999999999999 \
	nofile-limit=9999999 no-home=maybe opt-outs=seccomp seccomp=off drop-capabilities=ALL masked-paths=proc; do
	attack_bundle '.annotations = {("io.agentrun." + $key): $value}' --arg key "${pair%%=*}" --arg value "${pair#*=}"
	expect_refused "${pair%%=*}"
done
assert_nothing_left

test_begin "annotations of other runtimes, which load code or open paths, are ignored and recorded"
attack_bundle '.annotations = {"run.oci.handler": "/tmp/evil.so", "run.oci.seccomp.receiver": "/run/evil.sock",
	"run.oci.hooks.stdout": ($tmp + "/opened"), "run.oci.keep_original_groups": "1",
	"run.oci.mount_context_type": "context", "org.criu.config": "/etc/shadow",
	"org.systemd.property.ExecStartPre": "/bin/false", "module.wasm.image/variant": "compat"}' --arg tmp "$TEST_TMP"
run_agentrun run --bundle "$bundle" "$id"
expect_success
expect_output escaped
check_false "a path of an annotation was opened" [ -e "$TEST_TMP/opened" ]
run_agentrun explain --format json --bundle "$bundle"
for key in run.oci.handler run.oci.seccomp.receiver org.criu.config org.systemd.property.ExecStartPre; do
	expect_output_has "annotations[$key]"
done
assert_nothing_left

test_begin "one that tightens is followed"
make_command "$bundle" '.annotations = {"io.agentrun.masked-paths": "/etc/passwd"}' cat /etc/passwd
run_agentrun run --bundle "$bundle" "$id"
expect_success
check_lacks "the masked file" "$output" root
assert_nothing_left
