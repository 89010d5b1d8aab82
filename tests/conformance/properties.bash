# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lib.sh has $bundle, $id, $errors and the rest:
# shellcheck disable=SC2154
#
# Properties of runtime-spec's config.json, each seen from inside a container: agentrun in the compat profile
# and, so that the table stays honest, runc where it is installed and knows the property.
#
#   property NAME KEY=VALUE...
#
#     needs=FEATURE...   what this machine must have (tests/lib.sh)
#     config=FILTER      jq, on what "agentrun spec" writes
#     run=SCRIPT         for the container's sh; its root has busybox, and helpers/observe as /observe
#     output=TEXT        all that it prints, or match=REGEX, extended, of the whole
#     error=PART         no container, and this in the message
#     status=N           the exit status, 0
#     before=SHELL       on the host, before; $volume is a folder of the test's own
#     host=SHELL         on the host, while the container runs the script (sleep 100 without one): its
#                        output counts; $pid, "$runtime exec $id COMMAND..."
#     as=PROGRAM...      run, without a shell between
#     runc=VERSION       the first that does the same (1.0); "no": none, or its way to it differs
#     unified=           not asked of runc where cgroup v1 is beside v2: there it takes v1

. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../helpers.bash"
needs root
build_helper observe

volume=$TEST_TMP/volume
runc=$(command -v "${RUNC-runc}" || true)
runc_version=
[ -z "$runc" ] || runc_version=$("$runc" --version | sed -n 's/^runc version \([0-9.]*\).*/\1/p')
[ -n "$runc_version" ] || note "no runc to compare with"

# runc_knows VERSION
runc_knows() {
	[ -n "$runc_version" ] && [ "$1" != no ] && printf '%s\n%s\n' "$1" "$runc_version" | sort -VC
}

# Everything below is called by property() and sees its variables.
prepare() {
	rm -rf "$volume"
	mkdir "$volume"
	eval "$before"
	if [ -n "$as" ]; then
		# shellcheck disable=SC2086 # words
		make_command "$bundle" "$config" $as
	else
		make_command "$bundle" "$config" sh -c "$run"
	fi
	cp "$helpers_folder/observe" "$bundle/rootfs/observe"
}

observe_host() {
	run_command "${runtime[@]}" run --detach --bundle "$bundle" "$id"
	expect_success
	[ "$status" = 0 ] || return 0
	pid=$("${runtime[@]}" state "$id" | jq .pid)
	output=$(eval "$host" 2>&1) || fail "on the host: status $?: $output"
	output=$(tr -d '\0' <<<"$output")
	"${runtime[@]}" delete --force "$id"
}

observe_inside() {
	run_command "${runtime[@]}" run --bundle "$bundle" "$id"
	if [ -n "$error" ]; then
		expect_error "$error"
	else
		expect_status "$status_wanted"
	fi
}

compare() {
	prepare
	if [ -n "$host" ]; then
		observe_host
	else
		observe_inside
	fi
	if [ -n "$match" ]; then
		[[ $output =~ $match ]] || fail "$(expected "output that matches '$match'")"
	elif [ -z "$error" ]; then
		expect_output "$output_wanted"
	fi
}

compare_runc() {
	local runtime=("$runc" --root "$TEST_TMP/runc")
	test_begin "$name, by runc $runc_version"
	compare
	"$runc" --root "$TEST_TMP/runc" delete --force "$id" 2>/dev/null || true
}

property() {
	local name=$1 needs='' config=. run='' output='' match='' error='' status=0 before='' host='' as='' runc_since=1.0
	local unified='' output_wanted status_wanted key features runtime pid
	shift
	for key; do
		case $key in
		needs=* | config=* | run=* | output=* | match=* | error=* | status=* | before=* | host=* | as=* | unified=*)
			printf -v "${key%%=*}" %s "${key#*=}"
			;;
		runc=*) runc_since=${key#*=} ;;
		*) fail "property $name: '${key%%=*}' is no key" ;;
		esac
	done
	output_wanted=$output status_wanted=$status
	[ -z "$host" ] || run=${run:-exec sleep 100}
	read -ra features <<<"$needs"
	runtime=("$AGENTRUN" --root "$state" --profile compat)
	test_begin "$name" "${features[@]}" || return 0
	compare
	runc_knows "$runc_since" || return 0
	if [ -n "$unified" ] && ! has unified; then return 0; fi
	compare_runc
}

# The last word of each file.
properties_end() {
	test_begin "nothing is left of all that"
	check_true "the folder for state" mkdir -p "$state"
	assert_nothing_left
}
