#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Containers whose cgroup is a unit of systemd.
set -euo pipefail
. "$(dirname "$0")/systemd.bash"
. "$(dirname "$0")/../lib.sh"
needs root systemd

test_begin "a container runs in the unit and the slice that cgroupsPath names"
unit_bundle . cat /proc/self/cgroup
edit_bundle "$bundle" '.linux.namespaces -= [{"type": "cgroup"}]'
run_agentrun --profile compat --systemd-cgroup run --bundle "$bundle" "$id"
expect_success
expect_output_has "0::/system.slice/t-$id.scope"
assert_no_unit_left

test_begin "its unit is delegated, lies in its slice and says whose it is"
running_unit
check_equal Delegate "$(unit_property Delegate)" yes
check_equal Slice "$(unit_property Slice)" system.slice
check_equal DefaultDependencies "$(unit_property DefaultDependencies)" no
check_equal Description "$(unit_property Description)" "agentrun container $id"
check_equal "its cgroup" "$(unit_property ControlGroup)" "/system.slice/t-$id.scope"
check_equal "where init is" "$(init_cgroup)" "/system.slice/t-$id.scope"
run_agentrun delete --force "$id"
expect_success
assert_no_unit_left

test_begin "--cgroup-manager systemd and a bundle without cgroupsPath give a unit of system.slice"
make_command "$bundle" . sleep 1000
run_agentrun --cgroup-manager systemd run --detach --bundle "$bundle" "$id"
expect_success
check_equal "where init is" "$(init_cgroup)" "/system.slice/agentrun-$id.scope"
run_agentrun delete --force "$id"
assert_no_unit_left

test_begin "a slice with dashes lies in the slices that its name lists"
make_command "$bundle" ".linux.cgroupsPath = \"${lib_mark//-/}-b.slice:t:$id\"" sleep 1000
run_agentrun --systemd-cgroup run --detach --bundle "$bundle" "$id"
expect_success
check_equal "where init is" "$(init_cgroup)" \
	"/${lib_mark//-/}.slice/${lib_mark//-/}-b.slice/t-$id.scope"
run_agentrun delete --force "$id"
assert_nothing_left
systemctl stop "${lib_mark//-/}.slice"

test_begin "the slice '-' is the root"
make_command "$bundle" ".linux.cgroupsPath = \"-:t:$id\"" sleep 1000
run_agentrun --systemd-cgroup run --detach --bundle "$bundle" "$id"
expect_success
check_equal "where init is" "$(init_cgroup)" "/t-$id.scope"
run_agentrun delete --force "$id"
assert_no_unit_left

