#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Docker as a service of the host, configured as docs/engines.md says. In the lab alone: it changes the host's services.
set -euo pipefail
. "$(dirname "$0")/engines.bash"
. "$(dirname "$0")/page.bash"
docker_needs
needs systemd agentrun
[ -e /lab/asked ] || skip_all "needs the full lab, whose services may be changed"
docker_socket=/run/docker.sock

stop_docker() {
	systemctl stop docker.service docker.socket containerd.service 2>/dev/null || true
}
eval "$(declare -f tap_file_done | sed '1s/tap_file_done/engine_file_done/')"
tap_file_done() {
	stop_docker
	engine_file_done
}

test_begin "Docker takes the page's runtimes by a reload"
for name in agentrun agentrun-strict agentrun-compat; do
	install -m 755 "$AGENTRUN" "/usr/local/bin/$name"
done
systemctl start docker
docker info --format '{{json .Runtimes}}'
expect_success
check_lacks "runtimes before" "$output" agentrun
mkdir -p /etc/docker
page_block Docker json 1 >/etc/docker/daemon.json
# shellcheck disable=SC2016 # the page's
reload=$(sed -n 's/^Then `\(systemctl reload docker\)`\.$/\1/p' "$page")
check_equal "the page's command" "$reload" "systemctl reload docker"
run_command bash -c "$reload"
expect_success
for _ in $(seq 50); do
	docker info --format '{{json .Runtimes}}'
	case $output in *agentrun*) break ;; esac
	sleep 0.2
done
for name in agentrun agentrun-strict agentrun-compat; do
	expect_output_has "\"$name\":{\"path\":\"/usr/local/bin/$name\""
done

test_begin "its containers are scopes of systemd, and caged"
docker info --format '{{.CgroupDriver}} {{.CgroupVersion}}'
expect_output "systemd 2"
docker_images
start box sleep 60
check_match "cgroup" "$(sed -n 's/^0:://p' "/proc/$(inspect '{{.State.Pid}}')/cgroup")" '^/system\.slice/docker-[0-9a-f]{64}\.scope$'
unit=docker-$(inspect '{{.Id}}').scope
run_command systemctl status --no-pager "$unit"
expect_success
expect_output_has "Active: active (running)"
run_command systemd-cgls --no-pager --full
expect_success
expect_output_has "$unit"
docker exec "$id" probe
expect_success
in_host() { "$@"; }
expect_cage "exec below Docker's service" "$output"
docker rm --force "$id"
expect_success

if test_begin "BuildKit runs the page's script, with the page's unit" command:/usr/bin/docker; then
	page_block Docker sh 2 >"$TEST_TMP/script"
	run_command bash -euo pipefail "$TEST_TMP/script"
	expect_success
	page_block Docker ini 1 >"$TEST_TMP/unit"
	check_has "how it is said to be done" "$(head -n 1 "$TEST_TMP/unit")" "systemctl edit docker"
	printf '#!/bin/sh\nfor last; do :; done\ncp "%s" "$last"\n' "$TEST_TMP/unit" >"$TEST_TMP/editor"
	chmod 755 "$TEST_TMP/editor"
	run_pty exit env "SYSTEMD_EDITOR=$TEST_TMP/editor" systemctl edit docker
	expect_success
	systemctl restart docker
	check_match "PATH of the daemon" \
		"$(tr '\0' '\n' <"/proc/$(systemctl show --value --property=MainPID docker)/environ")" '^PATH=/opt/agentrun:'
	# nothing else can be the one that ran the step
	mv "$peer" "$peer.away"
	mkdir -p "$bundle"
	printf 'FROM box\nRUN echo built >/built\nCMD ["cat", "/built"]\n' >"$bundle/Dockerfile"
	run_command env DOCKER_BUILDKIT=1 BUILDKIT_PROGRESS=plain "$docker_client" --host "unix://$docker_socket" build --tag built "$bundle"
	mv "$peer.away" "$peer"
	expect_success
	docker run --rm --name "$id" --runtime agentrun built
	expect_success
	expect_output built
fi

test_begin "nothing is left"
docker ps --all --quiet
expect_output ''
stop_docker
check_equal "scopes" "$(systemctl list-units --all --plain --no-legend 'docker-*.scope')" ''
check_equal "state of the runtime" "$(find /run/docker/runtime-runc -mindepth 2 -maxdepth 2 2>/dev/null || true)" ''
