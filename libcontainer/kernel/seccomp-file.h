/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/str.h"
#include "kernel/seccomp.h"

/*
 * Compiled filters as bytes, for the cache and for the state directory: a header, the programs one
 * behind the other, the SHA-256 of all that. Of this machine and this version only.
 */
#define AR_FILTERS_FILE_MAX \
	(AR_COUNT(((struct ar_filters *)0)->item) * 4096 * sizeof(struct sock_filter) + 4096)

/* key: what the filters were made from (64 characters, or ""); maker: what made them (at most 1000,
 * or ""). */
void ar_filters_encode(const struct ar_filters *filters, const char *key, const char *maker,
		       struct ar_text *text);
/*
 * The filters of data, which must outlive them. -EBADMSG: torn, of another version, or no valid
 * programs; -ESTALE: made from another key.
 */
int ar_filters_decode(struct ar_arena *arena, const void *data, size_t len, const char *key,
		      struct ar_filters *ret, const char **ret_maker);
