/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

struct ar_error;

/*
 * Whether descriptors 0 to n-1, those of them that are open, are what a hardened container may have
 * of its caller: pipes, sockets, terminals, regular files of ordinary file systems, and devices
 * that everybody has (null, zero, full, random, urandom). A directory is a way out of the
 * container's root, and a device, a namespace or a file of procfs one into the host. -EPERM: which
 * one, and what it is.
 */
int ar_passed_check(unsigned int n, struct ar_error *err);
