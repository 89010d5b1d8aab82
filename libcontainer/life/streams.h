/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

struct ar_error;

/*
 * The standard streams of a program that we attend to and that has no terminal. A file, a disk or a
 * terminal of the caller's is not handed into the container: it could be opened anew there
 * (/proc/self/fd/0), for writing, and be given another owner. Instead there is a pipe, which
 * ar_attend() copies from and to. Pipes, sockets and the null device go in as they are.
 */
struct ar_streams {
	int ours[3]; /* of the pipes in the places of 0, 1 and 2; -1: there is none */
};
#define AR_STREAMS_INIT ((struct ar_streams){ .ours = { -1, -1, -1 } })

/*
 * theirs, all -1 before: what the program gets in their places; it is closed by whoever has it when
 * the program has started. Output and errors that go to one file have one pipe, so that they keep
 * their order.
 */
int ar_streams_open(struct ar_streams *ret, int theirs[static 3], struct ar_error *err);
void ar_streams_close(struct ar_streams *streams);
