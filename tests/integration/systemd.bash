# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# For tests that need systemd as the init of the host. Sourced before tests/lib.sh: where systemd is
# not the init, but installed, it is started as the first process of namespaces of its own, and the
# test file runs once more in there. Its root is a tmpfs with the host's /usr read-only and a copy of
# /etc; /tmp and /run are its own, and of the host's files only the project, the program under test
# and TEST_TMP can be written. Nothing of it is left when the file ends.

: "${SRCDIR:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
: "${AGENTRUN:=$SRCDIR/build/plain/agentrun}"
AGENTRUN=$(realpath -m "$AGENTRUN")
export SRCDIR AGENTRUN

# The folder of the v2 tree.
systemd_cgroup_root() {
	awk '$0 ~ / - cgroup2 / { print $5; exit }' /proc/self/mountinfo
}

# Runs as the first process of the new namespaces; ends as systemd.
# shellcheck disable=SC2016 # for the other shell
systemd_setup='
	set -e
	tmp=$1 root=$1/systemd-root
	shift
	mkdir -p "$root"
	mount -t tmpfs -o mode=755 tmpfs "$root"
	cd "$root"
	mkdir -p usr etc var/tmp var/lib var/log var/cache run tmp dev proc sys root home host
	chmod 1777 tmp var/tmp
	for name in bin sbin lib lib32 lib64 libx32; do
		if [ -L "/$name" ]; then ln -s "$(readlink "/$name")" "$name"; fi
	done
	mount --rbind /usr usr
	mount -o remount,bind,ro usr
	cp -a /etc/. etc/
	rm -rf etc/systemd/system etc/systemd/user etc/machine-id etc/fstab
	mkdir -p etc/systemd/system
	echo 5f6f3c1d2a7b4e0f9c8d7e6f5a4b3c2d >etc/machine-id
	mount -t proc proc proc
	mount -t sysfs sysfs sys
	mount -t cgroup2 cgroup2 sys/fs/cgroup
	mount --rbind /dev dev
	mount -t tmpfs -o mode=755 tmpfs run
	# the same paths as outside
	for folder; do
		mkdir -p ".$folder"
		mount --bind "$folder" ".$folder"
	done
	# what belongs to a machine, not to a tree of units
	for unit in systemd-tmpfiles-setup.service systemd-tmpfiles-setup-dev.service \
		systemd-tmpfiles-clean.timer systemd-journald.service systemd-journald.socket \
		systemd-journald-dev-log.socket systemd-journald-audit.socket systemd-udevd.service \
		systemd-sysctl.service systemd-modules-load.service systemd-sysusers.service \
		systemd-update-utmp.service systemd-random-seed.service systemd-binfmt.service \
		systemd-logind.service sys-kernel-debug.mount sys-kernel-tracing.mount \
		sys-kernel-config.mount sys-fs-fuse-connections.mount dev-mqueue.mount \
		dev-hugepages.mount proc-sys-fs-binfmt_misc.automount local-fs.target swap.target; do
		ln -s /dev/null "etc/systemd/system/$unit"
	done
	printf "[Unit]\nRequires=dbus.socket\nAfter=dbus.socket\n" >etc/systemd/system/agentrun.target
	pivot_root . host
	cd /
	umount -l /host
	exec env -i container=agentrun-test PATH="$PATH" LANG=C /lib/systemd/systemd --system \
		--unit=agentrun.target --log-target=console --show-status=no \
		</dev/null >"$tmp/systemd.log" 2>&1
'

# Starts it in the background: $systemd_unshare, and $systemd_pid as seen from here.
systemd_boot() {
	systemd_cgroup=$(systemd_cgroup_root)/agentrun-systemd-$$
	mkdir "$systemd_cgroup"
	# shellcheck disable=SC2016 # for the other shell
	sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh "$systemd_cgroup" \
		unshare --mount --propagation private --pid --fork --kill-child --cgroup --ipc --uts \
		--net sh -c "$systemd_setup" sh "$TEST_TMP" "$SRCDIR" "$(dirname "$AGENTRUN")" "$TEST_TMP" &
	systemd_unshare=$!
	for _ in $(seq 150); do
		systemd_pid=$(pgrep -P "$systemd_unshare" || true)
		if [ -n "$systemd_pid" ] && in_systemd sh -c \
			'[ -S /run/dbus/system_bus_socket ] && systemctl show --property=Version' \
			>/dev/null 2>&1; then
			return 0
		fi
		sleep 0.2
	done
	return 1
}

in_systemd() {
	# the folder we are in is not in there
	# shellcheck disable=SC2016 # for the other shell
	nsenter --target "$systemd_pid" --mount --pid --cgroup --ipc --uts --net -- \
		sh -c 'cd / && exec "$@"' sh "$@"
}

systemd_end() {
	kill -KILL "$systemd_unshare" 2>/dev/null || true
	wait "$systemd_unshare" 2>/dev/null || true
	# what was killed a moment ago may still be going
	for _ in $(seq 50); do
		! grep -q 'populated 1' "$systemd_cgroup/cgroup.events" 2>/dev/null || sleep 0.1
	done
	find "$systemd_cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || true
}

if [ -z "${SYSTEMD_TEST_INSIDE-}" ] && ! [ -d /run/systemd/system ] && [ "$(id -u)" = 0 ] &&
	[ -x /lib/systemd/systemd ] && command -v dbus-daemon pgrep nsenter >/dev/null &&
	[ -w "$(systemd_cgroup_root)/cgroup.procs" ]; then
	if [ -z "${TEST_TMP-}" ]; then
		TEST_TMP=$(mktemp -d "${TMPDIR:-/tmp}/agentrun-test.XXXXXX")
		trap 'rm -rf "$TEST_TMP"' EXIT
	fi
	export TEST_TMP SYSTEMD_TEST_INSIDE=1
	systemd_script=$(realpath "$0")
	systemd_status=0
	if systemd_boot; then
		in_systemd env TMPDIR=/tmp bash "$systemd_script" || systemd_status=$?
	else
		echo "Bail out! systemd does not answer: $(tail -5 "$TEST_TMP/systemd.log" 2>&1)"
		systemd_status=1
	fi
	systemd_end
	exit "$systemd_status"
fi

# --- for tests of the system's units, with the words of tests/lib.sh -------------------------------

# unit_property NAME [UNIT]
unit_property() {
	systemctl show --value --property="$1" "${2:-t-$id.scope}"
}

# unit_bundle FILTER COMMAND...: a bundle whose cgroup is t-<id>.scope in system.slice.
# shellcheck disable=SC2154 # $bundle and $id are of tests/lib.sh
unit_bundle() {
	local filter=$1
	shift
	make_command "$bundle" ".linux.cgroupsPath = \"system.slice:t:$id\" | $filter" "$@"
}

# A container that runs on, its unit made by systemd.
running_unit() {
	unit_bundle "${1:-.}" sleep 1000
	run_agentrun --systemd-cgroup run --detach --bundle "$bundle" "$id"
	expect_success
}

cgroup_of() {
	sed -n 's/^0:://p' "/proc/$1/cgroup"
}

init_cgroup() {
	cgroup_of "$(container_pid "$id")"
}

# Everything of this file is gone, units too.
# shellcheck disable=SC2154 # $lib_mark is of tests/lib.sh
assert_no_unit_left() {
	assert_nothing_left
	check_equal "units that are left" \
		"$(systemctl list-units --all --plain --no-legend "*$lib_mark*")" ''
}
