/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "json/read.h"

#include "test.h"

static struct ar_arena *arena;
static struct ar_error err;

static int parse_len(const char *text, size_t len, const struct ar_json_limits *limits,
		     const struct ar_json **ret)
{
	static const struct ar_json *unused;

	arena = ar_arena_new();
	return ar_json_parse(arena, "f.json", text, len, limits, ret ? ret : &unused, &err);
}

static int parse(const char *text, const struct ar_json **ret)
{
	return parse_len(text, strlen(text), NULL, ret);
}

static void done(void)
{
	ar_arena_free(arena);
	arena = NULL;
}

static void refused(const char *text, const char *message)
{
	int r = parse(text, NULL);

	CHECK_INT(r, -EINVAL);
	CHECK_INT(err.code, EINVAL);
	CHECK_STR(err.text, message);
	done();
}

TEST("a document becomes a tree in its own order, with lines")
{
	const struct ar_json *root, *list;

	CHECK_INT(parse("{\n  \"b\": [1, \"two\",\n    true, null],\n  \"a\": {}\n}\n", &root), 0);
	CHECK_INT(root->type, AR_JSON_OBJECT);
	CHECK_UINT(root->count, 2);
	CHECK_UINT(root->line, 1);
	CHECK(!root->key);

	list = root->first;
	CHECK_STR(list->key, "b");
	CHECK_INT(list->type, AR_JSON_ARRAY);
	CHECK_UINT(list->count, 4);
	CHECK_UINT(list->line, 2);
	CHECK_STR(list->first->text, "1");
	CHECK_STR(list->first->next->text, "two");
	CHECK(list->first->next->next->truth);
	CHECK_UINT(list->first->next->next->line, 3);
	CHECK_INT(list->first->next->next->next->type, AR_JSON_NULL);
	CHECK(!list->first->next->next->next->next);

	CHECK_STR(list->next->key, "a");
	CHECK_UINT(list->next->line, 4);
	CHECK_UINT(list->next->count, 0);
	CHECK(!list->next->first);
	done();
}

TEST("a member is found by its key")
{
	const struct ar_json *root;

	CHECK_INT(parse("{\"a\": 1, \"b\": \"x\"}", &root), 0);
	CHECK_STR(ar_json_get(root, "b")->text, "x");
	CHECK(!ar_json_get(root, "c"));
	CHECK(!ar_json_get(root->first, "b"));
	CHECK(!ar_json_get(NULL, "b"));
	done();
}

TEST("numbers stay as they are written, however large")
{
	const struct ar_json *root;

	CHECK_INT(parse("[18446744073709551615, -9223372036854775808, 1e400, 0.10, -0]", &root), 0);
	CHECK_STR(root->first->text, "18446744073709551615");
	CHECK_STR(root->first->next->text, "-9223372036854775808");
	CHECK_STR(root->first->next->next->text, "1e400");
	CHECK_STR(root->first->next->next->next->text, "0.10");
	CHECK_STR(root->first->next->next->next->next->text, "-0");
	done();
}

TEST("escapes become characters")
{
	const struct ar_json *root;

	CHECK_INT(parse("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\ud83d\\uDE00 \xc3\xa9\"",
			&root),
		  0);
	CHECK_STR(root->text, "\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 \xc3\xa9");
	done();
}

TEST("a single value is a document")
{
	const struct ar_json *root;

	CHECK_INT(parse("  42", &root), 0);
	CHECK_STR(root->text, "42");
	done();
	CHECK_INT(parse("false\n", &root), 0);
	CHECK(root->type == AR_JSON_BOOL && !root->truth);
	done();
}

