# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A Debian root filesystem with the tools of a developer, for tests with real work in it. It is made
# once by mmdebstrap from the apt sources of this machine, and kept in a cache:
#
#   AGENTRUN_TEST_CACHE   /var/cache/agentrun-tests
#   AGENTRUN_DEBIAN       a folder and a release, as /some/where/bookworm: archives of what was made lie there, and
#                         nothing else can be had; for the lab, where the machine around it made them
#   AGENTRUN_DEBIAN_ONLY  make it and end: for the machine around the lab
#
#   debian_rootfs             $debian_root, of the release that this machine is; without mmdebstrap, or when
#                             packages cannot be fetched, the whole file is a skip
#   debian_rootfs_of NAME PACKAGE...
#                             another one, with these packages
#   debian_bundle FOLDER      a bundle of it: user 1000 (agent), in its folder /workspace, which is
#                             FOLDER/workspace
#   inside COMMAND...         run in $bundle; $status, $output, $errors
#   inside_sh TEXT            the same for the text of a bash script that stops at errors

# lib.sh is there already where a test of an engine sources this
[ -n "${lib_mark-}" ] || . "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

debian_packages="bash ca-certificates gcc git jq libc6-dev make nodejs npm passwd procps python3 python3-venv
	ripgrep sqlite3 strace tmux unzip xz-utils zip"
debian_root='' debian_name=''

# What makes the root filesystem another one.
debian_recipe() {
	printf '%s\n' "$1" "$(uname -m)" "$debian_packages"
	declare -f debian_make
}

# The files of apt's sources that have this release; third parties with suites of their own are of no
# use.
debian_sources() {
	local file lines
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
		lines=$(grep -vE '^[[:space:]]*(#|$)' "$file" 2>/dev/null) || continue
		grep -qE "(^|[[:space:]])$1(-updates|-security|-backports)?([[:space:]]|/|\$)" <<<"$lines" || continue
		grep -qE '(^|[[:space:]])main([[:space:]]|$)' <<<"$lines" || continue
		echo "$file"
	done
}

# debian_make SUITE FOLDER: with the machine's apt settings (a proxy, say), pins and passwords. None of that
# stays in the root filesystem.
debian_make() {
	local suite=$1 folder=$2 files hooks
	mapfile -t files < <(debian_sources "$suite")
	apt-config dump Acquire >"$folder.apt"
	# shellcheck disable=SC2016 # for the shell of mmdebstrap
	hooks=(
		--setup-hook='for name in auth.conf auth.conf.d preferences preferences.d; do
			if [ -e "/etc/apt/$name" ]; then cp -a "/etc/apt/$name" "$1/etc/apt/"; fi; done'
		--customize-hook='chroot "$1" useradd --uid 1000 --create-home --shell /bin/bash agent'
		--customize-hook='mkdir -m 755 "$1/workspace"; rm -f "$1/etc/resolv.conf" "$1/etc/hostname"'
	)
	mmdebstrap --mode=root --variant=essential --include="$(tr -s '\n\t ' , <<<"$debian_packages" | sed 's/,$//')" \
		--aptopt="$folder.apt" "${hooks[@]}" \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		"$suite" "$folder" "${files[@]}" &&
		rm -rf "$folder"/etc/apt "$folder"/var/cache/apt "$folder"/var/lib/apt &&
		echo "127.0.0.1 localhost" >"$folder/etc/hosts"
}

# An archive becomes a folder, which stays as long as the machine.
debian_unpack() {
	local archive kept=/var/tmp/agentrun-debian
	archive=$(compgen -G "$AGENTRUN_DEBIAN-$debian_name????????????????.tar") ||
		skip_all "needs the root filesystem $(basename "$AGENTRUN_DEBIAN-$debian_name"), which this test makes outside the lab"
	debian_root=$kept/$(basename "$archive" .tar)
	[ ! -d "$debian_root" ] || return 0
	rm -rf "$debian_root.new"
	mkdir -p "$debian_root.new"
	tar --numeric-owner -C "$debian_root.new" -xf "$archive"
	mv "$debian_root.new" "$debian_root"
}

debian_rootfs() {
	local cache=${AGENTRUN_TEST_CACHE:-/var/cache/agentrun-tests} suite digest new
	if [ -n "${AGENTRUN_DEBIAN-}" ]; then
		debian_unpack
		return 0
	fi
	needs root command:mmdebstrap command:apt-config command:flock
	suite=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	[ -n "$suite" ] || skip_all "needs a Debian release of this machine (VERSION_CODENAME)"
	[ -n "$(debian_sources "$suite")" ] || skip_all "needs apt sources of '$suite'"
	digest=$(debian_recipe "$suite" | sha256sum | cut -c 1-16)
	mkdir -p "$cache"
	debian_root=$cache/$suite-$debian_name$digest
	exec {debian_lock}>"$cache/lock"
	flock "$debian_lock"
	if ! [ -d "$debian_root" ]; then
		new=$debian_root.new
		rm -rf "$new"
		note "making $debian_root"
		if ! debian_make "$suite" "$new" >"$TEST_TMP/mmdebstrap" 2>&1; then
			tail -n 15 "$TEST_TMP/mmdebstrap" | sed 's/^/# /'
			rm -rf "$new" "$new.apt"
			skip_all "needs the packages of Debian '$suite', which could not be fetched"
		fi
		rm -f "$new.apt"
		mv "$new" "$debian_root"
		# what an older recipe made
		find "$cache" -mindepth 1 -maxdepth 1 -type d -name "$suite-$debian_name????????????????" \
			! -path "$debian_root" -exec rm -rf {} +
	fi
	exec {debian_lock}>&-
	[ -z "${AGENTRUN_DEBIAN_ONLY-}" ] || skip_all "only makes $debian_root"
}

debian_rootfs_of() {
	debian_name=$1-
	shift
	debian_packages=$*
	debian_rootfs
}

debian_bundle() {
	local folder=$1
	mkdir -p "$folder/workspace"
	chown 1000:1000 "$folder/workspace"
	(cd "$folder" && "$AGENTRUN" spec)
	edit_bundle "$folder" '
		.root.path = $root | .process.terminal = false | .process.cwd = "/workspace" |
		.process.user = {uid: 1000, gid: 1000} |
		.process.env = ["PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + $home, "LANG=C.UTF-8",
			"AGENTRUN_TEST=" + $mark] |
		.mounts += [{destination: "/workspace", type: "bind", source: $workspace, options: ["rbind", "rw"]}]' \
		--arg root "$debian_root" --arg mark "$lib_mark" --arg workspace "$folder/workspace" --arg home "/home""/agent"
}

inside() {
	[ -e "$bundle/config.json" ] || debian_bundle "$bundle"
	edit_bundle "$bundle" '.process.args = $ARGS.positional' --args -- "$@"
	run_agentrun run --bundle "$bundle" "$id"
}

inside_sh() {
	inside bash -euo pipefail -c "$1"
}
