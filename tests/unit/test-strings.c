/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/arena.h"
#include "base/strings.h"

#include "test.h"

TEST("a list grows, and NULL stands behind it")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_grow g = { .arena = arena };

	for (size_t n = 0; n < 100; n++) {
		ar_grow_add(&g, ar_printf(arena, "%zu", n));
		CHECK_UINT(g.list.n, n + 1);
		CHECK(!g.list.items[n + 1]);
	}
	CHECK_STR(g.list.items[0], "0");
	CHECK_STR(g.list.items[99], "99");
}

TEST("what a list gets behind it leaves the list as it was")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	const char *items[] = { "a", "b", NULL };
	struct ar_strings list = { items, 2 }, none = { 0 }, got;

	got = ar_strings_with(arena, &list, "c");
	CHECK_UINT(got.n, 3);
	CHECK_STR(got.items[0], "a");
	CHECK_STR(got.items[2], "c");
	CHECK(!got.items[3]);
	CHECK(!ar_strings_have(&list, "c") && ar_strings_have(&got, "c"));
	got = ar_strings_join(arena, &list, &got);
	CHECK_UINT(got.n, 5);
	CHECK_STR(got.items[1], "b");
	CHECK_STR(got.items[4], "c");
	CHECK(!got.items[5]);
	got = ar_strings_join(arena, &none, &none);
	CHECK(got.n == 0 && !got.items[0]);
}

int main(void)
{
	return test_main();
}
