/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/error.h"
#include "base/str.h"
#include "bytes.h"

#include "test.h"

static int64_t parsed(const char *s)
{
	struct ar_error err = { 0 };
	int64_t bytes = -12345;

	if (ar_bytes_parse(s, &bytes, &err) < 0)
		test_fail(__FILE__, __LINE__, "%s", err.text);
	return bytes;
}

TEST("a size without a suffix counts bytes")
{
	CHECK_INT(parsed("0"), 0);
	CHECK_INT(parsed("32"), 32);
	CHECK_INT(parsed("32b"), 32);
	CHECK_INT(parsed("32B"), 32);
	CHECK_INT(parsed("536870912"), 536870912);
}

TEST("all suffixes are powers of 1024, in every spelling of docker's")
{
	static const char *const kilo[] = { "32k",  "32K",   "32kb",  "32kB", "32Kb",
					    "32KB", "32kib", "32KiB", "32 k", "32 KiB" };

	for (size_t i = 0; i < AR_COUNT(kilo); i++)
		CHECK_INT(parsed(kilo[i]), 32 * 1024);
	CHECK_INT(parsed("512m"), 512 << 20);
	CHECK_INT(parsed("2g"), INT64_C(2) << 30);
	CHECK_INT(parsed("2TB"), INT64_C(2) << 40);
	CHECK_INT(parsed("2P"), INT64_C(2) << 50);
}

TEST("a size may have a fraction")
{
	CHECK_INT(parsed("1.5g"), INT64_C(3) << 29);
	CHECK_INT(parsed("32.3"), 32);
	CHECK_INT(parsed(".5k"), 512);
	CHECK_INT(parsed("1."), 1);
}

TEST("what is no size is refused and quoted")
{
	static const char *const bad[] = { "",	     " ",     ".",	"k",	"-32",
					   "-1m",    "+1",    "32.3.4", "32km", "32kbb",
					   "32 mb ", "32  k", " 32",	"0x10", "1e3",
					   "inf",    "nan",   "32q",	"32bb", "32ib" };
	struct ar_error err = { 0 };
	int64_t bytes;

	for (size_t i = 0; i < AR_COUNT(bad); i++) {
		if (ar_bytes_parse(bad[i], &bytes, &err) != -EINVAL)
			test_fail(__FILE__, __LINE__, "'%s' was taken", bad[i]);
		CHECK_HAS(err.text, "invalid s");
	}
	CHECK_INT(ar_bytes_parse("-1m", &bytes, &err), -EINVAL);
	CHECK_STR(err.text, "invalid size: '-1m'");
}

TEST("what does not fit is refused")
{
	int64_t bytes;

	CHECK_INT(ar_bytes_parse("8191p", &bytes, NULL), 0);
	CHECK_INT(ar_bytes_parse("8192p", &bytes, NULL), -ERANGE);
	CHECK_INT(ar_bytes_parse("99999999999999999999", &bytes, NULL), -ERANGE);
}

int main(void)
{
	return test_main();
}
