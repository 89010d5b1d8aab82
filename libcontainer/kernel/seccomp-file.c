/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/seccomp-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/arena.h"
#include "base/cbpf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"

#define NAME "seccomp.bpf"
#define FORMAT 1
#define DIGEST_LEN (AR_SHA256_HEX - 1)
#define ITEMS AR_COUNT(((struct ar_filters *)0)->item)

struct item {
	uint32_t n, flags, notifies, reserved;
};
struct header {
	char magic[8];
	uint32_t format, n;
	char key[DIGEST_LEN];
	char maker[1008];
	struct item item[ITEMS];
};
static const char magic[8] = "agentrun";

void ar_filters_encode(const struct ar_filters *filters, const char *key, const char *maker,
		       struct ar_text *text)
{
	struct header header = { .format = FORMAT, .n = (uint32_t)filters->n };
	char digest[AR_SHA256_HEX];

	memcpy(header.magic, magic, sizeof(magic));
	memcpy(header.key, key, strnlen(key, sizeof(header.key)));
	memcpy(header.maker, maker, strnlen(maker, sizeof(header.maker) - 1));
	for (size_t i = 0; i < filters->n; i++)
		header.item[i] = (struct item){ (uint32_t)filters->item[i].n,
						filters->item[i].flags, filters->item[i].notifies,
						0 };
	ar_text_add_n(text, (const char *)&header, sizeof(header));
	for (size_t i = 0; i < filters->n; i++)
		ar_text_add_n(text, (const char *)filters->item[i].code,
			      filters->item[i].n * sizeof(struct sock_filter));
	ar_sha256(text->s, text->len, digest);
	ar_text_add_n(text, digest, DIGEST_LEN);
}

/* The programs must fill exactly len bytes of code. */
static int decode_items(const struct header *header, const struct sock_filter *code, size_t len,
			struct ar_filters *ret)
{
	for (size_t i = 0; i < header->n; i++) {
		const struct item *item = &header->item[i];
		struct ar_cbpf program = { code, item->n };
		size_t bytes = (size_t)item->n * sizeof(*code);

		if (item->n > AR_CBPF_MAX || bytes > len || ar_cbpf_check(&program) < 0)
			return -EBADMSG;
		ret->item[i] =
			(struct ar_filter){ code, item->n, item->flags, item->notifies != 0 };
		code += item->n;
		len -= bytes;
	}
	ret->n = header->n;
	return len ? -EBADMSG : 0;
}

int ar_filters_decode(struct ar_arena *arena, const void *data, size_t len, const char *key,
		      struct ar_filters *ret, const char **ret_maker)
{
	const struct header *header = data;
	struct ar_filters filters = { .n = 0 };
	char digest[AR_SHA256_HEX];
	int r;

	if (len < sizeof(*header) + DIGEST_LEN)
		return -EBADMSG;
	len -= DIGEST_LEN;
	ar_sha256(data, len, digest);
	if (memcmp((const char *)data + len, digest, DIGEST_LEN) != 0)
		return -EBADMSG;
	if (memcmp(header->magic, magic, sizeof(magic)) != 0 || header->format != FORMAT ||
	    header->n > ITEMS)
		return -EBADMSG;
	if (strncmp(header->key, key, sizeof(header->key)) != 0)
		return -ESTALE;
	r = decode_items(header, (const struct sock_filter *)(header + 1), len - sizeof(*header),
			 &filters);
	if (r < 0)
		return r;
	*ret_maker = ar_strndup(arena, header->maker, sizeof(header->maker));
	*ret = filters;
	return 0;
}

int ar_filters_save(int dirfd, const struct ar_filters *filters, struct ar_error *err)
{
	_cleanup_text_ struct ar_text text = AR_TEXT_INIT;

	ar_filters_encode(filters, "", "", &text);
	return ar_file_replace(dirfd, NAME, text.s, text.len, 0600, err);
}

int ar_filters_load(struct ar_arena *arena, int dirfd, struct ar_filters *ret, struct ar_error *err)
{
	const char *maker;
	char *text;
	size_t len;
	int r;

	r = ar_file_read(arena, dirfd, NAME, AR_FILTERS_FILE_MAX, &text, &len, err);
	if (r < 0)
		return r;
	r = ar_filters_decode(arena, text, len, "", ret, &maker);
	if (r < 0)
		return ar_fail(err, -r, "the container's '%s' is damaged", NAME);
	return 0;
}