test_begin "a name that ends in .slice is a slice of its own"
make_command "$bundle" ".linux.cgroupsPath = \"system.slice:ignored:${id//-/}.slice\"" sleep 1000
run_agentrun --systemd-cgroup run --bundle "$bundle" "$id"
expect_error "is refused by the agent profile: it is the parent of other cgroups"
run_agentrun --profile compat --systemd-cgroup run --detach --bundle "$bundle" "$id"
expect_success
check_equal "where init is" "$(init_cgroup)" "/${id//-/}.slice"
check_equal "the unit" "$(unit_property ActiveState "${id//-/}.slice")" active
run_agentrun delete --force "$id"
expect_success
check_equal "the unit" "$(unit_property ActiveState "${id//-/}.slice")" inactive
assert_nothing_left

# Whose is the unit's cgroup, its file of processes and that of a limit. The mount of a cgroup is writable by the filter's choice.
owners() {
	local folder
	folder=$(cgroup_root)$(init_cgroup)
	stat -c %u "$folder" "$folder/cgroup.procs" "$folder/cgroup.freeze" | tr '\n' ' '
}
mapped='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
	| .linux.gidMappings = .linux.uidMappings | (.mounts[] | select(.destination == "/sys/fs/cgroup")) =
		{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev"'
while IFS='|' read -r profile option expected; do
	if test_begin "in $profile, with a cgroup mount '${option:-rw}', the unit's cgroup is that of $expected" userns; then
		unit_bundle "$mapped${option:+, \"$option\"}]}" sleep 1000
		run_agentrun --profile "$profile" --systemd-cgroup run --detach --bundle "$bundle" "$id"
		expect_success
		check_equal owners "$(owners)" "$expected "
		run_agentrun delete --force "$id"
		assert_no_unit_left
	fi
done <<'OWNERS'
compat||100000 100000 0
compat|ro|0 0 0
OWNERS

# cgroupsPath | what is said
while IFS='|' read -r path words; do
	test_begin "a cgroupsPath of '$path' is refused"
	make_command "$bundle" . true
	edit_bundle "$bundle" '.linux.cgroupsPath = $path' --arg path "$path"
	run_agentrun --systemd-cgroup run --bundle "$bundle" "$id"
	expect_status 1
	expect_error "$words"
	assert_no_unit_left
done <<'PATHS'
/docker/x|for systemd cgroups, got '/docker/x' instead
a.slice:b|for systemd cgroups, got 'a.slice:b' instead
a.slice:b:c:d|for systemd cgroups, got 'a.slice:b:c:d' instead
a:b:c|invalid slice name: a
a--b.slice:b:c|invalid slice name: a--b.slice
-a.slice:b:c|invalid slice name: -a.slice
a/b.slice:b:c|'/' is not allowed in it
a.slice:b:c d|' ' is not allowed in it
PATHS

test_begin "exec, ps, kill and delete find the unit without the flag"
running_unit
run_agentrun exec "$id" sh -c 'cat /proc/self/cgroup; sleep 0.5'
expect_success
expect_output_has 0::/
run_agentrun exec --detach --pid-file "$TEST_TMP/exec.pid" "$id" sleep 1000
expect_success
check_equal "where it is" "$(cgroup_of "$(cat "$TEST_TMP/exec.pid")")" "/system.slice/t-$id.scope"
run_agentrun ps --format json "$id"
check_equal "how many run" "$(jq length <<<"$output")" 2
run_agentrun kill "$id" KILL
expect_success
wait_status stopped
run_agentrun delete "$id"
expect_success
assert_no_unit_left

test_begin "a container that divided its cgroup takes exec where its init is"
unit_bundle '.mounts |= map(if .destination == "/sys/fs/cgroup" then .options = ["rw"] else . end)' sh -c \
	'mkdir /sys/fs/cgroup/init && echo 1 >/sys/fs/cgroup/init/cgroup.procs && exec sleep 1000'
run_agentrun --profile compat --systemd-cgroup run --detach --bundle "$bundle" "$id"
expect_success
for _ in $(seq 50); do
	[ "$(init_cgroup)" = "/system.slice/t-$id.scope" ] || break
	sleep 0.1
done
run_agentrun exec "$id" true
expect_success
run_agentrun delete --force "$id"
expect_success
assert_no_unit_left

test_begin "a container is paused and goes on"
running_unit
run_agentrun pause "$id"
expect_success
check_equal status "$(container_status)" paused
run_agentrun resume "$id"
expect_success
check_equal status "$(container_status)" running
run_agentrun pause "$id"
run_agentrun delete --force "$id"
expect_success
assert_no_unit_left

test_begin "events --stats reads the unit's cgroup"
running_unit
run_agentrun events --stats "$id"
expect_success
check_equal type "$(jq -r .type <<<"$output")" stats
run_agentrun delete --force "$id"
assert_no_unit_left

test_begin "what a failed unit left of its name is cleared away"
systemd-run --quiet --scope --unit="t-$id" --property=RuntimeMaxSec=100ms sleep 1000 2>/dev/null || true
failed_unit() {
	[ "$(unit_property ActiveState)" = failed ]
}
check_true "the unit has failed" wait_until failed_unit
running_unit
check_equal "the unit" "$(unit_property ActiveState)" active
run_agentrun delete --force "$id"
assert_no_unit_left

test_begin "a unit that lives is neither joined nor stopped"
systemd-run --quiet --scope --unit="t-$id" sleep 1000 &
other=$!
for _ in $(seq 50); do
	[ "$(unit_property ActiveState)" != active ] || break
	sleep 0.1
done
unit_bundle . true
run_agentrun --systemd-cgroup run --bundle "$bundle" "$id"
expect_error "container's cgroup is not empty: 1 process(es) found"
check_equal "the unit" "$(unit_property ActiveState)" active
check_false "a state is left" test -e "$state/$id"
systemctl stop "t-$id.scope"
wait "$other" || true

test_begin "a unit of that name in another slice is neither joined nor stopped"
systemd-run --quiet --scope --slice=user.slice --unit="t-$id" sleep 1000 &
other=$!
for _ in $(seq 50); do
	[ "$(unit_property ActiveState)" != active ] || break
	sleep 0.1
done
unit_bundle . true
run_agentrun --systemd-cgroup run --bundle "$bundle" "$id"
expect_error "unable to start unit 't-$id.scope'"
check_equal "the unit" "$(unit_property ActiveState)" active
check_false "a state is left" test -e "$state/$id"
systemctl stop "t-$id.scope"
wait "$other" || true
assert_no_unit_left

test_begin "properties of systemd come from annotations"
running_unit '.annotations = {"org.systemd.property.TimeoutStopUSec": "uint64 12345678",
	"org.systemd.property.CollectMode": "\u0027inactive-or-failed\u0027"}'
check_equal TimeoutStopUSec "$(unit_property TimeoutStopUSec)" 12.345678s
check_equal CollectMode "$(unit_property CollectMode)" inactive-or-failed
run_agentrun delete --force "$id"
assert_no_unit_left

test_begin "a container holds up the shutdown of the host for 90 seconds at most"
running_unit '.annotations = {"org.systemd.property.TimeoutStopUSec": "uint64 123456789"}'
check_equal TimeoutStopUSec "$(unit_property TimeoutStopUSec)" '1min 30s'
run_agentrun delete --force "$id"
assert_no_unit_left

test_begin "compat takes any property, and times in seconds"
unit_bundle '.annotations = {"org.systemd.property.TimeoutStopSec": "1.5",
	"org.systemd.property.After": "[\u0027dbus.socket\u0027]"}' sleep 1000
run_agentrun --profile compat --systemd-cgroup run --detach --bundle "$bundle" "$id"
expect_success
check_equal TimeoutStopUSec "$(unit_property TimeoutStopUSec)" 1.500000s
check_has After "$(unit_property After)" dbus.socket
run_agentrun delete --force "$id"
assert_no_unit_left

test_begin "other profiles leave out a property that may loosen"
running_unit '.annotations = {"org.systemd.property.After": "[\u0027dbus.socket\u0027]"}'
check_lacks After "$(unit_property After)" dbus.socket
run_agentrun delete --force "$id"
assert_no_unit_left

test_begin "a property that systemd does not know fails with its words"
unit_bundle '.annotations = {"org.systemd.property.NoSuchThing": "true"}' true
run_agentrun --profile compat --systemd-cgroup run --bundle "$bundle" "$id"
expect_error "unable to start unit 't-$id.scope': Cannot set property NoSuchThing, or unknown property."
assert_no_unit_left

test_begin "a value that is none fails with the annotation's name"
unit_bundle '.annotations = {"org.systemd.property.CollectMode": "inactive"}' true
run_agentrun --systemd-cgroup run --bundle "$bundle" "$id"
expect_error "annotation 'org.systemd.property.CollectMode': 'inactive' is not a value"
assert_no_unit_left

# A device of /proc/misc that everybody may open and that is none of the default ones.
minor=$(awk '$2 == "fuse" { print $1; exit }' /proc/misc)
test_begin "device rules stay in force when systemd reloads and when its properties change"
if [ -z "$minor" ]; then
	skip "needs the device 'fuse'"
else
	unit_bundle ".linux.devices += [{\"path\": \"/dev/x\", \"type\": \"c\", \"major\": 10, \"minor\": $minor,
		\"fileMode\": 438}] | .linux.resources.devices = [{\"allow\": false, \"access\": \"rwm\"}]" sleep 1000
	run_agentrun --profile compat --systemd-cgroup run --detach --bundle "$bundle" "$id"
	expect_success
	for what in true 'systemctl daemon-reload' "systemctl set-property --runtime t-$id.scope TasksMax=100"; do
		$what
		run_agentrun exec "$id" sh -c ': </dev/null; : </dev/x'
		check_has "opened after '$what'" "$errors" "/dev/x: Operation not permitted"
	done
	run_agentrun delete --force "$id"
	assert_no_unit_left
fi

test_begin "a limit whose controller is missing is refused, and its unit goes"
unit_bundle '.linux.resources.unified = {"nonsense.max": "1"}' true
run_agentrun --profile compat --systemd-cgroup run --bundle "$bundle" "$id"
expect_error "linux.resources.unified[nonsense.max] cannot be set: the cgroup v2 tree has no controller 'nonsense'"
assert_no_unit_left

test_begin "without a broker root speaks to systemd itself"
unit_bundle . true
run_command env DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere "$AGENTRUN" --root "$state" \
	--systemd-cgroup run --bundle "$bundle" "$id"
expect_success
assert_no_unit_left

test_begin "without a systemd there is one sentence that says what to do"
unit_bundle . true
run_command env DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere unshare --mount sh -c \
	'mount -t tmpfs tmpfs /run/systemd && exec "$@"' sh "$AGENTRUN" --root "$state" \
	--systemd-cgroup run --bundle "$bundle" "$id"
expect_status 1
expect_error "systemd cannot be reached on the system bus (it does not exist): it must run as the host's init"
check_lacks "the errors" "$errors" "o such file"
assert_no_unit_left

test_begin "delete --force goes on when systemd cannot be asked any more"
running_unit
run_command env DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere unshare --mount sh -c \
	'mount -t tmpfs tmpfs /run/systemd && exec "$@"' sh "$AGENTRUN" --root "$state" delete --force "$id"
expect_success
for _ in $(seq 50); do
	[ "$(unit_property ActiveState)" = active ] || break
	sleep 0.1
done
assert_no_unit_left

if test_begin "a create that dies at any message to systemd leaves nothing behind delete --force" command:strace; then
	unit_bundle . sleep 1000
	died=0
	for n in $(seq 40); do
		# shellcheck disable=SC2016 # for the other shell, which says "Killed" to nobody
		run_command sh -c '"$@"; exit' sh \
			strace -qq -o /dev/null -e "inject=sendmsg:signal=KILL:when=$n" "$AGENTRUN" \
			--root "$state" --systemd-cgroup create --bundle "$bundle" "$id-$n"
		if [ "$status" = 0 ]; then
			run_agentrun delete --force "$id-$n"
			break
		fi
		died=$((died + 1))
		run_agentrun delete --force "$id-$n"
		expect_success
		check_equal "units after message $n" \
			"$(systemctl list-units --all --plain --no-legend "*$lib_mark*")" ''
	done
	check_true "it died often enough: $died" [ "$died" -ge 5 ]
	assert_no_unit_left
fi

test_begin "a hundred containers start at once"
unit_bundle . true
edit_bundle "$bundle" 'del(.linux.cgroupsPath)'
for n in $(seq 100); do
	(
		code=0
		timeout 120 "$AGENTRUN" --root "$state" --systemd-cgroup run --bundle "$bundle" "$id-$n" \
			</dev/null >"$TEST_TMP/out-$n" 2>&1 || code=$?
		echo "$code" >"$TEST_TMP/code-$n"
	) &
done
wait
check_equal "how they ended" "$(cat "$TEST_TMP"/code-* | sort | uniq -c | tr -s ' ')" ' 100 0'
check_equal "what they said" "$(cat "$TEST_TMP"/out-*)" ''
assert_no_unit_left

test_end
