/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cbpf-build.h"

/*
 * What a conditional jump reaches, less what may be put in front between finding a target and using
 * it.
 */
#define REACH 250

void ar_cbpf_build_init(struct ar_cbpf_builder *b)
{
	b->at = AR_CBPF_MAX;
	b->full = false;
}

static size_t put(struct ar_cbpf_builder *b, struct sock_filter instruction)
{
	if (b->at == 0) {
		b->full = true;
		return 0;
	}
	b->code[--b->at] = instruction;
	return b->at;
}

size_t ar_cbpf_build_load(struct ar_cbpf_builder *b, size_t offset)
{
	return put(b, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

size_t ar_cbpf_build_and(struct ar_cbpf_builder *b, uint32_t mask)
{
	return put(b, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
}

/* Conditional jumps have 8 bits; farther away goes through an unconditional one with 32. */
static size_t within_reach(struct ar_cbpf_builder *b, size_t target)
{
	if (target - b->at <= REACH)
		return target;
	return put(b, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(target - b->at)));
}

size_t ar_cbpf_build_jump(struct ar_cbpf_builder *b, uint16_t op, uint32_t k, size_t yes, size_t no)
{
	yes = within_reach(b, yes);
	no = within_reach(b, no);
	return put(b, (struct sock_filter)BPF_JUMP(BPF_JMP | op | BPF_K, k, (uint8_t)(yes - b->at),
						   (uint8_t)(no - b->at)));
}

size_t ar_cbpf_build_end(struct ar_cbpf_builder *b, uint32_t verdict)
{
	for (size_t i = b->at; i < AR_CBPF_MAX && i - b->at < REACH; i++)
		if (b->code[i].code == (BPF_RET | BPF_K) && b->code[i].k == verdict)
			return i;
	return put(b, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict));
}

size_t ar_cbpf_build_tree(struct ar_cbpf_builder *b, const struct ar_cbpf_range *ranges, size_t n)
{
	size_t half = n / 2, low, high;

	if (n == 1)
		return ranges->block ? ranges->block : ar_cbpf_build_end(b, ranges->verdict);
	high = ar_cbpf_build_tree(b, ranges + half, n - half);
	low = ar_cbpf_build_tree(b, ranges, half);
	return ar_cbpf_build_jump(b, BPF_JGE, ranges[half].first, high, low);
}
