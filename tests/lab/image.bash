# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the lab boots: disks of a root filesystem and of kernel modules, made of Debian packages from the mirror
# that this machine's apt uses, and kept by the digest of what they are made of in
#
#   AGENTRUN_TEST_CACHE   /var/cache/agentrun-tests
#
#   lab_image light|full SUITE    $lab_root: an ext4 disk, of Debian trixie or sid
#   lab_kernel 6.1|6.12|new       $lab_kernel_folder: vmlinuz, modules.ext4, initramfs (modules for the root, and busybox),
#                                 release
#
# Both return 1 with the reason in $lab_why.

lab_cache=${AGENTRUN_TEST_CACHE:-/var/cache/agentrun-tests}
# shellcheck disable=SC2034 # for the caller
lab_why=

# The packages of the guests, beside those the package manager itself needs.
lab_light_packages="acl apparmor attr bash bsdutils busybox-static coreutils e2fsprogs file gawk iproute2 iptables jq kmod
	libcap2-bin libmount1 libseccomp2 libsystemd0 libubsan1 libasan8 libyajl2 mount nftables passwd procps psmisc
	python3-minimal python3 secilc strace sudo uidmap util-linux util-linux-extra xz-utils"
lab_full_packages="$lab_light_packages buildah catatonit conmon containerd containernetworking-plugins crun cryptsetup-bin curl dbus dbus-user-session
	docker-buildx docker-cli docker.io fuse-overlayfs netavark aardvark-dns openssh-client passt podman python3-grpcio rsync runc slirp4netns socat
	systemd systemd-sysv libpam-systemd criu"

declare -gA lab_kernel_suites=([6.1]=bookworm [6.12]=trixie [new]=sid)
# the usual one has all drivers, and among them an RDMA device without hardware; the others are smaller
declare -gA lab_kernel_packages=([6.1]=linux-image-cloud-amd64 [6.12]=linux-image-amd64 [new]=linux-image-cloud-amd64)
# What has to be there before the root filesystem and the shares are; what they need comes with them.
lab_boot_modules="crc32c_generic virtio_pci virtio_blk virtio_console ext4 overlay fuse virtiofs virtio_rng"

# lab_mirrors SUITE: sources of it, in the words of sources.list: the mirrors of this machine's own release.
lab_mirrors() {
	local own
	own=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	# shellcheck disable=SC2016 # for apt
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
		awk -v own="$own" -v suite="$1" '$2 == own && $3 == "main" && !seen[$1]++ {
			print "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] " $1 " " suite " main" }'
}

# lab_fetch SUITE VARIANT FOLDER PACKAGES [HOOK...]
lab_fetch() {
	local suite=$1 variant=$2 folder=$3 packages=$4 mirrors
	shift 4
	mirrors=$(lab_mirrors "$suite")
	if [ -z "$mirrors" ]; then
		lab_why="no apt source of this machine's own Debian release, whose mirror would have '$suite'"
		return 1
	fi
	apt-config dump Acquire >"$folder.apt"
	# sid's index is at times older than it says it may be; signatures are checked all the same
	echo 'Acquire::Check-Valid-Until "false";' >>"$folder.apt"
	# shellcheck disable=SC2016 # for the shell of mmdebstrap
	if ! mmdebstrap --mode=root --variant="$variant" --aptopt="$folder.apt" \
		--include="$(tr -s '\n\t ' , <<<"$packages" | sed 's/,$//')" \
		--setup-hook='for name in auth.conf auth.conf.d; do
			if [ -e "/etc/apt/$name" ]; then cp -a "/etc/apt/$name" "$1/etc/apt/"; fi; done' \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' "$@" \
		"$suite" "$folder" - <<<"$mirrors" >"$folder.log" 2>&1; then
		lab_why="packages of Debian '$suite' could not be fetched: $(grep -m 1 -E '^E: ' "$folder.log" ||
			tail -n 1 "$folder.log")"
		return 1
	fi
	rm -f "$folder.apt"
}

