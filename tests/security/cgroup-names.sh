#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A container that may divide its cgroup hides its processes in cgroups with odd names, or too deep to be found.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root cgroup

# hide SCRIPT: a container of compat, in whose own cgroup the script runs before it sleeps; $pid is its init
hide() {
	make_command "$bundle" '.mounts |= map(select(.type != "cgroup"))
		+ [{"destination": "/mnt", "type": "cgroup2", "source": "cgroup2"}]
		| .process.capabilities[] += ["CAP_SYS_ADMIN"] | .root.readonly = false' \
		sh -c "cd /mnt && $1 && touch /hidden && exec sleep 1000"
	run_agentrun --profile compat run --detach --bundle "$bundle" "$id"
	expect_success
	for _ in $(seq 300); do
		if [ -e "$bundle/rootfs/hidden" ]; then break; fi
		sleep 0.1
	done
	check_true "it has hidden" test -e "$bundle/rootfs/hidden"
	pid=$(container_pid "$id")
}

# Found by ps, ended by kill, and nothing is left after delete.
expect_found() {
	run_agentrun ps --format json "$id"
	expect_success
	check_equal "the processes" "$(jq -c . <<<"$output")" "[$pid]"
	run_agentrun kill "$id" KILL
	expect_success
	wait_status stopped
	run_agentrun delete "$id"
	expect_success
	assert_nothing_left
}

for name in .x ... ..x; do
	test_begin "processes in a cgroup called '$name' are found and end with their container"
	hide "mkdir $name && echo \$\$ >$name/cgroup.procs"
	expect_found
done

test_begin "processes three hundred cgroups down are found and end with their container"
hide 'for i in $(seq 300); do mkdir x && cd x || exit; done && echo $$ >cgroup.procs'
expect_found

test_begin "a container's cgroup is not made above another one with a dot before its name"
mkdir -p "$(cgroup_root)/$lib_mark-pod/.later"
make_command "$bundle" '.linux.cgroupsPath = $ARGS.positional[-1] | .process.args |= .[:-1]' true "/$lib_mark-pod"
run_agentrun run --bundle "$bundle" "$id"
expect_error "there are cgroups below it"
check_true "the other cgroup is still there" rmdir "$(cgroup_root)/$lib_mark-pod/.later"
rmdir "$(cgroup_root)/$lib_mark-pod"
assert_nothing_left
