#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# CVE-2021-30465: a second container that shares a volume exchanges mount targets for links while the first one is
# made. What is mounted must land in the container, or the container must not start.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root command:python3

mkdir -p "$TEST_TMP/volume/a" "$TEST_TMP/victim"
echo "of the host" >"$TEST_TMP/victim/file"

# exchange: /volume/t is a folder and a link to the host's by turns, by renameat2(RENAME_EXCHANGE).
exchange() {
	AGENTRUN_TEST=$lib_mark exec python3 - "$TEST_TMP/volume" "$TEST_TMP/victim" <<'PYTHON'
import ctypes, os, sys, time
volume, victim = sys.argv[1:]
os.makedirs(volume + "/t", exist_ok=True)
link = volume + "/link"
if not os.path.islink(link):
    os.symlink("/.." * 12 + victim, link)
libc = ctypes.CDLL(None, use_errno=True)
a, b = (volume + "/t").encode(), link.encode()
end = time.monotonic() + 1000
while time.monotonic() < end:
    libc.renameat2(-100, a, -100, b, 2)
PYTHON
}

for profile in compat agent; do
	test_begin "$profile: forty starts against a link that comes and goes"
	rm -rf "$TEST_TMP/volume/t" "$TEST_TMP/volume/link"
	exchange &
	exchanger=$!
	make_command "$bundle" '.mounts += [{destination: "/volume", type: "bind", source: "/", options: ["rbind", "rw"]},
		{destination: "/volume/t", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "size=1m"]}]' \
		sh -c 'echo inside >/volume/t/made; cat /proc/self/mountinfo'
	edit_bundle "$bundle" '.mounts[-2].source = $v' --arg v "$TEST_TMP/volume"
	started=0
	for _ in $(seq 40); do
		run_agentrun --profile "$profile" run --bundle "$bundle" "$id"
		if [ "$status" = 0 ]; then started=$((started + 1)); fi
		check_equal "the host's folder" "$(ls -A "$TEST_TMP/victim")" file
		check_equal "mounts on the host" "$(our_mounts)" ""
	done
	check_true "the link comes and goes all the time" kill "$exchanger"
	wait "$exchanger" 2>/dev/null || true
	note "$started of 40 containers started"
	assert_nothing_left
done
