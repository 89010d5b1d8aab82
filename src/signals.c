/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/str.h"

static const struct {
	const char *name;
	int signo;
} names[] = {
	{ "ABRT", SIGABRT },	 { "ALRM", SIGALRM }, { "BUS", SIGBUS },
	{ "CHLD", SIGCHLD },	 { "CLD", SIGCHLD },  { "CONT", SIGCONT },
	{ "FPE", SIGFPE },	 { "HUP", SIGHUP },   { "ILL", SIGILL },
	{ "INT", SIGINT },	 { "IO", SIGIO },     { "IOT", SIGIOT },
	{ "KILL", SIGKILL },	 { "PIPE", SIGPIPE }, { "POLL", SIGPOLL },
	{ "PROF", SIGPROF },	 { "PWR", SIGPWR },   { "QUIT", SIGQUIT },
	{ "SEGV", SIGSEGV },	 { "STOP", SIGSTOP }, { "SYS", SIGSYS },
	{ "TERM", SIGTERM },	 { "TRAP", SIGTRAP }, { "TSTP", SIGTSTP },
	{ "TTIN", SIGTTIN },	 { "TTOU", SIGTTOU }, { "URG", SIGURG },
	{ "USR1", SIGUSR1 },	 { "USR2", SIGUSR2 }, { "VTALRM", SIGVTALRM },
	{ "WINCH", SIGWINCH },	 { "XCPU", SIGXCPU }, { "XFSZ", SIGXFSZ },
#ifdef SIGSTKFLT
	{ "STKFLT", SIGSTKFLT },
#endif
};

/*
 * The kernel's real-time signals start at 32; the C library keeps the first ones for its threads,
 * and a container may have another C library than this program. What users mean is glibc's RTMIN.
 */
#define RTMIN 34
#define RTMAX 64

static int parse_realtime(const char *name, int *ret)
{
	bool up = strncasecmp(name, "RTMIN", 5) == 0, down = strncasecmp(name, "RTMAX", 5) == 0;
	const char *rest = name + 5;
	uint64_t n = 0;

	if (!up && !down)
		return -EINVAL;
	if (*rest && *rest != (up ? '+' : '-'))
		return -EINVAL;
	if (*rest && ar_parse_u64(rest + 1, &n) < 0)
		return -EINVAL;
	if (n > RTMAX - RTMIN)
		return -EINVAL;
	*ret = up ? RTMIN + (int)n : RTMAX - (int)n;
	return 0;
}

int ar_signal_parse(const char *s, int *ret, struct ar_error *err)
{
	const char *name = strncasecmp(s, "SIG", 3) == 0 ? s + 3 : s;
	uint64_t n;

	if (ar_parse_u64(s, &n) == 0 && n <= INT32_MAX) { /* which there are, the kernel knows */
		*ret = (int)n;
		return 0;
	}
	for (size_t i = 0; i < AR_COUNT(names); i++) {
		if (strcasecmp(name, names[i].name) == 0) {
			*ret = names[i].signo;
			return 0;
		}
	}
	if (parse_realtime(name, ret) == 0)
		return 0;
	return ar_refuse(err, EINVAL, "unknown signal \"%s\"", s);
}
