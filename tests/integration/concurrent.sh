#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Commands at the same time: on many containers, and on one.
#
#   CONCURRENCY   how many (default: 24)
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

many=${CONCURRENCY:-24}
said=$TEST_TMP/said

# together N COMMAND...: N of them at once, with their number as last argument; the exit statuses in $said/N.status
together() {
	local n=$1 i
	shift
	rm -rf "$said"
	mkdir "$said"
	for ((i = 1; i <= n; i++)); do
		(
			code=0
			AGENTRUN_TEST=$lib_mark timeout -k 5 60 "$@" "$i" </dev/null >"$said/$i.out" 2>"$said/$i.err" || code=$?
			echo "$code" >"$said/$i.status"
		) &
	done
	wait
}

# how_many STATUS: of the last ones
how_many() {
	cat "$said"/*.status | grep -cx "$1" || true
}

# agentrun COMMAND... N: without the number
tool() {
	"$AGENTRUN" --root "$state" "${@:1:$#-1}"
}

whole_life() {
	local me=$id-${*: -1}
	"$AGENTRUN" --root "$state" create --bundle "$bundle" "$me" &&
		"$AGENTRUN" --root "$state" start "$me" &&
		[ "$("$AGENTRUN" --root "$state" exec "$me" echo "$me")" = "$me" ] &&
		"$AGENTRUN" --root "$state" kill "$me" KILL &&
		"$AGENTRUN" --root "$state" delete --force "$me"
}
export -f tool whole_life
export state bundle id

test_begin "$many containers live at once, each from create to delete"
make_command "$bundle" . sleep 1000
together "$many" bash -c 'whole_life "$@"' bash
check_equal "how many failed" "$((many - $(how_many 0)))" 0
cat "$said"/*.err >"$TEST_TMP/errors"
check_equal "standard error" "$(cat "$TEST_TMP/errors")" ""
assert_nothing_left

if test_begin "who looks at a container whose create ends just then sees that it is created" command:strace; then
	make_command "$bundle" ".hooks.createRuntime = [{path: \"/bin/sh\", args: [\"sh\", \"-c\",
		\"touch $TEST_TMP/begun; while [ ! -e $TEST_TMP/seen ]; do sleep 0.1; done\"], timeout: 60}]" sleep 1000
	AGENTRUN_TEST=$lib_mark "$AGENTRUN" --root "$state" --profile compat create --bundle "$bundle" "$id" >/dev/null 2>&1 &
	create=$!
	check_true "the hook has begun" wait_until test -e "$TEST_TMP/begun"
	# between the record and the lock
	(
		wait_until grep -qs flock "$TEST_TMP/trace"
		touch "$TEST_TMP/seen"
	) &
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 run_command strace -qq -o "$TEST_TMP/trace" -e trace=flock \
		-e inject=flock:delay_enter=$((${AGENTRUN_RUN_SECONDS:-60} / 12))000000:when=1 "$AGENTRUN" --root "$state" state "$id"
	check_equal "status" "$(jq -r .status <<<"$output")" created
	wait "$create" || fail "create ends with $?"
	run_agentrun delete --force "$id"
	assert_nothing_left
fi

test_begin "of many that create the same container one succeeds, and the others say why"
make_command "$bundle" . sleep 1000
together "$many" bash -c 'tool "$@"' bash create --bundle "$bundle" "$id"
check_equal "how many succeeded" "$(how_many 0)" 1
check_equal "how many said why" \
	"$(cat "$said"/*.err | grep -c 'agentrun create failed: container with given ID already exists')" $((many - 1))
check_equal status "$(container_status "$id")" created

test_begin "of many that start the same container one succeeds"
make_command "$bundle" . sleep 1000
run_agentrun create --bundle "$bundle" "$id"
together "$many" bash -c 'tool "$@"' bash start "$id"
check_equal "how many succeeded" "$(how_many 0)" 1
check_equal "how many said why" "$(cat "$said"/*.err | grep -c 'cannot start an already running container')" $((many - 1))
check_equal status "$(container_status "$id")" running

test_begin "of many that delete the same container by force all succeed"
make_command "$bundle" . sleep 1000
run_agentrun run --detach --bundle "$bundle" "$id"
together "$many" bash -c 'tool "$@"' bash delete --force "$id"
check_equal "how many succeeded" "$(how_many 0)" "$many"
assert_nothing_left

test_begin "of many that delete the same stopped container one succeeds, and the others find none"
make_command "$bundle" . true
run_agentrun run --detach --bundle "$bundle" "$id"
wait_status stopped
together "$many" bash -c 'tool "$@"' bash delete "$id"
check_equal "how many succeeded" "$(how_many 0)" 1
check_equal "how many said why" "$(cat "$said"/*.err | grep -c 'container does not exist')" $((many - 1))
assert_nothing_left

test_begin "a storm of signals reaches a container that ends meanwhile, or finds it ended"
make_command "$bundle" . sleep 1000
run_agentrun run --detach --bundle "$bundle" "$id"
together "$many" bash -c 'tool "$@"' bash kill "$id" KILL
check_true "at least one succeeded" test "$(how_many 0)" -ge 1
check_equal "other errors" "$(cat "$said"/*.err | grep -vcE 'container not running|process already finished' || true)" 0
wait_status stopped

create_or_delete() {
	if [ $((${*: -1} % 2)) = 0 ]; then
		"$AGENTRUN" --root "$state" create --bundle "$bundle" "$id"
	else
		"$AGENTRUN" --root "$state" delete --force "$id"
	fi
}
start_or_delete() {
	if [ $((${*: -1} % 2)) = 0 ]; then
		"$AGENTRUN" --root "$state" start "$id"
	else
		"$AGENTRUN" --root "$state" delete --force "$id"
	fi
}
export -f create_or_delete start_or_delete

test_begin "create and delete --force against each other leave a container or nothing"
make_command "$bundle" . sleep 1000
for _ in 1 2 3; do
	together "$many" bash -c 'create_or_delete "$@"' bash
	check_equal "other errors" "$(cat "$said"/*.err | grep -vc 'container with given ID already exists' || true)" 0
	check_match status "$(container_status "$id")" '^(created|none)$'
	run_agentrun delete --force "$id"
	expect_success
	assert_nothing_left
done

test_begin "start and delete --force against each other leave nothing"
make_command "$bundle" . sleep 1000
for _ in 1 2 3; do
	run_agentrun create --bundle "$bundle" "$id"
	together 6 bash -c 'start_or_delete "$@"' bash
	check_equal "other errors" "$(cat "$said"/*.err | grep -vcE \
		'container does not exist|cannot start' || true)" 0
	run_agentrun delete --force "$id"
	expect_success
	assert_nothing_left
done

test_begin "state and list beside create and delete never fail but by finding nothing"
make_command "$bundle" . sleep 1000
look() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		case $((${*: -1} % 3)) in
		0) "$AGENTRUN" --root "$state" state "$id" >/dev/null || true ;;
		1) "$AGENTRUN" --root "$state" list >/dev/null ;;
		*)
			"$AGENTRUN" --root "$state" create --bundle "$bundle" "$id" 2>/dev/null || true
			"$AGENTRUN" --root "$state" delete --force "$id"
			;;
		esac
	done
}
export -f look
mkdir -m 711 "$state"
together 9 bash -c 'look "$@"' bash
check_equal "how many failed" "$((9 - $(how_many 0)))" 0
check_equal "other errors" "$(cat "$said"/*.err | grep -vc 'container does not exist' || true)" 0
assert_nothing_left
