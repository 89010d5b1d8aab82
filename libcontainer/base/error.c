/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Not strerror(): lower case, the same in every locale, and callers match on these words. */
static const char *const meanings[] = {
	[EPERM] = "operation not permitted",
	[ENOENT] = "not found",
	[ESRCH] = "no such process",
	[EINTR] = "interrupted system call",
	[EIO] = "input/output error",
	[ENXIO] = "no such device or address",
	[E2BIG] = "argument list too long",
	[ENOEXEC] = "exec format error",
	[EBADF] = "bad file descriptor",
	[ECHILD] = "no child processes",
	[EAGAIN] = "resource temporarily unavailable",
	[ENOMEM] = "cannot allocate memory",
	[EACCES] = "permission denied",
	[EFAULT] = "bad address",
	[ENOTBLK] = "block device required",
	[EBUSY] = "device or resource busy",
	[EEXIST] = "file exists",
	[EXDEV] = "invalid cross-device link",
	[ENODEV] = "no such device",
	[ENOTDIR] = "not a directory",
	[EISDIR] = "is a directory",
	[EINVAL] = "invalid argument",
	[ENFILE] = "too many open files in system",
	[EMFILE] = "too many open files",
	[ENOTTY] = "inappropriate ioctl for device",
	[ETXTBSY] = "text file busy",
	[EFBIG] = "file too large",
	[ENOSPC] = "no space left on device",
	[ESPIPE] = "illegal seek",
	[EROFS] = "read-only file system",
	[EMLINK] = "too many links",
	[EPIPE] = "broken pipe",
	[EDOM] = "numerical argument out of domain",
	[ERANGE] = "numerical result out of range",
	[EDEADLK] = "resource deadlock avoided",
	[ENAMETOOLONG] = "file name too long",
	[ENOLCK] = "no locks available",
	[ENOSYS] = "function not implemented",
	[ENOTEMPTY] = "directory not empty",
	[ELOOP] = "too many levels of symbolic links",
	[ENODATA] = "no data available",
	[EPROTO] = "protocol error",
	[EBADMSG] = "bad message",
	[EOVERFLOW] = "value too large for defined data type",
	[EILSEQ] = "invalid or incomplete multibyte or wide character",
	[EUSERS] = "too many users",
	[ENOTSOCK] = "socket operation on non-socket",
	[EDESTADDRREQ] = "destination address required",
	[EMSGSIZE] = "message too long",
	[EPROTOTYPE] = "protocol wrong type for socket",
	[ENOPROTOOPT] = "protocol not available",
	[EPROTONOSUPPORT] = "protocol not supported",
	[ESOCKTNOSUPPORT] = "socket type not supported",
	[EOPNOTSUPP] = "operation not supported",
	[EPFNOSUPPORT] = "protocol family not supported",
	[EAFNOSUPPORT] = "address family not supported by protocol",
	[EADDRINUSE] = "address already in use",
	[EADDRNOTAVAIL] = "cannot assign requested address",
	[ENETDOWN] = "network is down",
	[ENETUNREACH] = "network is unreachable",
	[ENETRESET] = "network dropped connection on reset",
	[ECONNABORTED] = "software caused connection abort",
	[ECONNRESET] = "connection reset by peer",
	[ENOBUFS] = "no buffer space available",
	[EISCONN] = "transport endpoint is already connected",
	[ENOTCONN] = "transport endpoint is not connected",
	[ESHUTDOWN] = "cannot send after transport endpoint shutdown",
	[ETOOMANYREFS] = "too many references: cannot splice",
	[ETIMEDOUT] = "connection timed out",
	[ECONNREFUSED] = "connection refused",
	[EHOSTDOWN] = "host is down",
	[EHOSTUNREACH] = "no route to host",
	[EALREADY] = "operation already in progress",
	[EINPROGRESS] = "operation now in progress",
	[ESTALE] = "stale file handle",
	[EUCLEAN] = "structure needs cleaning",
	[EREMOTEIO] = "remote I/O error",
	[EDQUOT] = "disk quota exceeded",
	[ECANCELED] = "operation canceled",
	[ENOKEY] = "required key not available",
	[EKEYEXPIRED] = "key has expired",
	[EKEYREVOKED] = "key has been revoked",
	[EKEYREJECTED] = "key was rejected by service",
	[EOWNERDEAD] = "owner died",
	[ENOTRECOVERABLE] = "state not recoverable",
};

