/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/arena.h"
#include "base/error.h"
#include "toml.h"

#include "test.h"

static struct ar_error err;

static struct ar_toml parse(struct ar_arena *arena, const char *text)
{
	struct ar_toml toml;

	CHECK_INT(ar_toml_parse(arena, "x.toml", text, &toml, &err), 0);
	return toml;
}

static void refused(const char *text, const char *want)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_toml toml;

	CHECK_INT(ar_toml_parse(arena, "x.toml", text, &toml, &err), -EINVAL);
	CHECK_STR(err.text, want);
}

#define FIND(toml, ...)                                             \
	ar_toml_find(&(toml), (const char *const[]){ __VA_ARGS__ }, \
		     sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

TEST("keys stand in the tables before them, bare, quoted and dotted")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_toml toml =
		parse(arena, "version = 2 # a comment\n"
			     "[plugins.\"io.containerd.grpc.v1.cri\".containerd]\n"
			     "  default_runtime_name = \"runc\"\n"
			     "  runtimes.agentrun.options.BinaryName = '/usr/bin/agentrun'\n");

	CHECK_STR(FIND(toml, "version")->text, "2");
	CHECK_INT(FIND(toml, "version")->type, AR_TOML_PLAIN);
	CHECK_STR(FIND(toml, "plugins", "io.containerd.grpc.v1.cri", "containerd",
		       "default_runtime_name")
			  ->text,
		  "runc");
	CHECK_STR(FIND(toml, "plugins", "io.containerd.grpc.v1.cri", "containerd", "runtimes",
		       "agentrun", "options", "BinaryName")
			  ->text,
		  "/usr/bin/agentrun");
	CHECK_UINT(FIND(toml, "plugins", "io.containerd.grpc.v1.cri", "containerd", "runtimes",
			"agentrun", "options", "BinaryName")
			   ->line,
		   4);
	CHECK(!FIND(toml, "default_runtime_name"));
}

TEST("arrays may have several lines, a comma at the end, and tables in them")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_toml toml = parse(arena, "[engine]\n"
					   "names = [ \"a\", # first\n  'b',\n 3,\n]\n"
					   "more = [\"c\", {append = true}]\n"
					   "none = []\n");
	const struct ar_toml_entry *names = FIND(toml, "engine", "names");

	CHECK_UINT(names->strings.n, 3);
	CHECK_STR(names->strings.items[1], "b");
	CHECK_STR(names->strings.items[2], "3");
	CHECK(!names->has_tables);
	CHECK_UINT(FIND(toml, "engine", "more")->strings.n, 1);
	CHECK(FIND(toml, "engine", "more")->has_tables);
	CHECK_UINT(FIND(toml, "engine", "none")->strings.n, 0);
	CHECK(!FIND(toml, "append"));
}

TEST("an inline table is a table")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_toml toml = parse(
		arena, "[crio.runtime.runtimes]\nagentrun = { runtime_path = \"/a\", x.y = 1 }\n");

	CHECK_STR(FIND(toml, "crio", "runtime", "runtimes", "agentrun", "runtime_path")->text,
		  "/a");
	CHECK_STR(FIND(toml, "crio", "runtime", "runtimes", "agentrun", "x", "y")->text, "1");
}

TEST("the last of several entries counts")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_toml toml = parse(arena, "a = 1\na = 2\n");

	CHECK_STR(FIND(toml, "a")->text, "2");
}

TEST("strings have escapes, literal ones have none, long ones have lines")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_toml toml = parse(
		arena,
		"a = \"x\\ty\\u00e9\\\\\"\nb = 'x\\t'\nc = \"\"\"\none\ntwo \\\n   three\"\"\"\n"
		"d = '''\n'q'\n'''\n");

	CHECK_STR(FIND(toml, "a")->text, "x\ty\xc3\xa9\\");
	CHECK_STR(FIND(toml, "b")->text, "x\\t");
	CHECK_STR(FIND(toml, "c")->text, "one\ntwo three");
	CHECK_STR(FIND(toml, "d")->text, "'q'\n");
}

TEST("lines of Windows and a text without a newline at its end are read")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_toml toml = parse(arena, "[a]\r\nb = 1\r\n[c]\r\nd = true");

	CHECK_STR(FIND(toml, "a", "b")->text, "1");
	CHECK_STR(FIND(toml, "c", "d")->text, "true");
}

TEST("many entries and elements keep their order")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_toml toml = parse(arena, "l = [1,2,3,4,5,6,7,8,9]\na=1\nb=2\nc=3\nd=4\n");

	CHECK_STR(FIND(toml, "l")->strings.items[8], "9");
	CHECK_STR(FIND(toml, "b")->text, "2");
	CHECK_STR(FIND(toml, "d")->text, "4");
}

TEST("what is no TOML is refused with its line")
{
	refused("a = 1\nb\n", "x.toml:2: '=' is expected behind a key");
	refused("a = \n", "x.toml:1: a value is expected");
	refused("a = \"x\n", "x.toml:1: a string has no end");
	refused("a = [1 2]\n", "x.toml:1: ',' or ']' is expected in an array");
	refused("a = [1,\n", "x.toml:2: a value is expected");
	refused("a = { b = 1 c = 2 }\n", "x.toml:1: ',' or '}' is expected in a table");
	refused("[a\nb = 1\n", "x.toml:1: ']' is expected behind the name of a table");
	refused("a = 1 b = 2\n", "x.toml:1: the end of the line is expected");
	refused("= 1\n", "x.toml:1: a key is expected");
	refused("a = \"\\q\"\n", "x.toml:1: an unknown escape");
	refused("a = \"\\u12\"\n", "x.toml:1: an escape needs hexadecimal digits");
	refused("a = \"\\ud800\"\n", "x.toml:1: an escape names no character");
	refused("a = [[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]\n",
		"x.toml:1: arrays and tables are nested too deep");
}

int main(void)
{
	return test_main();
}
