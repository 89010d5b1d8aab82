/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

struct ar_error;

/*
 * A close-on-exec pair of SOCK_SEQPACKET sockets: one message is one datagram, end of file is seen.
 */
int ar_socket_pair(int ret_fds[2], struct ar_error *err);
/* Send one message with up to one descriptor (fd -1: none). 0 or -errno; never SIGPIPE. */
int ar_socket_send(int sock, const void *data, size_t len, int fd);
/*
 * Receive one message: its length, 0 for end of file, or -errno. *ret_fd (may be NULL) is a
 * descriptor that came along or -1; more than one is an error (-EPROTO), as is a truncated message.
 */
int ar_socket_recv(int sock, void *data, size_t size, int *ret_fd);
/* Connect a stream socket to a path of any length (through /proc/self/fd). */
int ar_socket_connect(const char *path, int *ret_fd, struct ar_error *err);
