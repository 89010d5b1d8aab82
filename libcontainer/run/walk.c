/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "run/walk.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/process.h"
#include "base/socket.h"
#include "base/str.h"
#include "base/sys.h"
#include "run/run.h"

/* How long what is dying may take to be dead. */
#define LAST_MOMENT_MS 1000

/* One hand-over: step is done, or failed with error. */
struct message {
	int step;
	int failed;
	struct ar_error error;
};

void ar_plan_add(struct ar_plan *plan, const struct ar_step *step)
{
	assert(plan->n < AR_PLAN_MAX);
	plan->steps[plan->n++] = step;
}

int ar_walk_open(struct ar_walk *walk, struct ar_error *err)
{
	int pair[2], r = ar_socket_pair(pair, err);
	void *page;

	if (r < 0)
		return r;
	walk->channel = pair[0];
	walk->other_end = pair[1];
	page = mmap(NULL, sizeof(struct ar_shared), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return ar_fail(err, errno, "shared page");
	walk->shared = page;
	walk->shared->progress = -1;
	return 0;
}

void ar_walk_close(struct ar_walk *walk)
{
	ar_close_fd(&walk->channel);
	ar_close_fd(&walk->other_end);
	ar_close_fd(&walk->pidfd);
	ar_close_fd(&walk->sent_fd);
	ar_close_fd(&walk->received_fd);
	if (walk->shared)
		munmap(walk->shared, sizeof(*walk->shared));
	walk->shared = NULL;
}

static const struct ar_step *neighbour(const struct ar_plan *plan, size_t i, int direction)
{
	for (size_t j = i + (size_t)direction; j < plan->n; j += (size_t)direction)
		if (!(plan->steps[j]->flags & AR_STEP_BESIDE))
			return plan->steps[j];
	return NULL; /* below 0 the index wraps round and is beyond the end too */
}

/* Where init was when it died, in words; its death itself is read from the pidfd. */
static int report_death(const struct ar_plan *plan, struct ar_run *run, struct ar_error *err)
{
	int at = run->walk.shared->progress, status = 0;
	const char *step = at >= 0 && (size_t)at < plan->n ? plan->steps[at]->name
							   : "its first step";

	if (run->use_cgroup && ar_cgroup_oom_kills(&run->cgroup) > run->oom_kills)
		return ar_refuse(err, ENOMEM,
				 "container init was OOM-killed (memory limit too low?)");
	if (ar_pidfd_wait(run->walk.pidfd, &status) == 0 && WIFSIGNALED(status))
		return ar_refuse(err, ECHILD, "container init was killed by signal %d in '%s'",
				 WTERMSIG(status), step);
	return ar_refuse(err, ECHILD, "container init ended early, in '%s'", step);
}

/* The host listens to init: bytes, or -errno. */
static int hear_init(struct ar_run *run, struct message *m)
{
	struct ar_walk *w = &run->walk;
	struct pollfd wait[] = { { .fd = w->channel, .events = POLLIN },
				 { .fd = w->pidfd, .events = POLLIN } };
	int fd = -1, n;

	do
		n = poll(wait, 2, w->limit_ms);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -ETIMEDOUT;
	if (!wait[0].revents)
		return 0; /* its end is an end of file, whoever else may hold the other end open */
	n = ar_socket_recv(w->channel, m, sizeof(*m), &fd);
	if (fd >= 0) {
		ar_close_fd(&w->received_fd);
		w->received_fd = fd;
	}
	return n;
}

/*
 * Init listens to the host, without a bound of its own: the host's end of file wakes it. It may be
 * under the container's filter by now, which is made for the program: so it listens and speaks by
 * read(2) and write(2), without which no program goes far.
 */
static int hear_host(struct ar_run *run, struct message *m)
{
	ssize_t n;

	/* ECONNRESET: see ar_socket_recv() */
	do
		n = read(run->walk.channel, m, sizeof(*m));
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	return n < 0 ? -errno : (int)n;
}

/* One message from the other side. 1: one came, 0: end of file. */
static int hear(struct ar_run *run, enum ar_actor me, struct message *m, struct ar_error *err)
{
	int n = me == AR_HOST ? hear_init(run, m) : hear_host(run, m);

	if (n == -ETIMEDOUT)
		return ar_refuse(err, ETIMEDOUT, "container init did not answer within %d seconds",
				 run->walk.limit_ms / 1000);
	if (n < 0)
		return ar_fail(err, -n, "wait for the other side");
	if (n == 0)
		return 0;
	if (n != (int)sizeof(*m))
		return ar_fail(err, EPROTO, "message from the other side");
	m->error.text[sizeof(m->error.text) - 1] = '\0';
	return 1;
}

/* What init failed with, introduced as engines know it from runc. */
static int their_error(const struct ar_run *run, const struct message *m, struct ar_error *err)
{
	*err = m->error;
	return ar_prefix(err, m->error.code ? -m->error.code : -EINVAL, "%s", run->init_errors);
}

/* Wait until the other side has reported that step. */
static int await(const struct ar_plan *plan, struct ar_run *run, enum ar_actor me, int step,
		 struct ar_error *err)
{
	while (run->walk.heard < step) {
		struct message m = { 0 };
		int r = hear(run, me, &m, err);

		if (r < 0)
			return r;
		if (r == 0)
			return me == AR_HOST ? report_death(plan, run, err)
					     : ar_refuse(err, ECHILD, "the runtime ended early");
		if (m.failed)
			return their_error(run, &m, err);
		run->walk.heard = m.step;
	}
	return 0;
}

/* See hear_host(). */
static int tell_host(struct ar_run *run, const struct message *m)
{
	ssize_t n;

	do
		n = write(run->walk.channel, m, sizeof(*m));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static int tell(struct ar_run *run, enum ar_actor me, const struct message *m)
{
	int fd = run->walk.sent_fd, r;

	if (me == AR_INIT && fd < 0)
		return tell_host(run, m);
	r = ar_socket_send(run->walk.channel, m, sizeof(*m), fd);
	ar_close_fd(&run->walk.sent_fd);
	return r;
}

int ar_walk_send_fd(struct ar_run *run, struct ar_error *err)
{
	/* of a step that is no hand-over: it tells the host nothing new */
	struct message m = { .step = run->walk.shared->progress };
	int r = run->walk.sent_fd < 0 ? 0 : tell(run, AR_INIT, &m);

	return r < 0 ? ar_fail(err, -r, "send a descriptor to the other side") : 0;
}

void ar_walk_fail(struct ar_run *run, const struct ar_error *error)
{
	struct message m = { .failed = 1, .error = *error };

	/* the channel is a socket, or the pipe to "start": write(2) serves both; nobody is left to
	 * be told of its failure */
	(void)!write(run->walk.channel, &m, sizeof(m));
	_exit(1);
}

int ar_walk_announce(struct ar_run *run, struct ar_error *err)
{
	struct message m = { .step = run->walk.shared->progress };
	int r = tell_host(run, &m);

	return r < 0 ? ar_fail(err, -r, "answer to start") : 0;
}

/* What init says next: bytes, 0 at its end of file, or -errno. */
static ssize_t hear_answer(int pipe, int pidfd, struct message *m)
{
	struct pollfd wait[] = { { .fd = pipe, .events = POLLIN },
				 { .fd = pidfd, .events = POLLIN } };
	ssize_t n;

	do
		n = poll(wait, 2, -1);
	while (n < 0 && errno == EINTR);
	if (n > 0 && !wait[0].revents)
		return 0; /* its end is an end of file, as in hear_init() */
	if (n > 0)
		do
			n = read(pipe, m, sizeof(*m));
		while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Init ends after this: who is told so may delete the container at once. */
static void await_death(int pidfd)
{
	(void)ar_pidfd_ended(pidfd, LAST_MOMENT_MS);
}

int ar_walk_answer(int pipe, int pidfd, struct ar_error *err)
{
	struct message m = { 0 };
	bool announced = false;

	for (;;) {
		ssize_t n = hear_answer(pipe, pidfd, &m);

		if (n == 0 && announced)
			return 0;
		if (n == 0) {
			await_death(pidfd);
			return ar_refuse(err, ECHILD,
					 "container init ended early, before its program ran");
		}
		if (n != (ssize_t)sizeof(m))
			return ar_fail(err, n < 0 ? (int)-n : EPROTO,
				       "answer of the container's init");
		if (m.failed)
			break;
		announced = true;
	}
	await_death(pidfd);
	m.error.text[sizeof(m.error.text) - 1] = '\0';
	*err = m.error;
	return m.error.code ? -m.error.code : -EINVAL;
}

/* Wait for what comes before step i, if that is the other side's. */
static int take_turn(const struct ar_plan *plan, size_t i, struct ar_run *run, enum ar_actor me,
		     struct ar_error *err)
{
	const struct ar_step *step = plan->steps[i], *before = neighbour(plan, i, -1);

	if ((step->flags & AR_STEP_BESIDE) || !before || before->actor == me)
		return 0;
	for (size_t j = i; j-- > 0;)
		if (plan->steps[j] == before)
			return await(plan, run, me, (int)j, err);
	return 0;
}

/* What the other side failed with, if it did: it explains more than our own broken pipe. */
static bool prefer_their_error(struct ar_run *run, struct ar_error *err)
{
	struct message m = { 0 };
	struct ar_error ignored;

	if (run->walk.pidfd < 0 || recv(run->walk.channel, &m, 0, MSG_DONTWAIT | MSG_PEEK) < 0)
		return false;
	if (hear(run, AR_HOST, &m, &ignored) != 1 || !m.failed)
		return false;
	(void)their_error(run, &m, err); /* our own error number stands */
	return true;
}

/* Init listens no more. It closes what it has before its pidfd says that it has ended. */
static int report_lost(const struct ar_plan *plan, struct ar_run *run, struct ar_error *err)
{
	struct pollfd dead = { .fd = run->walk.pidfd, .events = POLLIN };

	if (prefer_their_error(run, err))
		return -EPIPE;
	if (poll(&dead, 1, LAST_MOMENT_MS) == 1)
		return report_death(plan, run, err);
	return ar_fail(err, EPIPE, "hand over to the other side");
}

static int pass_turn(const struct ar_plan *plan, size_t i, struct ar_run *run, enum ar_actor me,
		     struct ar_error *err)
{
	const struct ar_step *step = plan->steps[i], *after = neighbour(plan, i, 1);
	struct message m = { .step = (int)i };
	int r;

	if ((step->flags & AR_STEP_BESIDE) || !after || after->actor == me)
		return 0;
	r = tell(run, me, &m);
	if (r == -EPIPE && me == AR_HOST)
		return report_lost(plan, run, err);
	return r < 0 ? ar_fail(err, -r, "hand over to the other side") : 0;
}

static int do_step(const struct ar_step *step, struct ar_run *run, struct ar_error *err)
{
	int r = step->run(run, err);

	if (r < 0 && !(step->flags & AR_STEP_PLAIN))
		ar_prefix(err, r, "%s", step->name);
	return r;
}

static void walk_init(const struct ar_plan *plan, size_t from, struct ar_run *run)
	__attribute__((noreturn));

static void walk_init(const struct ar_plan *plan, size_t from, struct ar_run *run)
{
	struct ar_error err = { 0 };
	int r = 0;

	ar_close_fd(&run->walk.channel);
	run->walk.channel = ar_steal_fd(&run->walk.other_end);
	for (size_t i = from; i < plan->n && r == 0; i++) {
		if (plan->steps[i]->actor != AR_INIT)
			continue;
		r = take_turn(plan, i, run, AR_INIT, &err);
		/* the host may have failed or died: then nobody reads it */
		if (r < 0)
			ar_walk_fail(run, &err);
		run->walk.shared->progress = (int)i;
		r = do_step(plan->steps[i], run, &err);
		if (r == 0)
			r = pass_turn(plan, i, run, AR_INIT, &err);
	}
	if (r == 0)
		r = ar_refuse(&err, EINVAL, "the plan ended without a program");
	ar_walk_fail(run, &err);
}

void ar_walk_undo(const struct ar_plan *plan, size_t done, struct ar_run *run)
{
	/* whatever init is doing must end before what it uses is taken away */
	for (size_t i = done; i-- > 0;)
		if (plan->steps[i]->actor == AR_HOST && plan->steps[i]->undo)
			plan->steps[i]->undo(run);
}

int ar_walk_run(const struct ar_plan *plan, struct ar_run *run, struct ar_error *err)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct ar_step *step = plan->steps[i];
		int r;

		if (step->actor != AR_HOST)
			continue;
		r = take_turn(plan, i, run, AR_HOST, err);
		if (r == 0) {
			ar_debug("step: %s", step->name);
			r = do_step(step, run, err);
			if (r == AR_WALK_CHILD && (step->flags & AR_STEP_CLONE))
				walk_init(plan, i + 1, run);
			if (r == 0)
				r = pass_turn(plan, i, run, AR_HOST, err);
			else if (r == -EPIPE)
				(void)prefer_their_error(run, err); /* else our own stands */
		}
		if (step->flags & AR_STEP_CLONE)
			ar_close_fd(&run->walk.other_end);
		if (r < 0) {
			/* the failing step undoes its own half too: undo functions look at what is
			 * there */
			ar_walk_undo(plan, i + 1, run);
			return r;
		}
	}
	return 0;
}

int ar_walk_finish(const struct ar_plan *plan, struct ar_run *run, struct ar_error *err)
{
	struct message m = { 0 };
	int r = hear(run, AR_HOST, &m, err);

	if (r == 1 && m.failed)
		r = their_error(run, &m, err);
	if (r == 0) {
		/* end of file: the channel closed at the exec, or init died on the way to it; the
		 * difference is its progress */
		if (run->walk.shared->progress != (int)plan->n - 1)
			r = report_death(plan, run, err);
	}
	return r < 0 ? r : 0;
}
