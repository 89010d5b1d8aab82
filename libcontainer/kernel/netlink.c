/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/netlink.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

/* what the kernel fills in a dump at most, by default */
#define BUFFER 32768

int ar_netlink_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? -errno : fd;
}

int ar_netlink_open_in(int ns)
{
	_cleanup_fd_ int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd;

	if (own < 0)
		return -errno;
	if (setns(ns, CLONE_NEWNET) < 0)
		return -errno;
	fd = ar_netlink_open();
	if (setns(own, CLONE_NEWNET) < 0)
		abort(); /* in the network of somebody else nothing is safe to do */
	return fd;
}

void ar_netlink_begin(struct ar_netlink_request *request, uint16_t type, uint16_t flags,
		      size_t size)
{
	*request = (struct ar_netlink_request){ 0 };
	request->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
	request->header.nlmsg_type = type;
	request->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
}

void ar_netlink_add(struct ar_netlink_request *request, uint16_t type, const void *data, size_t len)
{
	size_t at = NLMSG_ALIGN(request->header.nlmsg_len), end = at + RTA_LENGTH(len);
	struct rtattr attribute = { .rta_len = (unsigned short)RTA_LENGTH(len), .rta_type = type };
	char *to = (char *)request + at;

	assert(end <= sizeof(*request)); /* our own few attributes */
	memcpy(to, &attribute, sizeof(attribute));
	memcpy(to + RTA_LENGTH(0), data, len);
	request->header.nlmsg_len = (uint32_t)end;
}

static int send_request(int sock, struct ar_netlink_request *request)
{
	static uint32_t sequence;
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t n;

	request->header.nlmsg_seq = ++sequence;
	do {
		n = sendto(sock, request, request->header.nlmsg_len, 0, (struct sockaddr *)&kernel,
			   sizeof(kernel));
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* One datagram of the kernel: its length or -errno. */
static ssize_t receive(int sock, void *buffer)
{
	struct sockaddr_nl from = { 0 };
	struct iovec iov = { .iov_base = buffer, .iov_len = BUFFER };
	struct msghdr msg = { .msg_name = &from,
			      .msg_namelen = sizeof(from),
			      .msg_iov = &iov,
			      .msg_iovlen = 1 };
	ssize_t n;

	do {
		n = recvmsg(sock, &msg, 0);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && from.nl_pid != 0)); /* not from the kernel
									      */
	if (n < 0)
		return -errno;
	return msg.msg_flags & MSG_TRUNC ? -EMSGSIZE : n;
}

struct answer {
	uint32_t sequence;
	void (*each)(const struct nlmsghdr *message, void *arg);
	void *arg;
	bool interrupted, done;
};

/* The outcome that a message tells. */
static int take(struct answer *answer, const struct nlmsghdr *message)
{
	const struct nlmsgerr *error = NLMSG_DATA(message);

	if (message->nlmsg_seq != answer->sequence)
		return 0;
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->interrupted = true;
	if (message->nlmsg_type == NLMSG_ERROR) {
		answer->done = true;
		return message->nlmsg_len < NLMSG_LENGTH(sizeof(*error)) ? -EPROTO : error->error;
	}
	if (message->nlmsg_type == NLMSG_DONE)
		answer->done = true;
	else if (answer->each)
		answer->each(message, answer->arg);
	return 0;
}

static int await(int sock, struct answer *answer)
{
	char buffer[BUFFER] __attribute__((aligned(NLMSG_ALIGNTO)));
	int r = 0;

	while (r == 0 && !answer->done) {
		ssize_t n = receive(sock, buffer);
		const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;

		if (n < 0)
			return (int)n;
		for (; r == 0 && NLMSG_OK(message, n); message = NLMSG_NEXT(message, n))
			r = take(answer, message);
	}
	return r == 0 && answer->interrupted ? -EINTR : r;
}

int ar_netlink_ask(int sock, struct ar_netlink_request *request)
{
	struct answer answer = { 0 };
	int r;

	request->header.nlmsg_flags |= NLM_F_ACK;
	r = send_request(sock, request);
	answer.sequence = request->header.nlmsg_seq;
	return r < 0 ? r : await(sock, &answer);
}

int ar_netlink_dump(int sock, struct ar_netlink_request *request,
		    void (*each)(const struct nlmsghdr *message, void *arg), void *arg)
{
	struct answer answer = { .each = each, .arg = arg };
	int r;

	request->header.nlmsg_flags |= NLM_F_DUMP;
	r = send_request(sock, request);
	answer.sequence = request->header.nlmsg_seq;
	return r < 0 ? r : await(sock, &answer);
}
