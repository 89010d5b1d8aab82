/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * A small harness. A test is a sentence about one behaviour and a body:
 *
 *	TEST("a relative path is refused")
 *	{
 *		CHECK_INT(ar_thing("x"), -EINVAL);
 *	}
 *
 *	int main(void) { return test_main(); }
 *
 * Each test runs in a process of its own, so that a crash, a leak or a changed working directory
 * stays its own. The first check that fails ends its test. The output is TAP.
 */
struct test {
	const char *sentence;
	void (*body)(void);
	struct test *next;
};

#define TEST(sentence) TEST_AT_(sentence, __LINE__)
#define TEST_AT_(sentence, line) TEST_NAMED_(sentence, line)
#define TEST_NAMED_(sentence_, line)                                             \
	static void test_body_##line(void);                                      \
	__attribute__((constructor)) static void test_register_##line(void)      \
	{                                                                        \
		static struct test test = { sentence_, test_body_##line, NULL }; \
		test_register(&test);                                            \
	}                                                                        \
	static void test_body_##line(void)

#define CHECK(condition)                                                           \
	do {                                                                       \
		if (!(condition))                                                  \
			test_fail(__FILE__, __LINE__, "expected: %s", #condition); \
	} while (0)
#define CHECK_INT(got, want) \
	test_check_int(__FILE__, __LINE__, #got, (intmax_t)(got), (intmax_t)(want))
#define CHECK_UINT(got, want) \
	test_check_uint(__FILE__, __LINE__, #got, (uintmax_t)(got), (uintmax_t)(want))
/* NULL equals only NULL. */
#define CHECK_STR(got, want) test_check_str(__FILE__, __LINE__, #got, got, want)
/* The text has that part. */
#define CHECK_HAS(got, part) test_check_has(__FILE__, __LINE__, #got, got, part)
/* End the test as skipped; the reason is printed. */
#define SKIP(reason) test_skip(reason)

/* A scratch folder, empty when the program starts, removed when it ends. */
const char *test_dir(void);
/* A file of the source tree, as "tests/unit/data/x.json". Lives until the test ends. */
const char *test_source(const char *name);

/* Runs every test; 0 when none failed. */
int test_main(void);

void test_register(struct test *test);
_Noreturn void test_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
_Noreturn void test_skip(const char *reason);
void test_check_int(const char *file, int line, const char *what, intmax_t got, intmax_t want);
void test_check_uint(const char *file, int line, const char *what, uintmax_t got, uintmax_t want);
void test_check_str(const char *file, int line, const char *what, const char *got,
		    const char *want);
void test_check_has(const char *file, int line, const char *what, const char *got,
		    const char *part);
