/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "life/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

/* More than a terminal's buffers (640 KiB and a page in Linux) or two pipes ever hold. */
#define DRAIN_MAX (1u << 20)

void ar_relay_init(struct ar_relay *relay)
{
	for (int i = 0; i < AR_RELAY_WAYS; i++) {
		struct ar_relay_way *way = &relay->ways[i];

		way->from = way->to = way->own = -1;
		way->pipe = way->socket = false;
		way->begin = way->end = way->held = 0;
	}
	relay->finishing = relay->whole = false;
	relay->failed = 0;
	relay->rest = 0;
}

/* Itself, and not a name that opens another one: /dev/tty, /dev/console, /dev/ptmx. */
static bool is_terminal(int fd, const struct stat *st)
{
	unsigned int dev;

	return isatty(fd) && ioctl(fd, TIOCGDEV, &dev) == 0 && dev == st->st_rdev;
}

/*
 * The description that we have of a caller's stream is shared with others, so it cannot be made
 * non-blocking. That of a pipe or a terminal can be opened anew; where that is refused, as of
 * another user's, the shared one has to do. A socket's calls take a flag, and others never block.
 */
static void own_stream(struct ar_relay_way *way, int stream)
{
	int flags = fcntl(stream, F_GETFL);
	char path[AR_FD_PATH_MAX];
	struct stat st;

	if (flags < 0 || fstat(stream, &st) < 0)
		return;
	way->socket = S_ISSOCK(st.st_mode);
	if (S_ISFIFO(st.st_mode) || is_terminal(stream, &st))
		way->own = ar_open_high(ar_fd_path(path, stream),
					(flags & (O_ACCMODE | O_DIRECT)) | O_NONBLOCK | O_NOCTTY);
}

void ar_relay_terminal(struct ar_relay *relay, int in, int out, int master)
{
	own_stream(&relay->ways[AR_RELAY_IN], in);
	own_stream(&relay->ways[AR_RELAY_OUT], out);
	relay->ways[AR_RELAY_IN].from = in;
	relay->ways[AR_RELAY_IN].to = master;
	relay->ways[AR_RELAY_OUT].from = master;
	relay->ways[AR_RELAY_OUT].to = out;
}

void ar_relay_pipe(struct ar_relay *relay, int which, int stream, int pipe)
{
	struct ar_relay_way *way = &relay->ways[which];

	own_stream(way, stream);
	/* this description is ours alone, but the program may open its end for the other way */
	(void)fcntl(pipe, F_SETFL, O_NONBLOCK); /* a valid flag */
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
	ar_close_fd(&way->own);
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
 * What is polled is the caller's description all the same: a named pipe that was opened anew after
 * its last writer had gone does not tell of that.
 */
static ssize_t read_some(struct ar_relay_way *way, int which)
{
	if (which != AR_RELAY_IN)
		return read(way->from, way->buf, sizeof(way->buf));
	if (way->socket)
		return recv(way->from, way->buf, sizeof(way->buf), MSG_DONTWAIT);
	return read(way->own >= 0 ? way->own : way->from, way->buf, sizeof(way->buf));
}

static ssize_t write_some(const struct ar_relay_way *way, int which, size_t len)
{
	const char *data = way->buf + way->begin;

	if (which == AR_RELAY_IN)
		return write(way->to, data, len);
	if (way->socket)
		return send(way->to, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	return write(way->own >= 0 ? way->own : way->to, data, len);
}

/*
 * The end of a stream, and what a caller in the background gets from its terminal, end this way.
 * EIO of a master is none of them while the program lives: it may open its terminal again.
 */
static void take(struct ar_relay *relay, int which)
{
	struct ar_relay_way *way = &relay->ways[which];
	ssize_t n = read_some(way, which);

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
 * At most PIPE_BUF at once: that much a pipe takes when poll(2) says so. Where nobody takes it any
 * more, what comes from a terminal is thrown away: the container must not stand still for that.
 */
static void give(struct ar_relay *relay, int which)
{
	struct ar_relay_way *way = &relay->ways[which];
	size_t left = way->end - way->begin;
	ssize_t n;

	way->held = 0; /* or there would be no room */
	if (!left)
		return;
	n = write_some(way, which, left < PIPE_BUF ? left : PIPE_BUF);
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