const char *ar_errno_text(int errnum)
{
	const char *text = NULL;

	if (errnum < 0)
		errnum = -errnum;
	if ((size_t)errnum < sizeof(meanings) / sizeof(meanings[0]))
		text = meanings[errnum];
	if (!text)
		text = strerrordesc_np(errnum);
	return text ? text : "unknown error";
}

/*
 * Names from outside stand in these texts: one line must stay one line, and no terminal
 * be steered by it. A text that was cut ends at a whole character.
 */
static void tidy(char *text, size_t size)
{
	size_t len = 0;

	for (; text[len]; len++) {
		unsigned char c = (unsigned char)text[len];

		if (c == '\n' || c == '\t' || c == '\r')
			text[len] = ' ';
		else if (c < 0x20 || c == 0x7f)
			text[len] = '?';
	}
	if (len + 1 < size)
		return;
	while (len > 0 && ((unsigned char)text[len - 1] & 0xc0) == 0x80)
		len--; /* continuation bytes */
	if (len > 0 && (unsigned char)text[len - 1] >= 0xc0)
		len--; /* and what they continued */
	text[len] = '\0';
}

/* Append to a text of at most size bytes; what does not fit is cut. */
static void append(char *text, size_t size, const char *s)
{
	size_t len = strlen(text), n = strlen(s);

	if (n > size - 1 - len)
		n = size - 1 - len;
	memmove(text + len, s, n);
	text[len + n] = '\0';
}

__attribute__((format(printf, 4, 0))) static void set(struct ar_error *err, int errnum,
						      bool meaning, const char *fmt, va_list args)
{
	if (!err)
		return;
	err->code = errnum;
	if (vsnprintf(err->text, sizeof(err->text), fmt, args) < 0)
		err->text[0] = '\0';
	if (meaning) {
		append(err->text, sizeof(err->text), ": ");
		append(err->text, sizeof(err->text), ar_errno_text(errnum));
	}
	tidy(err->text, sizeof(err->text));
}

int ar_fail(struct ar_error *err, int errnum, const char *fmt, ...)
{
	bool meaning = errnum != 0;
	va_list args;

	errnum = meaning ? abs(errnum) : EINVAL;
	va_start(args, fmt);
	set(err, errnum, meaning, fmt, args);
	va_end(args);
	return -errnum;
}

int ar_refuse(struct ar_error *err, int errnum, const char *fmt, ...)
{
	va_list args;

	errnum = errnum ? abs(errnum) : EINVAL;
	va_start(args, fmt);
	set(err, errnum, false, fmt, args);
	va_end(args);
	return -errnum;
}

int ar_prefix(struct ar_error *err, int r, const char *fmt, ...)
{
	struct ar_error whole;
	va_list args;

	if (!err || r >= 0)
		return r;
	va_start(args, fmt);
	set(&whole, err->code ? err->code : -r, false, fmt, args);
	va_end(args);
	append(whole.text, sizeof(whole.text), ": ");
	append(whole.text, sizeof(whole.text), err->text[0] ? err->text : ar_errno_text(r));
	tidy(whole.text, sizeof(whole.text));
	*err = whole;
	return r;
}

bool ar_is_shortage(int errnum)
{
	return errnum == EMFILE || errnum == ENFILE || errnum == ENOMEM;
}

void ar_no_memory(void)
{
	static const char text[] = "out of memory\n";

	/* not by the log: it needs memory itself */
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(EXIT_FAILURE);
	_exit(EXIT_FAILURE);
}
