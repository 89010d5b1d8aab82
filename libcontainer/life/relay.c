/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "life/relay.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

/* More than a terminal's buffers ever hold (640 KiB and a page in Linux). */
#define DRAIN_MAX (1u << 20)

/* The places of the four ends in an array for poll(2). */
enum { IN_FROM, IN_TO, OUT_FROM, OUT_TO };

void ar_relay_init(struct ar_relay *relay, int in, int out, int master)
{
	relay->in.from = master >= 0 ? in : -1;
	relay->in.to = master;
	relay->out.from = master;
	relay->out.to = master >= 0 ? out : -1;
	relay->in.begin = relay->in.end = relay->out.begin = relay->out.end = 0;
	relay->finishing = false;
	relay->rest = 0;
}

static bool is_full(const struct ar_relay_way *way)
{
	return way->begin < way->end;
}

/* Ask for one end only: an end that is not asked for is -1, so that its hang-up does not wake us
 * again and again. */
static void ask(const struct ar_relay_way *way, struct pollfd *from, struct pollfd *to)
{
	*from = (struct pollfd){ .fd = is_full(way) ? -1 : way->from, .events = POLLIN };
	*to = (struct pollfd){ .fd = is_full(way) ? way->to : -1, .events = POLLOUT };
}

bool ar_relay_ask(const struct ar_relay *relay, struct pollfd fds[static AR_RELAY_FDS])
{
	ask(&relay->in, &fds[IN_FROM], &fds[IN_TO]);
	ask(&relay->out, &fds[OUT_FROM], &fds[OUT_TO]);
	return fds[OUT_TO].fd >= 0;
}

/*
 * The end of a stream, and EIO of a master whose terminal nobody has open, end this way. So does
 * what a caller in the background gets from its terminal.
 */
static void take(struct ar_relay_way *way)
{
	ssize_t n = read(way->from, way->buf, sizeof(way->buf));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		way->from = -1;
		return;
	}
	way->begin = 0;
	way->end = (size_t)n;
}

/*
 * At most PIPE_BUF at once: that much a pipe takes without blocking when poll(2) says so. The
 * descriptors are shared with others, so they cannot be made non-blocking. Where nobody takes it
 * any more it is thrown away: the container must not stand still for that.
 */
static void give(struct ar_relay_way *way)
{
	size_t left = way->end - way->begin;
	ssize_t n = write(way->to, way->buf + way->begin, left < PIPE_BUF ? left : PIPE_BUF);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0) {
		way->begin = way->end;
		return;
	}
	way->begin += (size_t)n;
}

static size_t move(struct ar_relay_way *way, const struct pollfd *from, const struct pollfd *to)
{
	if (from->fd >= 0 && from->revents) {
		take(way);
		return way->end - way->begin;
	}
	if (to->fd >= 0 && to->revents)
		give(way);
	return 0;
}

void ar_relay_move(struct ar_relay *relay, const struct pollfd fds[static AR_RELAY_FDS])
{
	size_t n;

	(void)move(&relay->in, &fds[IN_FROM], &fds[IN_TO]); /* only output is counted */
	n = move(&relay->out, &fds[OUT_FROM], &fds[OUT_TO]);
	if (relay->finishing)
		relay->rest = n < relay->rest ? relay->rest - n : 0;
}

void ar_relay_finish(struct ar_relay *relay)
{
	relay->finishing = true;
	relay->rest = DRAIN_MAX;
	relay->in.from = -1;
	relay->in.begin = relay->in.end;
}

bool ar_relay_done(const struct ar_relay *relay)
{
	return relay->finishing && !is_full(&relay->out) &&
	       (relay->out.from < 0 || relay->rest == 0);
}
