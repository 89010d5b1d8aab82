/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verdicts.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cbpf.h"
#include "base/str.h"
#include "test.h"

#define FAIL(...) test_fail(__FILE__, __LINE__, __VA_ARGS__)

#define X32_BIT 0x40000000

uint32_t audit_arch(const char *arch)
{
	static const struct {
		const char *name;
		uint32_t token;
	} archs[] = {
		{ "x86_64", AUDIT_ARCH_X86_64 }, { "x32", AUDIT_ARCH_X86_64 },
		{ "i386", AUDIT_ARCH_I386 },	 { "aarch64", AUDIT_ARCH_AARCH64 },
		{ "arm", AUDIT_ARCH_ARM },	 { "s390x", AUDIT_ARCH_S390X },
	};

	for (size_t i = 0; i < AR_COUNT(archs); i++)
		if (ar_streq(archs[i].name, arch))
			return archs[i].token;
	FAIL("no architecture '%s'", arch);
}

long call_number(const char *arch, const char *name)
{
	bool aarch64 = ar_streq(arch, "aarch64");
	char line[256], found[64], x86_64[16], other[16];
	long number = -2;
	FILE *f = fopen(test_source("libcontainer/policy/syscalls.tbl"), "re");

	if (!f)
		FAIL("cannot open syscalls.tbl");
	while (number == -2 && fgets(line, sizeof(line), f)) {
		if (*line == '#' || sscanf(line, "%63s %15s %15s", found, x86_64, other) != 3 ||
		    !ar_streq(found, name))
			continue;
		number = atol(aarch64 ? other : x86_64);
		if ((aarch64 ? other : x86_64)[0] == '-')
			number = -1;
	}
	fclose(f);
	if (number == -2)
		FAIL("no system call '%s'", name);
	return number >= 0 && ar_streq(arch, "x32") ? number | X32_BIT : number;
}

uint32_t stacked_verdict(const struct ar_filters *filters, const struct seccomp_data *data)
{
	uint32_t verdict = SECCOMP_RET_ALLOW;

	for (size_t i = 0; i < filters->n; i++) {
		const struct ar_cbpf program = { filters->item[i].code, filters->item[i].n };

		verdict = ar_cbpf_stricter(verdict, ar_cbpf_run(&program, data));
	}
	return verdict;
}

const char *verdict_name(uint32_t verdict)
{
	static char name[32];
	uint32_t data = verdict & SECCOMP_RET_DATA;

	switch (verdict & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_ALLOW:
		return "allow";
	case SECCOMP_RET_LOG:
		return "log";
	case SECCOMP_RET_USER_NOTIF:
		return "notify";
	case SECCOMP_RET_TRAP:
		return "trap";
	case SECCOMP_RET_KILL_THREAD:
		return "kill_thread";
	case SECCOMP_RET_KILL_PROCESS:
		return "kill_process";
	case SECCOMP_RET_TRACE:
		snprintf(name, sizeof(name), "trace(%u)", data);
		return name;
	case SECCOMP_RET_ERRNO:
		snprintf(name, sizeof(name), "%s",
			 strerrorname_np((int)data) ? strerrorname_np((int)data) : "");
		if (!*name)
			snprintf(name, sizeof(name), "%u", data);
		return name;
	default:
		snprintf(name, sizeof(name), "0x%08x", verdict);
		return name;
	}
}

/* One line, cut into words. */
struct row {
	const char *table, *arch, *want;
	unsigned int line;
	char *calls;
	uint64_t args[6];
};

static void check_call(const struct row *row, const char *call, const struct ar_filters *filters)
{
	struct seccomp_data data = { .arch = audit_arch(row->arch),
				     .instruction_pointer = 0x7f0012345678 };
	char *end;
	long number = strtol(call, &end, 0);
	const char *got;

	if (*end) {
		number = call_number(row->arch, call);
		if (number < 0)
			return;
	}
	data.nr = (int)number;
	memcpy(data.args, row->args, sizeof(data.args));
	got = verdict_name(stacked_verdict(filters, &data));
	if (!ar_streq(got, row->want))
		FAIL("%s:%u: %s %s\n#      got: %s\n# expected: %s", row->table, row->line,
		     row->arch, call, got, row->want);
}

static void check_row(struct row *row, char *text, const char *native,
		      const struct ar_filters *filters)
{
	char *rest, *call, *word = strtok_r(text, " \t", &rest);
	size_t n = 0;

	row->arch = ar_streq(word, "native") ? native : word;
	row->calls = strtok_r(NULL, " \t", &rest);
	memset(row->args, 0, sizeof(row->args));
	while ((word = strtok_r(NULL, " \t", &rest)) && !ar_streq(word, "=")) {
		char *end;

		if (n == 6)
			FAIL("%s:%u: too many arguments", row->table, row->line);
		row->args[n++] = strtoull(word, &end, 0);
		if (*end)
			FAIL("%s:%u: '%s' is not a number", row->table, row->line, word);
	}
	row->want = strtok_r(NULL, " \t", &rest);
	if (!row->calls || !row->want)
		FAIL("%s:%u: expected ARCH CALL [ARGUMENT...] = VERDICT", row->table, row->line);
	for (call = strtok_r(row->calls, ",", &rest); call; call = strtok_r(NULL, ",", &rest))
		check_call(row, call, filters);
}

unsigned int check_verdicts(const char *table, const char *native, const struct ar_filters *filters)
{
	struct row row = { .table = table };
	char path[256], line[1024];
	unsigned int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "tests/unit/data/%s", table);
	f = fopen(test_source(path), "re");
	if (!f)
		FAIL("cannot open '%s'", path);
	while (fgets(line, sizeof(line), f)) {
		row.line++;
		line[strcspn(line, "#\n")] = '\0';
		if (!line[strspn(line, " \t")])
			continue;
		check_row(&row, line, native, filters);
		n++;
	}
	fclose(f);
	return n;
}
