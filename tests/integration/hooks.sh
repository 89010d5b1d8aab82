#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The six kinds of hooks: when and where they run, what they are told, and what their failure does.
# runtime-spec config.md "POSIX-platform Hooks", in the compat profile.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

kinds=(prestart createRuntime createContainer startContainer poststart poststop)

# hook KIND SCRIPT: a jq filter that adds a hook that runs the script. startContainer runs in the
# container, the others on the host.
hook() {
	jq -cn --arg kind "$1" --arg script "$2" \
		'{($kind): [{path: "/bin/sh", args: ["sh", "-c", $script], env: ["PATH=/usr/bin:/bin"]}]}' |
		sed 's/^/.hooks += /'
}

# hook_bundle FILTER...: its program, and the hooks if they want to, write to $log.
hook_bundle() {
	local filter=. part
	for part; do
		filter+=" | $part"
	done
	make_bundle "$bundle" "$filter | .root.readonly = false
		| .process.args = [\"sh\", \"-c\", \"echo payload >>/log\"]"
	log=$bundle/rootfs/log
}

each_kind() {
	local kind filters=()
	for kind in "${kinds[@]}"; do
		# in the container the same file is /log
		if [ "$kind" = startContainer ]; then
			filters+=("$(hook "$kind" "echo $kind >>/log")")
		else
			filters+=("$(hook "$kind" "echo $kind >>'$bundle/rootfs/log'")")
		fi
	done
	hook_bundle "${filters[@]}"
}

test_begin "run runs the hooks in their order around the program"
each_kind
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_success
# poststart runs beside the program
check_equal "the order" "$(grep -v '^poststart\|^payload' "$log")" \
	$'prestart\ncreateRuntime\ncreateContainer\nstartContainer\npoststop'
check_equal "all of them" "$(LC_ALL=C sort "$log")" "$(printf '%s\n' "${kinds[@]}" payload | LC_ALL=C sort)"
check_true "the program comes after startContainer" \
	test "$(grep -n payload "$log" | cut -d : -f 1)" -gt "$(grep -n startContainer "$log" | cut -d : -f 1)"
assert_nothing_left

test_begin "create, start and delete run the hooks that are theirs"
each_kind
run_agentrun --profile compat create --bundle "$bundle" "$id"
expect_success
check_equal "after create" "$(<"$log")" $'prestart\ncreateRuntime\ncreateContainer'
run_agentrun start "$id"
expect_success
wait_status stopped
check_equal "after start" "$(sed 1,3d "$log" | LC_ALL=C sort)" $'payload\npoststart\nstartContainer'
run_agentrun delete "$id"
expect_success
check_equal "after delete" "$(tail -n 1 "$log")" poststop
check_equal "how many" "$(wc -l <"$log")" 7
assert_nothing_left

test_begin "each hook gets the container's state on its standard input"
filters=()
for kind in "${kinds[@]}"; do
	where=$bundle/rootfs
	[ "$kind" != startContainer ] || where=
	filters+=("$(hook "$kind" "cat >'$where/state.$kind'")")
done
hook_bundle "${filters[@]}"
edit_bundle "$bundle" '.annotations = {"org.example.key": "a \"value\""}'
run_agentrun --profile compat create --bundle "$bundle" "$id"
expect_success
pid=$(container_pid "$id")
run_agentrun start "$id"
wait_status stopped
run_agentrun delete "$id"
for pair in prestart:creating createRuntime:creating createContainer:creating startContainer:created \
	poststart:running poststop:stopped; do
	file=$bundle/rootfs/state.${pair%:*}
	check_true "${pair%:*} got JSON" jq -e . "$file"
	check_equal "what ${pair%:*} was told" \
		"$(jq -r '"\(.id) \(.status) \(.bundle) \(.annotations["org.example.key"]) \(.ociVersion != null)"' "$file")" \
		"$id ${pair#*:} $bundle a \"value\" true"
done
for kind in prestart createRuntime poststart; do
	check_equal "the pid that $kind was told" "$(jq .pid "$bundle/rootfs/state.$kind")" "$pid"
done
for kind in createContainer startContainer; do
	check_equal "the pid that $kind was told, as the container has it" "$(jq .pid "$bundle/rootfs/state.$kind")" 1
done
assert_nothing_left

test_begin "hooks run in the namespaces that the specification names"
filters=()
# shellcheck disable=SC2016 # for the hook's shell
look='for ns in mnt net; do readlink /proc/self/ns/$ns; done'
for kind in createRuntime createContainer poststart poststop; do
	filters+=("$(hook "$kind" "{ $look; } >'$bundle/rootfs/ns.$kind'")")
done
filters+=("$(hook startContainer "{ $look; } >/ns.startContainer; ls / >/root.seen")")
hook_bundle "${filters[@]}"
run_agentrun --profile compat create --bundle "$bundle" "$id"
expect_success
pid=$(container_pid "$id")
theirs=$(readlink "/proc/$pid/ns/mnt" "/proc/$pid/ns/net")
ours=$(readlink /proc/self/ns/mnt /proc/self/ns/net)
run_agentrun start "$id"
wait_status stopped
run_agentrun delete "$id"
for kind in createContainer startContainer; do
	check_equal "namespaces of $kind" "$(<"$bundle/rootfs/ns.$kind")" "$theirs"
done
for kind in createRuntime poststart poststop; do
	check_equal "namespaces of $kind" "$(<"$bundle/rootfs/ns.$kind")" "$ours"
done
check_lacks "the root that startContainer sees" "$(<"$bundle/rootfs/root.seen")" boot
assert_nothing_left

test_begin "createContainer finds the container's mounts in place"
hook_bundle "$(hook createContainer "grep -c ' - proc ' /proc/self/mountinfo >'$bundle/rootfs/procs'")"
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_success
check_true "a /proc beside the host's" test "$(<"$bundle/rootfs/procs")" -gt 1
assert_nothing_left

for kind in prestart createRuntime createContainer startContainer; do
	test_begin "a $kind hook that fails stops the container, and says what it said"
	hook_bundle "$(hook "$kind" 'echo on stdout; echo on stderr >&2; exit 3')" \
		"$(hook poststop "echo poststop >>'$bundle/rootfs/log'")"
	run_agentrun --profile compat run --bundle "$bundle" "$id"
	expect_error "error running $kind hook #0: exit status 3, stdout: on stdout, stderr: on stderr"
	check_equal "what ran then" "$(cat "$log" 2>/dev/null)" poststop
	assert_nothing_left
done

test_begin "a startContainer hook that fails is told by start"
hook_bundle "$(hook startContainer 'exit 4')"
run_agentrun --profile compat create --bundle "$bundle" "$id"
expect_success
run_agentrun start "$id"
expect_error "error running startContainer hook #0: exit status 4"
run_agentrun delete "$id"
expect_success
assert_nothing_left

test_begin "a container that is killed in its startContainer hooks has not started: no poststart hook runs"
hook_bundle "$(hook startContainer 'echo >/log; sleep 20')" "$(hook poststart "touch '$bundle/rootfs/poststart'")"
run_agentrun --profile compat create --bundle "$bundle" "$id"
expect_success
(
	for _ in $(seq 200); do
		[ ! -e "$log" ] || break
		sleep 0.05
	done
	"$AGENTRUN" --root "$state" kill "$id" KILL
) &
run_agentrun start "$id"
wait
expect_error "container init ended early, before its program ran"
check_false "a poststart hook has run" test -e "$bundle/rootfs/poststart"
run_agentrun delete "$id"
expect_success
assert_nothing_left

test_begin "a poststart hook that fails stops the container"
hook_bundle "$(hook poststart 'exit 5')"
edit_bundle "$bundle" '.process.args = ["sleep", "100"]'
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_error "error running poststart hook #0: exit status 5"
assert_nothing_left

test_begin "a poststart hook that fails at start stops all of a container without a pid namespace of its own"
hook_bundle '.linux.namespaces |= map(select(.type != "pid"))' "$(hook poststart 'exit 5')"
edit_bundle "$bundle" '.process.args = ["sh", "-c", "sleep 1000 & sleep 1000"]'
run_agentrun --profile compat create --bundle "$bundle" "$id"
expect_success
run_agentrun start "$id"
expect_error "error running poststart hook #0: exit status 5"
check_equal "status" "$(container_status)" stopped
if has cgroup; then
	check_true "nobody is left in its cgroup" wait_until sh -c '[ -z "$(cat "$0")" ]' "$(cgroup_folder)/cgroup.procs"
fi
run_agentrun delete "$id"
expect_success
assert_nothing_left

for command in "run --detach" run; do
	test_begin "a poststart hook may use the container: $command"
	make_bundle "$bundle" '.process.args = ["sleep", "2"] | .hooks.poststart = [{path: "/bin/sh", timeout: 20, args: ["sh", "-c",
		"timeout 10 $agentrun --root $state pause $id && timeout 10 $agentrun --root $state resume $id && echo both >$seen"]}]
		| .hooks.poststart[0].env = ["PATH=/bin:/usr/bin", "agentrun=" + $agentrun, "state=" + $state, "id=" + $id, "seen=" + $seen]' \
		--arg agentrun "$AGENTRUN" --arg state "$state" --arg id "$id" --arg seen "$TEST_TMP/seen-${command##*-}"
	# shellcheck disable=SC2086 # words
	run_agentrun --profile compat $command --bundle "$bundle" "$id"
	expect_success
	check_equal "what it did" "$(cat "$TEST_TMP/seen-${command##*-}")" both
	run_agentrun delete --force "$id"
	assert_nothing_left
done

test_begin "a poststop hook that fails is logged, and the next one runs"
hook_bundle "$(hook poststop 'exit 6')" \
	".hooks.poststop += [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo second >>'$bundle/rootfs/log'\"]}]"
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_success
check_has "the warning" "$errors" "error running poststop hook #0: exit status 6"
check_equal "the next one" "$(tail -n 1 "$log")" second
assert_nothing_left

test_begin "the poststop hooks of a create that was killed in its createRuntime hooks run when it is deleted"
hook_bundle "$(hook createRuntime 'kill -KILL $PPID')" "$(hook poststop "echo poststop >>'$bundle/rootfs/log'")"
run_command sh -c '"$@"; exit' sh "$AGENTRUN" --root "$state" --profile compat create --bundle "$bundle" "$id"
check_equal "the record" "$(jq -c '[.hooksBegun, .init_process_pid]' "$state/$id/state.json")" '[true,null]'
run_agentrun delete --force "$id"
expect_success
check_equal "the last hook" "$(tail -n 1 "$log")" poststop
assert_nothing_left

test_begin "the poststop hooks of a create that was killed in its createContainer hooks run when it is deleted"
hook_bundle "$(hook createContainer "echo createContainer >>'$bundle/rootfs/log'; sleep 20")" \
	"$(hook poststop "echo poststop >>'$bundle/rootfs/log'")"
AGENTRUN_TEST=$lib_mark "$AGENTRUN" --root "$state" --profile compat create --bundle "$bundle" "$id" >/dev/null 2>&1 &
create=$!
check_true "the hook has begun" wait_until test -s "$log"
kill -KILL "$create"
wait "$create" 2>/dev/null || true
check_equal "the record" "$(jq -c '[.hooksBegun, .init_process_pid]' "$state/$id/state.json")" '[true,null]'
run_agentrun delete --force "$id"
expect_success
check_equal "what ran" "$(tr '\n' ' ' <"$log")" "createContainer poststop "
assert_nothing_left

if test_begin "where something is left behind the poststop hooks run once, when it is deleted" cgroup command:strace; then
	for hook in 'createRuntime exit 5' 'poststart exit 5' 'prestart true'; do
		hook_bundle "$(hook "${hook%% *}" "${hook#* }")" "$(hook poststop "echo poststop >>'$bundle/rootfs/log'")"
		: >"$log"
		ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run_command strace -qq -o "$TEST_TMP/trace" -e trace=unlinkat \
			-e inject=unlinkat:error=EPERM "$AGENTRUN" --root "$state" --profile compat run --bundle "$bundle" "$id"
		check_lacks "what ran so far" "$(cat "$log")" poststop
		run_agentrun delete --force "$id"
		expect_success
		check_equal "how often it ran" "$(grep -cx poststop "$log")" 1
		assert_nothing_left
	done
fi

if test_begin "where only its state is left they run once as well, when it is deleted" command:strace; then
	hook_bundle "$(hook poststop "echo poststop >>'$bundle/rootfs/log'")"
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run_command strace -qq -o "$TEST_TMP/trace" -e trace=unlinkat \
		-e inject=unlinkat:error=EPERM "$AGENTRUN" --root "$state" --profile compat --cgroup-manager disabled \
		run --bundle "$bundle" "$id"
	check_has "the warning" "$errors" "remove '$id'"
	check_equal "what ran so far" "$(cat "$log")" payload
	run_agentrun delete --force "$id"
	expect_success
	check_equal "how often it ran" "$(grep -cx poststop "$log")" 1
	assert_nothing_left
fi

test_begin "a run does not wait for the poststop hooks of who deletes its container, and does not run them again"
# shellcheck disable=SC2016 # for the hook's shell
hook_bundle "$(hook poststop 'for i in $(seq 100); do kill -0 "$(cat '"'$TEST_TMP/run.pid'"')" 2>/dev/null || break; sleep 0.1; done
	echo "$i" >>'"'$bundle/rootfs/log'")"
edit_bundle "$bundle" '.process.args = ["sleep", "1000"]'
AGENTRUN_TEST=$lib_mark "$AGENTRUN" --root "$state" --profile compat run --bundle "$bundle" "$id" >/dev/null 2>&1 &
run=$!
echo "$run" >"$TEST_TMP/run.pid"
wait_status running
run_agentrun delete --force "$id"
expect_success
wait "$run" || true
check_equal "how often they ran" "$(wc -l <"$log")" 1
check_false "it waited until the hook gave up" grep -qx 100 "$log"
assert_nothing_left

test_begin "startContainer hooks run under a filter that refuses a pidfd"
make_bundle "$bundle" '.root.readonly = false | .process.noNewPrivileges = false | .process.args = ["cat", "/log"]
	| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["pidfd_open"], action: "SCMP_ACT_ERRNO"}]}
	| .hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "cat >/log; sleep 0.2; echo end >>/log"]}]'
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_success
expect_output_has '"status":"created"'
check_match "its last word" "$output" '}end$'
edit_bundle "$bundle" '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "exit 4"]}]'
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_error "error running startContainer hook #0: exit status 4"
edit_bundle "$bundle" '.hooks.startContainer = [{path: "/bin/sleep", args: ["sleep", "60"], timeout: 1}]'
RUN_SECONDS=20 run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_error "hook ran past specified timeout of 1.0s"
assert_nothing_left

