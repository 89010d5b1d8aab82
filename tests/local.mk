# SPDX-License-Identifier: GPL-2.0-or-later

# --- unit tests: one program a module ------------------------------------------------------------

check_LIBRARIES += libtest.a
libtest_a_SOURCES = \
	%D%/unit/cgroups.c \
	%D%/unit/cgroups.h \
	%D%/unit/fields.c \
	%D%/unit/fields.h \
	%D%/unit/profiles.c \
	%D%/unit/profiles.h \
	%D%/unit/test.c \
	%D%/unit/test.h \
	%D%/unit/verdicts.c \
	%D%/unit/verdicts.h

LDADD = libtest.a libcontainer.a $(YAJL_LIBS)

# A program's only source is its name with .c.
unit_tests = \
	%D%/unit/test-arena \
	%D%/unit/test-attend \
	%D%/unit/test-bytes \
	%D%/unit/test-caps \
	%D%/unit/test-cbpf \
	%D%/unit/test-cgroup \
	%D%/unit/test-cgroup-devices \
	%D%/unit/test-cgroup-limits \
	%D%/unit/test-cgroup-live \
	%D%/unit/test-cgroup-processes \
	%D%/unit/test-cgroup-unit \
	%D%/unit/test-cpulist \
	%D%/unit/test-digest \
	%D%/unit/test-dir \
	%D%/unit/test-duration \
	%D%/unit/test-field \
	%D%/unit/test-file \
	%D%/unit/test-hooks \
	%D%/unit/test-ids \
	%D%/unit/test-json-read \
	%D%/unit/test-json-write \
	%D%/unit/test-keyring \
	%D%/unit/test-landlock \
	%D%/unit/test-life \
	%D%/unit/test-log \
	%D%/unit/test-lenient \
	%D%/unit/test-lsm \
	%D%/unit/test-memory-policy \
	%D%/unit/test-mount-options \
	%D%/unit/test-netdev \
	%D%/unit/test-ns \
	%D%/unit/test-options \
	%D%/unit/test-passwd \
	%D%/unit/test-path \
	%D%/unit/test-personality \
	%D%/unit/test-policy-config \
	%D%/unit/test-policy-engines \
	%D%/unit/test-policy-merge \
	%D%/unit/test-policy-profile \
	%D%/unit/test-policy-rules \
	%D%/unit/test-probe \
	%D%/unit/test-process \
	%D%/unit/test-procfs \
	%D%/unit/test-protobuf \
	%D%/unit/test-rdt \
	%D%/unit/test-record \
	%D%/unit/test-rlimit \
	%D%/unit/test-sched \
	%D%/unit/test-seccomp-cache \
	%D%/unit/test-seccomp-kernel \
	%D%/unit/test-seccomp-lists \
	%D%/unit/test-seccomp-profile \
	%D%/unit/test-seccomp-resolve \
	%D%/unit/test-signals \
	%D%/unit/test-socket \
	%D%/unit/test-spec \
	%D%/unit/test-spec-documents \
	%D%/unit/test-str \
	%D%/unit/test-strings \
	%D%/unit/test-sysctl \
	%D%/unit/test-toml \
	%D%/unit/test-tty \
	%D%/unit/test-update
check_PROGRAMS += $(unit_tests)

# What policy makes of bundles on a host that is made up.
check_PROGRAMS += %D%/golden/golden

# Those of the tool's own modules have these besides.
%C%_unit_test_bytes_SOURCES = %D%/unit/test-bytes.c src/bytes.c
%C%_unit_test_bytes_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src
%C%_unit_test_duration_SOURCES = %D%/unit/test-duration.c src/duration.c
%C%_unit_test_duration_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src
%C%_unit_test_options_SOURCES = %D%/unit/test-options.c src/options.c src/duration.c
%C%_unit_test_options_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src
%C%_unit_test_signals_SOURCES = %D%/unit/test-signals.c src/signals.c
%C%_unit_test_signals_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src
%C%_unit_test_toml_SOURCES = %D%/unit/test-toml.c src/toml.c
%C%_unit_test_toml_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/src

# --- fuzz targets over their corpus; each says how libFuzzer runs it ------------------------------

fuzz_tests = \
	%D%/fuzz/fuzz-config \
	%D%/fuzz/fuzz-policy \
	%D%/fuzz/fuzz-seccomp
check_PROGRAMS += $(fuzz_tests)
%C%_fuzz_fuzz_config_SOURCES = \
	%D%/fuzz/fuzz-config.c \
	%D%/fuzz/fuzz-main.c \
	%D%/fuzz/fuzz.h
%C%_fuzz_fuzz_policy_SOURCES = \
	%D%/fuzz/fuzz-main.c \
	%D%/fuzz/fuzz-policy.c \
	%D%/fuzz/fuzz.h
%C%_fuzz_fuzz_seccomp_SOURCES = \
	%D%/fuzz/fuzz-main.c \
	%D%/fuzz/fuzz-seccomp.c \
	%D%/fuzz/fuzz.h

# --- make check: what needs no rights, no network and no container -------------------------------

# The linters are for whoever writes: another clang-format or cppcheck has other opinions.
LINT_TESTS = $(if $(wildcard $(top_srcdir)/.git),$(wildcard $(top_srcdir)/tests/lint/*.sh))
check-local: $(bin_PROGRAMS) $(unit_tests) %D%/golden/golden $(fuzz_tests)
	AGENTRUN=$(abs_top_builddir)/agentrun $(top_srcdir)/tests/run -j "`nproc`" \
		$(unit_tests) $(fuzz_tests) $(LINT_TESTS) $(wildcard $(top_srcdir)/tests/golden/*.sh)

# For scripts/check: build the test programs alone, and name them.
.PHONY: test-programs list-unit-tests
test-programs: $(BUILT_SOURCES)
	@$(MAKE) $(AM_MAKEFLAGS) $(check_LIBRARIES) $(check_PROGRAMS)
list-unit-tests:
	@for test in $(unit_tests) $(fuzz_tests); do echo $$test; done
