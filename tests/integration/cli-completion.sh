#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What shells complete: every command and every option that --help shows, and the values that are known.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

mkdir -p "$TEST_TMP/bin" "$TEST_TMP/here/folder"
ln -sf "$(realpath "$AGENTRUN")" "$TEST_TMP/bin/agentrun"
touch "$TEST_TMP/here/file"
export PATH=$TEST_TMP/bin:$PATH
cd "$TEST_TMP/here"

commands() {
	"$AGENTRUN" --help | sed -nE '/^COMMANDS:/,/^$/ s/^   ([a-z]+)[, ].*/\1/p' | sort
}

# offered [COMMAND]: the options of --help, long and short
offered() {
	"$AGENTRUN" "$@" --help | sed -nE '/OPTIONS:$/,$ s/^   (--[a-z0-9-]+)( value)?(, (-[a-zA-Z]))?.*/\1 \4/p' |
		tr ' ' '\n' | grep . | sort
}

# complete_bash WORD...: the candidates for the last word
complete_bash() {
	bash --norc -c '
		eval "$(agentrun completion bash)"
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_agentrun
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@" | grep . | sort || true
}

complete_fish() {
	local line
	# blanks between the words, the last one may be empty
	line=$*
	HOME=$TEST_TMP XDG_CONFIG_HOME=$TEST_TMP/fish fish --no-config -c '
		agentrun completion fish | source
		complete -C "$argv"' "$line" | cut -f 1 | grep . | sort || true
}

# --- each shell ------------------------------------------------------------------------------------

for shell in bash fish; do
	test_begin "$shell completes every command" "command:$shell" || continue
	check_equal "commands" "$("complete_$shell" agentrun '')" "$(commands)"
	check_equal "commands behind global options" \
		"$("complete_$shell" agentrun --debug --log /dev/null '')" "$(commands)"

	test_begin "$shell completes every option of every command"
	check_equal "global options" "$("complete_$shell" agentrun --)" "$(offered | grep -e --)"
	for command in $(commands); do
		[ "$command" != help ] || continue
		check_equal "options of $command" \
			"$("complete_$shell" agentrun "$command" --)" "$(offered "$command" | grep -e --)"
	done

	test_begin "$shell completes the values that are known"
	check_equal "profile" "$("complete_$shell" agentrun --profile '')" $'agent\ncompat\nstrict'
	check_equal "format of list" "$("complete_$shell" agentrun list --format '')" $'json\ntable'
	check_equal "format of explain" "$("complete_$shell" agentrun explain -f j)" json
	check_equal "shells" "$("complete_$shell" agentrun completion '')" $'bash\nfish\nzsh'
	check_equal "folders" "$("complete_$shell" agentrun run --bundle fo | tr -d /)" folder
	check_match "files" "$("complete_$shell" agentrun exec --process f)" '^file$'
	for option in update\ --{memory,cpu-quota,l3-cache-schema} checkpoint\ --p{arent-path,age-server} restore\ --lsm-profile; do
		# shellcheck disable=SC2086 # a command and its option
		check_equal "nothing for $option" "$("complete_$shell" agentrun $option '')" ""
	done
	check_equal "cgroup-manager" "$("complete_$shell" agentrun --cgroup-manager '')" $'cgroupfs\ndisabled\nsystemd'
	check_equal "log-format" "$("complete_$shell" agentrun --log-format '')" $'json\ntext'
	check_equal "rootless" "$("complete_$shell" agentrun --rootless '')" $'auto\nfalse\ntrue'
	for command in checkpoint restore; do
		check_equal "manage-cgroups-mode of $command" \
			"$("complete_$shell" agentrun "$command" --manage-cgroups-mode '')" $'full\nignore\nsoft\nstrict'
		check_equal "empty-ns of $command" "$("complete_$shell" agentrun "$command" --empty-ns '')" network
	done
	for command in explain doctor; do
		check_equal "format of $command" "$("complete_$shell" agentrun "$command" --format '')" $'json\ntext'
	done

	test_begin "$shell completes the commands that there is help for"
	for command in help h; do
		check_equal "commands behind $command" "$("complete_$shell" agentrun "$command" '')" \
			"$(commands | grep -vx help)"
	done
done

test_begin "bash completes short options, and values behind '='" command:bash &&
	for command in $(commands); do
		[ "$command" != help ] || continue
		check_equal "options of $command" "$(complete_bash agentrun "$command" -)" "$(offered "$command")"
	done
check_equal "value" "$(complete_bash agentrun --profile = s)" strict
check_equal "value" "$(complete_bash agentrun list --format = '')" $'json\ntable'

test_begin "zsh takes the script, and has every option of every command" command:zsh && {
	# the functions of its completion system say what they are given
	mapfile -t names < <(commands | grep -vx help)
	given=$(zsh -f -c '
		_arguments() { [ "$1" != -C ] || shift; print -rl -- "$words[1] "${^@} }
		_describe() { print -rl -- "command "${(P)^2} }
		compdef() { :; }
		eval "$(agentrun completion zsh)"
		words=(""); _agentrun; _agentrun_commands
		for command in "$@"; do words=($command); _agentrun_command; done' zsh "${names[@]}") ||
		fail "zsh ended with $?"
	check_equal "commands" "$(sed -nE 's/^command ([a-z]+):.*/\1/p' <<<"$given" | sort -u)" "$(commands)"
	check_equal "global options" \
		"$(sed -nE 's/^ ([*]|\([^)]*\))?(-[a-zA-Z0-9-]+).*/\2/p' <<<"$given" | sort)" "$(offered)"
	check_has "values" "$given" ':value:(soft full strict ignore)'
	check_has "values" "$given" ':value:(network)'
	for command in $(commands); do
		[ "$command" != help ] || continue
		check_equal "options of $command" \
			"$(sed -nE "s/^$command ([*]|\([^)]*\))?(-[a-zA-Z0-9-]+).*/\2/p" <<<"$given" | sort)" \
			"$(offered "$command")"
	done
}

test_begin "a shell that is not known is an error" && {
	run_agentrun completion ksh
	expect_status 1
	expect_error "no completion for 'ksh' (expected bash, fish or zsh)"
}

test_begin "fish finds the file by each name of the program" command:fish && {
	mkdir -p "$TEST_TMP/fish/fish/completions"
	for name in agentrun agentrun-compat agentrun-strict; do
		cp "$SRCDIR/packaging/completion/agentrun.fish" "$TEST_TMP/fish/fish/completions/$name.fish"
		[ -e "$TEST_TMP/bin/$name" ] || ln -s agentrun "$TEST_TMP/bin/$name"
	done
	for name in agentrun agentrun-compat agentrun-strict; do
		check_equal "$name" "$(HOME=$TEST_TMP XDG_CONFIG_HOME=$TEST_TMP/fish fish -c 'complete -C "$argv"' \
			"$name restore --manage-cgroups-mode s" | cut -f 1)" $'soft\nstrict'
	done
}

# --- containers ------------------------------------------------------------------------------------

for shell in bash fish; do
	test_begin "$shell completes the containers of the state root" root "command:$shell" || continue
	make_command "$bundle" . sleep 60
	run_agentrun create --bundle "$bundle" "$id"
	expect_success
	check_equal "containers" "$("complete_$shell" agentrun --root "$state" kill "${id:0:3}")" "$id"
	check_equal "no container for a new one" "$("complete_$shell" agentrun --root "$state" run "${id:0:3}")" ""
	run_agentrun delete --force "$id"
done
