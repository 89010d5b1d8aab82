/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/listener.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/socket.h"
#include "base/str.h"
#include "run/hooks.h"
#include "run/run.h"
#include "json/write.h"

#define UNKNOWN (-2)
#define STACK_SIZE (64u << 10)
#define PAUSE_NS 20000

static int send_when_known(void *arg)
{
	struct ar_listener *listener = arg;
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	const uint64_t one = 1;
	int fd, r;

	while ((fd = __atomic_load_n(&listener->fd, __ATOMIC_ACQUIRE)) == UNKNOWN)
		nanosleep(&pause, NULL);
	r = fd < 0 ? 0 : ar_socket_send(listener->sock, listener->message, listener->len, fd);
	__atomic_store_n(&listener->result, r < 0 ? r : 1, __ATOMIC_RELEASE);
	if (listener->sent >= 0)
		(void)!write(listener->sent, &one, sizeof(one)); /* there is room for one */
	return 0; /* ends this thread alone (clone(2)) */
}

static bool is_realtime(void)
{
	int policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;

	return policy == SCHED_FIFO || policy == SCHED_RR;
}

int ar_listener_start(struct ar_listener *listener, struct ar_error *err)
{
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			  CLONE_SYSVSEM;
	char *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (stack == MAP_FAILED)
		return ar_fail(err, errno, "stack of the thread that hands the listener over");
	listener->fd = UNKNOWN;
	listener->result = 0;
	listener->sent = -1;
	if (is_realtime()) {
		listener->sent = eventfd(0, EFD_CLOEXEC);
		if (listener->sent < 0)
			return ar_fail(err, errno, "wait for the listener to be handed over");
	}
	/* the stack is never unmapped: the execve(2) that follows does it */
	if (clone(send_when_known, stack + STACK_SIZE, flags, listener) < 0)
		return ar_fail(err, errno, "thread that hands the listener over");
	return 0;
}

int ar_listener_finish(struct ar_listener *listener, int fd, struct ar_error *err)
{
	uint64_t ignored;
	int r;

	__atomic_store_n(&listener->fd, fd, __ATOMIC_RELEASE);
	/* no other system call here: it could be one that waits for the agent */
	while ((r = __atomic_load_n(&listener->result, __ATOMIC_ACQUIRE)) == 0)
		if (listener->sent >= 0)
			(void)!read(listener->sent, &ignored, sizeof(ignored));
	return r < 0 ? ar_fail(err, -r, "send the seccomp listener to its agent") : 0;
}

char *ar_listener_message(const struct ar_run *run, const char *status)
{
	const struct ar_seccomp *seccomp = ar_run_linux(run)->seccomp;
	const struct ar_hook_state state = {
		.oci_version = run->record->oci_version,
		.id = run->id,
		.status = status,
		.pid = run->record->pid.value ? (pid_t)run->record->pid.value : run->pid,
		.bundle = run->record->bundle,
		.annotations = &run->effective->spec->annotations,
	};
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);
	_cleanup_free_ char *container = ar_hook_state_json(&state);
	char *text;

	ar_json_open(&w, '{');
	ar_json_kv(&w, "ociVersion", state.oci_version);
	ar_json_key(&w, "fds");
	ar_json_open(&w, '[');
	ar_json_string(&w, "seccompFd");
	ar_json_close(&w, ']');
	ar_json_kv_i64(&w, "pid", run->pid);
	if (seccomp->listener_metadata)
		ar_json_kv(&w, "metadata", seccomp->listener_metadata);
	ar_json_key(&w, "state");
	ar_json_raw(&w, container);
	ar_json_close(&w, '}');
	text = strdup(ar_text_str(&w.out));
	ar_json_done(&w);
	if (!text)
		ar_no_memory();
	return text;
}
