/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <termios.h>

struct ar_error;

/*
 * A pseudoterminal pair of the devpts at dev/pts below root (a descriptor of the container's root,
 * or of / once that is the root). Nothing is opened by a path the container could have redirected
 * (CVE-2025-52565): the multiplexer is looked up on the devpts itself, and the peer comes by
 * TIOCGPTPEER. A height or width of 0 leaves the size alone.
 */
int ar_tty_open(int root, uint64_t height, uint64_t width, int *ret_master, int *ret_peer,
		struct ar_error *err);
/* One more descriptor of the other side, which keeps the terminal from a hang-up; -1: there is none
 * to be had. */
int ar_tty_peer(int master);
/*
 * Make peer the controlling terminal and stdin, stdout, stderr of this process (after setsid); peer
 * is closed unless it is one of them.
 */
int ar_tty_adopt(int peer, struct ar_error *err);
/*
 * Send the master to a --console-socket: one message with the terminal's name and the descriptor.
 */
int ar_tty_send(int sock, int master, struct ar_error *err);
/*
 * Let newlines pass as they are. For a terminal whose master we keep: the terminal around it adds
 * the carriage returns already. A master that is sent away is the receiver's to set up.
 */
int ar_tty_clear_onlcr(int master, struct ar_error *err);
/*
 * The caller's terminal becomes raw for what is typed until ar_tty_restore(); its output mode
 * stays, so that it goes on to make new lines of newlines. Not a terminal: nothing, 0.
 */
int ar_tty_raw(int fd, struct termios *ret_saved, int *ret_is_tty, struct ar_error *err);
void ar_tty_restore(int fd, const struct termios *saved);
/* Copy the window size of from to to; errors are ignored: a terminal without a size is fine. */
void ar_tty_copy_size(int from, int to);
