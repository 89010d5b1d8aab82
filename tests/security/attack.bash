# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bundle, id and output are those of tests/lib.sh:
# shellcheck disable=SC2154
#
# For attacks: what is refused, what is denied inside, and that it works where nothing guards.
#
#   attack_bundle FILTER [JQ-ARGUMENT...]   a bundle that prints "escaped" when it runs
#   expect_refused PART...                  the bundle is refused by the agent profile, with all these
#                                           parts in the reason, and nothing of it ran
#   expect_runs                             control: the compat profile runs it
#   probe_bundle FILTER PROBE...            a bundle that runs helpers/surface with these probes
#   run_probes PROFILE PROBE...             runs it; $output has a line for each
#   expect_probe PROBE RESULT               its line: "OK", an errno, several with "|"
#   control_probe PROBE                     it is "OK", or a note says that this machine has it not
#   privileged                              jq: all rights that a bundle can ask for

. "$(dirname "${BASH_SOURCE[0]}")/../helpers.bash"

all_capabilities='["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_DAC_READ_SEARCH","CAP_FOWNER","CAP_FSETID",
	"CAP_KILL","CAP_SETGID","CAP_SETUID","CAP_SETPCAP","CAP_NET_BIND_SERVICE","CAP_NET_ADMIN",
	"CAP_NET_RAW","CAP_SYS_CHROOT","CAP_SYS_PTRACE","CAP_SYS_ADMIN","CAP_MKNOD","CAP_SETFCAP",
	"CAP_SYS_RAWIO","CAP_SYS_TTY_CONFIG","CAP_SYS_MODULE","CAP_BPF","CAP_PERFMON","CAP_SYSLOG"]'
# What "docker run --privileged" sends.
# shellcheck disable=SC2034
privileged=".process.capabilities = ($all_capabilities as \$all |
		{bounding: \$all, effective: \$all, permitted: \$all, inheritable: \$all, ambient: \$all})
	| .process.noNewPrivileges = false | .root.readonly = false
	| .linux.maskedPaths = [] | .linux.readonlyPaths = [] | del(.linux.seccomp)
	| .linux.resources.devices = [{allow: true, access: \"rwm\"}]
	| (.mounts[] | select(.type == \"sysfs\" or .type == \"cgroup\") | .options) |= map(select(. != \"ro\"))"

attack_bundle() {
	local filter=$1
	shift
	make_bundle "$bundle" ".process.args = [\"echo\", \"escaped\"] | $filter" "$@"
}

expect_refused() {
	local part
	run_agentrun run --bundle "$bundle" "$id"
	expect_error "is refused by the agent profile"
	for part; do
		expect_error "$part"
	done
	check_lacks "what ran" "$output" escaped
}

expect_runs() {
	run_agentrun --profile compat run --bundle "$bundle" "$id"
	expect_success
	expect_output_has escaped
}

# A bind of SOURCE on /host, with more OPTIONS.
bind_bundle() {
	attack_bundle '.mounts += [{destination: "/host", type: "bind", source: $source,
		options: (["rbind"] + $ARGS.positional)}]' --arg source "$1" --args "${@:2}"
}

probe_bundle() {
	local filter=$1
	shift
	build_helper surface
	make_command "$bundle" "$filter" /surface "$@"
	cp "$helpers_folder/surface" "$bundle/rootfs/surface"
}

run_probes() {
	local profile=$1
	shift
	edit_bundle "$bundle" '.process.args = ["/surface"] + $ARGS.positional' --args "$@"
	run_agentrun --profile "$profile" run --bundle "$bundle" "$id"
	expect_success
}

probe_result() {
	sed -n "s|^$1: ||p" <<<"$output"
}

expect_probe() {
	check_match "$1" "$(probe_result "$1")" "^($2)\$"
}

control_probe() {
	case $(probe_result "$1") in
	OK) ;;
	EAFNOSUPPORT | EPROTONOSUPPORT | ESOCKTNOSUPPORT | ENOSYS | EOPNOTSUPP | ENOTTY)
		note "control: this kernel has no '$1' ($(probe_result "$1")), so only the denial is seen"
		;;
	*) check_equal "without the guard, $1" "$(probe_result "$1")" OK ;;
	esac
}

control_probes() {
	local probe
	for probe; do
		control_probe "$probe"
	done
}
