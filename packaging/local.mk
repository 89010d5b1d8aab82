# SPDX-License-Identifier: GPL-2.0-or-later

examplesdir = $(docdir)/examples
dist_examples_DATA = \
	%D%/agentrun.conf \
	%D%/agentrun.schema.json

# --- what the configuration of engines needs, with the name of the program in it ------------------

enginesdir = $(pkgdatadir)/engines
engines_DATA = \
	%D%/engines/containerd-2-config.toml \
	%D%/engines/containerd-config.toml \
	%D%/engines/containers.conf \
	%D%/engines/crio.conf \
	%D%/engines/docker-daemon.json
dist_engines_DATA = %D%/engines/runtimeclass.yaml

containersdir = $(datadir)/containers/containers.conf.d
containers_DATA = %D%/engines/50-agentrun.conf

engine_files = $(engines_DATA) $(containers_DATA)
CLEANFILES += $(engine_files)
$(engine_files): %: %.in
	$(AM_V_at)$(MKDIR_P) $(@D)
	$(AM_V_GEN)$(SED) 's|@bindir[@]|$(bindir)|g' $< >$@

# --- completion ----------------------------------------------------------------------------------

bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
fishcompletiondir = $(datadir)/fish/vendor_completions.d
dist_bashcompletion_DATA = %D%/completion/agentrun
dist_zshcompletion_DATA = %D%/completion/_agentrun
dist_fishcompletion_DATA = %D%/completion/agentrun.fish

# bash and fish look for a file of the program's name.
bashcompletion_DATA = %D%/completion/agentrun-compat %D%/completion/agentrun-strict
fishcompletion_DATA = %D%/completion/agentrun-compat.fish %D%/completion/agentrun-strict.fish
CLEANFILES += $(bashcompletion_DATA) $(fishcompletion_DATA)
$(bashcompletion_DATA): %D%/completion/agentrun
	$(AM_V_at)$(MKDIR_P) $(@D)
	$(AM_V_GEN)cp $< $@
$(fishcompletion_DATA): %D%/completion/agentrun.fish
	$(AM_V_at)$(MKDIR_P) $(@D)
	$(AM_V_GEN)cp $< $@
