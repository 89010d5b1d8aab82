/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

/* rtnetlink(7), as little of it as moving an interface needs. */

/* A socket in our network namespace. fd or -errno. */
int ar_netlink_open(void);
/* A socket in the network namespace of descriptor ns; this process comes back to its own. */
int ar_netlink_open_in(int ns);

/* One request, built up in place. */
struct ar_netlink_request {
	struct nlmsghdr header;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
	};
	char attributes[256];
};
/* An empty request of that type (RTM_*) whose fixed part has size bytes. */
void ar_netlink_begin(struct ar_netlink_request *request, uint16_t type, uint16_t flags,
		      size_t size);
void ar_netlink_add(struct ar_netlink_request *request, uint16_t type, const void *data,
		    size_t len);

/* Send it and await the kernel's answer: 0 or -errno. */
int ar_netlink_ask(int sock, struct ar_netlink_request *request);
/*
 * Send a request for a dump; each is called for every message of it. A dump that was interrupted by
 * a change is -EINTR: what was seen is to be thrown away.
 */
int ar_netlink_dump(int sock, struct ar_netlink_request *request,
		    void (*each)(const struct nlmsghdr *message, void *arg), void *arg);
