/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * Messages of protocol buffers (protobuf.dev/programming-guides/encoding), as far as CRIU's
 * interface has them: numbers as varints, strings and messages by their length. A message is
 * written into a text, which may hold NUL bytes.
 */
void ar_protobuf_number(struct ar_text *message, unsigned int field, uint64_t value);
/* An int32: a negative number has ten bytes. */
void ar_protobuf_int(struct ar_text *message, unsigned int field, int32_t value);
void ar_protobuf_string(struct ar_text *message, unsigned int field, const char *value);
/* inner becomes a field of message. */
void ar_protobuf_message(struct ar_text *message, unsigned int field, const struct ar_text *inner);

/* One field that was read. */
struct ar_protobuf_field {
	unsigned int number;
	bool has_bytes;
	uint64_t value;	   /* of a number */
	const char *bytes; /* of a string or message: points into the input, not terminated */
	size_t len;
};
struct ar_protobuf_reader {
	const char *at;
	size_t left;
};
/* The next field: 1, 0 at the end, or -EBADMSG for what is no such message. */
int ar_protobuf_next(struct ar_protobuf_reader *reader, struct ar_protobuf_field *ret);
