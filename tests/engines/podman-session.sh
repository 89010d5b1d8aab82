#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# podman of a user whose systemd makes the cgroups, which is what podman chooses in a session: scopes, limits, the cage, health
# checks by timers, systemd in a container. In the lab alone: it starts a user's services.
set -euo pipefail
. "$(dirname "$0")/engines.bash"
. "$(dirname "$0")/../integration/debian.bash"
# before anything is needed: the lab has it made on a machine without engines
debian_rootfs_of systemd dbus libpam-systemd passwd procps systemd systemd-sysv
needs root systemd userns command:podman command:conmon command:newuidmap command:loginctl
[ -e /lab/asked ] || skip_all "needs the full lab, whose users may have sessions"
user=$(getent passwd 1000 | cut -d : -f 1)
[ -n "$user" ] || skip_all "needs a user 1000"
[ -e /usr/lib/systemd/user/dbus.socket ] || skip_all "needs the package dbus-user-session"

home=$TEST_TMP/home
as_user=(setpriv --reuid 1000 --regid 1000 --init-groups env -i "PATH=$PATH" "HOME=$home" "USER=$user"
	XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus "AGENTRUN_ENGINE=$lib_mark")

# podman_ ARGUMENT...: as a shell of the session
podman_() {
	run_command "${as_user[@]}" systemd-run --user --scope --quiet podman "$@"
}

run() {
	podman_ --runtime agentrun run --rm --name "$id" --network none "$@"
}

start() {
	podman_ --runtime agentrun run --detach --log-driver k8s-file --name "$id" --network none "$@"
	expect_success
	container=$output
	unit=libpod-$container.scope
}

property() {
	"${as_user[@]}" systemctl --user show --value --property="$2" "$1"
}

# there is no other host than this one
in_host() {
	"$@"
}

engine_forget() {
	[ -d "$home" ] || return 0
	podman_ rm --all --force --time 0 --volumes
}

eval "$(declare -f tap_file_done | sed '1s/tap_file_done/engine_file_done/')"
tap_file_done() {
	engine_file_done
	loginctl disable-linger "$user" || true
}

test_begin "a user that lingers has a systemd, and podman makes its cgroups by it"
loginctl enable-linger "$user"
for _ in $(seq 300); do
	! "${as_user[@]}" systemctl --user is-active --quiet default.target 2>/dev/null || break
	sleep 0.2
done
chmod go+x "$(dirname "$TEST_TMP")"
chmod 755 "$TEST_TMP" "$TEST_TMP/bin"
install -d -o 1000 -g 1000 -m 700 "$home"
# of the timers that run health checks
"${as_user[@]}" systemctl --user set-environment "HOME=$home" "PATH=$PATH"
grep -q "^$user:" /etc/subuid || echo "$user:100000:65536" | tee -a /etc/subuid >>/etc/subgid
mkdir -p "$home/.config/containers/containers.conf.d"
sed "s|@bindir@|$TEST_TMP/bin|g" "$SRCDIR/packaging/engines/containers.conf.in" >"$home/.config/containers/containers.conf.d/50-agentrun.conf"
chown -R 1000:1000 "$home/.config"
engine_image "$TEST_TMP/image"
tar -C "$TEST_TMP/image" -cf "$TEST_TMP/image.tar" .
chmod 644 "$TEST_TMP/image.tar"
podman_ import "$TEST_TMP/image.tar" box
expect_success
podman_ --runtime agentrun info --format '{{.Host.CgroupManager}} {{.Host.Security.Rootless}} {{.Host.OCIRuntime.Name}}'
expect_output "systemd true agentrun"

test_begin "a container runs in a scope of the user's, with its status"
run box sh -c 'echo hello; exit 7'
expect_status 7
expect_output hello
start box sleep 600
check_equal "its unit" "$(property "$unit" ActiveState)" active
group=$(property "$unit" ControlGroup)
check_match "the unit's cgroup" "$group" "^/user\\.slice/user-1000\\.slice/user@1000\\.service/.*/$unit\$"
podman_ inspect --format '{{.State.Pid}}' "$id"
check_has "where its process is" "$(sed -n 's/^0:://p' "/proc/$output/cgroup")" "$group"
podman_ exec "$id" sh -c 'cat /proc/1/comm; exit 5'
expect_status 5
expect_output sleep
podman_ pause "$id"
expect_success
podman_ unpause "$id"
expect_success
podman_ rm --force --time 0 "$id"
expect_success
check_false "the unit is active" test "$(property "$unit" ActiveState)" = active

if test_begin "limits are those of the scope, and can be changed" memory pids cpu; then
	expect_unit_limits
fi

if test_begin "a container is caged" agentrun; then
	# beside a default alone, without root's rights, nothing is said of who ends for want of memory
	start --memory 1g --pids-limit 100 box sleep 600
	podman_ exec "$id" probe
	expect_success
	# that the memory of memfd_create is not executed takes root's rights, and so does the list of AppArmor's profiles
	expect_cage "exec in a session" "$output" memory lsm
fi

test_begin "a health check is run by a timer of the user's systemd"
start --health-cmd 'test -e /tmp/healthy' --health-interval 1s --health-retries 1 box sleep 600
health_is() {
	podman_ inspect --format '{{.State.Health.Status}}' "$id"
	[ "$output" = "$1" ]
}
check_true "it is unhealthy" wait_until health_is unhealthy
podman_ exec "$id" touch /tmp/healthy
expect_success
check_true "it is healthy" wait_until health_is healthy

test_begin "podman checkpoints no container of an ordinary user's, with any runtime"
podman_ --runtime agentrun-compat run --detach --name "$id" --network none box sleep 600
expect_success
podman_ container checkpoint "$id"
expect_error "requires root"

test_begin "systemd runs in a container under agentrun-compat, and stops by its own signal"
tar -C "$debian_root" -cf "$TEST_TMP/debian.tar" .
chmod 644 "$TEST_TMP/debian.tar"
podman_ import "$TEST_TMP/debian.tar" debian
expect_success
podman_ --runtime agentrun-compat run --detach --systemd=always --log-driver k8s-file --name "$id" --network none debian /sbin/init
expect_success
booted() {
	podman_ exec "$id" systemctl is-system-running
	case $output in running | degraded) return 0 ;; *) return 1 ;; esac
}
check_true "it comes up" wait_until booted
podman_ exec "$id" systemd-run --wait --quiet --pipe echo "from a unit"
expect_output "from a unit"
podman_ stop --time 60 "$id"
expect_success
podman_ inspect --format '{{.State.Status}} {{.State.ExitCode}}' "$id"
check_match "how it ended" "$output" '^exited (0|130)$'

test_begin "when all is removed nothing is left"
engine_forget
check_equal "units" "$("${as_user[@]}" systemctl --user list-units --all --plain --no-legend 'libpod-*.scope')" ''
# podman's own process that keeps the user namespace
engine_sweep
check_equal "mounts" "$(our_mounts)" ""