# lab_disk FOLDER FILE: an ext4 disk of the folder, with some room.
lab_disk() {
	local size
	size=$(du -s --block-size=1M "$1" | cut -f 1)
	truncate -s "$((size + size / 5 + 64))M" "$2"
	mkfs.ext4 -q -O ^has_journal -m 0 -E lazy_itable_init=1,nodiscard -d "$1" "$2"
}

# lab_cached NAME RECIPE COMMAND...: $lab_made is the folder that the command fills, given as its last argument;
# once for the text of the recipe.
lab_cached() {
	local name=$1 digest lock status=0
	digest=$(sha256sum <<<"$2" | cut -c 1-16)
	shift 2
	lab_made=$lab_cache/lab-$name-$digest
	[ ! -d "$lab_made" ] || return 0
	mkdir -p "$lab_cache"
	exec {lock}>"$lab_cache/lab-$name.lock"
	flock "$lock"
	if [ ! -d "$lab_made" ]; then
		echo "lab: making $lab_made" >&2
		rm -rf "$lab_made.new"
		mkdir "$lab_made.new"
		if "$@" "$lab_made.new"; then
			mv "$lab_made.new" "$lab_made"
			# what older recipes made
			find "$lab_cache" -mindepth 1 -maxdepth 1 -type d -name "lab-$name-????????????????" \
				! -path "$lab_made" -mtime +2 -exec rm -rf {} +
		else
			status=1
			rm -rf "$lab_made.new"
		fi
	fi
	exec {lock}>&-
	return "$status"
}

# --- the root filesystem -------------------------------------------------------------------------

# Engines are started by who wants them; profiles of programs that are not there cost half a minute each boot.
lab_image_setup='
	set -e
	useradd --uid 1000 --create-home --shell /bin/bash user
	passwd -d root
	echo "127.0.0.1 localhost lab" >/etc/hosts
	echo lab >/etc/hostname
	rm -f /etc/resolv.conf
	for unit in docker.service docker.socket containerd.service podman.service podman.socket podman-restart.service \
		podman-auto-update.timer apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service \
		fstrim.timer dpkg-db-backup.timer systemd-networkd.service systemd-timesyncd.service nftables.service \
		apparmor.service getty@tty1.service; do
		find /etc/systemd/system -name "$unit" -delete 2>/dev/null || true
	done
	mkdir -p /lab
'

lab_image_make() {
	local suite=$1 packages=$2 folder=$3
	# shellcheck disable=SC2016 # for the shell of mmdebstrap
	lab_fetch "$suite" apt "$folder/root" "$packages" \
		--customize-hook='chroot "$1" sh -c "$LAB_IMAGE_SETUP"' || return 1
	rm -rf "$folder"/root/var/lib/apt/lists "$folder"/root/var/cache/apt
	lab_disk "$folder/root" "$folder/root.ext4" || return 1
	dpkg-query --admindir="$folder/root/var/lib/dpkg" -W >"$folder/packages"
	rm -rf "$folder/root"
}

lab_image() {
	local name=$1 suite=$2 packages=$lab_light_packages
	case $suite in
	trixie) ;;
	sid) name+=-sid ;;
	*)
		lab_why="no userland of Debian '$suite': it is trixie or sid"
		return 1
		;;
	esac
	[ "$1" = light ] || packages=$lab_full_packages
	export LAB_IMAGE_SETUP=$lab_image_setup
	lab_cached "$name" "$suite $packages $lab_image_setup $(declare -f lab_image_make lab_fetch lab_disk)" \
		lab_image_make "$suite" "$packages" || return 1
	# shellcheck disable=SC2034 # for the caller
	lab_root=$lab_made/root.ext4
}

# --- kernels -------------------------------------------------------------------------------------

