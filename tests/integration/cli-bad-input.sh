#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Bundles, ids and programs that cannot work: one sentence, status 1, one line in the log, nothing left.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

log=$TEST_TMP/log.json

# expect_refusal PREFIX PART: of the last run with our log
expect_refusal() {
	local prefix=$1 part=$2
	expect_status 1
	check_equal "standard output" "$output" ""
	check_equal "lines on standard error" "$(wc -l <"$TEST_TMP/errors")" 1
	check_match "standard error" "$errors" "^$prefix"
	check_has "standard error" "$errors" "$part"
	check_equal "lines in the log" "$(wc -l <"$log")" 1
	check_equal "message in the log" "$(jq -r .msg <"$log")" "$errors"
	check_equal "level in the log" "$(jq -r .level <"$log")" error
	assert_nothing_left
}

# refused PART: create and run refuse the bundle with that sentence.
refused() {
	local command
	for command in create run; do
		rm -f "$log"
		run_agentrun --log "$log" --log-format json "$command" --bundle "$bundle" "$id"
		expect_refusal "agentrun $command failed: " "$1"
	done
}

# --- the bundle ----------------------------------------------------------------------------------

test_begin "a bundle that is not there"
refused "bundle '$bundle': not found"

test_begin "a file in the place of the bundle"
touch "$bundle"
refused "bundle '$bundle'"

test_begin "no config.json"
mkdir "$bundle"
refused "JSON specification file config.json not found"

test_begin "a directory in the place of config.json"
mkdir -p "$bundle/config.json"
refused "read 'config.json': is a directory"

test_begin "a fifo in the place of config.json"
mkdir "$bundle"
mkfifo "$bundle/config.json"
refused "read 'config.json': not a regular file"

test_begin "a hundred megabytes of opening brackets, refused before they are read"
mkdir "$bundle"
head -c 100000000 /dev/zero | tr '\0' '[' >"$bundle/config.json"
refused "more than 16777216 bytes"

test_begin "ten megabytes of opening brackets, refused at the depth that is too great"
mkdir "$bundle"
head -c 10000000 /dev/zero | tr '\0' '[' >"$bundle/config.json"
refused "config.json:1: nested more than 32 deep"

while IFS='|' read -r name text part; do
	[ -n "$name" ] || continue
	test_begin "config.json: $name"
	mkdir "$bundle"
	# shellcheck disable=SC2059 # the texts have escapes
	printf "$text" >"$bundle/config.json"
	refused "$part"
