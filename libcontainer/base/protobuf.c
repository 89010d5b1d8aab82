/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/protobuf.h"

#include <errno.h>
#include <string.h>

/* Wire types, in the low bits of a field's key. */
#define VARINT 0
#define FIXED64 1
#define BYTES 2
#define FIXED32 5
#define TYPE_BITS 3

#define VARINT_MAX 10 /* bytes: 64 bits in sevens */

static void add_varint(struct ar_text *t, uint64_t value)
{
	char bytes[VARINT_MAX];
	size_t n = 0;

	while (value > 0x7f) {
		bytes[n++] = (char)((value & 0x7f) | 0x80);
		value >>= 7;
	}
	bytes[n++] = (char)value;
	ar_text_add_n(t, bytes, n);
}

static void add_bytes(struct ar_text *t, unsigned int field, const char *bytes, size_t len)
{
	add_varint(t, (uint64_t)field << TYPE_BITS | BYTES);
	add_varint(t, len);
	ar_text_add_n(t, bytes, len);
}

void ar_protobuf_number(struct ar_text *message, unsigned int field, uint64_t value)
{
	add_varint(message, (uint64_t)field << TYPE_BITS | VARINT);
	add_varint(message, value);
}

void ar_protobuf_int(struct ar_text *message, unsigned int field, int32_t value)
{
	ar_protobuf_number(message, field, (uint64_t)(int64_t)value);
}

void ar_protobuf_string(struct ar_text *message, unsigned int field, const char *value)
{
	add_bytes(message, field, value, strlen(value));
}

void ar_protobuf_message(struct ar_text *message, unsigned int field, const struct ar_text *inner)
{
	add_bytes(message, field, ar_text_str(inner), inner->len);
}

static int take_varint(struct ar_protobuf_reader *r, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < VARINT_MAX && r->left > 0; i++) {
		unsigned char byte = (unsigned char)*r->at;

		r->at++;
		r->left--;
		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (!(byte & 0x80)) {
			*ret = value;
			return 0;
		}
	}
	return -EBADMSG;
}

static int take_bytes(struct ar_protobuf_reader *r, uint64_t len, struct ar_protobuf_field *ret)
{
	if (len > r->left)
		return -EBADMSG;
	ret->has_bytes = true;
	ret->bytes = r->at;
	ret->len = (size_t)len;
	r->at += len;
	r->left -= (size_t)len;
	return 0;
}

int ar_protobuf_next(struct ar_protobuf_reader *r, struct ar_protobuf_field *ret)
{
	uint64_t key, len;
	int answer;

	if (r->left == 0)
		return 0;
	*ret = (struct ar_protobuf_field){ 0 };
	if (take_varint(r, &key) < 0 || key >> TYPE_BITS == 0 || key >> TYPE_BITS > UINT32_MAX)
		return -EBADMSG;
	ret->number = (unsigned int)(key >> TYPE_BITS);
	switch (key & ((1u << TYPE_BITS) - 1)) {
	case VARINT:
		answer = take_varint(r, &ret->value);
		break;
	case BYTES:
		answer = take_varint(r, &len);
		if (answer == 0)
			answer = take_bytes(r, len, ret);
		break;
	case FIXED64:
		answer = take_bytes(r, sizeof(uint64_t), ret);
		break;
	case FIXED32:
		answer = take_bytes(r, sizeof(uint32_t), ret);
		break;
	default:
		answer = -EBADMSG;
	}
	return answer < 0 ? answer : 1;
}
