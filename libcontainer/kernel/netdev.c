/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/netdev.h"

#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "kernel/netlink.h"
#include "spec/spec.h"

/* Somebody may change addresses while they are listed. */
#define DUMPS_MAX 16
/* of an address: these go along, the others are the kernel's to set */
#define KEPT_FLAGS (IFA_F_NODAD | IFA_F_NOPREFIXROUTE | IFA_F_HOMEADDRESS)

/* One address, as RTM_NEWADDR takes it again. */
struct address {
	struct ifaddrmsg message;
	uint32_t flags;
	struct {
		unsigned char data[16];
		size_t len; /* 0: not given */
	} local, address, broadcast;
};
struct addresses {
	struct ar_arena *arena;
	int index; /* of the interface */
	struct address *item;
	size_t n, room;
};

/* A device on its way. */
struct moving {
	const char *name, *new_name;
	int host, inside; /* netlink sockets */
	int index;
	bool was_up;
	struct addresses addresses;
	struct ar_error *err;
};

/* --- addresses --- */

static void keep_attribute(struct address *a, const struct rtattr *attribute)
{
	size_t len = RTA_PAYLOAD(attribute);
	const void *data = RTA_DATA(attribute);

	if (attribute->rta_type == IFA_FLAGS && len == sizeof(a->flags))
		memcpy(&a->flags, data, len);
	if (len > sizeof(a->local.data))
		return;
	switch (attribute->rta_type) {
	case IFA_LOCAL:
		memcpy(a->local.data, data, len);
		a->local.len = len;
		break;
	case IFA_ADDRESS:
		memcpy(a->address.data, data, len);
		a->address.len = len;
		break;
	case IFA_BROADCAST:
		memcpy(a->broadcast.data, data, len);
		a->broadcast.len = len;
		break;
	default:
		break;
	}
}

static void add_address(struct addresses *list, const struct address *a)
{
	list->item =
		ar_arena_grow(list->arena, list->item, list->n, &list->room, sizeof(*list->item));
	list->item[list->n++] = *a;
}

/*
 * Addresses that somebody gave to the interface for good. Those that came by themselves
 * (link-local, router advertisements, leases) belong to the network they came from.
 */
static void keep_address(const struct nlmsghdr *header, void *arg)
{
	struct addresses *list = arg;
	const struct ifaddrmsg *message = NLMSG_DATA(header);
	struct address a = { 0 };
	unsigned int left;

	if (header->nlmsg_type != RTM_NEWADDR || header->nlmsg_len < NLMSG_LENGTH(sizeof(*message)))
		return;
	a.message = *message;
	a.flags = message->ifa_flags;
	left = header->nlmsg_len - (unsigned int)NLMSG_LENGTH(sizeof(*message));
	for (const struct rtattr *attribute = IFA_RTA(message); RTA_OK(attribute, left);
	     attribute = RTA_NEXT(attribute, left))
		keep_attribute(&a, attribute);
	if ((int)message->ifa_index == list->index && message->ifa_scope == RT_SCOPE_UNIVERSE &&
	    (a.flags & IFA_F_PERMANENT))
		add_address(list, &a);
}

static int list_addresses(struct moving *m)
{
	int r = -EINTR;

	for (int i = 0; i < DUMPS_MAX && r == -EINTR; i++) {
		struct ar_netlink_request request;

		m->addresses.n = 0;
		ar_netlink_begin(&request, RTM_GETADDR, 0, sizeof(request.address));
		r = ar_netlink_dump(m->host, &request, keep_address, &m->addresses);
	}
	return r < 0 ? ar_fail(m->err, -r, "list the addresses of interface '%s'", m->name) : 0;
}

static int give_address(struct moving *m, const struct address *a)
{
	uint32_t flags = a->flags & KEPT_FLAGS;
	struct ar_netlink_request request;
	int r;

	ar_netlink_begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(request.address));
	request.address = a->message;
	request.address.ifa_index = (unsigned int)m->index;
	request.address.ifa_flags = 0;
	if (a->local.len)
		ar_netlink_add(&request, IFA_LOCAL, a->local.data, a->local.len);
	if (a->address.len)
		ar_netlink_add(&request, IFA_ADDRESS, a->address.data, a->address.len);
	if (a->broadcast.len)
		ar_netlink_add(&request, IFA_BROADCAST, a->broadcast.data, a->broadcast.len);
	if (flags)
		ar_netlink_add(&request, IFA_FLAGS, &flags, sizeof(flags));
	r = ar_netlink_ask(m->inside, &request);
	return r < 0 && r != -EEXIST
		       ? ar_fail(m->err, -r, "give interface '%s' its address in the container",
				 m->new_name)
		       : 0;
}

