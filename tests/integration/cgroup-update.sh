#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Update: new limits for a running container.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root cgroup

sleeping_container() {
	make_command "$bundle" . sleep 1000
	run_agentrun run --detach --bundle "$bundle" "$id"
	expect_success
}
# update_with JSON: by --resources, from a file.
update_with() {
	echo "$1" >"$TEST_TMP/resources.json"
	run_agentrun update --resources "$TEST_TMP/resources.json" "$id"
}

if test_begin "huge pages are limited while the container runs, and the limit is remembered" hugetlb; then
	sleeping_container
	update_with '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
	if [ ! -d /sys/kernel/mm/hugepages/hugepages-2048kB ]; then
		skip "needs huge pages of 2 MB"
	else
		expect_success
		check_equal hugetlb.2MB.max "$(in_cgroup hugetlb.2MB.max)" 4194304
		update_with '{"unified": {"hugetlb.2MB.max": "6291456"}}'
		expect_success
		check_equal hugetlb.2MB.max "$(in_cgroup hugetlb.2MB.max)" 6291456
		check_equal "remembered" \
			"$(jq -c '.config.linux.resources | [.hugepageLimits[0].limit, .unified["hugetlb.2MB.max"]]' \
				"$state/$id/effective.json")" '[4194304,"6291456"]'
	fi
fi

test_begin "the resources may come from standard input"
sleeping_container
status=0
errors=$("$AGENTRUN" --root "$state" update -r - "$id" <<<'{"nonsense": [' 2>&1) || status=$?
check_equal status "$status" 1
check_has errors "$errors" "standard input:"

test_begin "what the tree cannot limit is refused and nothing is changed"
sleeping_container
before=$(cat "$state/$id/effective.json")
update_with '{"unified": {"misc.max": "res_a 1"}, "network": {"classID": 1}}'
expect_error "linux.resources.network.classID: cgroup v2 has no equivalent"
check_equal "the record" "$(cat "$state/$id/effective.json")" "$before"

test_begin "a limit on memory without its controller is refused by the name that was asked" && {
	if grep -qw memory "$(cgroup_root)/cgroup.controllers"; then
		skip "needs a cgroup v2 tree without the controller 'memory'"
	else
		sleeping_container
		run_agentrun update --memory 64m "$id"
		expect_error "linux.resources.memory.limit cannot be set: the cgroup v2 tree has no controller 'memory'"
	fi
}

test_begin "a stopped container has no limits to update"
make_command "$bundle" . true
run_agentrun run --detach --bundle "$bundle" "$id"
wait_status stopped
run_agentrun update --pids-limit 5 "$id"
expect_error "container not running"
run_agentrun update --pids-limit 5 no-such-container
expect_error "container does not exist"

if test_begin "the number of processes is limited while the container runs" pids; then
	sleeping_container
	run_agentrun update --pids-limit 7 "$id"
	expect_success
	check_equal pids.max "$(in_cgroup pids.max)" 7
	# engines say 0 for "as it is"
	run_agentrun update --pids-limit 0 "$id"
	expect_success
	check_equal pids.max "$(in_cgroup pids.max)" 7
	check_equal outcome "$("$AGENTRUN" --root "$state" state "$id" |
		jq -r '.agentrun.controls["pids-limit"].result')" enforced
fi

if test_begin "memory is limited while the container runs, and swap follows it" memory; then
	sleeping_container
	run_agentrun update --memory 64m "$id"
	expect_success
	check_equal memory.max "$(in_cgroup memory.max)" 67108864
	run_agentrun update --memory 32m "$id"
	expect_success
	check_equal memory.max "$(in_cgroup memory.max)" 33554432
	if [ -e "$(cgroup_folder)/memory.swap.max" ]; then
		check_equal memory.swap.max "$(in_cgroup memory.swap.max)" 0
	fi
	update_with '{"memory": {"limit": 4096, "checkBeforeUpdate": true}}'
	# runc looks at the sum with swap first, and swap follows the memory
	expect_error "rejecting memory+swap limit 4096 <= usage"
	check_equal memory.max "$(in_cgroup memory.max)" 33554432
fi

