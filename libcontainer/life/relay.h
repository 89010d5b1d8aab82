/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Copies between a caller's streams and what a program of a container has, the master of its
 * terminal or pipes, several ways at once, for a loop that polls. A way reads only when all it has
 * read is written, so that memory stays bounded and whoever writes faster than the other reads has
 * to wait. Of a program's input it reads only when all of that is read in turn, and what is not
 * read in the end goes back to a file: who shares it, as the loop of a shell, finds it there.
 *
 * It never blocks where the caller's streams are pipes, sockets or terminals: what poll(2) promises
 * may be gone when it comes to it, for others have the same streams.
 */
struct ar_relay_way {
	int from, to; /* -1: at its end */
	int own;      /* the caller's of the two, opened anew to be non-blocking; -1: as it is */
	bool socket;  /* the caller's is one */
	bool pipe; /* the program's end is a pipe that belongs to the way: its end ends the other's
		    */
	size_t begin, end;
	size_t held; /* of a program's input: in the pipe, and maybe not read yet */
	char buf[8192];
};
enum { AR_RELAY_IN, AR_RELAY_OUT, AR_RELAY_ERR, AR_RELAY_WAYS };
struct ar_relay {
	struct ar_relay_way ways[AR_RELAY_WAYS];
	bool finishing;
	int failed;  /* errno of the first copy that was lost, but for a reader who went away; 0 */
	bool whole;  /* finishing ends with the last who holds the program's pipes */
	size_t rest; /* else: how much may still be read then */
};

/* Nothing is copied. */
void ar_relay_init(struct ar_relay *relay);
/*
 * From the caller's in to the master, which does not block, and from there to its out. The
 * descriptors stay the caller's.
 */
void ar_relay_terminal(struct ar_relay *relay, int in, int out, int master);
/* Between a stream of the caller and a pipe, which is made non-blocking and closed by the relay. */
void ar_relay_pipe(struct ar_relay *relay, int way, int stream, int pipe);
void ar_relay_close(struct ar_relay *relay);

#define AR_RELAY_FDS (2 * AR_RELAY_WAYS)
/* Fill in what to poll for. Whether it waits for someone to take what was read. */
bool ar_relay_ask(const struct ar_relay *relay, struct pollfd fds[static AR_RELAY_FDS]);
/* Copy what poll(2) allows. */
void ar_relay_move(struct ar_relay *relay, const struct pollfd fds[static AR_RELAY_FDS]);
/* Nothing goes to the program any more; what it wrote is still taken. whole: and what others write
 * to its pipes, until they have closed them. */
void ar_relay_finish(struct ar_relay *relay, bool whole);
/* Finished, and nothing is left to write or that may be read. */
bool ar_relay_done(const struct ar_relay *relay);
