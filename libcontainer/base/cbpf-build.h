/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cbpf.h"

/*
 * A program for seccomp(2), built from its last instruction to its first: all jumps of classic BPF
 * go forward, so that a target is always there before the jump to it. Used at run time and by
 * policy/gen-seccomp.c while building.
 *
 * Places are indices into code; each function returns that of what it has put in front.
 */
struct ar_cbpf_builder {
	struct sock_filter code[AR_CBPF_MAX];
	size_t at; /* the first instruction so far; AR_CBPF_MAX when there is none */
	bool full; /* what was built is longer than the kernel takes, and worthless */
};

void ar_cbpf_build_init(struct ar_cbpf_builder *b);
size_t ar_cbpf_build_load(struct ar_cbpf_builder *b, size_t offset);
size_t ar_cbpf_build_and(struct ar_cbpf_builder *b, uint32_t mask);
/* op: BPF_JEQ, BPF_JGE ... against k; jumps of any length. */
size_t ar_cbpf_build_jump(struct ar_cbpf_builder *b, uint16_t op, uint32_t k, size_t yes,
			  size_t no);
/* An end with that verdict within reach of a jump: one that is there already, or a new one. */
size_t ar_cbpf_build_end(struct ar_cbpf_builder *b, uint32_t verdict);

/*
 * From "first" to before the next one's, verdict holds; a block decides instead, if there is one.
 */
struct ar_cbpf_range {
	uint32_t first, verdict;
	size_t block; /* a place, or 0 */
};
/* A binary search for the number in the accumulator; ranges ascend, the first begins at 0. */
size_t ar_cbpf_build_tree(struct ar_cbpf_builder *b, const struct ar_cbpf_range *ranges, size_t n);
