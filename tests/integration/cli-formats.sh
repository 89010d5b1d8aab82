#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the tool prints, to the byte: engines parse it.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

# --- without a container -------------------------------------------------------------------------

test_begin "list without a container"
mkdir -p "$state"
run_agentrun list
expect_success
expect_output "ID          PID         STATUS      BUNDLE      CREATED     OWNER"
run_agentrun list --quiet
expect_output ""
run_agentrun list --format json
expect_output null

test_begin "list of a state root that was named and is not there is an error"
run_agentrun list
expect_status 1
expect_error "open state root '$state': not found"

test_begin "list of the usual state root that is not there is empty"
run_command env XDG_RUNTIME_DIR= unshare --user --map-root-user "$AGENTRUN" list
case $errors in
*unshare*) skip "needs user namespaces" ;;
*"'/run/agentrun': permission denied"*) skip "needs root, or a host where root has run nothing" ;;
*)
	expect_success
	check_equal "standard error" "$errors" ""
	;;
esac

test_begin "the state root of a user's session is private and sticky"
mkdir -m 700 "$TEST_TMP/session"
run_command env XDG_RUNTIME_DIR="$TEST_TMP/session" USER=somebody unshare --user --map-root-user "$AGENTRUN" list
case $errors in
*unshare*) skip "needs user namespaces" ;;
*"'/run/agentrun': permission denied"*) skip "needs root, or a host where root has run nothing" ;;
*)
	expect_success
	check_equal mode "$(stat -c %a "$TEST_TMP/session/agentrun")" 1700
	;;
esac

test_begin "root has no session"
if [ "$(id -u)" = 0 ]; then
	mkdir -m 700 "$TEST_TMP/session-root"
	run_command env XDG_RUNTIME_DIR="$TEST_TMP/session-root" USER=root "$AGENTRUN" list --quiet
	expect_success
	check_false "a state root was made" test -e "$TEST_TMP/session-root/agentrun"
else
	skip "needs root"
fi

# --- spec ----------------------------------------------------------------------------------------

test_begin "spec writes config.json with tabs and without a newline at its end"
mkdir "$bundle"
run_agentrun spec --bundle "$bundle"
expect_success
expect_output ""
check_equal text "$(cat "$bundle/config.json"; echo .)" "$(printf '%s.' "$(jq --tab . "$bundle/config.json")")"
check_equal "order of the members" "$(jq -c keys_unsorted "$bundle/config.json")" \
	'["ociVersion","process","root","hostname","mounts","linux"]'
check_equal "what is run" "$(jq -c '[.ociVersion,.process.args,.process.terminal,.root]' "$bundle/config.json")" \
	'["1.3.0",["sh"],true,{"path":"rootfs","readonly":true}]'
check_equal mounts "$(jq -r '[.mounts[].destination] | join(" ")' "$bundle/config.json")" \
	"/proc /dev /dev/pts /dev/shm /dev/mqueue /sys /sys/fs/cgroup"
check_equal namespaces "$(jq -r '[.linux.namespaces[].type] | join(" ")' "$bundle/config.json")" \
	"pid network ipc uts mount cgroup"

test_begin "spec does not overwrite"
mkdir "$bundle"
echo '{}' >"$bundle/config.json"
run_agentrun spec --bundle "$bundle"
expect_status 1
expect_error "File config.json exists. Remove it first"
check_equal "the file" "$(cat "$bundle/config.json")" '{}'

test_begin "spec writes to the working directory"
mkdir "$bundle"
run_command env -C "$bundle" "$AGENTRUN" spec
expect_success
check_true "config.json is there" test -s "$bundle/config.json"

test_begin "spec for a container without root's rights maps the caller"
mkdir "$bundle"
run_agentrun spec --bundle "$bundle" --rootless
expect_success
check_equal namespaces "$(jq -r '[.linux.namespaces[].type] | join(" ")' "$bundle/config.json")" \
	"pid ipc uts mount cgroup user"
