/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "options.h"
#include "spec/field.h"

#include "test.h"

struct values {
	bool force, all;
	const char *bundle, *format;
	struct ar_strings env;
	unsigned int fds;
	struct ar_opt_i64 quota;
	struct ar_opt_u64 period;
};

#define AT(member) offsetof(struct values, member)

static const struct ar_option options[] = {
	{ "force", 'f', AR_OPTION_BOOL, false, AT(force), NULL, "" },
	{ "all", 'a', AR_OPTION_BOOL, false, AT(all), NULL, "" },
	{ "bundle", 'b', AR_OPTION_STRING, false, AT(bundle), NULL, "" },
	{ "format", 0, AR_OPTION_STRING, false, AT(format), "table", "" },
	{ "env", 'e', AR_OPTION_STRINGS, false, AT(env), NULL, "" },
	{ "fds", 0, AR_OPTION_UINT, false, AT(fds), "0", "" },
	{ "quota", 0, AR_OPTION_I64, false, AT(quota), NULL, "" },
	{ "period", 0, AR_OPTION_U64, false, AT(period), NULL, "" },
};

static struct values values;
static struct ar_words words;
static struct ar_error error;

/* Parse a command line given as its words; the arena lives as long as the test's process. */
static int parse_as(enum ar_order order, char **argv)
{
	const struct ar_option_table table = AR_OPTIONS(order, options);
	static struct ar_arena *arena;
	int argc = 0;

	ar_arena_free(arena);
	arena = ar_arena_new();
	while (argv[argc])
		argc++;
	values = (struct values){ 0 };
	words = (struct ar_words){ 0 };
	error = (struct ar_error){ 0 };
	return ar_options_parse(arena, &table, argv, argc, &values, &words, &error);
}
#define PARSE(...) parse_as(AR_OPTIONS_ANYWHERE, (char *[]){ __VA_ARGS__, NULL })
#define PARSE_FIRST(...) parse_as(AR_OPTIONS_FIRST, (char *[]){ __VA_ARGS__, NULL })

/* A writable word, for argv holds no constants. */
static char *w(const char *s)
{
	static char room[32][64];
	static size_t n;
	char *to = room[n++ % AR_COUNT(room)];

	return strncpy(to, s, sizeof(room[0]) - 1);
}

TEST("a value stands behind a blank or a '=', the name behind one or two dashes")
{
	const char *const forms[][2] = { { "--bundle", "x" }, { "-bundle", "x" }, { "-b", "x" },
					 { "--b", "x" },      { "--bundle=x" },	  { "-bundle=x" },
					 { "-b=x" },	      { "--b=x" } };

	for (size_t i = 0; i < AR_COUNT(forms); i++) {
		char *argv[] = { w(forms[i][0]), forms[i][1] ? w(forms[i][1]) : NULL, NULL };

		CHECK_INT(parse_as(AR_OPTIONS_ANYWHERE, argv), AR_OPTIONS_DONE);
		CHECK_STR(values.bundle, "x");
		CHECK_INT(words.argc, 0);
	}
}

TEST("a value is not glued to a short name, nor are short names to each other")
{
	CHECK_INT(PARSE(w("-bx")), -EINVAL);
	CHECK_STR(error.text, "flag provided but not defined: -bx");
	CHECK_INT(PARSE(w("-fa")), -EINVAL);
	CHECK_STR(error.text, "flag provided but not defined: -fa");
}

TEST("a value may be empty, begin with a dash or hold a '='")
{
	CHECK_INT(PARSE(w("--bundle="), w("--format"), w("-1"), w("-e"), w("A=b=c")), 0);
	CHECK_STR(values.bundle, "");
	CHECK_STR(values.format, "-1");
	CHECK_STR(values.env.items[0], "A=b=c");
}

TEST("a switch takes a value only behind a '=', in Go's spellings")
{
	static const char *const yes[] = { "-f",	"--force",   "--force=true", "-f=1",
					   "--force=T", "--force=t", "--force=True", "-force=TRUE" };
	static const char *const no[] = { "-f=false", "--force=0", "-force=F", "--force=FALSE" };

	for (size_t i = 0; i < AR_COUNT(yes); i++) {
		CHECK_INT(PARSE(w(yes[i])), AR_OPTIONS_DONE);
		CHECK(values.force);
	}
	for (size_t i = 0; i < AR_COUNT(no); i++) {
		CHECK_INT(PARSE(w("--force"), w(no[i])), AR_OPTIONS_DONE);
		CHECK(!values.force);
	}
	CHECK_INT(PARSE(w("--force"), w("false")), AR_OPTIONS_DONE);
	CHECK(values.force);
	CHECK_STR(words.argv[0], "false");
	CHECK_INT(PARSE(w("--force=yes")), -EINVAL);
	CHECK_STR(error.text, "invalid boolean value \"yes\" for -force: parse error");
}

TEST("options may stand behind other words")
{
	CHECK_INT(PARSE(w("one"), w("-f"), w("two"), w("-b"), w("x")), AR_OPTIONS_DONE);
	CHECK(values.force);
	CHECK_STR(values.bundle, "x");
	CHECK_INT(words.argc, 2);
	CHECK_STR(words.argv[0], "one");
	CHECK_STR(words.argv[1], "two");
	CHECK(!words.argv[2]);
}

