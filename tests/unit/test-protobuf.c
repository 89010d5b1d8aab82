/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>

#include "base/protobuf.h"
#include "test.h"

/* Examples of protobuf.dev/programming-guides/encoding, and what a reader must bear. */

#define CHECK_BYTES(text, bytes)                                   \
	do {                                                       \
		CHECK_INT((text)->len, sizeof(bytes) - 1);         \
		CHECK(memcmp((text)->s, bytes, (text)->len) == 0); \
	} while (0)

static struct ar_protobuf_reader reader(const char *bytes, size_t len)
{
	return (struct ar_protobuf_reader){ bytes, len };
}
#define READER(bytes) reader(bytes, sizeof(bytes) - 1)

TEST("a number is written as a varint behind its key")
{
	_cleanup_text_ struct ar_text t = AR_TEXT_INIT;

	ar_protobuf_number(&t, 1, 150);
	CHECK_BYTES(&t, "\x08\x96\x01");
}

TEST("zero and fields above 15 have all their bytes")
{
	_cleanup_text_ struct ar_text t = AR_TEXT_INIT;

	ar_protobuf_number(&t, 63, 0);
	CHECK_BYTES(&t, "\xf8\x03\x00");
}

TEST("a negative int32 has ten bytes")
{
	_cleanup_text_ struct ar_text t = AR_TEXT_INIT;

	ar_protobuf_int(&t, 1, -2);
	CHECK_BYTES(&t, "\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

TEST("strings and messages have their length before them")
{
	_cleanup_text_ struct ar_text inner = AR_TEXT_INIT, t = AR_TEXT_INIT;

	ar_protobuf_string(&t, 2, "testing");
	CHECK_BYTES(&t, "\x12\x07testing");
	ar_protobuf_number(&inner, 1, 150);
	ar_protobuf_message(&t, 3, &inner);
	CHECK_BYTES(&t, "\x12\x07testing\x1a\x03\x08\x96\x01");
}

TEST("an empty string and an empty message are fields too")
{
	_cleanup_text_ struct ar_text inner = AR_TEXT_INIT, t = AR_TEXT_INIT;

	ar_protobuf_string(&t, 1, "");
	ar_protobuf_message(&t, 2, &inner);
	CHECK_BYTES(&t, "\x0a\x00\x12\x00");
}

TEST("what was written is read again, and then comes the end")
{
	_cleanup_text_ struct ar_text t = AR_TEXT_INIT;
	struct ar_protobuf_reader r;
	struct ar_protobuf_field f;

	ar_protobuf_number(&t, 5, UINT64_MAX);
	ar_protobuf_string(&t, 6, "x");
	r = reader(t.s, t.len);
	CHECK_INT(ar_protobuf_next(&r, &f), 1);
	CHECK_INT(f.number, 5);
	CHECK(!f.has_bytes && f.value == UINT64_MAX);
	CHECK_INT(ar_protobuf_next(&r, &f), 1);
	CHECK_INT(f.number, 6);
	CHECK(f.has_bytes && f.len == 1 && f.bytes[0] == 'x');
	CHECK_INT(ar_protobuf_next(&r, &f), 0);
}

TEST("fixed numbers are skipped as bytes")
{
	struct ar_protobuf_reader r = READER("\x09"
					     "12345678"
					     "\x15"
					     "1234"
					     "\x08\x01");
	struct ar_protobuf_field f;

	CHECK_INT(ar_protobuf_next(&r, &f), 1);
	CHECK_INT(f.len, 8);
	CHECK_INT(ar_protobuf_next(&r, &f), 1);
	CHECK_INT(f.len, 4);
	CHECK_INT(ar_protobuf_next(&r, &f), 1);
	CHECK_INT(f.value, 1);
}

TEST("what ends too early, or is no message, is an error")
{
	static const struct {
		const char *bytes;
		size_t len;
	} bad[] = {
		{ "\x08", 1 },	       /* no value */
		{ "\x08\x80", 2 },     /* a varint without its end */
		{ "\x12\x05test", 6 }, /* one byte is missing */
		{ "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 }, /* a length of all memory */
		{ "\x09"
		  "1234",
		  5 },							/* half a fixed number */
		{ "\x00\x01", 2 },					/* field 0 */
		{ "\x0b", 1 },						/* a group */
		{ "\x0f", 1 },						/* no wire type */
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 }, /* a key of eleven bytes */
	};

	for (size_t i = 0; i < AR_COUNT(bad); i++) {
		struct ar_protobuf_reader r = reader(bad[i].bytes, bad[i].len);
		struct ar_protobuf_field f;

		CHECK_INT(ar_protobuf_next(&r, &f), -EBADMSG);
	}
}

int main(void)
{
	return test_main();
}
