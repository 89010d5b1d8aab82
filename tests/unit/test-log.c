/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"

#include "test.h"

#define TIME "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"

static char path[4096];

static void start(enum ar_log_format format, enum ar_log_level max)
{
	(void)snprintf(path, sizeof(path), "%s/log", test_dir()); /* fits */
	(void)unlink(path); /* another test's, if there is one */
	ar_log_setup(format, max);
	CHECK_INT(ar_log_open(path, NULL), 0);
}

static const char *logged(void)
{
	static struct ar_arena *arena; /* until the test ends */
	char *text;
	size_t len;

	if (!arena)
		arena = ar_arena_new();
	CHECK_INT(ar_file_read(arena, AT_FDCWD, path, 1 << 20, &text, &len, NULL), 0);
	return text;
}

static void check_matches(const char *text, const char *pattern)
{
	regex_t regex;

	CHECK_INT(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&regex, text, 0, NULL, 0) != 0)
		test_fail(__FILE__, __LINE__, "got: %s# expected to match: %s", text, pattern);
	regfree(&regex);
}

TEST("a text line has time, level and quoted message")
{
	start(AR_LOG_TEXT, AR_LOG_INFO);
	ar_log(AR_LOG_ERROR, "container %s", "does not exist");
	check_matches(logged(),
		      "^time=\"" TIME "\" level=error msg=\"container does not exist\"\n$");
}

TEST("a JSON line has level, message and time")
{
	start(AR_LOG_JSON, AR_LOG_INFO);
	ar_log(AR_LOG_WARN, "a/b");
	check_matches(logged(),
		      "^[{]\"level\":\"warning\",\"msg\":\"a/b\",\"time\":\"" TIME "\"[}]\n$");
}

TEST("a message cannot forge a line")
{
	start(AR_LOG_TEXT, AR_LOG_INFO);
	ar_log(AR_LOG_ERROR, "x\"\ntime=\"now\" level=error msg=\"\033[2Jforged\r");
	CHECK_HAS(logged(),
		  "msg=\"x\\\"\\ntime=\\\"now\\\" level=error msg=\\\"\\x1b[2Jforged\\r\"\n");
	start(AR_LOG_JSON, AR_LOG_INFO);
	ar_log(AR_LOG_ERROR, "x\"}\n{\\\033");
	CHECK_HAS(logged(), "\"msg\":\"x\\\"}\\n{\\\\\\u001b\",");
}

TEST("messages above the level are not written")
{
	start(AR_LOG_TEXT, AR_LOG_WARN);
	ar_log(AR_LOG_INFO, "hidden");
	ar_debug("hidden");
	CHECK(!ar_log_debugging());
	CHECK_STR(logged(), "");
	ar_log_setup(AR_LOG_TEXT, AR_LOG_DEBUG);
	ar_debug("shown");
	CHECK(ar_log_debugging());
	CHECK_HAS(logged(), "level=debug msg=\"shown\" func=\"test_body_");
	CHECK_HAS(logged(), "()\" file=\"tests/unit/test-log.c:");
	start(AR_LOG_JSON, AR_LOG_DEBUG);
	ar_debug("shown");
	CHECK_HAS(logged(), "{\"file\":\"tests/unit/test-log.c:");
}

TEST("lines are added behind those of others, and several writers do not mix")
{
	char *line = NULL;
	size_t room = 0, lines = 0;
	FILE *file;

	start(AR_LOG_TEXT, AR_LOG_INFO);
	for (int i = 0; i < 4; i++) {
		pid_t pid = fork();

		CHECK(pid >= 0);
		if (pid == 0) {
			for (int j = 0; j < 200; j++)
				ar_log(AR_LOG_INFO, "%0500d", i);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	file = fopen(path, "re");
	CHECK(file != NULL);
	while (getline(&line, &room, file) > 0) {
		check_matches(line, "^time=\"" TIME "\" level=info msg=\"0{499}[0-3]\"\n$");
		lines++;
	}
	CHECK_INT(lines, 800);
	CHECK_INT(fclose(file), 0);
	free(line);
}

TEST("the file is readable by all, is closed on exec and takes no standard stream's place")
{
	struct stat st;

	(void)umask(022);
	(void)snprintf(path, sizeof(path), "%s/log", test_dir()); /* fits */
	(void)unlink(path);
	CHECK_INT(close(0), 0);
	CHECK_INT(ar_log_open(path, NULL), 0);
	CHECK(ar_log_fd() > 2);
	CHECK_INT(fcntl(ar_log_fd(), F_GETFD), FD_CLOEXEC);
	CHECK_INT(fstat(ar_log_fd(), &st), 0);
	CHECK_INT(st.st_mode & 07777, 0644);
}

TEST("a log file that cannot be opened is an error that names it")
{
	struct ar_error err = { 0 };

	CHECK_INT(ar_log_open("/nowhere/log", &err), -ENOENT);
	CHECK_STR(err.text, "open log file '/nowhere/log': not found");
	CHECK_INT(ar_log_fd(), -1);
}

TEST("only whole characters of UTF-8 pass")
{
	static const struct {
		const char *s, *json;
	} table[] = {
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "\xe2\x82\xac\xf0\x9f\x90\x8b", "\xe2\x82\xac\xf0\x9f\x90\x8b" },
		{ "a\xff"
		  "b",
		  "a\xef\xbf\xbd"
		  "b" },
		{ "\xc3", "\xef\xbf\xbd" },		    /* cut short */
		{ "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" }, /* an overlong slash */
		{ "\xe0\x80\xaf", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, /* a surrogate */
		{ "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\x7f\x01\t", "\\u007f\\u0001\\t" },
		{ "\xc2\x9b"
		  "31m",
		  "\\u009b31m" }, /* a terminal takes it for an escape sequence */
	};

	for (size_t i = 0; i < AR_COUNT(table); i++) {
		_cleanup_text_ struct ar_text t = AR_TEXT_INIT;

		ar_escape_json(&t, table[i].s);
		CHECK_STR(ar_text_str(&t), table[i].json);
	}
}

TEST("a line is on the disk when it is written, and goes to the end of the file")
{
	int flags;

	start(AR_LOG_TEXT, AR_LOG_INFO);
	flags = fcntl(ar_log_fd(), F_GETFL);
	CHECK_INT(flags & O_SYNC, O_SYNC);
	CHECK_INT(flags & O_APPEND, O_APPEND);
}

int main(void)
{
	return test_main();
}
