/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "columns.h"

#include <string.h>

#include "base/str.h"

#define WIDTH_MIN 12
#define GAP 3

static size_t width_of(const struct ar_columns *columns, size_t column)
{
	size_t width = WIDTH_MIN;

	for (size_t row = 0; row < columns->rows; row++) {
		size_t w = strlen(columns->cells[row * columns->columns + column]) + GAP;

		width = w > width ? w : width;
	}
	return width;
}

void ar_columns_print(const struct ar_columns *columns, struct ar_text *out)
{
	size_t last = columns->columns - 1, widths[16] = { 0 };

	for (size_t i = 0; i < last && i < AR_COUNT(widths); i++)
		widths[i] = width_of(columns, i);
	for (size_t row = 0; row < columns->rows; row++) {
		const char **cells = columns->cells + row * columns->columns;

		for (size_t i = 0; i < last; i++)
			ar_text_addf(out, "%-*s", (int)widths[i < AR_COUNT(widths) ? i : 0],
				     cells[i]);
		ar_text_addf(out, "%s\n", cells[last]);
	}
}
