/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

struct ar_text;

/* Rows of text under each other: every column is as wide as its widest cell and three blanks, at
 * least 12. */
struct ar_columns {
	const char **cells; /* rows * columns */
	size_t columns, rows;
};

void ar_columns_print(const struct ar_columns *columns, struct ar_text *out);