check_equal mappings "$(jq -c '.linux | [.uidMappings, .gidMappings]' "$bundle/config.json")" \
	"[[{\"containerID\":0,\"hostID\":$(id -u),\"size\":1}],[{\"containerID\":0,\"hostID\":$(id -g),\"size\":1}]]"
check_equal "the mount of /sys" "$(jq -c '.mounts[] | select(.destination == "/sys") | [.type, .source]' \
	"$bundle/config.json")" '["none","/sys"]'
check_equal resources "$(jq -c .linux.resources "$bundle/config.json")" null
check_equal "options with ids" "$(jq -c '[.mounts[].options[]? | select(test("^[ug]id="))]' "$bundle/config.json")" '[]'

# --- with a container ----------------------------------------------------------------------------

if test_begin "state of a created container" root; then
	make_command "$bundle" '.annotations = {"org.example/a": "x/y"}' sleep 1000
	run_agentrun create --bundle "$bundle" "$id"
	expect_success
	run_agentrun state "$id"
	expect_success
	check_equal "standard error" "$errors" ""
	check_equal text "$(cat "$TEST_TMP/output"; echo .)" "$(printf '%s.' "$(jq --indent 2 . "$TEST_TMP/output")")"
	check_equal "order of the members" "$(jq -c keys_unsorted <<<"$output")" \
		'["ociVersion","id","pid","status","bundle","rootfs","created","annotations","owner","agentrun"]'
	check_equal "what is known" "$(jq -c '[.ociVersion,.id,.status,.bundle,.rootfs,.annotations,.owner]' <<<"$output")" \
		"[\"1.3.0\",\"$id\",\"created\",\"$bundle\",\"$bundle/rootfs\",{\"org.example/a\":\"x/y\"},\"\"]"
	check_true "slashes are not escaped" grep -qF '"org.example/a": "x/y"' "$TEST_TMP/output"
	check_match created "$(jq -r .created <<<"$output")" '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{0,8}[1-9])?Z$'
	check_true "the process is there" test -d "/proc/$(jq .pid <<<"$output")"
fi

if test_begin "state tells of every control whether it is enforced, and why not" root; then
	make_command "$bundle" . sleep 1000
	run_agentrun create --bundle "$bundle" "$id"
	run_agentrun state "$id"
	cp "$TEST_TMP/output" "$TEST_TMP/state.json"
	check_equal profile "$(jq -r .agentrun.profile <<<"$output")" agent
	check_equal "results" "$(jq -c '[.agentrun.controls[].result] | unique - ["enforced","relaxed","not applied","off"]' <<<"$output")" '[]'
	check_equal "without a reason" \
		"$(jq -c '[.agentrun.controls | to_entries[] | select(.value.result == "not applied" and .value.why == null)]' <<<"$output")" '[]'
	run_agentrun explain --bundle "$bundle" --format json
	check_equal "controls" "$(jq -c '.agentrun.controls | keys' <"$TEST_TMP/state.json")" "$(jq -c '.controls | keys' <<<"$output")"
	check_equal "what policy could not apply" \
		"$(jq -c '[.agentrun.controls | to_entries[] | select(.value.result == "not applied") | .key] | sort' <"$TEST_TMP/state.json")" \
		"$(jq -c '[.decisions[] | select(.kind == "not applied") | .field] | sort' <<<"$output")"
	output=$(cat "$TEST_TMP/state.json")
	check_equal "controls that are always there" \
		"$(jq -c '.agentrun.controls | [.["no-new-privs"], .capabilities, .seccomp] | map(.result) | unique' <<<"$output")" \
		'["enforced"]'
fi