TEST("what is no JSON is refused in one sentence, with its line")
{
	refused("", "f.json:1: not JSON: premature EOF");
	refused("\n\n", "f.json:3: not JSON: premature EOF");
	refused("{\n\"a\": [1,\n", "f.json:3: not JSON: premature EOF");
	refused("[1,\n2,\n]", "f.json:3: not JSON: unallowed token at this point in JSON text");
	refused("{\"a\" 1}",
		"f.json:1: not JSON: object key and value must be separated by a colon (':')");
	refused("{1: 2}", "f.json:1: not JSON: invalid object key (must be a string)");
	refused("[1 2]", "f.json:1: not JSON: after array element, I expect ',' or ']'");
	refused("[tru]", "f.json:1: not JSON: invalid string in json text");
	refused("'a'", "f.json:1: not JSON: invalid char in json text");
	refused("\xef\xbb\xbf{}", "f.json:1: not JSON: invalid char in json text");
	refused("[+1]", "f.json:1: not JSON: invalid char in json text");
	refused("[-]",
		"f.json:1: not JSON: malformed number, a digit is required after the minus sign");
	refused("[1.]",
		"f.json:1: not JSON: malformed number, a digit is required after the decimal point");
	refused("[01]", "f.json:1: not JSON: after array element, I expect ',' or ']'");
	refused("[\"a\nb\"]", "f.json:1: not JSON: invalid character inside string");
	refused("[\"\\x\"]", "f.json:1: not JSON: inside a string, '\\' occurs before a character "
			     "which it may not");
	refused("[\"\\u12g4\"]",
		"f.json:1: not JSON: invalid (non-hex) character occurs after '\\u' "
		"inside string");
}

TEST("text after the value is refused")
{
	refused("{} {}", "f.json:1: not JSON: trailing garbage");
	refused("{}\n}", "f.json:2: not JSON: trailing garbage");
	refused("1 x", "f.json:1: not JSON: trailing garbage");
}

TEST("a key that is given twice is refused, in small and in large objects")
{
	_cleanup_text_ struct ar_text t = AR_TEXT_INIT;

	refused("{\"a\": 1,\n \"b\": 2,\n \"a\": 1}", "f.json:3: \"a\" is given twice");
	refused("[{\"x\": {\"k\": 1, \"\\u006b\": 2}}]", "f.json:1: \"k\" is given twice");
	ar_text_add(&t, "{");
	for (int i = 0; i < 1000; i++)
		ar_text_addf(&t, "\"key %d\": %d,\n", i, i);
	ar_text_add(&t, "\"key 700\": 1}");
	refused(ar_text_str(&t), "f.json:1001: \"key 700\" is given twice");
}

static const struct ar_json *loosely(const char *text)
{
	struct ar_json_limits limits = ar_json_limits_default;
	const struct ar_json *root = NULL;

	limits.lenient = true;
	CHECK_INT(parse_len(text, strlen(text), &limits, &root), 0);
	return root;
}

TEST("read loosely, the later of two members counts, and keeps the place of the first")
{
	const struct ar_json *root =
		loosely("{\"a\": 1, \"b\": [1], \"a\": \"x\", \"c\": 3, \"b\": [2, 3]}");

	CHECK_UINT(root->count, 3);
	CHECK_STR(root->first->key, "a");
	CHECK_STR(root->first->text, "x");
	CHECK_STR(root->first->next->key, "b");
	CHECK_UINT(root->first->next->count, 2);
	CHECK_STR(root->first->next->next->key, "c");
	CHECK(!root->first->next->next->next);
	done();
}

TEST("read loosely, an object is laid over the earlier one, at any depth")
{
	const struct ar_json *o = loosely("{\"o\": {\"i\": {\"x\": 1, \"y\": 2}, \"k\": 1}, \"o\": "
					  "{\"i\": {\"y\": 3}, \"l\": 2}, \"o\": {\"m\": 4}}");
	const struct ar_json *i;

	CHECK_UINT(o->count, 1);
	o = o->first;
	CHECK_UINT(o->count, 4);
	i = ar_json_get(o, "i");
	CHECK_UINT(i->count, 2);
	CHECK_STR(ar_json_get(i, "x")->text, "1");
	CHECK_STR(ar_json_get(i, "y")->text, "3");
	CHECK_STR(ar_json_get(o, "k")->text, "1");
	CHECK_STR(ar_json_get(o, "l")->text, "2");
	CHECK_STR(ar_json_get(o, "m")->text, "4");
	done();
}