test_begin "startContainer hooks fail under a filter that refuses to wait for them as well"
make_bundle "$bundle" '.process.noNewPrivileges = false | .hooks.startContainer = [{path: "/bin/true"}]
	| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["pidfd_open", "wait4", "waitid"], action: "SCMP_ACT_ERRNO"}]}'
RUN_SECONDS=20 run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_error "watch '/bin/true': operation not permitted"
assert_nothing_left

test_begin "a hook that takes too long is ended with what it started"
make_bundle "$bundle" '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "sleep 50 & sleep 60"], timeout: 1,
	env: ["PATH=/bin", "AGENTRUN_TEST=" + $mark]}]' --arg mark "$lib_mark"
RUN_SECONDS=20 run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_error "hook ran past specified timeout of 1.0s"
assert_nothing_left

test_begin "a hook gets the environment of its own, and no descriptor"
make_bundle "$bundle" '.process.args = ["true"] | .hooks.createRuntime = [{path: "/bin/sh",
	args: ["sh", "-c", "{ /usr/bin/env; ls /proc/self/fd; } >" + $file], env: ["A=hook"]}]' --arg file "$TEST_TMP/seen"
run_agentrun --profile compat run --preserve-fds 1 --bundle "$bundle" "$id" 3</etc/passwd
expect_success
check_equal "what it has" "$(grep -v '^PWD=\|^SHLVL=\|^_=\|^OLDPWD=' "$TEST_TMP/seen")" $'A=hook\n0\n1\n2\n3'
assert_nothing_left

test_begin "a hook that is not there is an error that names it"
make_bundle "$bundle" '.hooks.createRuntime = [{path: "/nonesuch/hook"}]'
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_error /nonesuch/hook
assert_nothing_left
