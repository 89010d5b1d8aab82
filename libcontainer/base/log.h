/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/*
 * The one sink for messages: --log FILE, else standard error. The only state outside of a command's
 * own that the project has.
 * Libraries never log what they return as an error; they log at AR_LOG_DEBUG only.
 */
enum ar_log_level { AR_LOG_ERROR, AR_LOG_WARN, AR_LOG_INFO, AR_LOG_DEBUG };
enum ar_log_format { AR_LOG_TEXT, AR_LOG_JSON };

struct ar_error;

/* Choose format and the highest level that is shown. */
void ar_log_setup(enum ar_log_format format, enum ar_log_level max);
/* Append to path from now on (O_APPEND, O_SYNC, 0644). */
int ar_log_open(const char *path, struct ar_error *err);
/* The sink's descriptor, -1 while it is standard error. */
int ar_log_fd(void);
/*
 * One line: {"level":"error","msg":"...","time":"RFC3339"} or time="..." level=error msg="...".
 * While debug messages are shown each also has "func" and "file" (with the line), as logrus of
 * runc.
 */
#define ar_log(level, ...) ar_log_at(level, __FILE__, __LINE__, __func__, __VA_ARGS__)
void ar_log_at(enum ar_log_level level, const char *file, int line, const char *func,
	       const char *fmt, ...) __attribute__((format(printf, 5, 6)));
#define ar_debug(...) ar_log(AR_LOG_DEBUG, __VA_ARGS__)
/* Whether debug messages are shown. */
bool ar_log_debugging(void);
