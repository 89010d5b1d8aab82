/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs for seccomp(2): checked, run, merged and built. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cbpf-build.h"
#include "base/cbpf.h"
#include "base/str.h"
#include "test.h"

#define NR offsetof(struct seccomp_data, nr)
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define DENY(e) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (e))
#define PROGRAM(...) ((const struct sock_filter[]){ __VA_ARGS__ })
#define CHECKED(...)                     \
	ar_cbpf_check(&(struct ar_cbpf){ \
		PROGRAM(__VA_ARGS__), sizeof(PROGRAM(__VA_ARGS__)) / sizeof(struct sock_filter) })

static uint32_t run(const struct sock_filter *code, size_t n, int nr)
{
	const struct ar_cbpf program = { code, n };
	const struct seccomp_data data = { .nr = nr, .args = { 0x1122334455667788 } };

	CHECK_INT(ar_cbpf_check(&program), 0);
	return ar_cbpf_run(&program, &data);
}

TEST("a program must end, and its jumps must stay inside")
{
	CHECK_INT(CHECKED(ALLOW), 0);
	CHECK_INT(CHECKED(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR)), -EINVAL);
	CHECK_INT(CHECKED(BPF_STMT(BPF_JMP | BPF_JA, 0), ALLOW), 0);
	CHECK_INT(CHECKED(BPF_STMT(BPF_JMP | BPF_JA, 1), ALLOW), -EINVAL);
	CHECK_INT(CHECKED(BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), ALLOW), -EINVAL);
	CHECK_INT(CHECKED(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1), ALLOW), -EINVAL);
	CHECK_INT(CHECKED(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 255, 0), ALLOW), -EINVAL);
	CHECK_INT(ar_cbpf_check(&(struct ar_cbpf){ NULL, 0 }), -EINVAL);
}

TEST("a program may only look at the call, in whole words")
{
	CHECK_INT(CHECKED(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 60), ALLOW), 0);
	CHECK_INT(CHECKED(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), ALLOW), -EINVAL);
	CHECK_INT(CHECKED(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), ALLOW), -EINVAL);
	CHECK_INT(CHECKED(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), ALLOW), -EINVAL);
	CHECK_INT(CHECKED(BPF_STMT(BPF_ST, 16), ALLOW), -EINVAL);
	CHECK_INT(CHECKED(BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 1), ALLOW), -EINVAL);
	CHECK_INT(CHECKED(BPF_STMT(BPF_RET | BPF_A, 0)), -EINVAL);
}

/* One of each instruction; the kernel's own answer is compared with in the test below. */
static const struct sock_filter all[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
	BPF_STMT(BPF_ST, 3),
	BPF_STMT(BPF_LDX | BPF_IMM, 7),
	BPF_STMT(BPF_STX, 4),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 1, 0),
	ALLOW,
	BPF_STMT(BPF_LD | BPF_MEM, 3),
	BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 0x55667787, 0, 8),
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x55667789, 7, 0),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
	BPF_STMT(BPF_ALU | BPF_OR | BPF_K, 0x01),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x81, 0, 4),
	BPF_STMT(BPF_LDX | BPF_MEM, 4),
	BPF_STMT(BPF_MISC | BPF_TXA, 0),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 4, 0, 1),
	DENY(111),
	DENY(112),
};

TEST("every instruction is run as the kernel runs it")
{
	struct sock_fprog program = { AR_COUNT(all), (struct sock_filter *)all };
	int status;
	pid_t pid;

	CHECK_UINT(run(all, AR_COUNT(all), SYS_getppid), SECCOMP_RET_ERRNO | 111);
	CHECK_UINT(run(all, AR_COUNT(all), SYS_read), SECCOMP_RET_ALLOW);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
			_exit(2);
		_exit(syscall(SYS_getppid, 0x1122334455667788) == -1 && errno == 111 ? 0 : 1);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
}

TEST("of two verdicts the stricter counts, on a tie the newer")
{
	static const uint32_t strictest_first[] = {
		SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP,
		SECCOMP_RET_ERRNO,	  SECCOMP_RET_USER_NOTIF,  SECCOMP_RET_TRACE,
		SECCOMP_RET_LOG,	  SECCOMP_RET_ALLOW,
	};

	for (size_t i = 0; i < AR_COUNT(strictest_first); i++) {
		for (size_t j = i + 1; j < AR_COUNT(strictest_first); j++) {
			uint32_t a = strictest_first[i], b = strictest_first[j];

			CHECK_UINT(ar_cbpf_stricter(a, b), a);
			CHECK_UINT(ar_cbpf_stricter(b, a), a);
		}
	}
	CHECK_UINT(ar_cbpf_stricter(SECCOMP_RET_ERRNO | 1, SECCOMP_RET_ERRNO | 2),
		   SECCOMP_RET_ERRNO | 2);
}

/* --- building --------------------------------------------------------------------------------- */

/* A verdict for each number below n, no two neighbours alike, with a part that looks at an argument
 * now and then. */
static struct ar_cbpf build(struct ar_cbpf_builder *b, uint32_t n, uint32_t salt)
{
	struct ar_cbpf_range *ranges = calloc(n + 1, sizeof(*ranges));

	CHECK(ranges);
	ar_cbpf_build_init(b);
	for (uint32_t i = 0; i <= n; i++) {
		ranges[i] = (struct ar_cbpf_range){ i, SECCOMP_RET_ERRNO | (i * salt % 1000), 0 };
		if (i % 7 == 3) {
			size_t yes = ar_cbpf_build_end(b, SECCOMP_RET_ALLOW);
			size_t no = ar_cbpf_build_end(b, SECCOMP_RET_ERRNO | 7);

			ar_cbpf_build_jump(b, BPF_JEQ, i, yes, no);
			ranges[i].block =
				ar_cbpf_build_load(b, offsetof(struct seccomp_data, args) + 8);
		}
	}
	ar_cbpf_build_tree(b, ranges, n + 1);
	ar_cbpf_build_load(b, NR);
	free(ranges);
	return (struct ar_cbpf){ b->code + b->at, AR_CBPF_MAX - b->at };
}