TEST("behind the first word what is no option is a word")
{
	CHECK_INT(PARSE(w("id"), w("-9"), w("---"), w("-f"), w("--bogus=1")), AR_OPTIONS_DONE);
	CHECK(values.force);
	CHECK_INT(words.argc, 4);
	CHECK_STR(words.argv[1], "-9");
	CHECK_STR(words.argv[3], "--bogus=1");
	CHECK_INT(PARSE(w("-f"), w("-9"), w("id")), -EINVAL);
}

TEST("a command with a command line of its own keeps all behind its first word")
{
	CHECK_INT(PARSE_FIRST(w("-f"), w("id"), w("-a"), w("--"), w("--bogus")), AR_OPTIONS_DONE);
	CHECK(values.force && !values.all);
	CHECK_INT(words.argc, 4);
	CHECK_STR(words.argv[1], "-a");
	CHECK_STR(words.argv[2], "--");
	CHECK_STR(words.argv[3], "--bogus");
}

TEST("two dashes alone end the options, one dash alone is a word")
{
	CHECK_INT(PARSE(w("-"), w("--"), w("-f")), AR_OPTIONS_DONE);
	CHECK(!values.force);
	CHECK_INT(words.argc, 2);
	CHECK_STR(words.argv[0], "-");
	CHECK_STR(words.argv[1], "-f");
}

TEST("lists collect, without splitting at commas; of others the last one counts")
{
	CHECK_INT(PARSE(w("-e"), w("a,b"), w("--env=c"), w("-b=1"), w("-b=2")), AR_OPTIONS_DONE);
	CHECK_UINT(values.env.n, 2);
	CHECK_STR(values.env.items[0], "a,b");
	CHECK_STR(values.env.items[1], "c");
	CHECK(!values.env.items[2]);
	CHECK_STR(values.bundle, "2");
}

TEST("what is not given has its default or is unset")
{
	CHECK_INT(PARSE(w("id")), AR_OPTIONS_DONE);
	CHECK_STR(values.format, "table");
	CHECK(!values.bundle && !values.quota.set && values.env.n == 0);
}

TEST("numbers are whole decimal ones of their type")
{
	CHECK_INT(PARSE(w("--fds"), w("3"), w("--quota=-1"), w("--period=18446744073709551615")),
		  0);
	CHECK_UINT(values.fds, 3);
	CHECK_INT(values.quota.value, -1);
	CHECK(values.period.set && values.period.value == UINT64_MAX);
	CHECK_INT(PARSE(w("--fds=zz")), -EINVAL);
	CHECK_STR(error.text, "invalid value \"zz\" for flag -fds: parse error");
	CHECK_INT(PARSE(w("--fds=-1")), 0);
	CHECK_UINT(values.fds, 0);
	CHECK_INT(PARSE(w("--fds=4294967296")), -EINVAL);
	CHECK_STR(error.text, "invalid value \"4294967296\" for flag -fds: value out of range");
	CHECK_INT(PARSE(w("--period=-1")), -EINVAL);
	CHECK_INT(PARSE(w("--quota=1 ")), -EINVAL);
}

TEST("what is wrong is said in the words that callers look for")
{
	CHECK_INT(PARSE(w("--bogus")), -EINVAL);
	CHECK_STR(error.text, "flag provided but not defined: -bogus");
	CHECK_INT(PARSE(w("--bogus=1")), -EINVAL);
	CHECK_STR(error.text, "flag provided but not defined: -bogus");
	CHECK_INT(PARSE(w("--bundle")), -EINVAL);
	CHECK_STR(error.text, "flag needs an argument: -bundle");
	CHECK_INT(PARSE(w("-b")), -EINVAL);
	CHECK_STR(error.text, "flag needs an argument: -b");
	CHECK_INT(PARSE(w("---bundle")), -EINVAL);
	CHECK_STR(error.text, "bad flag syntax: ---bundle");
	CHECK_INT(PARSE(w("--=x")), -EINVAL);
	CHECK_STR(error.text, "bad flag syntax: --=x");
}

TEST("what stood before a mistake was read, so that the log can be told of it")
{
	CHECK_INT(PARSE(w("-b"), w("x"), w("--bogus")), -EINVAL);
	CHECK_STR(values.bundle, "x");
}

TEST("help is asked by -h and --help in all forms")
{
	CHECK_INT(PARSE(w("-h")), AR_OPTIONS_HELP);
	CHECK_INT(PARSE(w("-help")), AR_OPTIONS_HELP);
	CHECK_INT(PARSE(w("id"), w("--help")), AR_OPTIONS_HELP);
	CHECK_INT(PARSE(w("--help=false"), w("-f")), AR_OPTIONS_DONE);
	CHECK(values.force);
	CHECK_INT(PARSE(w("-h=perhaps")), -EINVAL);
	CHECK_STR(error.text, "invalid boolean value \"perhaps\" for -h: parse error");
	CHECK_INT(PARSE(w("--help"), w("--bogus")), -EINVAL);
	CHECK_INT(PARSE_FIRST(w("id"), w("--help")), AR_OPTIONS_DONE);
}

int main(void)
{
	return test_main();
}
