/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs while building, on the build machine: reads syscalls.tbl and the lists beside it and prints
 * seccomp-lists.h, a program for seccomp(2) for each list and architecture. What a list may say
 * stands at the top of syscalls-agent.list.
 *
 *	gen-seccomp FOLDER
 *
 * Numbers, errnos and layouts are those of the target and never taken from headers of the build
 * machine, but for what is the same on every Linux (filter opcodes and verdicts).
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/elf-em.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cbpf-build.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	const char *name, *audit;
	uint32_t token;
} architectures[] = {
	{ "x86_64", "AUDIT_ARCH_X86_64", EM_X86_64 | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE },
	{ "aarch64", "AUDIT_ARCH_AARCH64", EM_AARCH64 | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE },
};
#define ARCHITECTURES COUNT(architectures)

static const char *const lists[] = { "agent", "strict" };

static const struct {
	const char *name;
	uint32_t verdict;
} verdicts[] = {
	{ "allow", SECCOMP_RET_ALLOW },
	{ "EPERM", SECCOMP_RET_ERRNO | 1 },
	{ "EINVAL", SECCOMP_RET_ERRNO | 22 },
	{ "ENOSYS", SECCOMP_RET_ERRNO | 38 },
	{ "EPROTONOSUPPORT", SECCOMP_RET_ERRNO | 93 },
	{ "EAFNOSUPPORT", SECCOMP_RET_ERRNO | 97 },
};
/* Whoever asks for what is beyond the list runs on a newer kernel than it knows. */
#define VERDICT_UNKNOWN (SECCOMP_RET_ERRNO | 38)

struct condition {
	unsigned int argument;
	uint32_t mask;
	bool negated;
	uint32_t values[32];
	size_t n;
};
struct rule {
	uint32_t verdict;
	struct condition conditions[6];
	size_t n;
	struct rule *next;
};
struct call {
	char name[32];
	long number[ARCHITECTURES]; /* -1: it has none */
	struct rule *rules;
	const char *decided; /* the file that has a rule without condition for it */
};
struct constant {
	char name[32];
	uint32_t value;
};

static struct call calls[1024];
static size_t n_calls;
static struct constant constants[256];
static size_t n_constants;

/* Where we read. */
struct input {
	const char *folder, *file;
	unsigned int line;
};

