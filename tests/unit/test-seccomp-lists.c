/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The built-in lists of system calls, as programs for each architecture. */
#include <dlfcn.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cbpf.h"
#include "base/str.h"
#include "kernel/seccomp-builtin.h"
#include "test.h"
#include "verdicts.h"

static struct ar_filters list(const char *name, const char *arch)
{
	struct ar_cbpf program;

	CHECK_INT(ar_seccomp_builtin(name, audit_arch(arch), &program), 0);
	CHECK_INT(ar_cbpf_check(&program), 0);
	return (struct ar_filters){ .item = { { program.code, program.n, 0, false } }, .n = 1 };
}

static const char *verdict(const struct ar_filters *filters, const char *arch, long number)
{
	struct seccomp_data data = { .nr = (int)number, .arch = audit_arch(arch) };

	return verdict_name(stacked_verdict(filters, &data));
}

static const char *const archs[] = { "x86_64", "aarch64" };

TEST("the agent list gives the verdicts of its table")
{
	for (size_t i = 0; i < AR_COUNT(archs); i++) {
		struct ar_filters filters = list("agent", archs[i]);

		CHECK(check_verdicts("seccomp-agent.tests", archs[i], &filters) > 90);
	}
}

TEST("what the agent list says about a call is the same on both architectures")
{
	struct ar_filters x86_64 = list("agent", "x86_64"), aarch64 = list("agent", "aarch64");
	char line[256], name[64];
	FILE *f = fopen(test_source("libcontainer/policy/syscalls.tbl"), "re");
	unsigned int n = 0;

	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		long a, b;
		char want[32];

		if (*line == '#' || sscanf(line, "%63s", name) != 1)
			continue;
		a = call_number("x86_64", name);
		b = call_number("aarch64", name);
		if (a < 0 || b < 0)
			continue;
		snprintf(want, sizeof(want), "%s", verdict(&x86_64, "x86_64", a));
		CHECK_STR(verdict(&aarch64, "aarch64", b), want);
		n++;
	}
	fclose(f);
	CHECK(n > 300);
}

TEST("the strict list denies looking into others and sandboxes of its own")
{
	for (size_t i = 0; i < AR_COUNT(archs); i++) {
		struct ar_filters filters = list("strict", archs[i]);

		CHECK(check_verdicts("seccomp-strict.tests", archs[i], &filters) > 10);
	}
}

TEST("the tables of other architectures are out of reach")
{
	static const char *const names[] = { "agent", "strict" };

	for (size_t i = 0; i < AR_COUNT(names); i++) {
		struct ar_filters x86_64 = list(names[i], "x86_64");
		struct ar_filters aarch64 = list(names[i], "aarch64");

		CHECK(check_verdicts("seccomp-x86_64.tests", "x86_64", &x86_64) > 10);
		CHECK(check_verdicts("seccomp-aarch64.tests", "aarch64", &aarch64) > 5);
	}
}

TEST("the strict list allows nothing that the agent list denies")
{
	struct ar_filters agent = list("agent", "x86_64"), strict = list("strict", "x86_64");

	for (long number = -2; number < 600; number++) {
		struct seccomp_data data = { .nr = (int)number, .arch = AUDIT_ARCH_X86_64 };

		for (data.args[0] = 0; data.args[0] < 70; data.args[0]++)
			if (stacked_verdict(&agent, &data) != SECCOMP_RET_ALLOW)
				CHECK(stacked_verdict(&strict, &data) != SECCOMP_RET_ALLOW);
	}
}

TEST("the agent list allows 283 calls on x86_64, five of them by their arguments")
{
	struct ar_filters filters = list("agent", "x86_64");
	static const char *const conditional[] = { "socket", "socketpair", "personality", "prctl" };
	unsigned int allowed = 0;

	for (long number = 0; number < 600; number++)
		allowed += ar_streq(verdict(&filters, "x86_64", number), "allow");
	/* of the five, clone and personality are allowed with arguments of zero */
	for (size_t i = 0; i < AR_COUNT(conditional); i++)
		allowed += !ar_streq(verdict(&filters, "x86_64",
					     call_number("x86_64", conditional[i])),
				     "allow");
	CHECK_UINT(allowed, 283);
}