TEST("read loosely, null says nothing but of a list")
{
	const struct ar_json *root = loosely(
		"{\"a\": 1, \"a\": null, \"o\": {\"x\": 1}, \"o\": null, \"o\": {\"y\": 2}, "
		"\"l\": [1], \"l\": null, \"n\": null, \"n\": 5}");

	CHECK_STR(ar_json_get(root, "a")->text, "1");
	CHECK_UINT(ar_json_get(root, "o")->count, 2);
	CHECK_INT(ar_json_get(root, "l")->type, AR_JSON_NULL);
	CHECK_STR(ar_json_get(root, "n")->text, "5");
	done();
}

TEST("read loosely, many members with one name cost no more than they are")
{
	_cleanup_text_ struct ar_text t = AR_TEXT_INIT;
	const struct ar_json *root;

	ar_text_add(&t, "{");
	for (int i = 0; i < 50000; i++)
		ar_text_addf(&t, "\"a\": {\"key %d\": {}, \"q\": {}},\n", i);
	ar_text_add(&t, "\"z\": 1}");
	root = loosely(ar_text_str(&t));
	CHECK_UINT(root->count, 2);
	CHECK_UINT(root->first->count, 50001);
	done();
}

TEST("read loosely, what is copied counts as values")
{
	struct ar_json_limits limits = ar_json_limits_default;
	const char *text = "{\"a\": {\"x\": 1}, \"a\": {\"y\": 1}}";

	limits.lenient = true;
	limits.max_values = 6;
	CHECK_INT(parse_len(text, strlen(text), &limits, NULL), -EINVAL);
	CHECK_STR(err.text, "f.json:1: more than 6 values");
	done();
}

TEST("read loosely, what stands behind the value is passed over")
{
	CHECK_INT(loosely("{} x")->type, AR_JSON_OBJECT);
	done();
	CHECK_STR(loosely("{\"a\": 1}\n{\"a\": 2}")->first->text, "1");
	done();
}

TEST("the same key in different objects is fine")
{
	CHECK_INT(parse("{\"a\": {\"a\": {\"a\": 1}}, \"b\": {\"a\": 2}}", NULL), 0);
	done();
}

TEST("a NUL is refused, raw or as an escape, in a value or in a key")
{
	static const char raw[] = "{\"a\": \"x\0y\"}";

	refused("{\"a\": \"x\\u0000y\"}", "f.json:1: a NUL in a string");
	refused("{\n\"a\\u0000b\": 1}", "f.json:2: a NUL in a string");
	CHECK_INT(parse_len(raw, sizeof(raw) - 1, NULL, NULL), -EINVAL);
	CHECK_STR(err.text, "f.json:1: a NUL byte");
	done();
	CHECK_INT(parse_len("{}\0", 3, NULL, NULL), -EINVAL);
	CHECK_STR(err.text, "f.json:1: a NUL byte");
	done();
}

TEST("what is not UTF-8 is refused")
{
	static const char *const bad[] = {
		"\xff",
		"\x80",
		"\xc3",
		"\xc3(",
		"\xc0\xaf",
		"\xc1\xbf",
		"\xe0\x80\xaf",
		"\xe2\x82",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xf0\x80\x80\xaf",
		"\xf0\x9f\x98",
		"\xf4\x90\x80\x80",
		"\xf8\x88\x80\x80\x80",
		"\xfe",
	};

	for (size_t i = 0; i < AR_COUNT(bad); i++) {
		char text[64];

		snprintf(text, sizeof(text), "[\n\"an ASCII start%s\"]", bad[i]);
		refused(text, "f.json:2: not UTF-8");
	}
}

TEST("the first and last characters of each length of UTF-8 are taken")
{
	const struct ar_json *root;
	static const char text[] = "\"\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80"
				   "\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"";

	CHECK_INT(parse(text, &root), 0);
	CHECK_UINT(strlen(root->text), sizeof(text) - 3);
	done();
}

