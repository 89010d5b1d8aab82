/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

struct ar_error;
struct ar_list;

/*
 * linux.netDevices (struct ar_net_device): take interfaces out of our network namespace and put
 * them into that of descriptor ns, under their new name in the same step, so that no name is ever
 * taken twice. Their own properties stay, their permanent addresses of global scope are given back
 * to them, and they are brought up there. -ENODEV: there is no such interface.
 *
 * An interface that has moved is not taken back on an error: hardware comes back by itself when the
 * namespace ends.
 */
int ar_net_devices_move(const struct ar_list *devices, int ns, struct ar_error *err);