if test_begin "cpu time is limited, a period and a quota at a time" cpu; then
	sleeping_container
	run_agentrun update --cpu-quota 20000 "$id"
	expect_success
	check_equal cpu.max "$(in_cgroup cpu.max)" "20000 100000"
	run_agentrun update --cpu-period 50000 "$id"
	expect_success
	check_equal cpu.max "$(in_cgroup cpu.max)" "20000 50000"
	run_agentrun update --cpu-share 1024 "$id"
	expect_success
	check_equal cpu.weight "$(in_cgroup cpu.weight)" 100
fi

if test_begin "a container is moved to other processors" cpuset; then
	sleeping_container
	run_agentrun update --cpuset-cpus 0 "$id"
	expect_success
	check_equal cpuset.cpus "$(in_cgroup cpuset.cpus)" 0
fi

if test_begin "input and output are limited while the container runs" io; then
	read -r major minor < <(sed -n 's/^ *\([0-9]\+\) \+\([0-9]\+\) .*/\1 \2/p' /proc/diskstats | head -n 1)
	sleeping_container
	update_with "{\"blockIO\": {\"throttleWriteIOPSDevice\": [{\"major\": $major, \"minor\": $minor, \"rate\": 50}]}}"
	expect_success
	check_match io.max "$(in_cgroup io.max)" "^$major:$minor .*wiops=50"
fi

if test_begin "several limits at once are all set, and a running process feels them" memory pids cpu; then
	sleeping_container
	update_with '{"memory": {"limit": 50331648, "reservation": 16777216}, "pids": {"limit": 9}, "cpu": {"shares": 512, "quota": 30000}}'
	expect_success
	check_equal limits "$(in_cgroup memory.max) $(in_cgroup memory.low) $(in_cgroup pids.max) $(in_cgroup cpu.max)" \
		"50331648 0 9 30000 100000" # the profile leaves the reservation out
	run_agentrun exec "$id" sh -c '(while :; do sleep 100 & done) 2>/dev/null; echo over'
	expect_output over
	check_match "forks that failed" "$(in_cgroup pids.events)" '^max [1-9]'
fi

if test_begin "a limit below what is used kills, and does not hang" memory; then
	# The shell has something to do after its sleep, so that it stays and holds what it read.
	make_command "$bundle" '.linux.resources.memory.limit = 67108864' \
		sh -c 'x=$(head -c 16777216 /dev/zero | tr "\0" x); sleep 1000; echo ${#x}'
	run_agentrun run --detach --bundle "$bundle" "$id"
	expect_success
	for _ in $(seq 300); do
		! "$AGENTRUN" --root "$state" ps "$id" | grep -q 'sleep 1000$' || break
		sleep 0.1
	done
	check_match "memory in use" "$(in_cgroup memory.stat)" '^anon (1[6-9]|[2-6][0-9])[0-9]{6}( |$)'
	update_with '{"memory": {"limit": 4194304}}'
	expect_success
	wait_status stopped
fi

if test_begin "an update does not take back what an opt-out relaxes" memory; then
	make_command "$bundle" '.linux.resources.memory = {"limit": 33554432, "swap": 67108864}' sleep 1000
	echo '{ "opt-outs": [ { "control": "linux.resources.memory.swap", "reason": "a batch job" } ] }' >"$TEST_TMP/swap.conf"
	run_agentrun --config "$TEST_TMP/swap.conf" run --detach --bundle "$bundle" "$id"
	expect_success
	update_with '{"memory": {"limit": 50331648}}'
	expect_success
	run_agentrun state "$id"
	check_equal memory-limit "$(jq -c '.agentrun.controls["memory-limit"] | [.result, .why]' <<<"$output")" '["relaxed","a batch job"]'
	run_agentrun delete --force "$id"
	assert_nothing_left
fi

# A row: what it needs | flags | file of the cgroup | what its first line is then.
while IFS='|' read -r features flags file expected; do
	read -ra features <<<"$features"
	read -ra flags <<<"$flags"
	test_begin "update ${flags[*]}" "${features[@]}" || continue
	make_command "$bundle" . sleep 1000
	run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
	expect_success
	if [ ! -e "$(cgroup_folder)/$file" ]; then
		skip "needs the file $file of a cgroup"
		continue
	fi
	check_false "$file is so before" [ "$(in_cgroup "$file" | head -n 1)" = "$expected" ]
	run_agentrun update "${flags[@]}" "$id"
	expect_success
	check_equal "$file" "$(in_cgroup "$file" | head -n 1)" "$expected"