if test_begin "where Landlock keeps only memory apart, state and explain say the same" root landlock command:strace; then
	make_command "$bundle" . sleep 1000
	older=(env ASAN_OPTIONS=detect_leaks=0 strace -D -qq -f -o /dev/null -e inject=landlock_create_ruleset:retval=2:when=1
		"$AGENTRUN" --root "$state")
	run_command "${older[@]}" create --bundle "$bundle" "$id"
	expect_success
	run_agentrun state "$id"
	landlock=$(jq -c '.agentrun.controls.landlock' <<<"$output")
	check_equal "landlock" "$landlock" \
		'{"result":"not applied","why":"memory is kept apart, but Landlock ABI 2 scopes neither sockets nor signals"}'
	run_command "${older[@]}" explain --bundle "$bundle" --format json
	check_equal "the decision" "$(jq -c '.decisions[] | select(.field == "landlock") | {result: .kind, why: .reason}' <<<"$output")" \
		"$landlock"
	run_command "${older[@]}" explain --bundle "$bundle"
	expect_output_has "landlock: memory is kept apart, but"
	run_agentrun start "$id"
	run_agentrun exec "$id" cat /proc/1/environ
	expect_error "Permission denied"
fi

if test_begin "state without annotations has no such member" root; then
	make_command "$bundle" . sleep 1000
	run_agentrun create --bundle "$bundle" "$id"
	run_agentrun state "$id"
	check_equal "annotations" "$(jq 'has("annotations")' <<<"$output")" false
fi

if test_begin "the pid of a stopped container is 0" root; then
	make_command "$bundle" . sleep 1000
	run_agentrun create --bundle "$bundle" "$id"
	run_agentrun kill "$id" KILL
	wait_status stopped
	run_agentrun state "$id"
	check_equal pid "$(jq .pid <<<"$output")" 0
	check_equal pid "$("$AGENTRUN" --root "$state" list -f json | jq .[0].pid)" 0
fi

if test_begin "list shows all containers with their owners" root; then
	make_command "$bundle" . sleep 1000
	run_agentrun create --bundle "$bundle" "$id-2"
	run_agentrun create --bundle "$bundle" "$id"
	run_agentrun list --quiet
	expect_output "$id"$'\n'"$id-2"
	run_agentrun list -f json
	check_equal lines "$(wc -l <"$TEST_TMP/output")" 1
	check_equal text "$output" "$(jq -c . <<<"$output")"
	check_equal "order of the members" "$(jq -c '.[0] | keys_unsorted' <<<"$output")" \
		'["ociVersion","id","pid","status","bundle","rootfs","created","owner"]'
	check_equal owner "$(jq -r .[0].owner <<<"$output")" root
	pid=$(container_pid "$id")
	created=$(jq -r .[0].created <<<"$output")
	widest=$(jq 'map(.created | length) | max' <<<"$output")
	run_agentrun list
	row=$(sed -n 2p <<<"$output")
	# widths: the widest cell of each column and three blanks, at least 12
	check_equal "first row" "$row" "$(printf '%-*s%-12s%-12s%-*s%-*s%s' $((${#id} + 5)) "$id" "$pid" created \
		$((${#bundle} + 3)) "$bundle" $((widest + 3)) "$created" root)"
	run_agentrun delete --force "$id-2"
fi

if test_begin "who reads runc's state.json finds the container" root cgroup; then
	make_command "$bundle" '.annotations = {"org.example.key": "x"}' sleep 1000
	run_agentrun create --bundle "$bundle" "$id"
	pid=$(container_pid "$id")
	check_equal "id, process, bundle" "$(jq -c '[.id, .init_process_pid, .rootless, .config.rootfs, .config.labels]' "$state/$id/state.json")" \
		"$(jq -nc --arg id "$id" --argjson pid "$pid" --arg bundle "$bundle" '[$id, $pid, false, $bundle + "/rootfs",
			["org.example.key=x", "bundle=" + $bundle]]')"
	check_equal "start of the process" "$(jq .init_process_start "$state/$id/state.json")" "$(cut -d ' ' -f 22 "/proc/$pid/stat")"
	check_true "the cgroup has the process" grep -qx "$pid" "$(jq -r '.cgroup_paths[""]' "$state/$id/state.json")/cgroup.procs"
	check_equal "its mount namespace" "$(readlink "$(jq -r .namespace_paths.NEWNS "$state/$id/state.json")")" "$(readlink "/proc/$pid/ns/mnt")"
