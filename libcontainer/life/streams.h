/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

struct ar_effective;
struct ar_error;
struct ar_process;

/*
 * The standard streams of a program that we attend to and that has no terminal. What is the
 * caller's is not handed into the container: there it could be opened anew (/proc/self/fd/0), for
 * writing, and be given another owner; or it could not, as a socket or what belongs to somebody
 * else. Instead there is a pipe, which ar_attend() copies from and to. The null device goes in as
 * it is, and so does a pipe without a name that is the program's user's.
 */
struct ar_streams {
	int ours[3]; /* of the pipes in the places of 0, 1 and 2; -1: there is none */
};
#define AR_STREAMS_INIT ((struct ar_streams){ .ours = { -1, -1, -1 } })

/*
 * For a process of the container. theirs, all -1 before: what it gets in their places; it is closed
 * by whoever has it when the program has started. Output and errors that go to one file have one
 * pipe, so that they keep their order.
 */
int ar_streams_open(const struct ar_effective *effective, const struct ar_process *process,
		    struct ar_streams *ret, int theirs[static 3], struct ar_error *err);
void ar_streams_close(struct ar_streams *streams);
