#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The page about engines: its configurations are put where it says, its commands are run as they stand.
set -euo pipefail
. "$(dirname "$0")/engines.bash"
. "$(dirname "$0")/page.bash"
docker_needs
needs agentrun
needs command:podman command:buildah command:ctr command:jq userns

mkdir -p "$TEST_TMP/work" "$DOCKER_CONFIG"
# podman and buildah look for it, too
echo "{}" >"$DOCKER_CONFIG/config.json"

# perform FILE [PROGRAM...]: as a shell script, on a terminal, in the working folder, on the engines' host
perform() {
	local file=$1
	shift
	run_pty exit nsenter --target "$host_pid" --mount --net --wdns="$TEST_TMP/work" -- \
		env "AGENTRUN_ENGINE=$lib_mark" "HOME=$TEST_TMP/work" "$@" bash -euo pipefail "$file"
	expect_success
}

engine_forget() {
	[ -z "$engine_keep" ] || return 0
	[ -n "$dockerd_pid" ] || return 0
	in_host podman rm --all --force --time 0 >/dev/null 2>&1 || true
	in_host docker ps --all --quiet | xargs -r nsenter --target "$host_pid" --mount --net -- docker rm --force --volumes >/dev/null 2>&1 || true
}
engine_keep=1

test_begin "the engines start with the configuration of the page"
printf '#!/bin/sh\nexec sh "$@"\n' >"$TEST_TMP/bash"
host_start v2
in_host mount --bind "$TEST_TMP/bin" /usr/local/bin
in_host mkdir -p /var/lib/containers
in_host mount -t tmpfs -o mode=755 tmpfs /var/lib/containers
in_host sh -c 'mkdir -p /run/containerd && ln -s "$1" /run/containerd/containerd.sock' sh "$containerd_socket"
containerd_start
page_blocks Docker json
dockerd_config=$(<"${blocks[0]}")
dockerd_options=(--exec-root /run/docker)
dockerd_start
docker info --format '{{json .Runtimes}}'
for name in agentrun agentrun-strict agentrun-compat; do
	expect_output_has "\"$name\":{\"path\":\"/usr/local/bin/$name\""
done
page_blocks podman toml
in_host sh -c 'mkdir -p /etc/containers/containers.conf.d && cp "$1" /etc/containers/containers.conf.d/50-agentrun.conf' sh "${blocks[0]}"
# what this machine lacks
in_host sh -c 'printf "[containers]\npids_limit = 0\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=1024:1024\"]\ncgroups = \"enabled\"\n[engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\n" >/etc/containers/containers.conf'

test_begin "the images that the page names are there"
engine_image "$TEST_TMP/image"
install "$TEST_TMP/bash" "$TEST_TMP/image/bin/bash"
mkdir -p "$TEST_TMP/image/var/cache/nginx"
engine_archive "$TEST_TMP/image" docker.io/library/debian:12 "$TEST_TMP/debian.tar"
in_host podman load --quiet --input "$TEST_TMP/debian.tar" >/dev/null
in_host buildah pull --quiet "docker-archive:$TEST_TMP/debian.tar" >/dev/null
in_host ctr images import "$TEST_TMP/debian.tar" >/dev/null
docker load --input "$TEST_TMP/debian.tar"
expect_success
# an image that goes on when it could write, as that one does
printf 'FROM debian:12\nCMD echo x >/var/cache/nginx/x && exec sleep 600\n' |
	in_host env DOCKER_BUILDKIT=0 docker build --quiet --tag nginx - >/dev/null

test_begin "an image that writes to its root ends without the options of the page"
docker run --rm --runtime agentrun nginx
check_false "it ran" test "$status" = 0
expect_error "Read-only file system"

performed=0
for chapter in Engines Docker containerd podman buildah 'Without an engine' 'Where the state is'; do
	case $chapter in
	Engines) heading="Engines" ;;
	*) heading=$chapter ;;
	esac
	test_begin "the commands of the chapter '$chapter' work"
	page_blocks "$heading" sh
	number=0
	for block in "${blocks[@]}"; do
		number=$((number + 1)) performed=$((performed + 1))
		case $chapter-$number in
		'Without an engine-2')
			# in a bundle of a user's own
			rm -rf "$TEST_TMP/work/user"
			mkdir "$TEST_TMP/work/user"
			cp -a "$TEST_TMP/image" "$TEST_TMP/work/user/rootfs"
			chown -R 1000:1000 "$TEST_TMP/work/user"
			chmod go+x "$(dirname "$TEST_TMP")"
			chmod 755 "$TEST_TMP" "$TEST_TMP/work"
			sed -i '1i cd user; export HOME=$PWD; unset XDG_RUNTIME_DIR' "$block"
			perform "$block" setpriv --reuid 1000 --regid 1000 --clear-groups
			;;
		*) perform "$block" ;;
		esac
		case $chapter-$number in
		Docker-1) expect_output_has $'CapEff:\t00000000000004fb' ;;
		podman-1)
			expect_output_has $'CapBnd:\t00000000000004fb'
			expect_output_has $'CapBnd:\t0000000000000000'
			;;
		esac
	done
