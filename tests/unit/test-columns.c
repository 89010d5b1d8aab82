/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/str.h"
#include "columns.h"

#include "test.h"

TEST("columns are at least 12 wide, the last one is not filled up")
{
	_cleanup_text_ struct ar_text out = AR_TEXT_INIT;
	const char *cells[] = { "ID", "PID", "OWNER" };

	ar_columns_print(&(struct ar_columns){ .cells = cells, .columns = 3, .rows = 1 }, &out);
	CHECK_STR(ar_text_str(&out), "ID          PID         OWNER\n");
}

TEST("the widest cell and three blanks make a column's width")
{
	_cleanup_text_ struct ar_text out = AR_TEXT_INIT;
	const char *cells[] = { "ID", "PID", "0123456789", "1" };

	ar_columns_print(&(struct ar_columns){ .cells = cells, .columns = 2, .rows = 2 }, &out);
	CHECK_STR(ar_text_str(&out), "ID           PID\n0123456789   1\n");
}

int main(void)
{
	return test_main();
}
