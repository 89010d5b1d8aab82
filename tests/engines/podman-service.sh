#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# podman of root as a host with systemd has it, configured by the installed drop-in and nothing else: scopes, its own limits, the
# cage, pods. In the lab alone: it makes units of the host's.
set -euo pipefail
. "$(dirname "$0")/engines.bash"
needs root systemd agentrun pids memory cpu command:podman command:conmon
[ -e /lab/asked ] || skip_all "needs the full lab, whose host may be configured"
drop_in=/etc/containers/containers.conf.d/50-agentrun.conf

# there is no other host than this one
in_host() {
	"$@"
}

podman_() {
	run_command env "AGENTRUN_ENGINE=$lib_mark" podman --runtime agentrun "$@"
}

run() {
	podman_ run --rm --name "$id" "$@"
}

start() {
	podman_ run --detach --name "$id" "$@"
	expect_success
	unit=libpod-$output.scope
}

property() {
	systemctl show --value --property="$2" "$1"
}

engine_forget() {
	podman_ rm --all --force --time 0 --volumes
}

eval "$(declare -f tap_file_done | sed '1s/tap_file_done/engine_file_done/')"
tap_file_done() {
	engine_file_done
	rm -f "$drop_in"
}

test_begin "podman knows the runtime, and lets systemd make the cgroups"
mkdir -p "$(dirname "$drop_in")"
sed "s|@bindir@|$TEST_TMP/bin|g" "$SRCDIR/packaging/engines/containers.conf.in" >"$drop_in"
engine_import podman_
podman_ info --format '{{.Host.OCIRuntime.Name}} {{.Host.CgroupManager}} {{.Host.Security.Rootless}}'
expect_output "agentrun systemd false"

test_begin "a container is a scope of machine.slice, which goes with it"
start box sleep 600
check_equal "state of the unit" "$(property "$unit" ActiveState)" active
check_match "its cgroup" "$(property "$unit" ControlGroup)" "^/machine\\.slice/$unit\$"
podman_ inspect --format '{{.State.Pid}}' "$id"
check_has "cgroup of the process" "$(sed -n 's/^0:://p' "/proc/$output/cgroup")" "/machine.slice/$unit"
podman_ exec "$id" sh -c 'cat /proc/1/comm; exit 5'
expect_status 5
expect_output sleep
podman_ rm --force --time 0 "$id"
expect_success
check_false "the unit is active" test "$(property "$unit" ActiveState)" = active

test_begin "without a word about them, limits are podman's own, and open files are held to the ceiling"
run box sh -c 'cat /sys/fs/cgroup/pids.max; ulimit -H -n'
expect_success
check_equal "processes" "$(head -n 1 <<<"$output")" 2048
check_true "open files: $(tail -n 1 <<<"$output")" test "$(tail -n 1 <<<"$output")" -le 65536

test_begin "limits are those of the scope, and can be changed"
expect_unit_limits

# how often the kernel has killed for want of memory: conmon misses it at times, as systemd removes the cgroup that it reads
oom_kills() {
	awk '$1 == "oom_kill" { print $2 }' /proc/vmstat
}

test_begin "a container that takes more memory than it may is killed by the kernel"
before=$(oom_kills)
start --memory 32m box sh -c 'x=$(tail /dev/zero)'
podman_ wait "$id"
expect_output 137
check_true "the kernel has killed: $before, then $(oom_kills)" test "$(oom_kills)" -gt "$before"

test_begin "a container is caged, with --privileged and in exec too"
start --memory 1g --pids-limit 100 box sleep 600
for how in "run --rm --memory 1g --pids-limit 100 box" "run --rm --privileged --memory 1g --pids-limit 100 box" "exec $id" "exec --privileged $id"; do
	# shellcheck disable=SC2086 # words
	podman_ $how probe
	expect_success
	expect_cage "$how" "$output"
done

test_begin "a pod has a slice, and its containers are scopes of it"
podman_ pod create --name "$id-pod" --infra-image box --infra-command 'sleep 600' --infra-name "$id-infra"
expect_success
start --pod "$id-pod" box sleep 600
check_match "the container's cgroup" "$(property "$unit" ControlGroup)" "^/machine\\.slice/machine-libpod_pod_[0-9a-f]*\\.slice/$unit\$"
podman_ pod rm --force --time 0 "$id-pod"
expect_success

test_begin "when all is removed nothing is left"
engine_forget
check_equal "units" "$(systemctl list-units --all --plain --no-legend 'libpod-*.scope' | grep -v conmon || true)" ''
check_equal "mounts" "$(our_mounts)" ""