done

test_begin "and run on with them"
docker ps --filter ancestor=nginx --format '{{.State}}'
expect_output running

test_begin "the handlers of containerd and CRI-O are found by the doctor"
for chapter in containerd CRI-O; do
	page_blocks "$chapter" toml
	if [ "$chapter" = containerd ]; then
		sed -i '1i version = 2' "${blocks[0]}"
		sed -i '1i version = 3' "${blocks[1]}"
	fi
	for block in "${blocks[@]}"; do
		in_host sh -c 'mkdir -p /etc/containerd /etc/crio/crio.conf.d; : >/etc/containerd/config.toml
			case $1 in containerd) cp "$2" /etc/containerd/config.toml ;; *) cp "$2" /etc/crio/crio.conf.d/50-agentrun.conf ;; esac' sh "$chapter" "$block"
		run_command nsenter --target "$host_pid" --mount --net --wd=/ -- agentrun doctor --format json
		check_equal "$chapter" "$(jq -r --arg area "$chapter" \
			'[.findings[] | select(.area == $area and .name == "runtime agentrun") | .verdict] | join(" ")' <<<"$output")" ok
	done
done

test_begin "every block and every chapter with commands is among these"
check_equal "blocks" "$performed" "$(grep -c '^```sh$' "$page")"
check_equal "chapters" "$(awk '/^#/ && !inside { chapter = $0; sub(/^#+ /, "", chapter) } /^```/ { inside = !inside } /^```sh$/ { print chapter }' "$page" | uniq)" \
	"$(printf '%s\n' Engines Docker containerd podman buildah 'Without an engine' 'Where the state is')"

# Those that need another host, or are the start of many: the file that runs it, and how it says so there. kubectl is not
# run, as the page says: there is no cluster.
test_begin "every command within a sentence is in a block, or run by another test"
declare -A elsewhere=(
	["ctr containers checkpoint"]="containerd.sh: ctr_ containers checkpoint "
	["docker checkpoint"]="docker-checkpoint.sh: docker checkpoint create "
	["docker exec --privileged"]="docker-cage.sh: docker exec --privileged "
	["docker run --runtime=agentrun IMAGE"]="engines.bash: docker run --rm --name \"\$id\" --runtime agentrun "
	["docker start --checkpoint"]="docker-checkpoint.sh: docker start --checkpoint "
	["loginctl enable-linger"]="podman-session.sh: loginctl enable-linger "
	["podman --runtime agentrun-compat build ..."]="podman.sh: podman_ --runtime agentrun-compat build "
	["podman --runtime agentrun-compat container restore --import FILE"]="podman-checkpoint.sh: podman_ --runtime agentrun-compat container restore --import "
	["podman container checkpoint"]="podman-checkpoint.sh: podman_ container checkpoint "
	["podman run --annotation io.agentrun.memory-limit=256m"]="podman.sh: run --annotation \"\$annotation\""
	["systemctl restart docker"]="docker-service.sh: systemctl restart docker"
	["systemctl reload docker"]="docker-service.sh: run_command bash -c \"\$reload\""
	["systemctl status"]="docker-service.sh: systemctl status "
	["systemd-cgls"]="docker-service.sh: systemd-cgls "
)
in_blocks=$(awk '/^```/ { on = !on && $0 == "```sh"; next } on' "$page" | sed 's/ --root [^ ]*//')
mapfile -t commands < <(awk '/^```/ { inside = !inside; next } !inside' "$page" | tr '\n' ' ' | grep -oE '`[^`]+`' | tr -d '`' |
	grep -E '^(agentrun(-[a-z]+)?|buildah|ctr|docker|loginctl|podman|systemctl) |^systemd-cgls' | sort -u)
check_true "commands: ${#commands[@]}" test "${#commands[@]}" -gt "${#elsewhere[@]}"
for command in "${commands[@]}"; do
	case $in_blocks in *"$command"*) continue ;; esac
	where=${elsewhere[$command]-}
	check_match "where '$command' is run" "$where" '^[a-z-]+\.(sh|bash): '
	check_has "'$command' in ${where%%: *}" "$(grep -v '^[[:space:]]*#' "$SRCDIR/tests/engines/${where%%: *}")" "${where#*: }"
	unset "elsewhere[$command]"
done
check_equal "commands that the page no longer has" "${!elsewhere[*]}" ""

test_begin "nothing is left"
engine_keep=
engine_forget
in_host umount --recursive --lazy /var/lib/containers
engine_stop
assert_engine_left_nothing
