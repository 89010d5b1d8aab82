/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * What went wrong, in one sentence. Fixed size and free of pointers, so that it crosses a process
 * boundary as one datagram and can be made when memory is short.
 *
 * Functions return 0 or -errno. The function that knows the object writes the text with ar_fail();
 * its callers only add where they were, with ar_prefix().
 */
struct ar_error {
	int code; /* an errno value, 0 for none */
	char text[1020];
};

/*
 * Write "<fmt>: <what errnum means>" into err (err may be NULL) and return -errnum. With errnum 0
 * the text stands alone and -EINVAL is returned.
 *
 * The meaning is in lower case ("permission denied"). ENOENT reads "not found": engines take the
 * words "no such file or directory" for a missing command, so only the places that mean a missing
 * command, interpreter or mount source spell them out.
 */
int ar_fail(struct ar_error *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* As ar_fail(), but the text stands alone: for sentences that need no errno behind them. */
int ar_refuse(struct ar_error *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Put "<fmt>: " before err's text and return r unchanged. */
int ar_prefix(struct ar_error *err, int r, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The meaning of an errno value, in lower case; never NULL. */
const char *ar_errno_text(int errnum);

/* Whether errnum means that this process ran out of descriptors or memory, and so says nothing
 * about the object. */
bool ar_is_shortage(int errnum);

/*
 * Say "out of memory" on standard error and end the process with status 1: what an allocation that
 * cannot fail does. The other side of a walk sees end of file.
 */
void ar_no_memory(void) __attribute__((noreturn));
