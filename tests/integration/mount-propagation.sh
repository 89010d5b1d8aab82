#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What reaches the host of a container's mounts, and the other way round. In a mount namespace of the
# test's own whose root is shared: a mistake here would cover the root of the machine.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"
needs root

mkdir -p "$TEST_TMP/bin"
ln -sf "$(realpath "$AGENTRUN")" "$TEST_TMP/bin/agentrun-compat"

# on_shared_root PROGRAM [own]: runs the bundle, which is on a mount of its own with "own"; $output is what
# the container printed, $mounts_before and $mounts_after are those of the namespace.
# shellcheck disable=SC2016 # for the other shell
on_shared_root() {
	run_command unshare --mount --propagation private sh -c '
		[ -z "$6" ] || mount --bind "$4" "$4"
		mount --make-rshared /
		cat /proc/self/mountinfo >"$1/mounts.before"
		"$2" --root "$3" run --bundle "$4" "$5"
		status=$?
		cat /proc/self/mountinfo >"$1/mounts.after"
		exit $status' sh "$TEST_TMP" "$1" "$state" "$bundle" "$id" "${2-}"
	mounts_before=$(<"$TEST_TMP/mounts.before")
	mounts_after=$(<"$TEST_TMP/mounts.after")
}

# printing PLACES: a bundle that prints for each mount of these places what its propagation is
printing() {
	# shellcheck disable=SC2016 # for awk
	make_command "$bundle" . awk -v "places=$1" '$5 ~ places {
		kind = ""
		for (i = 7; $i != "-"; i++)
			kind = kind " " substr($i, 1, index($i, ":") - 1)
		print $5 (kind == "" ? " private" : kind)
	}' /proc/self/mountinfo
}

# propagating ROOT: a bundle with that rootfsPropagation, a bind that says nothing and one that is to be
# shared; it prints for / and both what their propagation is.
propagating() {
	mkdir -p "$bundle/source"
	printing '^/(plain|open)?$'
	# shellcheck disable=SC2016
	edit_bundle "$bundle" '(if $root == "" then . else .linux.rootfsPropagation = $root end) |
		.mounts += [{destination: "/plain", type: "bind", source: $source, options: ["rbind"]},
			{destination: "/open", type: "bind", source: $source, options: ["rbind", "rshared"]}]' \
		--arg root "$1" --arg source "$bundle/source"
	on_shared_root "$TEST_TMP/bin/agentrun-compat"
	output=$(LC_ALL=C sort <<<"$output")
}

for root in '' slave rslave; do
	test_begin "with the root ${root:-as usual}, binds receive from the host and give nothing"
	propagating "$root"
	expect_success
	expect_output $'/ master\n/open shared master\n/plain master'
	check_equal "mounts of the host" "$mounts_after" "$mounts_before"
done

for root in private rprivate; do
	test_begin "with the root $root, binds neither receive nor give"
	propagating "$root"
	expect_success
	expect_output $'/ private\n/open shared\n/plain private'
	check_equal "mounts of the host" "$mounts_after" "$mounts_before"
done

for root in shared rshared; do
	test_begin "with the root $root, binds are the host's peers, and the host's root is not covered"
	propagating "$root"
	expect_success
	expect_output $'/ shared\n/open shared\n/plain shared'
	check_equal "mounts of the host" "$mounts_after" "$mounts_before"
done

for root in '' private rprivate slave rslave shared rshared unbindable runbindable; do
	test_begin "with the root ${root:-as usual}, nothing comes to the host either where the bundle has a mount of its own"
	make_command "$bundle" "$(printf '(if "%s" == "" then . else .linux.rootfsPropagation = "%s" end)' "$root" "$root")" echo runs
	on_shared_root "$TEST_TMP/bin/agentrun-compat" own
	expect_success
	expect_output runs
	check_equal "mounts of the host" "$mounts_after" "$mounts_before"
done

test_begin "the agent profile refuses a shared root and a shared bind"
mkdir -p "$bundle/source"
make_command "$bundle" '.linux.rootfsPropagation = "rshared"' true
on_shared_root "$AGENTRUN"
expect_error "linux.rootfsPropagation 'rshared' is refused by the agent profile"
check_equal "mounts of the host" "$mounts_after" "$mounts_before"
edit_bundle "$bundle" 'del(.linux.rootfsPropagation) |
	.mounts += [{destination: "/open", type: "bind", source: $source, options: ["rbind", "rshared"]}]' \
	--arg source "$bundle/source"
on_shared_root "$AGENTRUN"
expect_error "is refused by the agent profile: with shared propagation mounts reach the host"

test_begin "in the agent profile no mount is the host's peer"
mkdir -p "$bundle/source"
make_bundle "$bundle" '.mounts += [{destination: "/plain", type: "bind", source: $source, options: ["rbind"]}]' \
	--arg source "$bundle/source"
edit_bundle "$bundle" '.process.args = ["grep", "-c", " shared:", "/proc/self/mountinfo"]'
on_shared_root "$AGENTRUN"
expect_output 0

printf '{ "bind-sources": ["%s"] }\n' "$TEST_TMP" >"$TEST_TMP/policy"
for profile in agent strict; do
	printf '#!/bin/sh\nexec "%s" --config "%s" --profile %s "$@"\n' "$AGENTRUN" "$TEST_TMP/policy" "$profile" \
		>"$TEST_TMP/bin/$profile"
	chmod +x "$TEST_TMP/bin/$profile"
done

# held PROFILE ROOT: the same in a profile that holds them, with a bind that says nothing, one that says private and one
# that is to be a slave.
held() {
	mkdir -p "$bundle/source"
	printing '^/(plain|private|slave)?$'
	# shellcheck disable=SC2016
	edit_bundle "$bundle" '(if $root == "" then . else .linux.rootfsPropagation = $root end) |
		.mounts += [{destination: "/plain", type: "bind", source: $source, options: ["rbind"]},
			{destination: "/private", type: "bind", source: $source, options: ["rbind", "private"]},
			{destination: "/slave", type: "bind", source: $source, options: ["rbind", "rslave"]}]' \
		--arg root "$2" --arg source "$bundle/source"
	on_shared_root "$TEST_TMP/bin/$1"
	expect_success
	output=$(LC_ALL=C sort <<<"$output")
	check_equal "mounts of the host" "$mounts_after" "$mounts_before"
}

for root in '' slave rslave; do
	test_begin "in the agent profile with the root ${root:-as usual}, only the bind that is to receive from the host does"
	held agent "$root"
	expect_output $'/ master\n/plain private\n/private private\n/slave master'
done
for root in private rprivate; do
	test_begin "in the agent profile with the root $root, no bind receives from the host"
	held agent "$root"
	expect_output $'/ private\n/plain private\n/private private\n/slave private'
done
for root in '' private rprivate slave rslave; do
	test_begin "in the strict profile with the root ${root:-as usual}, nothing receives from the host"
	held strict "$root"
	expect_output $'/ private\n/plain private\n/private private\n/slave private'
done

test_begin "in the agent profile a root is private where nothing is to receive from the host"
make_command "$bundle" . awk '$5 == "/" { print $7 }' /proc/self/mountinfo
on_shared_root "$AGENTRUN"
expect_output -

test_begin "nothing is left"
make_command "$bundle" . true
on_shared_root "$AGENTRUN"
expect_success
assert_nothing_left