done <<'FLAGS'
cpu kernel:5.14|--cpu-quota 20000 --cpu-period 50000 --cpu-burst 10000|cpu.max.burst|10000
cpu kernel:5.15|--cpu-idle 1|cpu.idle|1
cpuset|--cpuset-mems 0|cpuset.mems|0
memory|--memory-reservation 16m|memory.low|16777216
memory|--memory 32m --memory-swap 48m|memory.swap.max|16777216
memory|--memory 32m --memory-swap 32m|memory.swap.max|0
memory|--memory-swap 64m --memory 64m|memory.max|67108864
io bfq|--blkio-weight 300|io.bfq.weight|default 300
io !bfq|--blkio-weight 300|io.weight|default 2930
FLAGS

if test_begin "update --memory-swap -1 takes the limit away" memory; then
	make_command "$bundle" '.linux.resources.memory = {limit: 33554432, swap: 67108864}' sleep 1000
	run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
	expect_success
	if [ -e "$(cgroup_folder)/memory.swap.max" ]; then
		check_equal "memory.swap.max before" "$(in_cgroup memory.swap.max)" 33554432
		run_agentrun update --memory-swap -1 "$id"
		expect_success
		check_equal "memory.swap.max" "$(in_cgroup memory.swap.max)" max
	else
		skip "needs the file memory.swap.max of a cgroup"
	fi
fi

# with_resctrl COMMAND...: where a folder, $rdt, is in the place of resctrl.
with_resctrl() {
	run_command unshare --mount --propagation private bash -euc "$stand_in"'; stand_in "$@"' \
		bash "$rdt" resctrl "$TEST_TMP/scratch" 2158650700000000 "$@"
}

# A class as the kernel makes it, which a folder does not: with files, and nothing in the way of its removal.
rdt=$TEST_TMP/resctrl
in_class() {
	make_command "$bundle" . sleep 1000
	run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
	expect_success
	mkdir -p "$TEST_TMP/scratch" "$rdt/info/L3" "$rdt/info/MB" "$rdt/$id"
	touch "$rdt/$id/tasks" "$rdt/$id/schemata"
	update=("$AGENTRUN" --root "$state" update)
}

if test_begin "update --l3-cache-schema and --mem-bw-schema set what the container's class may use" command:strace; then
	in_class
	with_resctrl "${update[@]}" --l3-cache-schema "L3:0=f;1=f0" "$id"
	expect_success
	check_equal "schemata" "$(cat "$rdt/$id/schemata")" "L3:0=f;1=f0"
	check_equal "tasks" "$(cat "$rdt/$id/tasks")" "$(container_pid "$id")"
	with_resctrl "${update[@]}" --mem-bw-schema "MB:0=20;1=70" "$id"
	expect_success
	check_equal "schemata" "$(cat "$rdt/$id/schemata")" "MB:0=20;1=70"
	check_equal "remembered" "$(jq -c '.config.linux.intelRdt | [.l3CacheSchema, .memBwSchema]' "$state/$id/effective.json")" \
		'["L3:0=f;1=f0","MB:0=20;1=70"]'
	rm -r "$rdt/info/MB"
	with_resctrl "${update[@]}" --mem-bw-schema "MB:0=30" "$id"
	expect_error "Intel RDT/MBA: memory bandwidth schema is not enabled"
	rm "$rdt/$id"/*
	with_resctrl "$AGENTRUN" --root "$state" delete --force "$id"
	expect_success
	check_false "the class is there" [ -e "$rdt/$id" ]
	assert_nothing_left
fi

if test_begin "a container whose class went with resctrl is deleted" command:strace; then
	in_class
	with_resctrl "${update[@]}" --l3-cache-schema "L3:0=f" "$id"
	expect_success
	run_agentrun delete --force "$id"
	expect_success
	assert_nothing_left
fi
