/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "life/relay.h"

#include <errno.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"

/* More than a terminal's buffers (640 KiB and a page in Linux) or two pipes ever hold. */
#define DRAIN_MAX (1u << 20)

void ar_relay_init(struct ar_relay *relay)
{
	for (int i = 0; i < AR_RELAY_WAYS; i++) {
		struct ar_relay_way *way = &relay->ways[i];

		way->from = way->to = -1;
		way->pipe = false;
		way->begin = way->end = way->held = 0;
	}
	relay->finishing = relay->whole = false;
	relay->failed = 0;
	relay->rest = 0;
}

void ar_relay_terminal(struct ar_relay *relay, int in, int out, int master)
{
	relay->ways[AR_RELAY_IN].from = in;
	relay->ways[AR_RELAY_IN].to = master;
	relay->ways[AR_RELAY_OUT].from = master;
	relay->ways[AR_RELAY_OUT].to = out;
}

void ar_relay_pipe(struct ar_relay *relay, int which, int stream, int pipe)
{
	struct ar_relay_way *way = &relay->ways[which];

	way->pipe = true;
	way->from = which == AR_RELAY_IN ? stream : pipe;
	way->to = which == AR_RELAY_IN ? pipe : stream;
}

/* To a file; what came from a pipe, a socket or a terminal is gone. */
static void give_back(const struct ar_relay_way *way)
{
	size_t unread = way->end - way->begin;
	int in_pipe = 0;

	if (way->held && ioctl(way->to, FIONREAD, &in_pipe) == 0)
		unread += (size_t)in_pipe < way->held ? (size_t)in_pipe : way->held;
	if (unread)
		(void)lseek(way->from, -(off_t)unread, SEEK_CUR);
}

/* Of a pipe the program learns it: its input ends, or it gets SIGPIPE. */
static void end_way(struct ar_relay *relay, int which)
{
	struct ar_relay_way *way = &relay->ways[which];

	if (way->pipe && which == AR_RELAY_IN) {
		give_back(way);
		ar_close_fd(&way->to);
	} else if (way->pipe)
		ar_close_fd(&way->from);
	way->from = way->to = -1;
	way->begin = way->end = way->held = 0;
}

void ar_relay_close(struct ar_relay *relay)
{
	for (int i = 0; i < AR_RELAY_WAYS; i++)
		end_way(relay, i);
}

static void note(struct ar_relay *relay, int errnum)
{
	if (!relay->failed)
		relay->failed = errnum;
}

static bool is_full(const struct ar_relay_way *way)
{
	return way->begin < way->end;
}

bool ar_relay_ask(const struct ar_relay *relay, struct pollfd fds[static AR_RELAY_FDS])
{
	bool waits = false;

	/* one end only: an end that is not asked for is -1, so that its hang-up does not wake us
	 * again and again */
	for (int i = 0; i < AR_RELAY_WAYS; i++) {
		const struct ar_relay_way *way = &relay->ways[i];
		bool full = is_full(way) || way->held;

		fds[2 * i] = (struct pollfd){ .fd = full ? -1 : way->from, .events = POLLIN };
		fds[2 * i + 1] = (struct pollfd){ .fd = full ? way->to : -1, .events = POLLOUT };
		waits = waits || (full && i != AR_RELAY_IN);
	}
	return waits;
}

/*
 * The end of a stream, and what a caller in the background gets from its terminal, end this way.
 * EIO of a master is none of them while the program lives: it may open its terminal again.
 */
static void take(struct ar_relay *relay, int which)
{
	struct ar_relay_way *way = &relay->ways[which];
	ssize_t n = read(way->from, way->buf, sizeof(way->buf));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0 && way->pipe && which != AR_RELAY_IN)
		note(relay, errno);
	if (n <= 0) {
		end_way(relay, which);
		return;
	}
	way->begin = 0;
	way->end = (size_t)n;
	if (relay->finishing && which != AR_RELAY_IN)
		relay->rest = way->end < relay->rest ? relay->rest - way->end : 0;
}

/*
 * At most PIPE_BUF at once: that much a pipe takes without blocking when poll(2) says so. The
 * descriptors are shared with others, so they cannot be made non-blocking. Where nobody takes it
 * any more, what comes from a terminal is thrown away: the container must not stand still for that.
 */
static void give(struct ar_relay *relay, int which)
{
	struct ar_relay_way *way = &relay->ways[which];
	size_t left = way->end - way->begin;
	ssize_t n;

	way->held = 0; /* or there would be no room */
	if (!left)
		return;
	n = write(way->to, way->buf + way->begin, left < PIPE_BUF ? left : PIPE_BUF);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0 && errno != EPIPE)
		note(relay, errno);
	if (n < 0 && way->pipe) {
		end_way(relay, which);
		return;
	}
	way->begin = n < 0 ? way->end : way->begin + (size_t)n;
	if (n > 0 && way->pipe && which == AR_RELAY_IN)
		way->held = (size_t)n;
}

/* The program has closed its input: what is still in the pipe it has not read. */
static bool way_lost(const struct ar_relay *relay, int which, short revents)
{
	return which == AR_RELAY_IN && relay->ways[which].pipe && (revents & POLLERR);
}

void ar_relay_move(struct ar_relay *relay, const struct pollfd fds[static AR_RELAY_FDS])
{
	for (int i = 0; i < AR_RELAY_WAYS; i++) {
		const struct pollfd *from = &fds[2 * i], *to = &fds[2 * i + 1];

		if (from->fd >= 0 && from->revents)
			take(relay, i);
		else if (to->fd >= 0 && way_lost(relay, i, to->revents))
			end_way(relay, i);
		else if (to->fd >= 0 && to->revents)
			give(relay, i);
	}
}

void ar_relay_finish(struct ar_relay *relay, bool whole)
{
	relay->finishing = true;
	relay->whole = whole;
	relay->rest = DRAIN_MAX;
	for (int i = AR_RELAY_OUT; i < AR_RELAY_WAYS; i++) {
		int waiting = 0; /* a program may give its pipes more room */

		if (relay->ways[i].from >= 0 &&
		    ioctl(relay->ways[i].from, FIONREAD, &waiting) == 0 && waiting > 0)
			relay->rest += (unsigned int)waiting;
	}
	end_way(relay, AR_RELAY_IN);
}

bool ar_relay_done(const struct ar_relay *relay)
{
	bool open = false;

	for (int i = AR_RELAY_OUT; i < AR_RELAY_WAYS; i++) {
		if (is_full(&relay->ways[i]))
			return false;
		open = open || relay->ways[i].from >= 0;
	}
	return relay->finishing && (!open || (relay->rest == 0 && !relay->whole));
}
