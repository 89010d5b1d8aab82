/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/error.h"
#include "base/str.h"
#include "base/table.h"

#include "test.h"

TEST("a text grows and stays terminated")
{
	_cleanup_text_ struct ar_text t = AR_TEXT_INIT;

	CHECK_STR(ar_text_str(&t), "");
	for (int i = 0; i < 1000; i++) {
		ar_text_add(&t, "a");
		ar_text_add_n(&t, "bcd", 1);
		ar_text_addf(&t, "%d%s", i % 10, "-");
		CHECK_UINT(strlen(ar_text_str(&t)), t.len);
	}
	CHECK_UINT(t.len, 4000);
	CHECK(ar_starts_with(ar_text_str(&t), "ab0-ab1-"));
}

TEST("NULL equals only NULL")
{
	CHECK(ar_streq(NULL, NULL));
	CHECK(!ar_streq("", NULL));
	CHECK(!ar_streq(NULL, ""));
	CHECK(ar_streq("a", "a"));
	CHECK(!ar_streq("a", "ab"));
}

static const struct {
	const char *text;
	int i64, u64; /* what the two return */
	int64_t value;
} numbers[] = {
	{ "0", 0, 0, 0 },
	{ "007", 0, 0, 7 },
	{ "9223372036854775807", 0, 0, INT64_MAX },
	{ "9223372036854775808", -ERANGE, 0, INT64_MIN },
	{ "18446744073709551615", -ERANGE, 0, -1 },
	{ "18446744073709551616", -ERANGE, -ERANGE, 0 },
	{ "99999999999999999999999999", -ERANGE, -ERANGE, 0 },
	{ "99999999999999999999999999x", -EINVAL, -EINVAL, 0 },
	{ "-1", 0, -EINVAL, -1 },
	{ "-9223372036854775808", 0, -EINVAL, INT64_MIN },
	{ "-9223372036854775809", -ERANGE, -EINVAL, 0 },
	{ "", -EINVAL, -EINVAL, 0 },
	{ "-", -EINVAL, -EINVAL, 0 },
	{ "--1", -EINVAL, -EINVAL, 0 },
	{ "+1", -EINVAL, -EINVAL, 0 },
	{ " 1", -EINVAL, -EINVAL, 0 },
	{ "1 ", -EINVAL, -EINVAL, 0 },
	{ "0x10", -EINVAL, -EINVAL, 0 },
	{ "1e3", -EINVAL, -EINVAL, 0 },
	{ "1.0", -EINVAL, -EINVAL, 0 },
};

TEST("a list has a word only as a whole")
{
	CHECK(ar_words_have("cpu io memory\n", " \n", "cpu", 3));
	CHECK(ar_words_have("cpu io memory\n", " \n", "memory", 6));
	CHECK(ar_words_have("cpu,io", " ,", "io=1", 2));
	CHECK(!ar_words_have("cpuset io", " ", "cpu", 3));
	CHECK(!ar_words_have("gcpu io", " ", "cpu", 3));
	CHECK(!ar_words_have("cpu,io", " ", "io", 2));
	CHECK(!ar_words_have("cpu  io", " ", "", 0));
	CHECK(!ar_words_have("", " ", "cpu", 3));
	CHECK(!ar_words_have(NULL, " ", "cpu", 3));
}

TEST("a number is the whole text, in decimal, and fits")
{
	for (size_t i = 0; i < AR_COUNT(numbers); i++) {
		int64_t s = 0;
		uint64_t u = 0;

		CHECK_INT(ar_parse_i64(numbers[i].text, &s), numbers[i].i64);
		CHECK_INT(s, numbers[i].i64 == 0 ? numbers[i].value : 0);
		CHECK_INT(ar_parse_u64(numbers[i].text, &u), numbers[i].u64);
		CHECK_UINT(u, numbers[i].u64 == 0 ? (uint64_t)numbers[i].value : 0);
	}
}

TEST("a table gives a value for a name and the first name for a value")
{
	static const struct ar_name table[] = { { "one", 1 }, { "uno", 1 }, { "two", 2 } };

	CHECK_UINT(ar_name_find(table, AR_COUNT(table), "uno")->value, 1);
	CHECK(!ar_name_find(table, AR_COUNT(table), "three"));
	CHECK_STR(ar_name_of(table, AR_COUNT(table), 1), "one");
	CHECK(!ar_name_of(table, AR_COUNT(table), 3));
}

TEST("an error says what was done and what the errno means, in lower case")
{
	struct ar_error err = { 0 };

	CHECK_INT(ar_fail(&err, EACCES, "open '%s'", "/x"), -EACCES);
	CHECK_STR(err.text, "open '/x': permission denied");
	CHECK_INT(err.code, EACCES);
	CHECK_INT(ar_fail(&err, -ENOENT, "open"), -ENOENT);
	CHECK_STR(err.text, "open: not found");
	CHECK_INT(ar_fail(&err, 0, "no value"), -EINVAL);
	CHECK_STR(err.text, "no value");
	CHECK_INT(ar_refuse(&err, EPERM, "not allowed"), -EPERM);
	CHECK_STR(err.text, "not allowed");
	CHECK_INT(ar_fail(NULL, EIO, "nobody listens"), -EIO);
	CHECK_STR(ar_errno_text(99999), "unknown error");
}

TEST("a prefix says where an error happened and keeps its number")
{
	struct ar_error err = { 0 };
	int r = ar_fail(&err, EBUSY, "mount '%s'", "/proc");

	CHECK_INT(ar_prefix(&err, r, "step %d", 3), -EBUSY);
	CHECK_STR(err.text, "step 3: mount '/proc': device or resource busy");
	CHECK_INT(err.code, EBUSY);
	CHECK_INT(ar_prefix(&err, 0, "no error"), 0);
	CHECK_STR(err.text, "step 3: mount '/proc': device or resource busy");
	CHECK_INT(ar_prefix(NULL, -EIO, "nobody listens"), -EIO);
}

TEST("a prefix of an error without a text tells what the errno means")
{
	struct ar_error err = { 0 };

	CHECK_INT(ar_prefix(&err, -EPIPE, "send"), -EPIPE);
	CHECK_STR(err.text, "send: broken pipe");
	CHECK_INT(err.code, EPIPE);
}

TEST("a text from outside neither ends the line nor steers the terminal")
{
	struct ar_error err;

	(void)ar_refuse(&err, EINVAL, "'%s'", "a\nb\tc\x1b[31m\x7f");
	CHECK_STR(err.text, "'a b c?[31m?'");
}

TEST("an error that is too long ends at a whole character")
{
	struct ar_error err;
	char name[3000];

	for (size_t i = 0; i + 2 < sizeof(name); i += 2)
		memcpy(name + i, "\xc3\xa9", 3);
	for (size_t shift = 0; shift < 2; shift++) {
		size_t len;

		(void)ar_fail(&err, EIO, "%s%s", shift ? "x" : "", name);
		len = strlen(err.text);
		CHECK(len < sizeof(err.text) && len > 1000);
		CHECK((unsigned char)err.text[len - 1] == 0xa9);
		CHECK_INT(ar_prefix(&err, -EIO, "step"), -EIO);
		CHECK(ar_starts_with(err.text, "step: "));
		len = strlen(err.text);
		CHECK((unsigned char)err.text[len - 1] == 0xa9);
	}
}

int main(void)
{
	return test_main();
}
