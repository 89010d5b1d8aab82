/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/cbpf.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/arena.h"

/* --- what the kernel takes --- */

static bool jump_stays_inside(const struct ar_cbpf *program, size_t at)
{
	const struct sock_filter *f = &program->code[at];
	size_t left = program->n - at - 1; /* instructions behind this one */

	if (BPF_OP(f->code) == BPF_JA)
		return f->k < left;
	return f->jt < left && f->jf < left;
}

/* seccomp_check_filter(): a part of classic BPF, and loads from struct seccomp_data only. */
static bool is_known(const struct sock_filter *f)
{
	switch (f->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return f->k < sizeof(struct seccomp_data) && f->k % 4 == 0;
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_ALU | BPF_AND | BPF_K:
	case BPF_ALU | BPF_OR | BPF_K:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_JMP | BPF_JA:
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_K:
	case BPF_RET | BPF_K:
		return true;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return f->k < BPF_MEMWORDS;
	default:
		return false;
	}
}

int ar_cbpf_check(const struct ar_cbpf *program)
{
	if (program->n < 1 || program->n > AR_CBPF_MAX)
		return -EINVAL;
	for (size_t i = 0; i < program->n; i++) {
		if (!is_known(&program->code[i]))
			return -EINVAL;
		if (BPF_CLASS(program->code[i].code) == BPF_JMP && !jump_stays_inside(program, i))
			return -EINVAL;
	}
	if (program->code[program->n - 1].code != (BPF_RET | BPF_K))
		return -EINVAL;
	return 0;
}

/* --- running --- */

struct machine {
	uint32_t a, x, memory[BPF_MEMWORDS];
};

static uint32_t load(const struct seccomp_data *data, uint32_t offset)
{
	uint32_t value;

	memcpy(&value, (const char *)data + offset, sizeof(value));
	return value;
}

static bool holds(const struct sock_filter *f, uint32_t a)
{
	switch (BPF_OP(f->code)) {
	case BPF_JEQ:
		return a == f->k;
	case BPF_JGE:
		return a >= f->k;
	case BPF_JGT:
		return a > f->k;
	default: /* BPF_JSET */
		return (a & f->k) != 0;
	}
}

static void compute(struct machine *m, const struct sock_filter *f, const struct seccomp_data *data)
{
	switch (f->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		m->a = load(data, f->k);
		break;
	case BPF_LD | BPF_IMM:
		m->a = f->k;
		break;
	case BPF_LD | BPF_MEM:
		m->a = m->memory[f->k];
		break;
	case BPF_LDX | BPF_IMM:
		m->x = f->k;
		break;
	case BPF_LDX | BPF_MEM:
		m->x = m->memory[f->k];
		break;
	case BPF_ST:
		m->memory[f->k] = m->a;
		break;
	case BPF_STX:
		m->memory[f->k] = m->x;
		break;
	case BPF_ALU | BPF_AND | BPF_K:
		m->a &= f->k;
		break;
	case BPF_ALU | BPF_OR | BPF_K:
		m->a |= f->k;
		break;
	case BPF_MISC | BPF_TAX:
		m->x = m->a;
		break;
	case BPF_MISC | BPF_TXA:
		m->a = m->x;
		break;
	}
}

uint32_t ar_cbpf_run(const struct ar_cbpf *program, const struct seccomp_data *data)
{
	struct machine m = { 0 };

	for (size_t i = 0; i < program->n; i++) {
		const struct sock_filter *f = &program->code[i];

		if (BPF_CLASS(f->code) == BPF_RET)
			return f->k;
		if (BPF_CLASS(f->code) != BPF_JMP)
			compute(&m, f, data);
		else if (BPF_OP(f->code) == BPF_JA)
			i += f->k;
		else
			i += holds(f, m.a) ? f->jt : f->jf;
	}
	return SECCOMP_RET_KILL_PROCESS; /* not reached in a program that was checked */
}

/* --- two filters --- */

uint32_t ar_cbpf_stricter(uint32_t older, uint32_t newer)
{
	/* seccomp_run_filters() compares the actions as signed: SECCOMP_RET_KILL_PROCESS is the
	 * least */
	int32_t a = (int32_t)(older & SECCOMP_RET_ACTION_FULL);
	int32_t b = (int32_t)(newer & SECCOMP_RET_ACTION_FULL);

	return a < b ? older : newer;
}

/* What is known of the accumulator where an instruction is reached. */
struct reached {
	bool at_all, known;
	uint32_t a;
};