/* --- what tools use
 * --------------------------------------------------------------------------------- */

struct exception {
	char call[64], verdict[32];
	bool used;
};
static struct exception exceptions[64];
static size_t n_exceptions;

static struct exception *find_exception(const char *call)
{
	for (size_t i = 0; i < n_exceptions; i++)
		if (ar_streq(exceptions[i].call, call))
			return &exceptions[i];
	return NULL;
}

/* Calls whose arguments decide; seccomp-workloads.tests has those that were seen. */
static bool by_argument(const char *call)
{
	return ar_streq(call, "socket") || ar_streq(call, "socketpair") || ar_streq(call, "prctl");
}

static void replay(const struct ar_filters *filters, const char *tool, const char *call)
{
	struct exception *exception = find_exception(call);
	const char *want = exception ? exception->verdict : "allow";
	const char *got = verdict(filters, "x86_64", call_number("x86_64", call));

	if (exception)
		exception->used = true;
	if (!ar_streq(got, want) && !by_argument(call))
		test_fail(__FILE__, __LINE__, "%s makes %s\n#      got: %s\n# expected: %s", tool,
			  call, got, want);
}

TEST("every call that common tools were seen to make is allowed, or denied on purpose")
{
	struct ar_filters filters = list("agent", "x86_64");
	FILE *f = fopen(test_source("tests/unit/data/seccomp-workloads.list"), "re");
	unsigned int n = 0;
	char line[1024];

	CHECK(f);
	while (fgets(line, sizeof(line), f)) {
		char *rest, *tool, *call;

		line[strcspn(line, "#\n")] = '\0';
		tool = strtok_r(line, " \t", &rest);
		if (tool && ar_streq(tool, "denied")) {
			struct exception *exception = &exceptions[n_exceptions++];

			CHECK(n_exceptions < AR_COUNT(exceptions));
			CHECK_INT(sscanf(rest, "%63s %31s", exception->call, exception->verdict),
				  2);
			continue;
		}
		while (tool && (call = strtok_r(NULL, " \t", &rest))) {
			replay(&filters, tool, call);
			n++;
		}
	}
	fclose(f);
	CHECK(n > 2500);
	for (size_t i = 0; i < n_exceptions; i++)
		if (!exceptions[i].used)
			test_fail(__FILE__, __LINE__, "no tool makes %s any more",
				  exceptions[i].call);
}

TEST("the arguments that common tools were seen to use are allowed, or denied on purpose")
{
	for (size_t i = 0; i < AR_COUNT(archs); i++) {
		struct ar_filters filters = list("agent", archs[i]);

		CHECK(check_verdicts("seccomp-workloads.tests", archs[i], &filters) > 80);
	}
}

/* --- the table
 * ------------------------------------------------------------------------------------ */

TEST("libseccomp has the same numbers for all calls that it knows")
{
	int (*resolve)(uint32_t, const char *);
	void *library = dlopen("libseccomp.so.2", RTLD_NOW);
	FILE *f = fopen(test_source("libcontainer/policy/syscalls.tbl"), "re");
	char line[256], name[64];
	unsigned int n = 0;

	CHECK(f);
	if (!library)
		SKIP("libseccomp is not installed");
	*(void **)&resolve = dlsym(library, "seccomp_syscall_resolve_name_arch");
	CHECK(resolve);
	while (fgets(line, sizeof(line), f)) {
		if (*line == '#' || sscanf(line, "%63s", name) != 1)
			continue;
		for (size_t i = 0; i < AR_COUNT(archs); i++) {
			int number = resolve(audit_arch(archs[i]), name);

			if (number < 0) /* newer than the library, or not on this architecture */
				continue;
			CHECK_INT(call_number(archs[i], name), number);
			n++;
		}
	}
	fclose(f);
	dlclose(library);
	CHECK(n > 600);
}

TEST("an architecture without a list has none")
{
	struct ar_cbpf program;

	CHECK_INT(ar_seccomp_builtin("agent", AUDIT_ARCH_S390X, &program), -ENOENT);
	CHECK_INT(ar_seccomp_builtin("agent", 0, &program), -ENOENT);
}

int main(void)
{
	return test_main();
}