done <<'EOT'
an empty file||config.json:1: not JSON
half an object|{"ociVersion":|config.json:1: not JSON
an array|[]|config.json:1: expected an object, got an array
a string|"x"|config.json:1: expected an object, got a string
a NUL in a string|{"ociVersion":"1.0.0\\u0000"}|config.json:1
no UTF-8|{"ociVersion":"\377"}|config.json:1
a key that is given twice|{"ociVersion":"1.0.0",\n"ociVersion":"1.1.0"}|config.json:2
text behind the document|{} {}|config.json:1
EOT

# name | what is changed in a good config.json | what is said
while IFS='|' read -r name filter part; do
	[ -n "$name" ] || continue
	test_begin "config.json: $name"
	make_command "$bundle" "${filter//¦/|}" true
	refused "$part"
done <<'EOT'
a version of the future|.ociVersion = "9.0.0"|ociVersion
no process|del(.process)|process: required, but missing
a number for args|.process.args = 7|process.args: expected an array, got a number
no args|.process.args = []|process.args: must not be empty
a number among args|.process.args = ["true", 7]|process.args[1]: expected a string, got a number
a string for namespaces|.linux.namespaces = "pid"|linux.namespaces: expected an array, got a string
an unknown namespace|.linux.namespaces[0].type = "pids"|linux.namespaces[0].type
a namespace twice|.linux.namespaces += [{"type":"pid"}]|pid is given twice
an object for mounts|.mounts = {}|mounts: expected an array, got an object
a mount without a destination|.mounts += [{"type":"tmpfs"}]|destination
a fractional uid|.process.user.uid = 1.5|process.user.uid
a negative uid|.process.user.uid = -1|process.user.uid
a relative working directory|.process.cwd = "tmp"|process.cwd
a string for a limit|.linux.resources.pids.limit = "12"|linux.resources.pids.limit: expected
an unknown rlimit|.process.rlimits[0].type = "RLIMIT_NOSUCH"|RLIMIT_NOSUCH
an unknown seccomp action|.linux.seccomp = {"defaultAction": "SCMP_ACT_NOSUCH"}|SCMP_ACT_NOSUCH
a user namespace without ids|.linux.namespaces += [{"type":"user"}]|linux.uidMappings
no root|del(.root)|root
a root that is not there|.root.path = "nosuch"|/nosuch'
a bind mount whose source is not there|.mounts += [{"destination":"/mnt","type":"bind","source":"/nosuch","options":["rbind","ro"]}]|bind mount source '/nosuch': no such file or directory
a namespace path that is not there|.linux.namespaces = [.linux.namespaces[] ¦ if .type == "network" then .path = "/nosuch" else . end]|/nosuch
EOT
true

# --- the program ---------------------------------------------------------------------------------

# Engines make 127 of "executable file not found" and "no such file or directory", and 126 of
# "permission denied": these words are a contract.
while IFS='|' read -r name argv part; do
	[ -n "$name" ] || continue
	test_begin "$name"
	make_command "$bundle" . "$argv"
	touch "$bundle/rootfs/plain"
	refused "unable to start container process: error during container init: exec"
	check_has "standard error" "$errors" "$part"
done <<'EOT'
a program that is in no directory of PATH|nosuch|"nosuch": executable file not found in $PATH
a program whose path leads nowhere|/nosuch|no such file or directory
a program that may not be executed|/plain|permission denied
a directory for a program|/etc|is a directory
EOT

# Only the kernel looks for an interpreter, when the program is executed.
test_begin "a script whose interpreter is not there fails when it is started"
make_command "$bundle" . /script
printf '#!/nosuch\n' >"$bundle/rootfs/script"
chmod 755 "$bundle/rootfs/script"
rm -f "$log"
run_agentrun --log "$log" --log-format json run --bundle "$bundle" "$id"
expect_refusal "agentrun run failed: " "no such file or directory"
run_agentrun create --bundle "$bundle" "$id"
expect_success
rm -f "$log"
run_agentrun --log "$log" --log-format json start "$id"
expect_status 1
expect_error "no such file or directory"
check_equal "message in the log" "$(jq -r .msg <"$log")" "$errors"
check_equal status "$(container_status "$id")" stopped
run_agentrun delete "$id"
expect_success
assert_nothing_left

test_begin "a working directory that is a file"
make_command "$bundle" '.process.cwd = "/etc/passwd"' true
refused "working directory '/etc/passwd'"

# --- ids -----------------------------------------------------------------------------------------

long=$(printf 'a%.0s' {1..1025})
for bad in ../x a/b . .. "" " " "a b" a:b "$long"; do
	test_begin "the id '${bad:0:20}'"
	wanted="invalid container ID format"
	[ -n "$bad" ] || wanted="container id cannot be empty"
	make_command "$bundle" . true
	for command in create run; do
		rm -f "$log"
		run_agentrun --log "$log" --log-format json "$command" --bundle "$bundle" "$bad"
		expect_refusal "agentrun $command failed: " "$wanted"
	done
	for command in state start delete "delete --force" pause resume kill ps events update; do
		rm -f "$log"
		# shellcheck disable=SC2086
		run_agentrun --log "$log" --log-format json $command "$bad"
		expect_refusal "" "$wanted"
	done
done

test_begin "an id that is in use is refused, and its container is left alone"
make_command "$bundle" . sleep 1000
run_agentrun create --bundle "$bundle" "$id"
expect_success
pid=$(container_pid "$id")
for command in create run; do
	rm -f "$log"
	run_agentrun --log "$log" --log-format json "$command" --bundle "$bundle" "$id"
	expect_status 1
	expect_error "agentrun $command failed: container with given ID already exists"
	check_equal "lines in the log" "$(wc -l <"$log")" 1
done
check_equal status "$(container_status "$id")" created
check_equal pid "$(container_pid "$id")" "$pid"

# --- rights --------------------------------------------------------------------------------------

test_begin "a bundle whose path is not UTF-8"
make_command "$bundle" . true
mv "$bundle" "$bundle"$'\351'
for command in create run "run --detach"; do
	# shellcheck disable=SC2086
	run_agentrun $command --bundle "$bundle"$'\351' "$id"
	expect_status 1
	check_has "the message" "$errors" 'bundle-'
	check_has "the message" "$errors" 'the path is not UTF-8, and cannot be recorded'
	assert_nothing_left
done
rm -rf "$bundle"$'\351'

test_begin "a state root that others may write"
make_command "$bundle" . true
mkdir -p "$state"
chmod 1777 "$state"
rm -f "$log"
run_agentrun --log "$log" --log-format json run --bundle "$bundle" "$id"
chmod 711 "$state"
expect_refusal "agentrun run failed: " "state root '$state' is writable by others (mode 1777): not trusted"

test_begin "a state root that cannot be made"
make_command "$bundle" . true
rm -f "$log"
run_command "$AGENTRUN" --root /proc/agentrun --log "$log" --log-format json run --bundle "$bundle" "$id"
expect_refusal "agentrun run failed: " "state root '/proc/agentrun'"

test_begin "a caller without rights"
make_command "$bundle" . true
rm -rf "$state"
rm -f "$log"
: >"$log"
chmod 666 "$log"
run_command setpriv --reuid 1000 --regid 1000 --clear-groups \
	"$AGENTRUN" --root "$state" --log "$log" --log-format json run --bundle "$bundle" "$id"
expect_status 1
check_equal "lines on standard error" "$(wc -l <"$TEST_TMP/errors")" 1
check_equal "lines in the log" "$(wc -l <"$log")" 1
check_has "standard error" "$errors" "permission denied"
assert_nothing_left
