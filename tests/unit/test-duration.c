/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/error.h"
#include "base/str.h"
#include "duration.h"

#include "test.h"

static int64_t parsed(const char *s)
{
	struct ar_error err = { 0 };
	int64_t ns = -12345;

	if (ar_duration_parse(s, &ns, &err) < 0)
		test_fail(__FILE__, __LINE__, "%s", err.text);
	return ns;
}

TEST("a duration is a number and a unit, or several")
{
	CHECK_INT(parsed("5s"), 5000000000);
	CHECK_INT(parsed("100ms"), 100000000);
	CHECK_INT(parsed("1h30m"), 5400000000000);
	CHECK_INT(parsed("1m1s1ms1us1ns"), 61001001001);
	CHECK_INT(parsed("3\302\265s"), 3000);
	CHECK_INT(parsed("3\316\274s"), 3000);
}

TEST("a number may have a fraction")
{
	CHECK_INT(parsed("1.5s"), 1500000000);
	CHECK_INT(parsed(".5s"), 500000000);
	CHECK_INT(parsed("1.s"), 1000000000);
	CHECK_INT(parsed("0.3333333333333333333333h"), 1200000000000);
}

TEST("a duration may be negative or nothing")
{
	CHECK_INT(parsed("0"), 0);
	CHECK_INT(parsed("-0"), 0);
	CHECK_INT(parsed("+5s"), 5000000000);
	CHECK_INT(parsed("-5s"), -5000000000);
}

TEST("what is no duration is refused and quoted")
{
	static const char *const bad[] = { "",	  "5",	  "s",	  ".s",	 "5x",	  "5 s", "1e3s",
					   "5s ", "--5s", "0x5s", "5sm", "1h-5s", "5S",	 "\xc2s" };
	struct ar_error err = { 0 };
	int64_t ns;

	for (size_t i = 0; i < AR_COUNT(bad); i++) {
		CHECK_INT(ar_duration_parse(bad[i], &ns, &err), -EINVAL);
		CHECK_HAS(err.text, "invalid duration \"");
	}
	CHECK_INT(ar_duration_parse("5x", &ns, &err), -EINVAL);
	CHECK_STR(err.text, "invalid duration \"5x\"");
}

TEST("what does not fit is refused")
{
	int64_t ns;

	CHECK_INT(ar_duration_parse("2562047h", &ns, NULL), 0);
	CHECK_INT(ar_duration_parse("2562048h", &ns, NULL), -EINVAL);
	CHECK_INT(ar_duration_parse("9223372036854775808ns", &ns, NULL), -EINVAL);
	CHECK_INT(ar_duration_parse("9223372036854775807ns1ns", &ns, NULL), -EINVAL);
}

int main(void)
{
	return test_main();
}