fi

if test_begin "a container of a configuration as large as it may be is looked at and deleted as any other" root; then
	make_command "$bundle" '.annotations = {"org.example.large": ("x" * 16000000)}' sleep 1000
	run_agentrun create --bundle "$bundle" "$id"
	expect_success
	for command in state start exec delete; do
		case $command in
		exec) run_agentrun exec "$id" true ;;
		delete) run_agentrun delete --force "$id" ;;
		*) run_agentrun "$command" "$id" ;;
		esac
		check_equal "status of $command" "$status" 0
	done
	output=
	assert_nothing_left
fi

if test_begin "runc lists containers of agentrun, and shows their state" root command:runc; then
	make_command "$bundle" . sleep 1000
	run_agentrun create --bundle "$bundle" "$id"
	run_agentrun run --detach --bundle "$bundle" "$id-2"
	check_equal list "$(runc --root "$state" list --format json | jq -c '[.[] | [.id, .pid, .status, .bundle, .rootfs]]')" \
		"$(run_agentrun list --format json && jq -c '[.[] | [.id, .pid, .status, .bundle, .rootfs]]' <<<"$output")"
	check_equal state "$(runc --root "$state" state "$id-2" | jq -c '[.pid, .status, .created]')" \
		"$(run_agentrun state "$id-2" && jq -c '[.pid, .status, .created]' <<<"$output")"
	run_agentrun delete --force "$id-2"
fi

if test_begin "an owner without a name is shown by number" root; then
	make_command "$bundle" . sleep 1000
	run_agentrun create --bundle "$bundle" "$id"
	jq -c '.owner = 54321' "$state/$id/state.json" >"$state/$id/new"
	chmod 600 "$state/$id/new"
	mv "$state/$id/new" "$state/$id/state.json"
	run_agentrun list -f json
	check_equal owner "$(jq -r .[0].owner <<<"$output")" "#54321"
fi

if test_begin "ps prints pids as one line of JSON" root cgroup; then
	make_command "$bundle" . sh -c 'sleep 1000 & sleep 1000 & wait'
	run_agentrun run --detach --bundle "$bundle" "$id"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		run_agentrun ps --format json "$id"
		[ "$(jq length <<<"$output")" != 3 ] || break
		sleep 0.1
	done
	check_equal "standard error" "$errors" ""
	check_equal text "$output" "$(jq -c . <<<"$output")"
	check_equal "number of processes" "$(jq length <<<"$output")" 3
	check_equal order "$(jq -c . <<<"$output")" "$(jq -c sort <<<"$output")"
	check_equal first "$(jq .[0] <<<"$output")" "$(container_pid "$id")"
fi

if test_begin "ps prints a table of ps(1) with the container's processes alone" root cgroup command:ps; then
	make_command "$bundle" . sleep 1000
	run_agentrun run --detach --bundle "$bundle" "$id"
	pid=$(container_pid "$id")
	run_agentrun ps "$id"
	check_match header "$(sed -n 1p <<<"$output")" '^UID +PID +PPID'
	check_equal lines "$(wc -l <<<"$output")" 2
	check_match process "$(sed -n 2p <<<"$output")" "^root +$pid .*sleep 1000$"
	run_agentrun ps "$id" -eo pid,comm
	check_equal table "$(awk '{ print $1, $2 }' <<<"$output")" "PID COMMAND"$'\n'"$pid sleep"
	run_agentrun ps "$id" -eo comm
	expect_status 1
	expect_error "couldn't find PID field in ps output"
	run_agentrun ps "$id" --no-such-option
	expect_status 1
	expect_error "ps: exit status"
fi

if test_begin "ps of a stopped container has no processes" root cgroup; then
	make_command "$bundle" . true
	run_agentrun run --detach --bundle "$bundle" "$id"
	wait_status stopped
	run_agentrun ps -f json "$id"
	expect_success
	expect_output null
fi