/* --- the interface --- */

static int set_up(int sock, int index, bool up)
{
	struct ar_netlink_request request;

	ar_netlink_begin(&request, RTM_NEWLINK, 0, sizeof(request.link));
	request.link.ifi_index = index;
	request.link.ifi_change = IFF_UP;
	request.link.ifi_flags = up ? IFF_UP : 0;
	return ar_netlink_ask(sock, &request);
}

/* Its number in the namespace of the socket. */
static int find_interface(int sock, const char *name, int *ret_index, bool *ret_up)
{
	struct ifreq request = { 0 };

	if (strlen(name) >= sizeof(request.ifr_name))
		return -ENODEV;
	memcpy(request.ifr_name, name, strlen(name));
	if (ioctl(sock, SIOCGIFFLAGS, &request) < 0)
		return -errno;
	if (ret_up)
		*ret_up = request.ifr_flags & IFF_UP;
	if (ioctl(sock, SIOCGIFINDEX, &request) < 0)
		return -errno;
	*ret_index = request.ifr_ifindex;
	return 0;
}

static int send_over(struct moving *m, int ns)
{
	struct ar_netlink_request request;
	uint32_t fd = (uint32_t)ns;

	ar_netlink_begin(&request, RTM_NEWLINK, 0, sizeof(request.link));
	request.link.ifi_index = m->index;
	ar_netlink_add(&request, IFLA_IFNAME, m->new_name, strlen(m->new_name) + 1);
	ar_netlink_add(&request, IFLA_NET_NS_FD, &fd, sizeof(fd));
	return ar_netlink_ask(m->host, &request);
}

/*
 * Before anything is changed: the kernel finds out that a name is taken only when the interface has
 * moved under its old one.
 */
static int look(struct moving *m)
{
	int taken, r = find_interface(m->host, m->name, &m->index, &m->was_up);

	m->addresses.index = m->index;
	if (r == -ENODEV)
		return ar_refuse(m->err, ENODEV, "the host has no network interface '%s'", m->name);
	if (r < 0)
		return ar_fail(m->err, -r, "inspect network interface '%s'", m->name);
	r = find_interface(m->inside, m->new_name, &taken, NULL);
	if (r == 0)
		return ar_refuse(m->err, EEXIST,
				 "the container already has a network interface '%s'", m->new_name);
	return r == -ENODEV ? 0
			    : ar_fail(m->err, -r, "look for '%s' in the container", m->new_name);
}

/*
 * Down first: what depends on it on the host lets go of it. Addresses are listed before, since that
 * ends those of IPv6.
 */
static int leave_host(struct moving *m, int ns)
{
	int r = list_addresses(m);

	if (r < 0)
		return r;
	r = set_up(m->host, m->index, false);
	if (r < 0)
		return ar_fail(m->err, -r, "take down network interface '%s'", m->name);
	r = send_over(m, ns);
	if (r < 0 && m->was_up)
		(void)set_up(m->host, m->index, true); /* as it was; the first error counts */
	return r < 0 ? ar_fail(m->err, -r, "move network interface '%s' into the container",
			       m->name)
		     : 0;
}

static int arrive(struct moving *m)
{
	int r = find_interface(m->inside, m->new_name, &m->index, NULL);

	if (r < 0)
		return ar_fail(m->err, -r, "find network interface '%s' in the container",
			       m->new_name);
	for (size_t i = 0; i < m->addresses.n; i++) {
		r = give_address(m, &m->addresses.item[i]);
		if (r < 0)
			return r;
	}
	r = set_up(m->inside, m->index, true);
	return r < 0 ? ar_fail(m->err, -r, "bring up network interface '%s' in the container",
			       m->new_name)
		     : 0;
}

int ar_net_devices_move(const struct ar_list *devices, int ns, struct ar_error *err)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	_cleanup_fd_ int host = ar_netlink_open();
	_cleanup_fd_ int inside = ar_netlink_open_in(ns);

	if (host < 0)
		return ar_fail(err, -host, "make a netlink socket");
	if (inside < 0)
		return ar_fail(err, -inside, "make a netlink socket in the container's network");
	ar_list_foreach(const struct ar_net_device, device, devices) {
		struct moving m = { .name = device->host_name,
				    .new_name = device->name && device->name[0] ? device->name
										: device->host_name,
				    .host = host,
				    .inside = inside,
				    .addresses = { .arena = arena },
				    .err = err };
		int r = look(&m);

		if (r == 0)
			r = leave_host(&m, ns);
		if (r == 0)
			r = arrive(&m);
		if (r < 0)
			return r;
	}
	return 0;
}
