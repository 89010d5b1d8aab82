/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * Interfaces are moved between two network namespaces that the test makes: needs root, ip(8) and
 * veth.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/error.h"
#include "kernel/netdev.h"
#include "spec/spec.h"

#include "test.h"

static struct ar_error err;

/* A namespace that stands for the host's, which we are in, and the container's as a descriptor. */
static int start(void)
{
	int inside;

	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0)
		SKIP("needs CAP_SYS_ADMIN for a network namespace");
	inside = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	CHECK(inside >= 0);
	CHECK_INT(unshare(CLONE_NEWNET), 0);
	if (system("ip link add e0 type veth peer name e1 2>/dev/null"))
		SKIP("needs ip(8) and the network device 'veth'");
	return inside;
}

/* Run a command in the container's namespace; its exit code. */
static int in_container(int ns, const char *command)
{
	int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), r;

	CHECK_INT(setns(ns, CLONE_NEWNET), 0);
	r = system(command);
	CHECK_INT(setns(own, CLONE_NEWNET), 0);
	CHECK_INT(close(own), 0);
	return r;
}

static int move(const char *host_name, const char *name, int ns)
{
	struct ar_net_device device = { .host_name = host_name, .name = name };
	const struct ar_list list = { &device, 1 };

	return ar_net_devices_move(&list, ns, &err);
}

#define QUIET " >/dev/null 2>&1"

TEST("an interface leaves the host and is up in the container")
{
	int ns = start();

	CHECK_INT(move("e0", NULL, ns), 0);
	CHECK(system("ip link show e0" QUIET) != 0);
	CHECK_INT(in_container(ns, "ip link show up dev e0 | grep -q 'e0.*UP'"), 0);
}

TEST("it gets its new name on the way, even when the old one is taken there")
{
	int ns = start();

	CHECK_INT(in_container(ns, "ip link add e0 type veth peer name other"), 0);
	CHECK_INT(move("e0", "eth7", ns), 0);
	CHECK_INT(in_container(ns, "ip link show eth7" QUIET), 0);
	CHECK_INT(in_container(ns, "ip link show e0" QUIET), 0);
}

TEST("a new name that is taken in the container leaves the interface on the host, as it was")
{
	int ns = start();

	CHECK_INT(in_container(ns, "ip link add eth7 type veth peer name other"), 0);
	CHECK_INT(system("ip link set e0 up"), 0);
	CHECK_INT(move("e0", "eth7", ns), -EEXIST);
	CHECK_STR(err.text, "the container already has a network interface 'eth7'");
	CHECK_INT(system("ip link show dev e0 | grep -q '<.*UP.*>'"), 0);
}

TEST("addresses that were given to it go along, those of one link only do not")
{
	int ns = start();

	CHECK_INT(system("ip addr add 192.0.2.7/24 brd 192.0.2.255 dev e0"
			 " && ip addr add 192.0.2.9 peer 198.51.100.1/32 dev e0"
			 " && ip addr add 169.254.3.4/16 scope link dev e0"
			 " && ip addr add 192.0.2.8/24 valid_lft 1000 preferred_lft 1000 dev e0"
			 " && ip link set e0 up"),
		  0);
	CHECK_INT(move("e0", "eth0", ns), 0);
	CHECK_INT(
		in_container(ns,
			     "ip addr show dev eth0 | grep -q 'inet 192.0.2.7/24 brd 192.0.2.255'"),
		0);
	CHECK_INT(in_container(
			  ns,
			  "ip addr show dev eth0 | grep -q 'inet 192.0.2.9 peer 198.51.100.1/32'"),
		  0);
	CHECK(in_container(ns, "ip addr show dev eth0 | grep -q 169.254") != 0);
	CHECK(in_container(ns, "ip addr show dev eth0 | grep -q 192.0.2.8") != 0);
}

TEST("addresses of IPv6 go along as well")
{
	int ns = start();

	if (system("ip addr add 2001:db8::7/64 nodad dev e0 2>/dev/null"))
		SKIP("needs IPv6");
	CHECK_INT(system("ip link set e0 up"), 0);
	CHECK_INT(move("e0", NULL, ns), 0);
	CHECK_INT(in_container(ns, "ip -6 addr show dev e0 | grep -q 'inet6 2001:db8::7/64'"), 0);
}

TEST("hardware address and MTU stay")
{
	int ns = start();

	CHECK_INT(system("ip link set e0 address 02:00:00:00:00:42 mtu 1400"), 0);
	CHECK_INT(move("e0", NULL, ns), 0);
	CHECK_INT(in_container(ns, "ip link show e0 | grep -q 02:00:00:00:00:42"), 0);
	CHECK_INT(in_container(ns, "ip link show e0 | grep -q 'mtu 1400'"), 0);
}

TEST("an interface that is not there is an error that names it")
{
	int ns = start();

	CHECK_INT(move("eth9", NULL, ns), -ENODEV);
	CHECK_STR(err.text, "the host has no network interface 'eth9'");
	CHECK_INT(move("a-name-longer-than-any", NULL, ns), -ENODEV);
}

TEST("several go at once")
{
	struct ar_net_device devices[] = { { "e0", "a0" }, { "e1", "a1" } };
	const struct ar_list list = { devices, 2 };
	int ns = start();

	CHECK_INT(ar_net_devices_move(&list, ns, &err), 0);
	CHECK_INT(in_container(ns, "ip link show a0" QUIET " && ip link show a1" QUIET), 0);
}

TEST("a descriptor that is no network namespace is refused before anything moves")
{
	int ns = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);

	(void)start();
	CHECK_INT(move("e0", NULL, ns), -EINVAL);
	CHECK_INT(system("ip link show e0" QUIET), 0);
}

int main(void)
{
	return test_main();
}
