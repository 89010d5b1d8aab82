/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/escape.h"
#include "base/fd.h"
#include "base/str.h"

static struct {
	int fd; /* -1: standard error */
	enum ar_log_format format;
	enum ar_log_level max;
} sink = { .fd = -1, .max = AR_LOG_INFO };

void ar_log_setup(enum ar_log_format format, enum ar_log_level max)
{
	sink.format = format;
	sink.max = max;
}

int ar_log_open(const char *path, struct ar_error *err)
{
	int high;
	/* as runc: what is said last is on the disk when the host goes down with it */
	_cleanup_fd_ int fd =
		open(path, O_WRONLY | O_CREAT | O_APPEND | O_SYNC | O_CLOEXEC | O_NOCTTY, 0644);

	if (fd < 0)
		return ar_fail(err, errno, "open log file '%s'", path);
	/* never in the place of a closed standard stream: the container would get it */
	high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (high < 0)
		return ar_fail(err, errno, "open log file '%s'", path);
	ar_close_fd(&sink.fd);
	sink.fd = high;
	return 0;
}

int ar_log_fd(void)
{
	return sink.fd;
}

bool ar_log_debugging(void)
{
	return sink.max >= AR_LOG_DEBUG;
}

static void add_time(struct ar_text *line)
{
	char text[sizeof("2026-11-21T00:12:43Z") + 8] = "1970-01-01T00:00:00Z";
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm))
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm); /* fits to year 9999
										*/
	ar_text_add(line, text);
}

/* What is said, and the place in the source. */
struct message {
	enum ar_log_level level;
	const char *text, *file, *func;
	int line;
};

/* Without the way from the build directory to the source. */
static const char *source_file(const char *file)
{
	while (strncmp(file, "../", 3) == 0)
		file += 3;
	return file;
}

static void format_json(struct ar_text *line, const struct message *m, const char *level)
{
	ar_text_add(line, "{");
	if (ar_log_debugging())
		ar_text_addf(line, "\"file\":\"%s:%d\",\"func\":\"%s\",", source_file(m->file),
			     m->line, m->func);
	ar_text_addf(line, "\"level\":\"%s\",\"msg\":\"", level);
	ar_escape_json(line, m->text);
	ar_text_add(line, "\",\"time\":\"");
	add_time(line);
	ar_text_add(line, "\"}\n");
}

static void format_text(struct ar_text *line, const struct message *m, const char *level)
{
	ar_text_add(line, "time=\"");
	add_time(line);
	ar_text_addf(line, "\" level=%s msg=\"", level);
	ar_escape_log(line, m->text);
	ar_text_add(line, "\"");
	if (ar_log_debugging())
		ar_text_addf(line, " func=\"%s()\" file=\"%s:%d\"", m->func, source_file(m->file),
			     m->line);
	ar_text_add(line, "\n");
}

void ar_log_at(enum ar_log_level level, const char *file, int line, const char *func,
	       const char *fmt, ...)
{
	static const char *const levels[] = { "error", "warning", "info", "debug" };
	char text[2048]; /* an error's whole text and more; a longer one is cut */
	va_list args;
	ssize_t n;
	_cleanup_text_ struct ar_text formatted = AR_TEXT_INIT;
	const struct message message = { level, text, file, func, line };

	if (level > sink.max)
		return;
	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (n < 0)
		return;

	if (sink.format == AR_LOG_JSON)
		format_json(&formatted, &message, levels[level]);
	else
		format_text(&formatted, &message, levels[level]);
	/* One write, so that lines of several processes do not mix. */
	do {
		n = write(sink.fd >= 0 ? sink.fd : STDERR_FILENO, formatted.s, formatted.len);
	} while (n < 0 && errno == EINTR);
	/* There is nowhere to report a log that cannot be written. */
}
