/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ar_arena;
struct ar_error;
struct ar_list;

/*
 * Device rules as one program for BPF_CGROUP_DEVICE; private to cgroup*.c and their tests.
 *
 * The last rule that speaks of an access (read, write, mknod) to a device decides about it; what no
 * rule speaks of is denied. A rule without type, or with type a, speaks of block and character
 * devices. To deny is to deny all: a rule that denies all devices also denies the accesses it does
 * not name, as the devices cgroup of v1 has it.
 */
struct ar_device_program {
	const struct bpf_insn *code;
	size_t n;
	bool allows_all; /* the program says yes to everything */
};
int ar_device_program(struct ar_arena *arena, const struct ar_list *rules,
		      struct ar_device_program *ret, struct ar_error *err);
