# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lib.sh has $bundle, $id, $errors and the rest:
# shellcheck disable=SC2154
#
# For tests of checkpoint and restore with CRIU itself.

. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../helpers.bash"
needs root cgroup command:criu
build_helper counter
build_helper lock

# compat ARGUMENT...: in the profile that may do it.
compat() {
	run_agentrun --profile compat "$@"
}

image=$TEST_TMP/image

# detached: run it with streams that can be checkpointed: no files of the host.
detached() {
	"$AGENTRUN" --root "$state" --profile compat run --detach --bundle "$bundle" "$id" \
		</dev/null >/dev/null 2>&1 || fail "run: status $?"
}

# program [FILTER [JQ-ARGUMENT...]] -- COMMAND...: a bundle whose program counts in /tmp/count, by helpers/counter.
program() {
	local edit=()
	while [ "$1" != -- ]; do
		edit+=("$1")
		shift
	done
	shift
	count_file=$bundle/rootfs/tmp/count
	make_command "$bundle" '.root.readonly = false' "$@"
	cp "$helpers_folder"/{counter,lock} "$bundle/rootfs/"
	edit_bundle "$bundle" "${edit[@]:-.}"
}

# counter [FILTER [JQ-ARGUMENT...]]: one that counts, as long as it lives.
counter() {
	program "$@" -- /counter alone /tmp/count
}

start_program() {
	program "$@"
	detached
	expect_counting
}

start_counter() {
	start_program "$@" -- /counter alone /tmp/count
}

# What CRIU says in its log is worth more than our sentence.
expect_criu() {
	if [ "$status" != 0 ]; then
		grep -h -B 3 Error "$image"/*.log 2>/dev/null | sed 's/^/# /' || true
	fi
	expect_success
}

checkpoint() {
	rm -rf "$image"
	compat checkpoint --image-path "$image" "$@" "$id"
	expect_criu
}

restore() {
	compat restore --detach --image-path "$image" --bundle "$bundle" "$@" "$id"
	expect_criu
}

end() {
	compat delete --force "$id"
	expect_success
	assert_nothing_left
}
