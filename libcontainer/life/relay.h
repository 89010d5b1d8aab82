/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Copies between a caller's streams and the master of a terminal, both ways at once, for a loop
 * that polls. A direction reads only when all it has read is written, so that memory stays bounded
 * and whoever writes faster than the other reads has to wait.
 */
struct ar_relay_way {
	int from, to; /* -1: at its end */
	size_t begin, end;
	char buf[8192];
};
struct ar_relay {
	struct ar_relay_way in, out; /* caller to master, master to caller */
	bool finishing;
	size_t rest; /* when finishing: how much may still be read */
};

/* master -1: nothing is copied. The descriptors stay the caller's. */
void ar_relay_init(struct ar_relay *relay, int in, int out, int master);

#define AR_RELAY_FDS 4
/* Fill in what to poll for. Whether it waits for someone to take what was read. */
bool ar_relay_ask(const struct ar_relay *relay, struct pollfd fds[static AR_RELAY_FDS]);
/* Copy what poll(2) allows. */
void ar_relay_move(struct ar_relay *relay, const struct pollfd fds[static AR_RELAY_FDS]);
/* Nothing goes to the master any more; what it holds now is still taken. */
void ar_relay_finish(struct ar_relay *relay);
/* Finished, and nothing is left to write or that may be read. */
bool ar_relay_done(const struct ar_relay *relay);
