#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The lab itself: the status, the streams and the time limits of its command, and what is said of a machine that does not
# boot, or ends. Where a boot is of no interest, a program takes QEMU's place.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

lab=$SRCDIR/tests/lab/run
status=0
why=$("$lab" -n 2>&1) || status=$?
[ "$status" != 77 ] || skip_all "$(tail -n 1 <<<"${why#lab: }")"

# lab OPTION... COMMAND...: sets $status, $output, $errors
lab() {
	RUN_SECONDS=900 run_command "$lab" "$@"
}

# --- a real machine ------------------------------------------------------------------------------

test_begin "the command's status, output and errors are those of the lab, and what it writes is forgotten"
mkdir -p "$bundle/kept" "$bundle/shared"
lab -s "$bundle/shared" -o "$bundle/kept" -e COLOR=green sh -c \
	'echo "out $COLOR"; echo err >&2; cd "$1"; pwd; echo x >kept/new; echo x >shared/new; exit 7' sh "$bundle"
expect_status 7
expect_output "out green"$'\n'"$bundle"
check_match "errors" "$errors" '^err$'
check_lacks "errors" "$errors" "out green"
check_equal "what is kept" "$(cat "$bundle/kept/new")" x
check_false "what is shared was written" test -e "$bundle/shared/new"

test_begin "a command that takes too long is 124"
lab -t 5 sleep 300
expect_status 124
expect_error "the command did not end within 5 s"

test_begin "a machine that ends while the command runs is 125"
lab sh -c 'echo begun; sleep 3; echo o >/proc/sysrq-trigger; sleep 60'
expect_status 125
expect_output begun
expect_error "the machine ended while the command ran"

test_begin "a program in a folder that the machine has of its own is refused"
misplaced=$(mktemp /tmp/agentrun-misplaced.XXXXXX)
run_command env "AGENTRUN=$misplaced" "$lab" true
rm -f "$misplaced"
expect_status 2
expect_error "AGENTRUN '$misplaced': its folder would be shared, and the machine has /tmp of its own"

# --- a program in QEMU's place ---------------------------------------------------------------------

# machine SCRIPT: what QEMU is; $boot is the number of this boot, $folder the one of the lab's ports
machine() {
	mkdir -p "$bundle/bin"
	rm -f "$bundle/boots"
	cat >"$bundle/bin/qemu-system-x86_64" <<-MACHINE
		#!/bin/bash
		echo boot >>"$bundle/boots"
		boot=\$(grep -c . "$bundle/boots")
		for word; do case \$word in file,id=status,path=*) folder=\$(dirname "\${word#*path=}") ;; esac; done
		echo "console of boot \$boot" >"\$folder/console"
		$1
	MACHINE
	chmod 755 "$bundle/bin/qemu-system-x86_64"
}

# with_machine OPTION...: a lab with that machine
with_machine() {
	RUN_SECONDS=120 run_command env "PATH=$bundle/bin:$PATH" "$lab" "$@" true
}

for accel in kvm tcg; do
	test_begin "a boot that dies is tried once more ($accel)"
	# shellcheck disable=SC2016 # for the machine
	machine '[ "$boot" = 1 ] || printf "started\nended 5\n" >"$folder/status"'
	with_machine -a "$accel"
	expect_status 5
	check_has "it is said" "$errors" "the boot died and is tried once more; the end of its console:"
	check_has "with the console" "$errors" "console of boot 1"
	check_equal "boots" "$(grep -c . "$bundle/boots")" 2

	test_begin "a machine that does not boot at all is a failure, and no skip ($accel)"
	machine ''
	with_machine -a "$accel"
	expect_status 125
	check_match "the last line" "$(tail -n 1 <<<"$errors")" "^lab: the machine does not boot \\(light, kernel 6\\.12, $accel\\)"
	check_equal "boots" "$(grep -c . "$bundle/boots")" 2
	with_machine -1 -a "$accel"
	expect_status 125
	check_equal "boots in all" "$(grep -c . "$bundle/boots")" 3
done

test_begin "a boot that takes too long is ended, and tried once more"
machine 'exec sleep 100'
with_machine -a tcg -b 5
expect_status 125
expect_error "within 5 s"
check_equal "boots" "$(grep -c . "$bundle/boots")" 2

test_begin "a machine that is lost while the command runs is not booted again"
# shellcheck disable=SC2016
machine 'echo started >"$folder/status"'
with_machine -a tcg
expect_status 125
check_equal "boots" "$(grep -c . "$bundle/boots")" 1

# KVM is one that boots a machine: the stand-in for QEMU does with it what $1 says, once for each start of the host.
if [ -w /dev/kvm ]; then
	for kvm in boots fails; do
		test_begin "the accelerator is found out by a boot, and that once (KVM $kvm)"
		mkdir -p "$bundle/cache"
		for kept in "${AGENTRUN_TEST_CACHE:-/var/cache/agentrun-tests}"/lab-{light,kernel-6.12}-*; do
			ln -s "$kept" "$bundle/cache/"
		done
		# shellcheck disable=SC2016
		machine 'case "$*" in *accel=kvm*) echo kvm ;; *) echo tcg ;; esac >>"'"$bundle"'/tried"
			case "$*" in *accel=kvm*) [ '"$kvm"' = boots ] || exit 1 ;; esac
			printf "started\nended 0\n" >"$folder/status"'
		for _ in 1 2; do
			AGENTRUN_TEST_CACHE=$bundle/cache with_machine
			expect_success
		done
		if [ "$kvm" = boots ]; then
			check_equal "what was tried" "$(tr '\n' ' ' <"$bundle/tried")" "kvm kvm kvm "
		else
			check_equal "what was tried" "$(tr '\n' ' ' <"$bundle/tried")" "kvm tcg tcg "
		fi
	done
else
	test_begin "the accelerator is found out by a boot"
	skip "needs /dev/kvm"
fi

# suite FILE: tests/lab/suite with that machine
suite() {
	RUN_SECONDS=300 run_command env "PATH=$bundle/bin:$PATH" AGENTRUN_LAB_ACCEL=tcg "$SRCDIR/tests/lab/suite" "$@"
}

test_begin "the files of a lab that does not boot have failed"
machine ''
suite tests/integration/apparmor.sh
expect_status 1
check_match "the sum" "$output" '^failed: lab 6\.12: the machine does not boot .*, before tests/integration/apparmor\.sh$'
check_match "the last line" "$output" '^0 passed, 1 failed, 0 skipped$'

test_begin "the files of a machine that cannot have a lab are skipped, with the reason"
suite -k 5.0 tests/integration/apparmor.sh
expect_status 1
check_match "the sum" "$output" "^skipped: lab 5\\.0: all: no kernel: no kernel '5\\.0'"
check_match "the last line" "$output" '^0 passed, 0 failed, 1 skipped$'

test_begin "who is not root cannot have a lab"
run_command setpriv --reuid 65534 --regid 65534 --clear-groups "$lab" true
expect_status 77
expect_error "a lab needs root"

test_begin "nothing is left"
assert_nothing_left
