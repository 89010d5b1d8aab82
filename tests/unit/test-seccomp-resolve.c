/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers of system calls from libseccomp, and libseccomp's own programs to compare with. */
#include <dlfcn.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cbpf.h"
#include "base/error.h"
#include "base/str.h"
#include "kernel/seccomp-builtin.h"
#include "kernel/seccomp-resolve.h"
#include "profiles.h"
#include "test.h"
#include "verdicts.h"

static void *symbol(const char *name)
{
	static void *library;

	if (!library)
		library = dlopen("libseccomp.so.2", RTLD_NOW);
	if (!library)
		SKIP("libseccomp is not installed");
	CHECK(dlsym(library, name));
	return dlsym(library, name);
}
#define CALL(function) ((__typeof__(function) *)symbol(#function))

/* --- tables ----------------------------------------------------------------------------------- */

static const struct ar_seccomp_table *resolve(struct ar_arena *arena, const char *json,
					      size_t *ret_n)
{
	struct ar_seccomp_plan plan;
	struct ar_seccomp_table *tables;
	struct ar_error err = { 0 };
	const char *library;

	(void)symbol("seccomp_version");
	if (ar_seccomp_plan(arena, profile_parse(arena, json), &plan, &err) < 0 ||
	    ar_seccomp_resolve(arena, &plan, &tables, ret_n, &library, &err) < 0)
		test_fail(__FILE__, __LINE__, "%s", err.text);
	return tables;
}

TEST("the native architecture belongs to every profile, each other one once")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	size_t n;
	const struct ar_seccomp_table *tables = resolve(
		arena,
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_S390X\","
		"\"SCMP_ARCH_S390X\",\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_AARCH64\"],\"syscalls\":"
		"[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		&n);

	CHECK_UINT(n, 3);
	CHECK_UINT(tables[0].arch, CALL(seccomp_arch_native)());
	CHECK_UINT(tables[1].arch, AUDIT_ARCH_S390X);
	for (size_t i = 0; i < n; i++)
		CHECK_UINT(tables[i].n, 1);
}

TEST("a call has the number of its own where libseccomp only tells of the multiplexer")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	size_t n;
	const struct ar_seccomp_table *tables = resolve(
		arena,
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"],"
		"\"syscalls\":[{\"names\":[\"accept\",\"bind\",\"shmget\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		&n);
	static const uint32_t want[] = { 102, 102, 361, 117, 395 };

	CHECK_UINT(n, 2);
	CHECK_UINT(tables[1].n, AR_COUNT(want));
	for (size_t i = 0; i < AR_COUNT(want); i++)
		CHECK_UINT(tables[1].entries[i].number, want[i]);
	CHECK_UINT(tables[1].newest, 395);
	CHECK(tables[1].narrow);
}

