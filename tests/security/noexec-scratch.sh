#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A program that was written to a scratch directory is run: directly, by the loader of shared programs, as a
# library that is preloaded, as mapped code.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root "command:${CC:-cc}"

scratch='/tmp /var/tmp /run /dev/shm'

# A loader, a C library and a program of the host beside the image's own, and a library to preload.
dynamic_bundle() {
	local file loader
	probe_bundle "$1"
	mkdir -p "$TEST_TMP/dynamic"
	printf 'int main(void) { return 42; }\n' >"$TEST_TMP/dynamic/program.c"
	printf '#include <unistd.h>\n__attribute__((constructor)) static void in(void) { _exit(43); }\n' \
		>"$TEST_TMP/dynamic/library.c"
	"${CC:-cc}" -o "$bundle/rootfs/program" "$TEST_TMP/dynamic/program.c"
	"${CC:-cc}" -shared -fPIC -o "$bundle/rootfs/library.so" "$TEST_TMP/dynamic/library.c"
	while read -r file; do
		mkdir -p "$bundle/rootfs$(dirname "$file")"
		cp -L "$file" "$bundle/rootfs$file"
	done < <(ldd "$bundle/rootfs/program" | grep -o '/[^ ]*')
	loader=$(ldd "$bundle/rootfs/program" | grep -o '/[^ ]*ld-[^ ]*' | head -n 1)
	# shellcheck disable=SC2016
	edit_bundle "$bundle" '.process.args = ["sh", "-c", $script, "sh", $loader]' --arg loader "$loader" --arg script '
		for folder in '"$scratch"'; do
			cp /program /library.so /surface $folder/
			$folder/surface nothing 2>/dev/null && echo "$folder: static ran"
			$folder/program 2>/dev/null; [ $? != 42 ] || echo "$folder: program ran"
			$1 $folder/program 2>/dev/null; [ $? != 42 ] || echo "$folder: by the loader ran"
			LD_PRELOAD=$folder/library.so /program 2>/dev/null; [ $? != 43 ] || echo "$folder: preloaded ran"
			LD_LIBRARY_PATH=$folder /program; [ $? = 42 ] || echo "the program of the image did not run"
		done
		/surface mmap-tmp'
}

test_begin "what was written to a scratch directory does not run, in no way"
dynamic_bundle .
run_agentrun run --bundle "$bundle" "$id"
expect_success
expect_output "mmap-tmp: EPERM"
assert_nothing_left

test_begin "nor does it with all rights, and with mounts of the bundle that ask for exec"
mkdir -p "$TEST_TMP/volume"
dynamic_bundle "$privileged"' | .mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["exec", "rw", "mode=1777"]},
	{destination: "/run", type: "tmpfs", source: "tmpfs", options: ["exec"]}]'
run_agentrun run --bundle "$bundle" "$id"
expect_success
expect_output "mmap-tmp: EPERM"
assert_nothing_left

test_begin "a volume over a scratch directory does not make it run either"
mkdir -p "$TEST_TMP/volume"
chmod 1777 "$TEST_TMP/volume"
dynamic_bundle .
edit_bundle "$bundle" '.mounts += [{destination: "/tmp", type: "bind", source: $source, options: ["bind", "rw", "exec"]}]' \
	--arg source "$TEST_TMP/volume"
run_agentrun run --bundle "$bundle" "$id"
expect_success
expect_output "mmap-tmp: EPERM"
assert_nothing_left

test_begin "scratch directories cannot be remounted from inside"
probe_bundle "$privileged"
run_probes agent remount-root
expect_probe remount-root EPERM
assert_nothing_left

test_begin "all of it runs where nothing guards"
dynamic_bundle "$privileged"
run_agentrun --profile compat run --bundle "$bundle" "$id"
expect_success
for way in static program "by the loader" preloaded; do
	expect_output_has "/tmp: $way ran"
done
expect_output_has "mmap-tmp: OK"
assert_nothing_left
