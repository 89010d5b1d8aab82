# SPDX-License-Identifier: GPL-2.0-or-later

noinst_LIBRARIES += libcontainer.a

# One file a line; floor by floor, each in the order of the alphabet.
libcontainer_a_SOURCES = \
	%D%/base/arena.c \
	%D%/base/arena.h \
	%D%/base/cbpf-build.c \
	%D%/base/cbpf-build.h \
	%D%/base/cbpf.c \
	%D%/base/cbpf.h \
	%D%/base/clock.c \
	%D%/base/clock.h \
	%D%/base/digest.c \
	%D%/base/digest.h \
	%D%/base/error.c \
	%D%/base/error.h \
	%D%/base/escape.c \
	%D%/base/escape.h \
	%D%/base/fd.c \
	%D%/base/fd.h \
	%D%/base/file.c \
	%D%/base/file.h \
	%D%/base/log.c \
	%D%/base/log.h \
	%D%/base/path.c \
	%D%/base/path.h \
	%D%/base/process.c \
	%D%/base/process.h \
	%D%/base/protobuf.c \
	%D%/base/protobuf.h \
	%D%/base/socket.c \
	%D%/base/socket.h \
	%D%/base/str.c \
	%D%/base/str.h \
	%D%/base/sys.c \
	%D%/base/sys.h \
	%D%/base/table.c \
	%D%/base/table.h \
	%D%/json/read.c \
	%D%/json/read.h \
	%D%/json/text.c \
	%D%/json/text.h \
	%D%/json/write.c \
	%D%/json/write.h \
	%D%/spec/decode.c \
	%D%/spec/devices.c \
	%D%/spec/encode.c \
	%D%/spec/field.c \
	%D%/spec/field.h \
	%D%/spec/hooks.c \
	%D%/spec/linux.c \
	%D%/spec/mount-options.c \
	%D%/spec/mount-options.h \
	%D%/spec/mounts.c \
	%D%/spec/namespaces.c \
	%D%/spec/process.c \
	%D%/spec/resources.c \
	%D%/spec/root.c \
	%D%/spec/seccomp.c \
	%D%/spec/spec.c \
	%D%/spec/spec.h \
	%D%/spec/validate-linux.c \
	%D%/spec/validate-resources.c \
	%D%/spec/validate-seccomp.c \
	%D%/spec/validate.c \
	%D%/spec/validate.h \
	%D%/spec/vm.c \
	%D%/policy/config.c \
	%D%/policy/config.h \
	%D%/policy/effective.c \
	%D%/policy/effective.h \
	%D%/policy/engines.c \
	%D%/policy/engines.h \
	%D%/policy/explain.c \
	%D%/policy/explain.h \
	%D%/policy/facts.h \
	%D%/policy/hostpaths.c \
	%D%/policy/hostpaths.h \
	%D%/policy/merge-annotations.c \
	%D%/policy/merge-binds.c \
	%D%/policy/merge-binds.h \
	%D%/policy/merge-devices.c \
	%D%/policy/merge-exec.c \
	%D%/policy/merge-hooks.c \
	%D%/policy/merge-linux.c \
	%D%/policy/merge-mounts.c \
	%D%/policy/merge-namespaces.c \
	%D%/policy/merge-process.c \
	%D%/policy/merge-resources.c \
	%D%/policy/merge-root.c \
	%D%/policy/merge-sweep.c \
	%D%/policy/merge-tighten.c \
	%D%/policy/merge.c \
	%D%/policy/merge.h \
	%D%/policy/merging.c \
	%D%/policy/merging.h \
	%D%/policy/mount-flags.c \
	%D%/policy/mount-flags.h \
	%D%/policy/optout.c \
	%D%/policy/optout.h \
	%D%/policy/profile.c \
	%D%/policy/profile.h \
	%D%/policy/rules.c \
	%D%/policy/rules.h \
	%D%/policy/trust.c \
	%D%/policy/trust.h \
	%D%/policy/update.c \
	%D%/policy/update.h \
	%D%/kernel/attributes.h \
	%D%/kernel/caps.c \
	%D%/kernel/caps.h \
	%D%/kernel/cgroup-alone.c \
	%D%/kernel/cgroup-bpf.c \
	%D%/kernel/cgroup-convert.c \
	%D%/kernel/cgroup-delegate.c \
	%D%/kernel/cgroup-devices.c \
	%D%/kernel/cgroup-devices.h \
	%D%/kernel/cgroup-file.c \
	%D%/kernel/cgroup-file.h \
	%D%/kernel/cgroup-freeze.c \
	%D%/kernel/cgroup-limits.c \
	%D%/kernel/cgroup-limits.h \
	%D%/kernel/cgroup-oom.c \
	%D%/kernel/cgroup-path.c \
	%D%/kernel/cgroup-processes.c \
	%D%/kernel/cgroup-processes.h \
	%D%/kernel/cgroup-properties.c \
	%D%/kernel/cgroup-remove.c \
	%D%/kernel/cgroup-stats-encode.c \
	%D%/kernel/cgroup-stats.c \
	%D%/kernel/cgroup-stats.h \
	%D%/kernel/cgroup-systemd.c \
	%D%/kernel/cgroup-systemd.h \
	%D%/kernel/cgroup-unit.c \
	%D%/kernel/cgroup-unit.h \
	%D%/kernel/cgroup-v1.c \
	%D%/kernel/cgroup-write.c \
	%D%/kernel/cgroup.c \
	%D%/kernel/cgroup.h \
	%D%/kernel/copyup.c \
	%D%/kernel/copyup.h \
	%D%/kernel/cpulist.c \
	%D%/kernel/cpulist.h \
	%D%/kernel/criu-request.c \
	%D%/kernel/criu-talk.c \
	%D%/kernel/criu.c \
	%D%/kernel/criu.h \
	%D%/kernel/dev.c \
	%D%/kernel/dev.h \
	%D%/kernel/home.c \
	%D%/kernel/home.h \
	%D%/kernel/idmap.c \
	%D%/kernel/idmap.h \
	%D%/kernel/ids.c \
	%D%/kernel/ids.h \
	%D%/kernel/keyring.c \
	%D%/kernel/keyring.h \
	%D%/kernel/landlock.c \
	%D%/kernel/landlock.h \
	%D%/kernel/lsm.c \
	%D%/kernel/lsm.h \
	%D%/kernel/mask.c \
	%D%/kernel/mask.h \
	%D%/kernel/memory-policy.c \
	%D%/kernel/memory-policy.h \
	%D%/kernel/mount-legacy.c \
	%D%/kernel/mount-legacy.h \
	%D%/kernel/mount-table.c \
	%D%/kernel/mount-table.h \
	%D%/kernel/mount-verify.c \
	%D%/kernel/mount.c \
	%D%/kernel/mount.h \
	%D%/kernel/mountinfo.c \
	%D%/kernel/mountinfo.h \
	%D%/kernel/netdev.c \
	%D%/kernel/netdev.h \
	%D%/kernel/netlink.c \
	%D%/kernel/netlink.h \
	%D%/kernel/ns.c \
	%D%/kernel/ns.h \
	%D%/kernel/personality.c \
	%D%/kernel/personality.h \
	%D%/kernel/probe-caller.c \
	%D%/kernel/probe-features.c \
	%D%/kernel/probe-features.h \
	%D%/kernel/probe-host.c \
	%D%/kernel/probe-host-ids.c \
	%D%/kernel/probe-host.h \
	%D%/kernel/probe-idmap.c \
	%D%/kernel/probe-userns.c \
	%D%/kernel/probe-internal.h \
	%D%/kernel/probe-lsm.c \
	%D%/kernel/probe-mounts.c \
	%D%/kernel/probe-sockets.c \
	%D%/kernel/probe-sources.c \
	%D%/kernel/probe-targets.c \
	%D%/kernel/probe.c \
	%D%/kernel/probe.h \
	%D%/kernel/procfs.c \
	%D%/kernel/procfs.h \
	%D%/kernel/rdt-schema.c \
	%D%/kernel/rdt-stats.c \
	%D%/kernel/rdt.c \
	%D%/kernel/rdt.h \
	%D%/kernel/rlimit.c \
	%D%/kernel/rlimit.h \
	%D%/kernel/rootfs.c \
	%D%/kernel/rootfs.h \
	%D%/kernel/sched.c \
	%D%/kernel/sched.h \
	%D%/kernel/seccomp-builtin.c \
	%D%/kernel/seccomp-builtin.h \
	%D%/kernel/seccomp-cache.c \
	%D%/kernel/seccomp-cache.h \
	%D%/kernel/seccomp-compile.c \
	%D%/kernel/seccomp-compile.h \
	%D%/kernel/seccomp-file.c \
	%D%/kernel/seccomp-file.h \
	%D%/kernel/seccomp-plan.c \
	%D%/kernel/seccomp-plan.h \
	%D%/kernel/seccomp-program.c \
	%D%/kernel/seccomp-program.h \
	%D%/kernel/seccomp-resolve.c \
	%D%/kernel/seccomp-resolve.h \
	%D%/kernel/seccomp-stack.c \
	%D%/kernel/seccomp-stack.h \
	%D%/kernel/seccomp.c \
	%D%/kernel/seccomp.h \
	%D%/kernel/self.c \
	%D%/kernel/self.h \
	%D%/kernel/sysctl.c \
	%D%/kernel/sysctl.h \
	%D%/kernel/systemd-bus.c \
	%D%/kernel/systemd-bus.h \
	%D%/kernel/tty.c \
	%D%/kernel/tty.h \
	%D%/kernel/variant.c \
	%D%/kernel/variant.h \
	%D%/state/dir.c \
	%D%/state/record.c \
	%D%/state/record.h \
	%D%/state/status.c \
	%D%/run/cgroup-steps.c \
	%D%/run/hook-process.c \
	%D%/run/hook-process.h \
	%D%/run/hooks.c \
	%D%/run/hooks.h \
	%D%/run/hook-steps.c \
	%D%/run/host-steps.c \
	%D%/run/host-steps.h \
	%D%/run/init-steps.c \
	%D%/run/init-steps.h \
	%D%/run/last-mile.c \
	%D%/run/last-mile.h \
	%D%/run/listener.c \
	%D%/run/listener.h \
	%D%/run/notify.c \
	%D%/run/notify.h \
	%D%/run/notify-steps.c \
	%D%/run/notify-steps.h \
	%D%/run/mount-steps.c \
	%D%/run/mount-target.c \
	%D%/run/mount-target.h \
	%D%/run/plan-create.c \
	%D%/run/plan-exec.c \
	%D%/run/program.c \
	%D%/run/program.h \
	%D%/run/run.c \
	%D%/run/run.h \
	%D%/run/unit-steps.c \
	%D%/run/walk.c \
	%D%/run/walk.h \
	%D%/life/attend.c \
	%D%/life/attend.h \
	%D%/life/checkpoint.c \
	%D%/life/container.c \
	%D%/life/container.h \
	%D%/life/create.c \
	%D%/life/delete.c \
	%D%/life/exec.c \
	%D%/life/external.c \
	%D%/life/external.h \
	%D%/life/image.c \
	%D%/life/image.h \
	%D%/life/kill.c \
	%D%/life/life.h \
	%D%/life/making.c \
	%D%/life/making.h \
	%D%/life/pause.c \
	%D%/life/relay.c \
	%D%/life/relay.h \
	%D%/life/restore.c \
	%D%/life/start.c \
	%D%/life/streams.c \
	%D%/life/streams.h \
	%D%/life/update.c \
	%D%/life/view.c