# The modules of the list and what they need, in the order they are to be loaded: names of files.
lab_modules_in_order() {
	local folder=$1
	shift
	awk -v wanted="$*" '
		{
			file = $1; sub(/:$/, "", file)
			name = file; sub(/.*\//, "", name); sub(/\.ko$/, "", name); gsub(/-/, "_", name)
			of[name] = file
			needs[file] = ""
			for (i = NF; i > 1; i--)
				needs[file] = needs[file] " " $i
		}
		END {
			n = split(wanted, names, " ")
			for (i = 1; i <= n; i++) {
				if (!(names[i] in of))
					continue # built in
				m = split(needs[of[names[i]]], first, " ")
				for (j = 1; j <= m; j++)
					if (!done[first[j]]++)
						print first[j]
				if (!done[of[names[i]]]++)
					print of[names[i]]
			}
		}' "$folder/modules.dep"
}

# lab_modules_unpack FOLDER RELEASE: unpacked once, and not at every load.
lab_modules_unpack() {
	find "$1/lib/modules/$2" -name '*.ko.xz' -exec xz -d {} + &&
		find "$1/lib/modules/$2" -name '*.ko.zst' -exec zstd -q -d --rm {} + &&
		depmod -b "$1" "$2"
}

# lab_initramfs MODULES FOLDER FILE: busybox, and the modules for the disks, by FOLDER.
lab_initramfs() {
	local modules=$1 early=$2 file number=0
	mkdir -p "$early"/{bin,modules,proc,sys,dev,new,lower,scratch,kernel,lab} &&
		cp /bin/busybox "$early/bin/busybox" && ln -s busybox "$early/bin/sh" || return 1
	while read -r file; do
		number=$((number + 1))
		cp "$modules/$file" "$early/modules/$(printf %02d-%s "$number" "${file##*/}")" || return 1
	done < <(lab_modules_in_order "$modules" "$lab_boot_modules")
	(cd "$early" && find . -mindepth 1 | LC_ALL=C sort | cpio --quiet -R 0:0 -o -H newc) >"$3"
}

lab_kernel_make() {
	local suite=$1 package=$2 folder=$3 new release modules image
	new=$folder/new
	lab_fetch "$suite" extract "$new" "$package" || return 1
	modules=$(find "$new"/lib/modules/ "$new"/usr/lib/modules/ -mindepth 1 -maxdepth 1 -type d 2>/dev/null |
		sort -V | tail -n 1)
	release=${modules##*/}
	# beside its modules since Debian 14
	image=$(find "$new/boot/vmlinuz-$release" "$modules/vmlinuz" 2>/dev/null | head -n 1)
	if [ -z "$release" ] || [ -z "$image" ]; then
		lab_why="$package of Debian '$suite' has no kernel with modules"
		return 1
	fi
	lab_why="the disks of kernel $release could not be made"
	mkdir -p "$folder/modules/lib/modules" &&
		mv "$image" "$folder/vmlinuz" &&
		mv "$modules" "$folder/modules/lib/modules/$release" &&
		lab_modules_unpack "$folder/modules" "$release" &&
		lab_initramfs "$folder/modules/lib/modules/$release" "$folder/early" "$folder/initramfs" &&
		lab_disk "$folder/modules/lib/modules" "$folder/modules.ext4" &&
		echo "$release" >"$folder/release" &&
		rm -rf "$new" "$folder/early" "$folder/modules"
}

lab_kernel() {
	local suite=${lab_kernel_suites[$1]-} package=${lab_kernel_packages[$1]-}
	if [ -z "$suite" ]; then
		# shellcheck disable=SC2034 # for the caller
		lab_why="no kernel '$1': it is one of $(printf '%s\n' "${!lab_kernel_suites[@]}" | sort -V | xargs)"
		return 1
	fi
	lab_cached "kernel-$1" "$suite $package $lab_boot_modules $(declare -f lab_kernel_make lab_fetch \
		lab_modules_in_order lab_modules_unpack lab_initramfs lab_disk)" lab_kernel_make "$suite" "$package" || return 1
	# shellcheck disable=SC2034 # for the caller
	lab_kernel_folder=$lab_made
}
