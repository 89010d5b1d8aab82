#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What make install puts where.
set -euo pipefail
. "$(dirname "$0")/../tap.sh"
needs command:make
build=$(dirname "${AGENTRUN:?}")
[ -e "$build/Makefile" ] || skip_all "AGENTRUN is not in a build folder"
to=$TEST_TMP/to

test_begin "everything is installed below DESTDIR and prefix"
make --silent -C "$build" install DESTDIR="$to" prefix=/opt/agentrun >/dev/null 2>"$TEST_TMP/errors" ||
	fail "$(<"$TEST_TMP/errors")"
check_equal "folders" "$(ls "$to" "$to/opt")" "$to:
opt

$to/opt:
agentrun"
check_true "the program" "$to/opt/agentrun/bin/agentrun" --version

test_begin "the names that choose a profile are links to it"
check_equal "agentrun-compat" "$(readlink "$to/opt/agentrun/bin/agentrun-compat")" agentrun
check_equal "agentrun-strict" "$(readlink "$to/opt/agentrun/bin/agentrun-strict")" agentrun

test_begin "the manual pages are there"
check_has "pages" "$(find "$to" -name '*.[1-8]*')" agentrun

test_begin "the example configuration is there"
check_has "files" "$(find "$to" -type f)" agentrun.conf

test_begin "what the configuration of engines needs is there, and names the program"
share=$to/opt/agentrun/share
for file in containerd-2-config.toml containerd-config.toml containers.conf crio.conf docker-daemon.json; do
	check_true "$file" grep -q '/bin/agentrun-strict"' "$share/agentrun/engines/$file"
	check_false "$file has nothing left to fill in" grep -q '@' "$share/agentrun/engines/$file"
done
check_true "runtimeclass.yaml" grep -qx 'handler: agentrun-strict' "$share/agentrun/engines/runtimeclass.yaml"
check_true "50-agentrun.conf" grep -q 'append = true' "$share/containers/containers.conf.d/50-agentrun.conf"

test_begin "completion is where shells look for it"
for name in agentrun agentrun-compat agentrun-strict; do
	check_true "bash, $name" test -s "$share/bash-completion/completions/$name"
	check_true "fish, $name" test -s "$share/fish/vendor_completions.d/$name.fish"
done
check_true "zsh" test -s "$share/zsh/site-functions/_agentrun"

test_begin "uninstall removes all of it"
make --silent -C "$build" uninstall DESTDIR="$to" prefix=/opt/agentrun >/dev/null 2>&1
check_equal "files" "$(find "$to" ! -type d)" ""