_Noreturn static void fail(const struct input *in, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
_Noreturn static void fail(const struct input *in, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "%s/%s:%u: ", in->folder, in->file, in->line);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

/* --- reading --- */

/* Calls take with the words of each line that has some. */
static void read_lines(const char *folder, const char *file,
		       void (*take)(const struct input *in, char **words, size_t n))
{
	struct input in = { folder, file, 0 };
	char path[4096], line[1024], *words[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	f = fopen(path, "re");
	if (!f) {
		perror(path);
		exit(1);
	}
	while (fgets(line, sizeof(line), f)) {
		char *rest = NULL, *word;
		size_t n = 0;

		in.line++;
		if (!strchr(line, '\n'))
			fail(&in, "the line is too long");
		line[strcspn(line, "#\n")] = '\0';
		for (word = strtok_r(line, " \t", &rest); word;
		     word = strtok_r(NULL, " \t", &rest)) {
			if (n == COUNT(words))
				fail(&in, "too many words");
			words[n++] = word;
		}
		if (n)
			take(&in, words, n);
	}
	if (ferror(f))
		fail(&in, "cannot read on: %s", strerror(errno));
	fclose(f);
}

static bool parse_number(const char *word, uint32_t *ret)
{
	char *end;
	unsigned long long value;

	if (*word < '0' || *word > '9')
		return false;
	errno = 0;
	value = strtoull(word, &end, 0);
	if (*end || errno || value > UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

static void copy_name(const struct input *in, char (*to)[32], const char *word)
{
	if (strlen(word) >= sizeof(*to))
		fail(in, "the name '%s' is too long", word);
	strcpy(*to, word);
}

static struct call *find_call(const char *name)
{
	for (size_t i = 0; i < n_calls; i++)
		if (strcmp(calls[i].name, name) == 0)
			return &calls[i];
	return NULL;
}

static void take_call(const struct input *in, char **words, size_t n)
{
	struct call *call = &calls[n_calls];

	if (n != 1 + ARCHITECTURES)
		fail(in, "expected a name and %zu numbers", ARCHITECTURES);
	if (n_calls == COUNT(calls) || find_call(words[0]))
		fail(in, "'%s' is there twice, or there are too many calls", words[0]);
	copy_name(in, &call->name, words[0]);
	for (size_t arch = 0; arch < ARCHITECTURES; arch++) {
		uint32_t number;

		call->number[arch] = -1;
		if (strcmp(words[1 + arch], "-") == 0)
			continue;
		if (!parse_number(words[1 + arch], &number) || number > 0xffff)
			fail(in, "'%s' is not a system call number", words[1 + arch]);
		for (size_t i = 0; i < n_calls; i++)
			if (calls[i].number[arch] == (long)number)
				fail(in, "%s has the number of %s", words[0], calls[i].name);
		call->number[arch] = (long)number;
	}
	n_calls++;
}

static uint32_t value_of(const struct input *in, const char *word)
{
	uint32_t value;

	if (parse_number(word, &value))
		return value;
	for (size_t i = 0; i < n_constants; i++)
		if (strcmp(constants[i].name, word) == 0)
			return constants[i].value;
	fail(in, "'%s' is neither a number nor a constant", word);
}

static void take_constant(const struct input *in, char **words, size_t n)
{
	struct constant *constant = &constants[n_constants];

	if (n != 3 || !parse_number(words[2], &constant->value))
		fail(in, "expected: const NAME NUMBER");
	for (size_t i = 0; i < n_constants; i++) {
		if (strcmp(constants[i].name, words[1]) != 0)
			continue;
		if (constants[i].value != constant->value)
			fail(in, "%s has another value already", words[1]);
		return;
	}
	if (n_constants + 1 == COUNT(constants))
		fail(in, "too many constants");
	copy_name(in, &constant->name, words[1]);
	n_constants++;
}

/* One condition from words; returns how many of them it has. */
static size_t read_condition(const struct input *in, char **words, size_t n, struct condition *ret)
{
	size_t i = 1;

	if (n < 3 || words[0][0] != 'a' || words[0][1] < '0' || words[0][1] > '5' || words[0][2])
		fail(in, "expected a condition as 'a0 == 1'");
	ret->argument = (unsigned int)(words[0][1] - '0');
	ret->mask = UINT32_MAX;
	if (strcmp(words[i], "&") == 0 && n > 4) {
		ret->mask = value_of(in, words[2]);
		i = 3;
	}
	ret->negated = strcmp(words[i], "!=") == 0;
	if (ret->negated || strcmp(words[i], "==") == 0) {
		ret->values[ret->n++] = value_of(in, words[i + 1]);
		return i + 2;
	}
	if (strcmp(words[i], "in") != 0)
		fail(in, "expected ==, != or in, got '%s'", words[i]);
	for (i++; i < n && strcmp(words[i], "and") != 0; i++) {
		if (ret->n == COUNT(ret->values))
			fail(in, "too many values");
		ret->values[ret->n++] = value_of(in, words[i]);
	}
	if (!ret->n)
		fail(in, "expected a value after 'in'");
	return i;
}

static void read_conditions(const struct input *in, char **words, size_t n, struct rule *rule)
{
	for (size_t i = 0; i < n;) {
		struct condition *condition;

		if (rule->n == COUNT(rule->conditions))
			fail(in, "too many conditions");
		condition = &rule->conditions[rule->n++];
		i += read_condition(in, words + i, n - i, condition);
		for (size_t v = 0; v < condition->n; v++)
			if (condition->values[v] & ~condition->mask)
				fail(in, "0x%x can never hold under its mask",
				     condition->values[v]);
		if (i == n)
			return;
		if (strcmp(words[i++], "and") != 0 || i == n)
			fail(in, "expected 'and' and another condition");
	}
	fail(in, "expected a condition after 'if'");
}

static void add_rule(const struct input *in, const char *name, const struct rule *rule)
{
	struct call *call = find_call(name);
	struct rule **end, *copy;

	if (!call)
		fail(in, "'%s' is not in syscalls.tbl", name);
	if (call->decided && strcmp(call->decided, in->file) == 0)
		fail(in, "nothing is left to decide about %s", name);
	if (call->decided) /* by a list that includes this one: what it says comes first */
		return;
	copy = malloc(sizeof(*copy));
	if (!copy)
		fail(in, "out of memory");
	*copy = *rule;
	for (end = &call->rules; *end; end = &(*end)->next)
		;
	*end = copy;
	if (rule->n == 0)
		call->decided = in->file;
}

static void take_line(const struct input *in, char **words, size_t n)
{
	struct rule rule = { 0 };
	size_t names = 1, v = 0;

	if (strcmp(words[0], "const") == 0) {
		take_constant(in, words, n);
		return;
	}
	if (strcmp(words[0], "include") == 0 && n == 2) {
		read_lines(in->folder, strdup(words[1]), take_line);
		return;
	}
	while (v < COUNT(verdicts) && strcmp(verdicts[v].name, words[0]) != 0)
		v++;
	if (v == COUNT(verdicts))
		fail(in, "'%s' is not a verdict", words[0]);
	rule.verdict = verdicts[v].verdict;
	while (names < n && strcmp(words[names], "if") != 0)
		names++;
	if (names == 1)
		fail(in, "expected the name of a system call");
	if (names < n)
		read_conditions(in, words + names + 1, n - names - 1, &rule);
	for (size_t i = 1; i < names; i++)
		add_rule(in, words[i], &rule);
}

static void read_list(const char *folder, const char *list)
{
	char file[64];

	for (size_t i = 0; i < n_calls; i++) {
		calls[i].decided = NULL;
		for (struct rule *rule = calls[i].rules, *next; rule; rule = next) {
			next = rule->next;
			free(rule);
		}
		calls[i].rules = NULL;
	}
	snprintf(file, sizeof(file), "syscalls-%s.list", list);
	read_lines(folder, file, take_line);
	for (size_t i = 0; i < n_calls; i++) {
		if (calls[i].decided)
			continue;
		fprintf(stderr, "%s/%s: no line without a condition for %s\n", folder, file,
			calls[i].name);
		exit(1);
	}
}

/* --- compiling --- */

/* The value's test: to yes, if one of values is in the accumulator. */
static size_t compile_values(struct ar_cbpf_builder *b, const struct condition *condition,
			     size_t yes, size_t no)
{
	size_t place = no;

	for (size_t i = condition->n; i > 0; i--)
		place = ar_cbpf_build_jump(b, BPF_JEQ, condition->values[i - 1], yes, place);
	return place;
}

/* The rules of a call, first to last; returns the place of the first. */
static size_t compile_rules(struct ar_cbpf_builder *b, const struct rule *rule)
{
	size_t otherwise, place;

	if (rule->n == 0)
		return ar_cbpf_build_end(b, rule->verdict);
	otherwise = compile_rules(b, rule->next);
	place = ar_cbpf_build_end(b, rule->verdict);
	for (size_t i = rule->n; i > 0; i--) {
		const struct condition *condition = &rule->conditions[i - 1];
		size_t yes = condition->negated ? otherwise : place;
		size_t no = condition->negated ? place : otherwise;

		compile_values(b, condition, yes, no);
		if (condition->mask != UINT32_MAX)
			ar_cbpf_build_and(b, condition->mask);
		/* both architectures are little endian: the low half comes first */
		place = ar_cbpf_build_load(b, offsetof(struct seccomp_data, args) +
						      8 * condition->argument);
	}
	return place;
}

static const struct call *call_of(size_t arch, long number)
{
	for (size_t i = 0; i < n_calls; i++)
		if (calls[i].number[arch] == number)
			return &calls[i];
	return NULL;
}

static size_t compile_ranges(struct ar_cbpf_builder *b, size_t arch, struct ar_cbpf_range *ranges)
{
	long last = 0;
	size_t n = 0;

	for (size_t i = 0; i < n_calls; i++)
		if (calls[i].number[arch] > last)
			last = calls[i].number[arch];
	for (long number = 0; number <= last + 1; number++) {
		const struct call *call = call_of(arch, number);
		struct ar_cbpf_range range = { (uint32_t)number, VERDICT_UNKNOWN, 0 };

		if (call && call->rules->n)
			range.block = compile_rules(b, call->rules);
		else if (call)
			range.verdict = call->rules->verdict;
		if (n && !range.block && !ranges[n - 1].block &&
		    range.verdict == ranges[n - 1].verdict)
			continue;
		ranges[n++] = range;
	}
	return n;
}

static void compile(struct ar_cbpf_builder *b, size_t arch)
{
	static struct ar_cbpf_range ranges[0x10002];
	size_t n, start, foreign;

	ar_cbpf_build_init(b);
	n = compile_ranges(b, arch, ranges);
	ar_cbpf_build_tree(b, ranges, n);
	start = ar_cbpf_build_load(b, offsetof(struct seccomp_data, nr));
	foreign = ar_cbpf_build_end(b, SECCOMP_RET_KILL_PROCESS);
	ar_cbpf_build_jump(b, BPF_JEQ, architectures[arch].token, start, foreign);
	ar_cbpf_build_load(b, offsetof(struct seccomp_data, arch));
	if (b->full) {
		fprintf(stderr, "the program is longer than %d instructions\n", AR_CBPF_MAX);
		exit(1);
	}
}

/* --- printing --- */

static void print_program(const struct ar_cbpf_builder *b, const char *list, const char *arch)
{
	printf("\nstatic const struct sock_filter ar_list_%s_%s[] = {\n", list, arch);
	for (size_t i = b->at; i < AR_CBPF_MAX; i++)
		printf("\t{ 0x%02x, %u, %u, 0x%08x },\n", b->code[i].code, b->code[i].jt,
		       b->code[i].jf, b->code[i].k);
	printf("};\n");
}

/* With their names in place: pointers would be relocated at every start. */
static void print_numbers(void)
{
	printf("\nstatic const uint32_t ar_call_arch[] = {");
	for (size_t arch = 0; arch < ARCHITECTURES; arch++)
		printf(" %s,", architectures[arch].audit);
	printf(" };\nstatic const struct {\n\tchar name[%zu];\n\tint32_t number[%zu];\n} ar_calls[] = {\n",
	       sizeof(calls[0].name), ARCHITECTURES);
	for (size_t i = 0; i < n_calls; i++) {
		printf("\t{ \"%s\", {", calls[i].name);
		for (size_t arch = 0; arch < ARCHITECTURES; arch++)
			printf(" %ld,", calls[i].number[arch]);
		printf(" } },\n");
	}
	printf("};\n");
}

int main(int argc, char **argv)
{
	static struct ar_cbpf_builder builder;

	if (argc != 2) {
		fprintf(stderr, "usage: gen-seccomp FOLDER\n");
		return 2;
	}
	read_lines(argv[1], "syscalls.tbl", take_call);
	printf("/* SPDX-License-Identifier: LGPL-2.1-or-later */\n"
	       "/* Made by gen-seccomp from syscalls.tbl and syscalls-*.list. */\n");
	for (size_t list = 0; list < COUNT(lists); list++) {
		read_list(argv[1], lists[list]);
		for (size_t arch = 0; arch < ARCHITECTURES; arch++) {
			compile(&builder, arch);
			print_program(&builder, lists[list], architectures[arch].name);
		}
	}
	printf("\nstatic const struct ar_builtin ar_builtins[] = {\n");
	for (size_t list = 0; list < COUNT(lists); list++)
		for (size_t arch = 0; arch < ARCHITECTURES; arch++)
			printf("\t{ \"%s\", %s, ar_list_%s_%s, AR_COUNT(ar_list_%s_%s) },\n",
			       lists[list], architectures[arch].audit, lists[list],
			       architectures[arch].name, lists[list], architectures[arch].name);
	printf("};\n");
	print_numbers();
	if (fflush(stdout) == EOF || ferror(stdout)) {
		perror("gen-seccomp: write");
		return 1;
	}
	return 0;
}