if test_begin "events prints statistics once, with runc's keys" root cgroup; then
	make_command "$bundle" . sleep 1000
	run_agentrun run --detach --bundle "$bundle" "$id"
	run_agentrun events --stats "$id"
	expect_success
	check_equal text "$output" "$(jq -c . <<<"$output")"
	check_equal "head" "$(jq -c '[keys_unsorted, .type, .id]' <<<"$output")" "[[\"type\",\"id\",\"data\"],\"stats\",\"$id\"]"
	check_equal "data" "$(jq -c '.data | keys_unsorted' <<<"$output")" \
		'["cpu","cpuset","memory","pids","blkio","hugetlb","intel_rdt","network_interfaces"]'
	check_equal "cpu" "$(jq -c '.data.cpu.usage | has("kernel") and has("user")' <<<"$output")" true
fi

if test_begin "events goes on at the interval until the container ends" root cgroup; then
	make_command "$bundle" . sleep 3
	run_agentrun run --detach --bundle "$bundle" "$id"
	run_agentrun events --interval 100ms "$id"
	expect_success
	lines=$(wc -l <<<"$output")
	check_true "at least three lines, not $lines" test "$lines" -ge 3
	check_equal types "$(jq -sc 'map(.type) | unique' <<<"$output")" '["stats"]'
	run_agentrun events "$id"
	expect_status 1
	expect_error "container with id $id is not running"
fi

if test_begin "the pid file is the number alone" root; then
	make_command "$bundle" . sleep 1000
	run_agentrun create --bundle "$bundle" --pid-file "$TEST_TMP/pid" "$id"
	expect_success
	check_equal "the file" "$(cat "$TEST_TMP/pid"; echo .)" "$(container_pid "$id")."
	check_equal "nothing beside it" "$(find "$TEST_TMP" -maxdepth 1 -name '*pid*')" "$TEST_TMP/pid"
fi

if test_begin "explain prints what a bundle gets, as text and as JSON, and runs nothing" root; then
	make_command "$bundle" . true
	run_agentrun explain --bundle "$bundle"
	expect_success
	check_match "first line" "$(sed -n 1p <<<"$output")" '^Profile agent'
	run_agentrun explain --bundle "$bundle" --format json
	expect_success
	check_equal profile "$(jq -r .profile <<<"$output")" agent
	check_true "decisions are listed" jq -e '.decisions | length > 0' <<<"$output"
	assert_nothing_left
	check_false "a state root was made" test -e "$state"
fi

if test_begin "explain shows what was decided for a container" root; then
	make_command "$bundle" '.root.readonly = false' sleep 1000
	run_agentrun explain --bundle "$bundle"
	planned=$(sed '/^Host/,$d' <<<"$output")
	run_agentrun run --detach --bundle "$bundle" "$id"
	expect_success
	# the bundle is another's by now
	edit_bundle "$bundle" '.root.readonly = true | .hostname = "other"'
	cd "$TEST_TMP"
	run_agentrun explain "$id"
	expect_success
	check_equal "what it was to get" "$output" "${planned%$'\n'}"
	run_agentrun explain --format json "$id"
	check_equal "the decision" "$(jq -c '[.decisions[] | select(.field == "root.readonly") | .got]' <<<"$output")" '["true"]'
	cd "$bundle"
	run_agentrun explain "$id-2"
	expect_success
	check_lacks "what a bundle gets" "$output" root.readonly
	cd - >/dev/null
	run_agentrun delete --force "$id"
	assert_nothing_left
fi

if test_begin "explain shows a refusal and ends as create would" root; then
	make_command "$bundle" '.mounts += [{"destination":"/host","type":"bind","source":"/","options":["rbind"]}]' true
	run_agentrun explain --bundle "$bundle"
	expect_status 1
	check_match "standard output" "$output" '[Rr]efused'
	refusal=$errors
	run_agentrun create --bundle "$bundle" "$id"
	expect_status 1
	check_equal "the error of create" "$(sed 's/^.*msg="//' <<<"$errors")" \
		"agentrun create failed: $(sed 's/^.*msg="//' <<<"$refusal")"
fi
