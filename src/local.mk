# SPDX-License-Identifier: GPL-2.0-or-later

bin_PROGRAMS += agentrun

agentrun_SOURCES = \
	%D%/bytes.c \
	%D%/bytes.h \
	%D%/checkpoint.c \
	%D%/command.h \
	%D%/completion-bash.c \
	%D%/completion-fish.c \
	%D%/completion-zsh.c \
	%D%/completion.c \
	%D%/completion.h \
	%D%/create.c \
	%D%/creation.c \
	%D%/creation.h \
	%D%/delete.c \
	%D%/doctor-cgroups.c \
	%D%/doctor-engines.c \
	%D%/doctor-host.c \
	%D%/doctor-kernel.c \
	%D%/doctor-policy.c \
	%D%/doctor.c \
	%D%/doctor.h \
	%D%/duration.c \
	%D%/duration.h \
	%D%/engine-files.c \
	%D%/engine-files.h \
	%D%/events.c \
	%D%/exec.c \
	%D%/explain.c \
	%D%/features.c \
	%D%/globals.c \
	%D%/globals.h \
	%D%/help.c \
	%D%/help.h \
	%D%/image.c \
	%D%/image.h \
	%D%/kill.c \
	%D%/list.c \
	%D%/main.c \
	%D%/options.c \
	%D%/options.h \
	%D%/output.c \
	%D%/output.h \
	%D%/paths.c \
	%D%/paths.h \
	%D%/pause.c \
	%D%/ps.c \
	%D%/restore.c \
	%D%/resume.c \
	%D%/run.c \
	%D%/signals.c \
	%D%/signals.h \
	%D%/spec.c \
	%D%/start.c \
	%D%/state.c \
	%D%/toml.c \
	%D%/toml.h \
	%D%/update.c \
	%D%/version.h

# Only the tool knows the commit it was built from, so that a new commit compiles little again.
agentrun_CPPFLAGS = $(AM_CPPFLAGS) -include commit.h
agentrun_LDADD = libcontainer.a $(YAJL_LIBS)

BUILT_SOURCES += commit.h
CLEANFILES += commit.h

# Written again only when the commit has changed.
commit.h: always
	$(AM_V_at)$(SHELL) $(top_srcdir)/build-aux/commit $(top_srcdir) $@
.PHONY: always
always:
$(agentrun_OBJECTS): commit.h

# The name it is called by chooses the profile.
install-exec-hook:
	cd $(DESTDIR)$(bindir) && for name in agentrun-compat agentrun-strict; do \
		rm -f $$name && $(LN_S) agentrun $$name || exit 1; done
uninstall-hook:
	rm -f $(DESTDIR)$(bindir)/agentrun-compat $(DESTDIR)$(bindir)/agentrun-strict
