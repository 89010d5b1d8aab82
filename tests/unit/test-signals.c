/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <signal.h>

#include "base/error.h"
#include "base/str.h"
#include "signals.h"

#include "test.h"

static int parsed(const char *s)
{
	int signo = -1, r = ar_signal_parse(s, &signo, NULL);

	return r < 0 ? r : signo;
}

TEST("a signal is named with or without SIG, in either case")
{
	CHECK_INT(parsed("SIGTERM"), SIGTERM);
	CHECK_INT(parsed("TERM"), SIGTERM);
	CHECK_INT(parsed("term"), SIGTERM);
	CHECK_INT(parsed("sigterm"), SIGTERM);
	CHECK_INT(parsed("Kill"), SIGKILL);
}

TEST("every signal of this host that has a name is known by it")
{
	for (int signo = 1; signo < 32; signo++)
		CHECK_INT(parsed(sigabbrev_np(signo)), signo);
}

TEST("a signal is numbered, and 0 is one that only asks")
{
	CHECK_INT(parsed("9"), 9);
	CHECK_INT(parsed("0"), 0);
	CHECK_INT(parsed("64"), 64);
}

TEST("real-time signals are counted from either end")
{
	CHECK_INT(parsed("RTMIN"), 34);
	CHECK_INT(parsed("SIGRTMIN+3"), 37);
	CHECK_INT(parsed("rtmax-1"), 63);
	CHECK_INT(parsed("RTMAX"), 64);
}

TEST("what is no signal is refused and quoted")
{
	static const char *const bad[] = { "",	       "SIG",
					   "BOGUS",    "SIGSIGTERM",
					   "-9",       "4294967296",
					   "9 ",       "0x9",
					   "RTMIN-1",  "RTMAX+1",
					   "RTMIN+31", "RTMIN+",
					   "RTMINX",   "99999999999999999999" };
	struct ar_error err = { 0 };
	int signo;

	for (size_t i = 0; i < AR_COUNT(bad); i++)
		CHECK_INT(parsed(bad[i]), -EINVAL);
	CHECK_INT(ar_signal_parse("BOGUS", &signo, &err), -EINVAL);
	CHECK_STR(err.text, "unknown signal \"BOGUS\"");
}

int main(void)
{
	return test_main();
}
