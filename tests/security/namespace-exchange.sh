#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The path of a namespace that is joined leads to a harmless one while policy looks, and to the host's when
# it is opened: another process exchanges a link on the way.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/attack.bash"
needs root command:python3 command:unshare

harmless=$TEST_TMP/net
touch "$harmless"
unshare --net="$harmless" true

# Both names in turn under one, as fast as it goes; ends when its standard input does.
exchange='
import os, select, sys
link, targets = sys.argv[1], sys.argv[2:]
while not select.select([sys.stdin], [], [], 0.0005)[0]:
    for target in targets:
        if os.path.lexists(link + ".new"):
            os.remove(link + ".new")
        os.symlink(target, link + ".new")
        os.rename(link + ".new", link)
'

test_begin "a link that is exchanged leads into no namespace but the one that was judged"
host=$(readlink /proc/self/ns/net)
make_command "$bundle" . readlink /proc/self/ns/net
edit_bundle "$bundle" '(.linux.namespaces[] | select(.type == "network")).path = $path' --arg path "$TEST_TMP/link"
ln -s "$harmless" "$TEST_TMP/link"
run_agentrun run --bundle "$bundle" "$id"
expect_success
joined=$output
check_lacks "the harmless one" "$joined" "$host"
mkfifo "$TEST_TMP/end"
python3 -c "$exchange" "$TEST_TMP/link" "$harmless" "/proc/$$/ns/net" <"$TEST_TMP/end" &
exec 8>"$TEST_TMP/end"
times=0
for _ in $(seq 60); do
	run_agentrun run --bundle "$bundle" "$id"
	check_lacks "the namespace" "$output" "$host"
	[ "$output" != "$joined" ] || times=$((times + 1))
done
exec 8>&-
wait
check_true "runs of 60 that joined the harmless one: $times" [ "$times" -gt 0 ]
umount "$harmless"
assert_nothing_left