static void flow(struct reached *to, bool known, uint32_t a)
{
	if (to->at_all)
		known = known && to->known && to->a == a;
	*to = (struct reached){ true, known, a };
}

/* The accumulator behind an instruction that is no jump; false: it depends on the arguments. */
static bool known_after(const struct sock_filter *f, const struct seccomp_data *data, bool known,
			uint32_t *a)
{
	struct machine m = { .a = *a };
	bool kept = f->code == BPF_ST || BPF_CLASS(f->code) == BPF_LDX ||
		    BPF_CLASS(f->code) == BPF_STX || f->code == (BPF_MISC | BPF_TAX);

	if (f->code == (BPF_LD | BPF_W | BPF_ABS))
		known = f->k == offsetof(struct seccomp_data, nr) ||
			f->k == offsetof(struct seccomp_data, arch);
	else if (f->code == (BPF_LD | BPF_IMM))
		known = true;
	else if (f->code == (BPF_LD | BPF_MEM) || f->code == (BPF_MISC | BPF_TXA))
		known = false; /* no more is followed than the accumulator */
	if (known && !kept) {
		compute(&m, f, data);
		*a = m.a;
	}
	return known;
}

/* Jumps lead forward only: when an instruction's turn comes, all ways to it have been seen. */
uint32_t ar_cbpf_strictest(const struct ar_cbpf *program, int nr, uint32_t arch)
{
	const struct seccomp_data data = { .nr = nr, .arch = arch };
	struct reached reached[AR_CBPF_MAX] = { { .at_all = true, .known = true } };
	uint32_t verdict = SECCOMP_RET_ALLOW;

	for (size_t i = 0; i < program->n; i++) {
		const struct sock_filter *f = &program->code[i];
		uint32_t a = reached[i].a;
		bool known = reached[i].known;

		if (!reached[i].at_all)
			continue;
		if (BPF_CLASS(f->code) == BPF_RET) {
			verdict = ar_cbpf_stricter(verdict, f->k);
		} else if (BPF_CLASS(f->code) != BPF_JMP) {
			known = known_after(f, &data, known, &a);
			flow(&reached[i + 1], known, a);
		} else if (BPF_OP(f->code) == BPF_JA) {
			flow(&reached[i + 1 + f->k], known, a);
		} else {
			if (!known || holds(f, a))
				flow(&reached[i + 1 + f->jt], known, a);
			if (!known || !holds(f, a))
				flow(&reached[i + 1 + f->jf], known, a);
		}
	}
	return verdict;
}

/* A verdict of the older program and where the newer one's copy for it begins. */
struct copy {
	uint32_t verdict;
	size_t start;
};

/* The newer program, with each verdict replaced by the one that wins against verdict. */
static void append_copy(struct sock_filter *code, size_t *n, const struct ar_cbpf *newer,
			uint32_t verdict)
{
	for (size_t i = 0; i < newer->n; i++) {
		struct sock_filter f = newer->code[i];

		if (f.code == (BPF_RET | BPF_K))
			f.k = ar_cbpf_stricter(verdict, f.k);
		code[(*n)++] = f;
	}
}

/*
 * The older program runs first. Where it would return a verdict it jumps to a copy of the newer
 * one made for that verdict, so no verdict has to be carried along: registers and scratch memory
 * are the newer program's own, and the kernel still sees which calls are allowed whatever their
 * arguments.
 */
int ar_cbpf_merge(struct ar_arena *arena, const struct ar_cbpf *older, const struct ar_cbpf *newer,
		  struct ar_cbpf *ret)
{
	struct sock_filter *code = ar_alloc_array(arena, AR_CBPF_MAX, sizeof(*code));
	struct copy *copies = ar_alloc_array(arena, AR_CBPF_MAX, sizeof(*copies));
	size_t n = older->n, n_copies = 0;

	memcpy(code, older->code, n * sizeof(*code));
	for (size_t i = 0; i < older->n; i++) {
		uint32_t verdict = code[i].k;
		size_t c = 0;

		if (code[i].code != (BPF_RET | BPF_K) || verdict == SECCOMP_RET_KILL_PROCESS)
			continue;
		while (c < n_copies && copies[c].verdict != verdict)
			c++;
		if (c == n_copies) {
			if (n + newer->n > AR_CBPF_MAX)
				return -E2BIG;
			copies[n_copies++] = (struct copy){ verdict, n };
			append_copy(code, &n, newer, verdict);
		}
		code[i] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA,
						       (uint32_t)(copies[c].start - i - 1));
	}
	*ret = (struct ar_cbpf){ code, n };
	return 0;
}
