/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/arena.h"
#include "base/error.h"
#include "json/read.h"
#include "json/write.h"

#include "test.h"

static void some_values(struct ar_json_writer *w)
{
	ar_json_open(w, '{');
	ar_json_kv(w, "name", "a \"b\"\n");
	ar_json_kv_i64(w, "least", INT64_MIN);
	ar_json_kv_u64(w, "most", UINT64_MAX);
	ar_json_kv_bool(w, "yes", true);
	ar_json_kv(w, "nothing", NULL);
	ar_json_key(w, "list");
	ar_json_open(w, '[');
	ar_json_string(w, "x");
	ar_json_bool(w, false);
	ar_json_open(w, '{');
	ar_json_close(w, '}');
	ar_json_open(w, '[');
	ar_json_close(w, ']');
	ar_json_close(w, ']');
	ar_json_key(w, "raw");
	ar_json_raw(w, "{\"k\":1}");
	ar_json_close(w, '}');
}

TEST("without an indent all stands on one line without blanks")
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);

	some_values(&w);
	CHECK_STR(ar_text_str(&w.out),
		  "{\"name\":\"a \\\"b\\\"\\n\",\"least\":-9223372036854775808,"
		  "\"most\":18446744073709551615,\"yes\":true,\"nothing\":null,"
		  "\"list\":[\"x\",false,{},[]],\"raw\":{\"k\":1}}");
	ar_json_done(&w);
}

TEST("with an indent every member has its line")
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT("  ");

	some_values(&w);
	CHECK_STR(ar_text_str(&w.out), "{\n"
				       "  \"name\": \"a \\\"b\\\"\\n\",\n"
				       "  \"least\": -9223372036854775808,\n"
				       "  \"most\": 18446744073709551615,\n"
				       "  \"yes\": true,\n"
				       "  \"nothing\": null,\n"
				       "  \"list\": [\n"
				       "    \"x\",\n"
				       "    false,\n"
				       "    {},\n"
				       "    []\n"
				       "  ],\n"
				       "  \"raw\": {\"k\":1}\n"
				       "}");
	ar_json_done(&w);
}

TEST("a value alone is a document")
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT("  ");

	ar_json_string(&w, "x");
	CHECK_STR(ar_text_str(&w.out), "\"x\"");
	ar_json_done(&w);
}

TEST("a slash is not escaped")
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);

	ar_json_string(&w, "/a/b");
	CHECK_STR(ar_text_str(&w.out), "\"/a/b\"");
	ar_json_done(&w);
}

TEST("bytes that are not UTF-8 become U+FFFD, control characters escapes")
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);

	ar_json_string(&w, "\xc3\xa9 \xff \x01\x1b\x7f\b");
	CHECK_STR(ar_text_str(&w.out), "\"\xc3\xa9 \xef\xbf\xbd \\u0001\\u001b\\u007f\\u0008\"");
	ar_json_done(&w);
}

TEST("every character reads back as it was written")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);
	const struct ar_json *json;
	struct ar_error err;
	char all[256 + 8];

	for (int i = 1; i < 128; i++)
		all[i - 1] = (char)i;
	memcpy(all + 127, "\xe2\x82\xac\xf0\x9f\x98\x80", 8);
	ar_json_string(&w, all);
	CHECK_INT(ar_json_parse(arena, "f", w.out.s, w.out.len, NULL, &json, &err), 0);
	CHECK_STR(json->text, all);
	ar_json_done(&w);
}

int main(void)
{
	return test_main();
}