TEST("the same holds where numbers do not start from 0")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	size_t n;
	const struct ar_seccomp_table *tables = resolve(
		arena,
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_S390X\"],"
		"\"syscalls\":[{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		&n);

	CHECK_UINT(n, 2);
	CHECK_UINT(tables[1].n, 2);
	CHECK_UINT(tables[1].newest, 359);
	tables = resolve(
		arena,
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_MIPSEL\"],"
		"\"syscalls\":[{\"names\":[\"socket\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		&n);
	CHECK_UINT(tables[1].newest, 4183);
}

TEST("private numbers of ARM are not taken for new calls")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	size_t n;
	const struct ar_seccomp_table *tables = resolve(
		arena,
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_ARM\"],"
		"\"syscalls\":[{\"names\":[\"read\",\"set_tls\",\"openat2\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		&n);

	CHECK_UINT(n, 2);
	CHECK_UINT(tables[1].n, 3);
	CHECK_UINT(tables[1].newest, 437);
}

/* --- libseccomp's programs -------------------------------------------------------------------- */

static void add_rule(scmp_filter_ctx ctx, const struct ar_syscall_rule *rule, const char *name)
{
	struct scmp_arg_cmp args[6];
	int number = CALL(seccomp_syscall_resolve_name)(name);
	unsigned int n = 0;
	uint32_t action = ar_streq(rule->action, "SCMP_ACT_ALLOW") ? SCMP_ACT_ALLOW
			  : rule->errno_ret.set ? SCMP_ACT_ERRNO((uint32_t)rule->errno_ret.value)
						: SCMP_ACT_ERRNO(1);

	if (number == __NR_SCMP_ERROR)
		return;
	ar_list_foreach(const struct ar_seccomp_arg, arg, &rule->args) {
		enum scmp_compare op = ar_streq(arg->op, "SCMP_CMP_EQ")	  ? SCMP_CMP_EQ
				       : ar_streq(arg->op, "SCMP_CMP_NE") ? SCMP_CMP_NE
									  : SCMP_CMP_MASKED_EQ;

		args[n++] = (struct scmp_arg_cmp){ (unsigned int)arg->index.value, op,
						   arg->value.value, arg->value_two.value };
	}
	CHECK_INT(CALL(seccomp_rule_add_array)(ctx, action, number, n, args), 0);
}

/* What libseccomp makes of a profile that uses no more than engine.json does. */
static struct ar_cbpf compile(struct ar_arena *arena, const struct ar_seccomp *profile)
{
	uint32_t otherwise = SCMP_ACT_ERRNO((uint32_t)profile->default_errno_ret.value);
	scmp_filter_ctx ctx = CALL(seccomp_init)(otherwise);
	struct sock_filter *code = ar_alloc_array(arena, AR_CBPF_MAX, sizeof(*code));
	int fd = memfd_create("test", MFD_CLOEXEC);
	ssize_t len;

	CHECK(ctx && fd >= 0);
	(void)CALL(seccomp_arch_add)(ctx, SCMP_ARCH_X86); /* one of them is native */
	(void)CALL(seccomp_arch_add)(ctx, SCMP_ARCH_X86_64);
	(void)CALL(seccomp_arch_add)(ctx, SCMP_ARCH_X32);
	ar_list_foreach(const struct ar_syscall_rule, rule, &profile->syscalls)
		for (size_t i = 0; i < rule->names.n; i++)
			add_rule(ctx, rule, rule->names.items[i]);
	CHECK_INT(CALL(seccomp_export_bpf)(ctx, fd), 0);
	CALL(seccomp_release)(ctx);
	len = pread(fd, code, AR_CBPF_MAX * sizeof(*code), 0);
	CHECK(len > 0);
	close(fd);
	return (struct ar_cbpf){ code, (size_t)len / sizeof(*code) };
}

/* The arguments that engine.json's rules are about, and others. */
static const uint64_t values[] = { 0,		1,	     4,		 8,	     38,
				   40,		41,	     0x11,	 0x10000011, 0xffffffff,
				   0x100000000, 0x100000028, 0x7e020000, ~0ull };

static bool is_multiplexer(const char *arch, long number)
{
	return ar_streq(arch, "i386") && (number == 102 || number == 117);
}

TEST("an engine's profile gets the verdicts that libseccomp's program gives, up to its newest call")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	static const char *const archs[] = { "x86_64", "i386", "x32", "aarch64" };
	const struct ar_seccomp *profile = profile_read(arena, "engine");
	struct ar_filters ours = profile_compile(arena, profile);
	struct ar_cbpf theirs;

	if (AR_ARCH_NATIVE != AUDIT_ARCH_X86_64)
		SKIP("not on x86_64");
	theirs = compile(arena, profile);
	CHECK_INT(ar_cbpf_check(&theirs), 0);
	for (size_t i = 0; i < AR_COUNT(archs) * 450 * AR_COUNT(values); i++) {
		const char *arch = archs[i / AR_COUNT(values) / 450];
		long number = (long)(i / AR_COUNT(values) % 450);
		struct seccomp_data data = { .arch = audit_arch(arch) };

		data.nr = (int)(ar_streq(arch, "x32") ? number | 0x40000000 : number);
		data.args[0] = values[i % AR_COUNT(values)];
		if (!is_multiplexer(arch, number) &&
		    stacked_verdict(&ours, &data) != ar_cbpf_run(&theirs, &data))
			test_fail(__FILE__, __LINE__,
				  "%s %ld (0x%llx): got 0x%x, libseccomp gives 0x%x", arch, number,
				  data.args[0], stacked_verdict(&ours, &data),
				  ar_cbpf_run(&theirs, &data));
	}
}

int main(void)
{
	return test_main();
}