static uint32_t built_verdict(uint32_t n, uint32_t salt, uint32_t nr, uint64_t arg)
{
	if (nr > n)
		nr = n;
	if (nr % 7 == 3)
		return arg == nr ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | 7;
	return SECCOMP_RET_ERRNO | (nr * salt % 1000);
}

TEST("a search tree of any size finds every number, over jumps of any length")
{
	static const uint32_t sizes[] = { 1, 2, 3, 10, 100, 127, 500, 1100 };
	static struct ar_cbpf_builder b;

	for (size_t i = 0; i < AR_COUNT(sizes); i++) {
		uint32_t n = sizes[i];
		struct ar_cbpf program = build(&b, n, 13);

		CHECK(!b.full);
		CHECK_INT(ar_cbpf_check(&program), 0);
		for (uint32_t nr = 0; nr < n + 3; nr++) {
			struct seccomp_data data = { .nr = (int)nr, .args = { 0, nr } };

			CHECK_UINT(ar_cbpf_run(&program, &data), built_verdict(n, 13, nr, nr));
			data.args[1] = 5000;
			CHECK_UINT(ar_cbpf_run(&program, &data), built_verdict(n, 13, nr, 5000));
		}
	}
}

TEST("a program that is too long says so")
{
	static struct ar_cbpf_builder b;

	(void)build(&b, 4000, 13);
	CHECK(b.full);
}

/* --- whatever the arguments --- */

static uint32_t strictest(const struct sock_filter *code, size_t n, int nr)
{
	const struct ar_cbpf program = { code, n };

	CHECK_INT(ar_cbpf_check(&program), 0);
	return ar_cbpf_strictest(&program, nr, AUDIT_ARCH_X86_64);
}

TEST("the strictest verdict of a call is found behind any comparison of its arguments")
{
	static const struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 7, 0, 4), /* else allow */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xaa, 0, 1),
		DENY(0),
		ALLOW,
	};

	CHECK_UINT(strictest(code, AR_COUNT(code), 7), SECCOMP_RET_ERRNO);
	CHECK_UINT(strictest(code, AR_COUNT(code), 8), SECCOMP_RET_ALLOW);
	CHECK_UINT(ar_cbpf_strictest(&(struct ar_cbpf){ code, AR_COUNT(code) }, 8, AUDIT_ARCH_I386),
		   SECCOMP_RET_KILL_PROCESS);
}

TEST("what comes from scratch memory counts as unknown")
{
	static const struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_STMT(BPF_ST, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 7, 0, 3),
		BPF_STMT(BPF_LD | BPF_MEM, 0),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG),
	};

	CHECK_UINT(strictest(code, AR_COUNT(code), 7), SECCOMP_RET_TRAP);
	CHECK_UINT(strictest(code, AR_COUNT(code), 8), SECCOMP_RET_LOG);
}

TEST("a call that no comparison touches has one verdict, and it is that of a run")
{
	static struct ar_cbpf_builder b;
	struct ar_cbpf program = build(&b, 500, 13);

	for (int nr = 0; nr < 503; nr++) {
		struct seccomp_data data = { .nr = nr, .args = { 0, (unsigned int)nr } };
		uint32_t verdict = ar_cbpf_run(&program, &data);

		if (nr % 7 != 3)
			CHECK_UINT(ar_cbpf_strictest(&program, nr, AUDIT_ARCH_X86_64), verdict);
		else if (nr < 500)
			CHECK(ar_cbpf_strictest(&program, nr, AUDIT_ARCH_X86_64) != verdict);
	}
}

/* --- merging ---------------------------------------------------------------------------------- */

TEST("two programs made one give the verdict of both stacked")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	static struct ar_cbpf_builder first, second;
	static const struct sock_filter verdicts[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 40, 0, 1),
		ALLOW,
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 30, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 20, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | 5),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 10, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		DENY(99),
	};
	const struct ar_cbpf programs[] = { { verdicts, AR_COUNT(verdicts) },
					    build(&first, 60, 13),
					    build(&second, 90, 7) };

	size_t merged = 0;

	for (size_t i = 0; i < AR_COUNT(programs) * AR_COUNT(programs); i++) {
		const struct ar_cbpf *older = &programs[i / 3], *newer = &programs[i % 3];
		struct ar_cbpf both;

		if (ar_cbpf_merge(arena, older, newer, &both) < 0)
			continue; /* too long: the next test */
		merged++;
		CHECK_INT(ar_cbpf_check(&both), 0);
		for (int nr = 0; nr < 100; nr++) {
			struct seccomp_data data = {
				.nr = nr,
				.args = { 0, (unsigned int)nr % 5 ? 0 : (unsigned int)nr }
			};

			CHECK_UINT(ar_cbpf_run(&both, &data),
				   ar_cbpf_stricter(ar_cbpf_run(older, &data),
						    ar_cbpf_run(newer, &data)));
		}
	}
	CHECK_UINT(merged, 5);
}

TEST("programs too long to be one are not made one")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	static struct ar_cbpf_builder first, second;
	struct ar_cbpf older = build(&first, 300, 13), newer = build(&second, 300, 7), both;

	CHECK_INT(ar_cbpf_merge(arena, &older, &newer, &both), -E2BIG);
}

int main(void)
{
	return test_main();
}
