#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian package builds, and lintian has nothing to say.
set -euo pipefail
. "$(dirname "$0")/../tap.sh"
needs command:dpkg-buildpackage command:dh command:lintian

test_begin "the Debian package builds and is clean under lintian"
"$SRCDIR/packaging/build-deb" "$TEST_TMP/deb" >"$TEST_TMP/log" 2>&1 ||
	fail "$(grep -E -A 8 '^(not ok|[EW]: )|error:|\*\*\*' "$TEST_TMP/log" | tail -n 40)"

test_begin "the administrator's files belong to the administrator"
dpkg-deb --info "$TEST_TMP"/deb/agentrun_*.deb conffiles >"$TEST_TMP/conffiles" 2>&1 || true
check_equal "conffiles" "$(sort "$TEST_TMP/conffiles")" "/etc/agentrun/agentrun.conf
/etc/containers/containers.conf.d/50-agentrun.conf
/etc/crio/crio.conf.d/50-agentrun.conf"

test_begin "the package has what engines and shells need, and names the installed program"
mkdir -p "$TEST_TMP/root"
dpkg-deb --extract "$TEST_TMP"/deb/agentrun_*.deb "$TEST_TMP/root"
for file in etc/containers/containers.conf.d/50-agentrun.conf etc/crio/crio.conf.d/50-agentrun.conf \
	usr/share/agentrun/engines/{containerd-2-config.toml,containerd-config.toml,docker-daemon.json} \
	usr/share/containers/containers.conf.d/50-agentrun.conf; do
	check_true "$file" grep -q '"/usr/bin/agentrun-compat"' "$TEST_TMP/root/$file"
done
for file in usr/share/agentrun/engines/runtimeclass.yaml usr/share/zsh/vendor-completions/_agentrun \
	usr/share/bash-completion/completions/agentrun{,-compat,-strict} \
	usr/share/fish/vendor_completions.d/agentrun{,-compat,-strict}.fish; do
	check_true "$file" test -s "$TEST_TMP/root/$file"
done
for name in agentrun-compat agentrun-strict; do
	check_equal "$name" "$(readlink "$TEST_TMP/root/usr/bin/$name")" agentrun
done

test_begin "the package depends on the libraries that are opened when they are needed"
dpkg-deb --field "$TEST_TMP"/deb/agentrun_*.deb Depends >"$TEST_TMP/depends"
for package in libmount1 libseccomp2; do
	check_true "$package" grep -qw "$package" "$TEST_TMP/depends"
done

test_begin "the links of its documents lead to files of the package"
cd "$TEST_TMP/root/usr/share/doc/agentrun"
for file in README.md SECURITY.md docs/{engines,hardening,limits,troubleshooting}.md; do
	while read -r link; do
		[ -e "$(dirname "$file")/$link" ] || fail "$file: $link: no such file"
	done < <(grep -oE '\]\([^)#]+' "$file" | sed 's/^](//' | grep -vE '^[a-z]+:' || true)
done
