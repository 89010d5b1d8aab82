/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

struct ar_error;
struct ar_json_writer;
struct ar_view;

/* Write a result to standard output. What cannot be written is an error: a caller would read half
 * of it. */
int ar_print(const char *s, size_t len, struct ar_error *err);

/* The members of a container as state and list show them; owner "" for state. */
void ar_view_encode(struct ar_json_writer *w, const struct ar_view *view, const char *owner);
