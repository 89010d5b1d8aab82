/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The only file that knows libseccomp, and all it is asked for are the numbers of system calls. Its
 * programs are not used: of 2.5.4 it was seen that a rule with comparisons is dropped without a
 * word beside one without (so that TIOCSTI stays open), that two rules "a0 <= 3 and a1 == 1" and
 * "a0 <= 2 and a1 <= 1" allow (3, 0), that socketcall(2) is allowed on its own when socket(2) is
 * allowed for some family; and Docker's profile takes it 12 ms.
 */
#include "kernel/seccomp-resolve.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cbpf.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"

/* --- the library --- */

struct library {
	void *handle;
	__typeof__(seccomp_arch_native) *arch_native;
	__typeof__(seccomp_arch_resolve_name) *arch_resolve_name;
	__typeof__(seccomp_syscall_resolve_name_arch) *resolve_name;
	__typeof__(seccomp_syscall_resolve_num_arch) *resolve_number;
};

static const struct {
	const char *name;
	size_t offset;
} symbols[] = {
	{ "seccomp_arch_native", offsetof(struct library, arch_native) },
	{ "seccomp_arch_resolve_name", offsetof(struct library, arch_resolve_name) },
	{ "seccomp_syscall_resolve_name_arch", offsetof(struct library, resolve_name) },
	{ "seccomp_syscall_resolve_num_arch", offsetof(struct library, resolve_number) },
};

static void library_close(struct library *library)
{
	if (library->handle)
		(void)dlclose(library->handle); /* it stays mapped at worst */
	library->handle = NULL;
}
#define _cleanup_library_ __attribute__((cleanup(library_close)))

static int library_open(struct library *ret, struct ar_error *err)
{
	ret->handle = dlopen("libseccomp.so.2", RTLD_NOW | RTLD_LOCAL);
	if (!ret->handle)
		return ar_refuse(err, ENOENT,
				 "the seccomp profile of the bundle needs libseccomp: %s",
				 dlerror());
	for (size_t i = 0; i < AR_COUNT(symbols); i++) {
		void *symbol = dlsym(ret->handle, symbols[i].name);

		if (!symbol)
			return ar_refuse(err, ENOSYS, "libseccomp is too old: it has no %s",
					 symbols[i].name);
		memcpy((char *)ret + symbols[i].offset, &symbol, sizeof(symbol));
	}
	return 0;
}

/* The file that the loader has found. */
static const char *library_path(struct ar_arena *arena, const struct library *library)
{
	struct link_map *map;

	if (dlinfo(library->handle, RTLD_DI_LINKMAP, &map) < 0 || !map->l_name)
		return "";
	return ar_strdup(arena, map->l_name);
}

const char *ar_seccomp_library_version(struct ar_arena *arena)
{
	_cleanup_library_ struct library library = { 0 };
	__typeof__(seccomp_version) *version;
	const struct scmp_version *v;
	struct ar_error ignored;
	void *symbol;

	if (library_open(&library, &ignored) < 0)
		return NULL;
	symbol = dlsym(library.handle, "seccomp_version");
	if (!symbol)
		return NULL;
	memcpy(&version, &symbol, sizeof(version));
	v = version();
	return v ? ar_printf(arena, "%u.%u.%u", v->major, v->minor, v->micro) : NULL;
}

/* SCMP_ARCH_X86_64 -> libseccomp's token of "x86_64"; 0: it knows none of that name. */
static uint32_t arch_token(const struct library *library, const char *name)
{
	static const char prefix[] = "SCMP_ARCH_";
	char lower[32];
	size_t i = 0;

	if (!ar_starts_with(name, prefix) || strlen(name) - strlen(prefix) >= sizeof(lower))
		return 0;
	for (name += strlen(prefix); name[i]; i++)
		lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
	lower[i] = '\0';
	return library->arch_resolve_name(lower);
}

/* --- calls behind a multiplexer --- */

/*
 * Some architectures have (or had) socketcall(2) and ipc(2) for these calls. There libseccomp names
 * a call by a negative number, -100 or -200 less its number behind the multiplexer, whether or not
 * it has one of its own beside.
 */
struct multiplexer {
	const char *name;
	int first, last; /* of the negative numbers */
	uint64_t mask;	 /* of the first argument: ipc(2) has a version above it */
};
static const struct multiplexer multiplexers[] = {
	{ "socketcall", -101, -120, UINT32_MAX },
	{ "ipc", -201, -224, 0xffff },
};
#define NEGATIVE_MAX 224
#define NUMBERS \
	600 /* more than any architecture has, but for those numbered from some thousands on */

static const struct multiplexer *multiplexer_of(int number)
{
	for (size_t i = 0; i < AR_COUNT(multiplexers); i++)
		if (number <= multiplexers[i].first && number >= multiplexers[i].last)
			return &multiplexers[i];
	return NULL;
}

/* What is being made. */
struct making {
	struct ar_arena *arena;
	const struct library *library;
	const struct ar_seccomp_plan *plan;
	struct ar_seccomp_table *table;
	int direct[NEGATIVE_MAX + 1];
	bool direct_found;
};

static void add(struct making *m, uint32_t number, const struct ar_seccomp_rule *rule)
{
	m->table->entries[m->table->n++] = (struct ar_seccomp_entry){ number, rule };
}

/* Numbers above are private ones of 32-bit ARM, which do not grow with the kernel. */
#define NUMBER_MAX 0xeffff

static void note_newest(struct making *m, uint32_t number)
{
	if (number > m->table->newest && (number & ~AR_X32_BIT) <= NUMBER_MAX)
		m->table->newest = number;
}

