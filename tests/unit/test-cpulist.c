/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "kernel/cpulist.h"

#include "test.h"

static int first_word(const char *text, unsigned long *ret)
{
	struct ar_cpulist list;
	int r = ar_cpulist_parse(text, &list);

	*ret = r < 0 ? 0 : list.mask[0];
	return r;
}

TEST("single numbers and ranges are members")
{
	unsigned long mask;

	CHECK_INT(first_word("0-3,7", &mask), 0);
	CHECK_UINT(mask, 0x8f);
	CHECK_INT(first_word("5", &mask), 0);
	CHECK_UINT(mask, 0x20);
}

TEST("blanks around members do not count")
{
	unsigned long mask;

	CHECK_INT(first_word(" 1 , 3-4\n", &mask), 0);
	CHECK_UINT(mask, 0x1a);
}

TEST("the size is that of the highest member")
{
	struct ar_cpulist list;

	CHECK_INT(ar_cpulist_parse("130,2", &list), 0);
	CHECK_UINT(list.bits, 131);
	CHECK_UINT(list.mask[2], 4);
}

TEST("what is no list is refused")
{
	static const char *const bad[] = { "",	  " ", ",",   "1,",  "1-", "-1",
					   "3-1", "a", "1 2", "0x1", "1;2" };
	struct ar_cpulist list;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK_INT(ar_cpulist_parse(bad[i], &list), -EINVAL);
}

TEST("a number beyond all kernels is out of range")
{
	struct ar_cpulist list;

	CHECK_INT(ar_cpulist_parse("8191", &list), 0);
	CHECK_INT(ar_cpulist_parse("8192", &list), -ERANGE);
	CHECK_INT(ar_cpulist_parse("99999999999999999999999", &list), -ERANGE);
}

int main(void)
{
	return test_main();
}