TEST("half of a surrogate pair is refused")
{
	refused("[\n\"\\ud800\"]", "f.json:2: half of a surrogate pair in a string");
	refused("[\"\\udc00\"]", "f.json:1: half of a surrogate pair in a string");
	refused("[\"\\ud800\\u0041\"]", "f.json:1: half of a surrogate pair in a string");
	refused("[\"\\ud800x\\udc00\"]", "f.json:1: half of a surrogate pair in a string");
	CHECK_INT(parse("[\"\\\\ud800\"]", NULL), 0); /* a backslash and letters */
	done();
}

TEST("comments are taken only where they are allowed")
{
	struct ar_json_limits limits = ar_json_limits_default;
	static const char text[] = "{\n// one\n\"a\": /* two\n */ 1\n}";
	const struct ar_json *root;

	refused(text, "f.json:2: not JSON: probable comment found in input text, comments are not "
		      "enabled");
	limits.comments = true;
	CHECK_INT(parse_len(text, strlen(text), &limits, &root), 0);
	CHECK_UINT(root->first->line, 4);
	done();
}

/* n times s in front of the rest, freed by the caller */
static char *repeat(const char *s, size_t n)
{
	size_t len = strlen(s);
	char *text = malloc(len * n + 1);

	CHECK(text);
	for (size_t i = 0; i < n; i++)
		memcpy(text + i * len, s, len);
	text[len * n] = '\0';
	return text;
}

TEST("nesting ends at the limit")
{
	_cleanup_free_ char *open = repeat("[", 32), *close = repeat("]", 32), *text = NULL;

	CHECK(asprintf(&text, "%s%s", open, close) > 0);
	CHECK_INT(parse(text, NULL), 0);
	done();
	free(text);
	CHECK(asprintf(&text, "[\n%s%s]", open, close) > 0);
	refused(text, "f.json:2: nested more than 32 deep");
}

TEST("ten megabytes of brackets fail at once")
{
	_cleanup_free_ char *text = repeat("[", 10 * 1024 * 1024);
	struct timespec begin, end;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	refused(text, "f.json:1: nested more than 32 deep");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	CHECK(end.tv_sec - begin.tv_sec <= 1);
}

TEST("a text beyond the limit is refused before it is read")
{
	struct ar_json_limits limits = ar_json_limits_default;

	limits.max_bytes = 5;
	CHECK_INT(parse_len("[1,2]", 5, &limits, NULL), 0);
	done();
	CHECK_INT(parse_len("[1,22]", 6, &limits, NULL), -EFBIG);
	CHECK_STR(err.text, "f.json: larger than 5 bytes");
	done();
}

TEST("the number of values ends at the limit")
{
	struct ar_json_limits limits = ar_json_limits_default;

	limits.max_values = 3;
	CHECK_INT(parse_len("[1,2]", 5, &limits, NULL), 0);
	done();
	CHECK_INT(parse_len("[1,\n2,3]", 8, &limits, NULL), -EINVAL);
	CHECK_STR(err.text, "f.json:2: more than 3 values");
	done();
}

/*
 * Keys that differ only at their end: what compares each with each takes minutes, what sorts them
 * less than a second.
 */
TEST("an object of a hundred thousand members takes no quadratic time")
{
	_cleanup_text_ struct ar_text t = AR_TEXT_INIT;
	struct timespec begin, end;
	const struct ar_json *root;

	ar_text_add(&t, "{");
	for (int i = 0; i < 100000; i++)
		ar_text_addf(&t, "%s\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%d\":0",
			     i ? "," : "", (i * 7919) % 100000);
	ar_text_add(&t, "}");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	CHECK_INT(parse(ar_text_str(&t), &root), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	CHECK_UINT(root->count, 100000);
	CHECK(end.tv_sec - begin.tv_sec <= 5); /* seconds under the sanitizers, a tenth without */
	done();
}

TEST("a message is one line whatever the document has in it")
{
	refused("{\"a\\nb\\u001b[31m\": 1, \"a\\nb\\u001b[31m\": 2}",
		"f.json:1: \"a b?[31m\" is given twice");
}

int main(void)
{
	return test_main();
}