/* The numbers that calls have of their own beside a multiplexer, by their negative ones. */
static void find_direct(struct making *m)
{
	/* MIPS counts from 4000, 5000 and 6000 on */
	int first = m->library->resolve_name(m->table->arch, "read") / 1000 * 1000;

	for (int number = first; number < first + NUMBERS; number++) {
		char *name = m->library->resolve_number(m->table->arch, number);
		int negative = name ? m->library->resolve_name(m->table->arch, name) : 0;

		if (multiplexer_of(negative))
			m->direct[-negative] = number;
		free(name);
	}
	m->direct_found = true;
}

/* -1: there is only the multiplexer. */
static int direct_number(struct making *m, int negative)
{
	if (!m->direct_found)
		find_direct(m);
	return m->direct[-negative] ? m->direct[-negative] : -1;
}

static bool is_named(const struct ar_seccomp_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->n; i++)
		if (ar_streq(plan->rules[i].name, name))
			return true;
	return false;
}

/*
 * The call made through the multiplexer, where its own arguments lie in memory: the strictest of
 * all that could hold. A profile that speaks of the multiplexer itself has said what it gets.
 */
static void add_multiplexed(struct making *m, const struct multiplexer *multiplexer, int pseudo,
			    const struct ar_seccomp_rule *rules, size_t n)
{
	int number = m->library->resolve_name(m->table->arch, multiplexer->name);
	struct ar_seccomp_rule *rule;
	struct ar_compare_arg *arg;
	bool decided = false;

	if (number < 0 || is_named(m->plan, multiplexer->name))
		return;
	rule = ar_alloc(m->arena, sizeof(*rule));
	arg = ar_alloc(m->arena, sizeof(*arg));
	*arg = (struct ar_compare_arg){ 0, AR_COMPARE_MASKED_EQ, multiplexer->mask,
					(uint64_t)(multiplexer->first + 1 - pseudo) };
	*rule = (struct ar_seccomp_rule){ multiplexer->name, rules[0].action, arg, 1 };
	for (size_t i = 0; i < n; i++) {
		rule->action = ar_cbpf_stricter(rule->action, rules[i].action);
		decided |= rules[i].n_args == 0;
	}
	if (!decided)
		rule->action = ar_cbpf_stricter(rule->action, m->plan->default_action);
	add(m, (uint32_t)number, rule);
}

/* --- tables --- */

/* All rules of one call. */
static void add_call(struct making *m, const struct ar_seccomp_rule *rules, size_t n)
{
	int number = m->library->resolve_name(m->table->arch, rules[0].name);
	const struct multiplexer *multiplexer = multiplexer_of(number);

	if (number == __NR_SCMP_ERROR)
		ar_debug("seccomp: libseccomp does not know %s, its rules are left out",
			 rules[0].name);
	if (multiplexer) {
		add_multiplexed(m, multiplexer, number, rules, n);
		number = direct_number(m, number);
	}
	if (number < 0)
		return;
	if (m->table->arch == AR_ARCH_X32)
		number |= AR_X32_BIT;
	note_newest(m, (uint32_t)number);
	for (size_t i = 0; i < n; i++)
		add(m, (uint32_t)number, &rules[i]);
}

/* x32 and MIPS N32 are 32-bit environments with the 64-bit machine's calls. */
static bool is_narrow(uint32_t arch)
{
	return !(arch & __AUDIT_ARCH_64BIT) || (arch & __AUDIT_ARCH_CONVENTION_MIPS64_N32);
}

static void make_table(struct making *m, uint32_t arch)
{
	const struct ar_seccomp_plan *plan = m->plan;
	size_t next;

	memset(m->direct, 0, sizeof(m->direct));
	m->direct_found = false;
	m->table->arch = arch;
	m->table->narrow = is_narrow(arch);
	/* each rule, and one for each call behind a multiplexer */
	m->table->entries = ar_alloc_array(m->arena, 2 * plan->n, sizeof(*m->table->entries));
	for (size_t first = 0; first < plan->n; first = next) {
		for (next = first + 1;
		     next < plan->n && ar_streq(plan->rules[next].name, plan->rules[first].name);)
			next++;
		add_call(m, &plan->rules[first], next - first);
	}
}

static bool has_table(const struct ar_seccomp_table *tables, size_t n, uint32_t arch)
{
	for (size_t i = 0; i < n; i++)
		if (tables[i].arch == arch)
			return true;
	return false;
}

int ar_seccomp_resolve(struct ar_arena *arena, const struct ar_seccomp_plan *plan,
		       struct ar_seccomp_table **ret, size_t *ret_n, const char **ret_library,
		       struct ar_error *err)
{
	_cleanup_library_ struct library library = { 0 };
	struct making making = { .arena = arena, .library = &library, .plan = plan };
	struct ar_seccomp_table *tables =
		ar_alloc_array(arena, plan->architectures->n + 1, sizeof(*tables));
	size_t n = 0;
	int r = library_open(&library, err);

	if (r < 0)
		return r;
	making.table = &tables[n++];
	make_table(&making, library.arch_native());
	for (size_t i = 0; i < plan->architectures->n; i++) {
		const char *name = plan->architectures->items[i];
		uint32_t arch = arch_token(&library, name);

		if (!arch)
			return ar_refuse(
				err, EINVAL,
				"linux.seccomp.architectures: libseccomp does not know '%s'", name);
		if (has_table(tables, n, arch))
			continue;
		making.table = &tables[n++];
		make_table(&making, arch);
	}
	*ret = tables;
	*ret_n = n;
	*ret_library = library_path(arena, &library);
	return 0;
}
