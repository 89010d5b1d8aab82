/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * One system call of a command fails, or is its last: the NTH call of NUMBER that the process ROLE
 * makes. strace(1) can inject faults too, but counts for each process by itself, so that one
 * injection hits the runtime and the container's init.
 *
 *   fault -l FILE -- COMMAND...                       write all calls to FILE: "ROLE NUMBER" a line
 *   fault -r ROLE -s NUMBER -n NTH -e ERRNO -- COMMAND...
 *   fault -r ROLE -s NUMBER -n NTH -k -- COMMAND...    kill the process there
 *
 * Role 0 is the command itself, 1 the first process it makes, and so on; their children count on.
 * Role 0 may execute programs and stays what it is; any other process that does is none of the
 * runtime's any more, and is let go. Exits as the command does; 99: the call was never made.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES_MAX 64
#define NOT_HIT 99

static struct process {
	pid_t pid;
	int role;
	bool inside, failing; /* between entry and exit of a call; that call is ours */
	long seen;
} processes[PROCESSES_MAX];
static int n_roles;

static FILE *list;
static int role = -1, error_number;
static long number = -1, nth = 1;
static bool kill_it, hit;

static void die(const char *what)
{
	perror(what);
	exit(98);
}

static struct process *find(pid_t pid)
{
	struct process *free_one = NULL;

	for (int i = 0; i < PROCESSES_MAX; i++) {
		if (processes[i].pid == pid)
			return &processes[i];
		if (!processes[i].pid && !free_one)
			free_one = &processes[i];
	}
	if (!free_one) {
		fputs("fault: too many processes\n", stderr);
		exit(98);
	}
	*free_one = (struct process){ .pid = pid, .role = n_roles++ };
	return free_one;
}

/* The call is not made: the kernel knows none of that number. */
static void skip_call(pid_t pid)
{
#if defined(__x86_64__)
	if (ptrace(PTRACE_POKEUSER, pid, 15 * 8, -1L) < 0) /* orig_rax */
		die("skip the call");
#elif defined(__aarch64__)
	int none = -1;
	struct iovec io = { &none, sizeof(none) };

	if (ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &io) < 0)
		die("skip the call");
#else
#error "no way to skip a system call here"
#endif
}

static void set_result(pid_t pid, long value)
{
#if defined(__x86_64__)
	if (ptrace(PTRACE_POKEUSER, pid, 10 * 8, value) < 0) /* rax */
		die("set the result");
#elif defined(__aarch64__)
	uint64_t regs[34];
	struct iovec io = { regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io) < 0)
		die("get registers");
	regs[0] = (uint64_t)value;
	if (ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &io) < 0)
		die("set the result");
#endif
}

static void at_entry(struct process *p, long call)
{
	if (list)
		fprintf(list, "%d %ld\n", p->role, call);
	if (hit || p->role != role || call != number || ++p->seen != nth)
		return;
	hit = true;
	if (kill_it) {
		kill(p->pid, SIGKILL);
		return;
	}
	skip_call(p->pid);
	p->failing = true;
}

static void at_syscall(struct process *p)
{
	struct __ptrace_syscall_info info = { 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof(info), &info) < 0) {
		if (errno == ESRCH)
			return;
		die("PTRACE_GET_SYSCALL_INFO");
	}
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		at_entry(p, (long)info.entry.nr);
	} else if (p->failing) {
		p->failing = false;
		set_result(p->pid, -error_number);
	}
}

/* One stop of one process. False: it was let go. */
static bool at_stop(struct process *p, int status, int *ret_signal)
{
	int signo = WSTOPSIG(status), event = status >> 16;

	*ret_signal = 0;
	if (signo == (SIGTRAP | 0x80))
		at_syscall(p);
	else if (event == PTRACE_EVENT_EXEC && p->role != 0)
		return false;
	else if (event)
		; /* a birth, or the first stop of what was born */
	else
		*ret_signal = signo;
	return true;
}

/*
 * The command has ended; what it leaves running goes on without us. In whatever order they stop:
 * who waits in vfork(2) does not until its child, of which we may not have heard yet, has been let
 * go.
 */
static void let_go(void)
{
	int status;
	pid_t pid;

	for (int i = 0; i < PROCESSES_MAX; i++)
		if (processes[i].pid)
			(void)ptrace(PTRACE_INTERRUPT, processes[i].pid, 0, 0); /* it may be gone */
	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		/* a signal on its way is not lost */
		int signo = status >> 16 || WSTOPSIG(status) == (SIGTRAP | 0x80) ? 0
										 : WSTOPSIG(status);

		if (pid > 0 && WIFSTOPPED(status))
			(void)ptrace(PTRACE_DETACH, pid, 0, signo); /* as above */
	}
}

static int trace(pid_t child)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		struct process *p = find(pid);
		int signo;

		if (!WIFSTOPPED(status)) {
			p->pid = 0;
			if (pid != child)
				continue;
			let_go();
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
		if (!at_stop(p, status, &signo)) {
			(void)ptrace(PTRACE_DETACH, pid, 0, 0); /* it may be gone */
			p->pid = 0;
			continue;
		}
		(void)ptrace(PTRACE_SYSCALL, pid, 0, signo); /* as above */
	}
	return 98;
}

/* A child that waits until it is traced, and then becomes the command. */
static pid_t start(char **argv)
{
	int go[2], status;
	pid_t child;
	char byte;

	if (pipe(go) < 0)
		die("pipe");
	child = fork();
	if (child == 0) {
		close(go[1]);
		if (read(go[0], &byte, 1) != 0)
			_exit(98);
		close(go[0]);
		execv(argv[0], argv);
		die(argv[0]);
	}
	if (child < 0)
		die("fork");
	(void)find(child);
	if (ptrace(PTRACE_SEIZE, child, 0,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |
			   PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) < 0 ||
	    ptrace(PTRACE_INTERRUPT, child, 0, 0) < 0 || waitpid(child, &status, __WALL) < 0)
		die("PTRACE_SEIZE");
	close(go[0]);
	close(go[1]);
	if (ptrace(PTRACE_SYSCALL, child, 0, 0) < 0)
		die("PTRACE_SYSCALL");
	return child;
}

int main(int argc, char **argv)
{
	int option, result;

	while ((option = getopt(argc, argv, "+l:r:s:n:e:k")) != -1) {
		switch (option) {
		case 'l':
			list = fopen(optarg, "we");
			if (!list)
				die(optarg);
			break;
		case 'r':
			role = atoi(optarg);
			break;
		case 's':
			number = atol(optarg);
			break;
		case 'n':
			nth = atol(optarg);
			break;
		case 'e':
			error_number = atoi(optarg);
			break;
		case 'k':
			kill_it = true;
			break;
		default:
			return 98;
		}
	}
	result = trace(start(argv + optind));
	if (list && fclose(list) != 0)
		die("write the list");
	return role >= 0 && !hit ? NOT_HIT : result;
}
