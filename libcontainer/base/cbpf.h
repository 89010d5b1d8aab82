/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ar_arena;
struct ar_error;

/*
 * Programs for seccomp(2): classic BPF over struct seccomp_data (kernel/seccomp.c). What they
 * return is a verdict: an action (SECCOMP_RET_ACTION_FULL) and its data.
 */
struct ar_cbpf {
	const struct sock_filter *code;
	size_t n; /* 1 to AR_CBPF_MAX */
};
#define AR_CBPF_MAX 4096 /* BPF_MAXINSNS */

/*
 * Whether the kernel would take it: known instructions, jumps that stay inside, an end at the end.
 * 0 or -EINVAL. The functions below want programs that passed.
 */
int ar_cbpf_check(const struct ar_cbpf *program);
/* The verdict about one call: what tests ask. */
uint32_t ar_cbpf_run(const struct ar_cbpf *program, const struct seccomp_data *data);
/*
 * The strictest verdict that a call can meet, whatever its arguments are; never one that is not
 * strict enough, but perhaps one that no arguments lead to.
 */
uint32_t ar_cbpf_strictest(const struct ar_cbpf *program, int nr, uint32_t arch);
/* Which of two filters' verdicts the kernel follows: the stricter one, on a tie the newer one. */
uint32_t ar_cbpf_stricter(uint32_t older, uint32_t newer);
/*
 * One program that gives the verdict of two stacked ones, for those that cannot be installed one by
 * one. -E2BIG: longer than the kernel takes.
 */
int ar_cbpf_merge(struct ar_arena *arena, const struct ar_cbpf *older, const struct ar_cbpf *newer,
		  struct ar_cbpf *ret);
