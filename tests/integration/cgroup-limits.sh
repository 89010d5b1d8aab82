#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Limits of a container: what is asked is in force, or the container is not made.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root cgroup

# create_with FILTER: a container that waits for its start.
create_with() {
	make_command "$bundle" "$1" true
	run_agentrun create --bundle "$bundle" "$id"
}

test_begin "a limit whose controller is missing is refused by name, and nothing is left"
make_command "$bundle" '.linux.resources.unified = {"nosuch.max": "1"}' true
run_agentrun --profile compat create --bundle "$bundle" "$id"
expect_error "linux.resources.unified[nosuch.max] cannot be set: the cgroup v2 tree has no controller 'nosuch'"
assert_nothing_left

for controller in pids memory; do
	test_begin "a $controller limit that was asked is refused where the tree has no such controller"
	if has "$controller"; then
		skip "needs a cgroup v2 tree without the controller '$controller'"
	else
		create_with ".linux.resources.$controller.limit = 33554432 | .linux.resources.pids.limit //= 100"
		expect_error "cannot be set: the cgroup v2 tree has no controller"
		assert_nothing_left
	fi
done

test_begin "the weight that every cgroup has is no limit, with and without a cpu controller"
create_with '.linux.resources.cpu.shares = 1024'
expect_success
run_agentrun delete --force "$id"
assert_nothing_left

if test_begin "huge pages" hugetlb; then
	create_with '.linux.resources.hugepageLimits = [{"pageSize": "2MB", "limit": 2097152}]'
	if [ ! -d /sys/kernel/mm/hugepages/hugepages-2048kB ]; then
		skip "needs huge pages of 2 MB"
	else
		expect_success
		check_equal hugetlb.2MB.max "$(in_cgroup hugetlb.2MB.max)" 2097152
		run_agentrun delete --force "$id"
		assert_nothing_left
	fi
fi

test_begin "a page size that the kernel does not have is refused"
if has hugetlb; then
	create_with '.linux.resources.hugepageLimits = [{"pageSize": "3MB", "limit": 0}]'
	expect_error "hugetlb.3MB.max"
	assert_nothing_left
else
	skip "$(needs_text hugetlb)"
fi

if test_begin "a fork bomb stays inside" pids; then
	# the subshell that cannot fork ends; its children fill the container, which counts them without one more
	make_command "$bundle" '.linux.resources.pids.limit = 20' \
		sh -c '(while :; do sleep 100 & done); set -- /proc/[0-9]*; echo "still here: $#"'
	run_agentrun run --bundle "$bundle" "$id"
	expect_success
	check_has errors "$errors" "can't fork"
	check_match "what fits in" "$output" '^still here: (1[5-9]|20)$'
	assert_nothing_left
fi

if test_begin "who takes more memory than the limit is killed" memory; then
	make_command "$bundle" '.linux.resources.memory.limit = 33554432' sh -c 'x=$(tail /dev/zero)'
	run_agentrun run --bundle "$bundle" "$id"
	expect_status 137
	assert_nothing_left
fi

if test_begin "a reservation, and swap beside the memory" memory swap; then
	make_command "$bundle" \
		'.linux.resources.memory = {"limit": 67108864, "reservation": 33554432, "swap": 100663296}' true
	run_agentrun --profile compat create --bundle "$bundle" "$id"
	expect_success
	check_equal memory.max "$(in_cgroup memory.max)" 67108864
	check_equal memory.low "$(in_cgroup memory.low)" 33554432
	check_equal "swap is what the sum has above the memory" "$(in_cgroup memory.swap.max)" 33554432
	run_agentrun delete --force "$id"
	run_agentrun create --bundle "$bundle" "$id"
	expect_success
	check_equal "no swap in the agent profile" "$(in_cgroup memory.swap.max)" 0
	check_equal "and no reservation" "$(in_cgroup memory.low)" 0
	run_agentrun delete --force "$id"
	assert_nothing_left
fi

if test_begin "cpu time, weight and processors" cpu cpuset; then
	create_with '.linux.resources.cpu = {"quota": 50000, "period": 100000, "shares": 512, "cpus": "0"}'
	expect_success
	check_equal cpu.max "$(in_cgroup cpu.max)" "50000 100000"
	check_equal cpu.weight "$(in_cgroup cpu.weight)" 59
	check_equal cpuset.cpus "$(in_cgroup cpuset.cpus)" 0
fi

if test_begin "input and output of a disk" io; then
	read -r major minor < <(sed -n 's/^ *\([0-9]\+\) \+\([0-9]\+\) .*/\1 \2/p' /proc/diskstats | head -n 1)
	create_with ".linux.resources.blockIO.throttleReadBpsDevice =
		[{\"major\": $major, \"minor\": $minor, \"rate\": 1048576}]"
	expect_success
	check_match io.max "$(in_cgroup io.max)" "^$major:$minor .*rbps=1048576"
fi

if test_begin "processors and memory nodes; what there is not is refused" cpuset; then
	create_with '.linux.resources.cpu = {"cpus": "0", "mems": "0"}'
	expect_success
	check_equal cpuset.cpus "$(in_cgroup cpuset.cpus.effective)" 0
	check_equal cpuset.mems "$(in_cgroup cpuset.mems)" 0
	run_agentrun delete --force "$id"
	create_with '.linux.resources.cpu = {"cpus": "4000"}'
	expect_error "cpuset.cpus"
	assert_nothing_left
fi

if test_begin "a process runs on the processors of its container" cpuset; then
	make_command "$bundle" '.linux.resources.cpu.cpus = "0"' \
		sh -c 'while read -r name rest; do [ "$name" != Cpus_allowed_list: ] || echo $rest; done </proc/self/status'
	run_agentrun run --bundle "$bundle" "$id"
	expect_success
	expect_output 0
fi

if test_begin "what has no name of its own goes by unified" memory pids; then
	make_command "$bundle" '.linux.resources.unified = {"memory.high": "50331648", "pids.max": "33"}' true
	run_agentrun --profile compat create --bundle "$bundle" "$id"
	expect_success
	check_equal memory.high "$(in_cgroup memory.high)" 50331648
	check_equal pids.max "$(in_cgroup pids.max)" 33
fi

if test_begin "huge pages up to the limit can be mapped, and not one more" hugetlb command:python3; then
	free=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages 2>/dev/null || echo 0)
	if [ "$free" -lt 4 ]; then
		skip "needs four free huge pages of 2 MB"
	else
		create_with '.linux.resources.hugepageLimits = [{"pageSize": "2MB", "limit": 4194304}]'
		expect_success
		# anonymous memory of two and of three huge pages, in the container's cgroup
		got=$(python3 - "$(cgroup_folder)" <<-'PYTHON'
			import mmap, os, sys
			open(sys.argv[1] + "/cgroup.procs", "w").write(str(os.getpid()))
			def touched(count):
			    try:
			        pages = mmap.mmap(-1, count << 21, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x40000)
			    except OSError as error:
			        return os.strerror(error.errno)
			    for page in range(count):
			        pages[page << 21] = 1
			    pages.close()
			    return count
			print(touched(2), touched(3))
		PYTHON
		)
		check_equal "two and three pages" "$got" "2 Cannot allocate memory"
		run_agentrun delete --force "$id"
		assert_nothing_left
	fi
fi