EXTRA_DIST += %D%/README.md

# Headers made by a program of ours while building (CC_FOR_BUILD): policy/gen-NOUN.c prints NOUN.h.
# Add the header here, in the build folder; it is included as "policy/NOUN.h".
generated_headers = \
	%D%/policy/seccomp-lists.h

BUILT_SOURCES += $(generated_headers)
CLEANFILES += $(generated_headers) $(generated_headers:.h=.gen)

GENERATE = $(AM_V_GEN)$(MKDIR_P) $(@D) && \
	$(CC_FOR_BUILD) -std=c11 -D_GNU_SOURCE -I$(top_srcdir)/libcontainer \
	$(CFLAGS_FOR_BUILD) -o $(@:.h=.gen) $< $(GENERATE_LIBS) && \
	./$(@:.h=.gen) $(GENERATE_ARGS) >$@.tmp && mv $@.tmp $@

# The built-in seccomp programs, from the lists of system calls.
seccomp_lists = \
	%D%/policy/gen-seccomp.c \
	%D%/policy/syscalls-agent.list \
	%D%/policy/syscalls-strict.list \
	%D%/policy/syscalls.tbl
EXTRA_DIST += $(seccomp_lists)
%D%/policy/seccomp-lists.h: GENERATE_LIBS = $(top_srcdir)/%D%/base/cbpf-build.c
%D%/policy/seccomp-lists.h: GENERATE_ARGS = $(top_srcdir)/%D%/policy
%D%/policy/seccomp-lists.h: %D%/policy/gen-seccomp.c $(seccomp_lists) \
	%D%/base/cbpf-build.c %D%/base/cbpf-build.h %D%/base/cbpf.h
	$(GENERATE)
