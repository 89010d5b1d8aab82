/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Room for a SHA-256 digest in hexadecimal and the terminator. */
#define AR_SHA256_HEX 65

/* SHA-256 (FIPS 180-4) of len bytes, in lower case hexadecimal digits. */
void ar_sha256(const void *data, size_t len, char ret_hex[AR_SHA256_HEX]);
