/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"
#include "command.h"
#include "kernel/cgroup-stats.h"
#include "kernel/cgroup.h"
#include "kernel/rdt.h"
#include "life/container.h"
#include "output.h"
#include "json/write.h"

struct options {
	int64_t interval; /* nanoseconds */
	bool stats;
};

static const struct ar_option options[] = {
	{ "interval", 0, AR_OPTION_DURATION, false, offsetof(struct options, interval), "5s",
	  "time between two lines of statistics, such as 500ms or 1m30s" },
	{ "stats", 0, AR_OPTION_BOOL, false, offsetof(struct options, stats), NULL,
	  "print the statistics once and exit" },
};
static const struct ar_option_table table = AR_OPTIONS(AR_OPTIONS_ANYWHERE, options);

/* A container that is watched. */
struct watch {
	const char *id;
	struct ar_container container;
	struct ar_cgroup cgroup;
	const struct ar_intel_rdt *rdt; /* NULL: none was asked for */
	int rdt_root;
	struct ar_oom_watch oom;
	int64_t interval_ms, next_ms;
};

static void open_event(struct ar_json_writer *w, const char *type, const char *id)
{
	ar_json_open(w, '{');
	ar_json_kv(w, "type", type);
	ar_json_kv(w, "id", id);
}

static int print_event(struct ar_json_writer *w, struct ar_error *err)
{
	int r;

	ar_json_close(w, '}');
	ar_text_add(&w->out, "\n");
	r = ar_print(ar_text_str(&w->out), w->out.len, err);
	ar_json_done(w);
	return r;
}

/* *ret: JSON of the class of service, NULL where there is none. */
static int encode_rdt(const struct watch *watch, struct ar_arena *arena, const char **ret,
		      struct ar_error *err)
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);
	int r;

	*ret = NULL;
	if (watch->rdt_root < 0)
		return 0;
	r = ar_rdt_encode(arena, watch->rdt_root, watch->rdt, watch->id, &w, err);
	if (r == 0)
		*ret = ar_strdup(arena, ar_text_str(&w.out));
	ar_json_done(&w);
	return r;
}

/* -ENODEV: the cgroup is gone. */
static int print_stats(const struct watch *watch, struct ar_error *err)
{
	/* one for each line, since this goes on as long as the container runs */
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);
	struct ar_stats stats = { 0 };
	const char *rdt;
	int r;

	r = ar_cgroup_stats(arena, &watch->cgroup, &stats, err);
	if (r == 0)
		r = encode_rdt(watch, arena, &rdt, err);
	if (r < 0)
		return r;
	open_event(&w, "stats", watch->id);
	ar_json_key(&w, "data");
	ar_stats_encode(&w, &stats, rdt);
	return print_event(&w, err);
}

static int print_oom(const struct watch *watch, int times, struct ar_error *err)
{
	int r = 0;

	for (; times > 0 && r == 0; times--) {
		struct ar_json_writer w = AR_JSON_WRITER_INIT(NULL);

		open_event(&w, "oom", watch->id);
		r = print_event(&w, err);
	}
	return r;
}

/* What there is to say now; -ENODEV: nothing will be any more. */
static int print_news(struct watch *watch, struct ar_error *err)
{
	int times = ar_cgroup_oom_read(&watch->oom);
	int r = times < 0 ? times : print_oom(watch, times, err);

	if (r < 0 || ar_now_ms() < watch->next_ms)
		return r;
	watch->next_ms += watch->interval_ms;
	return print_stats(watch, err);
}

static int follow(struct watch *watch, struct ar_error *err)
{
	int r;

	r = ar_cgroup_oom_open(&watch->cgroup, &watch->oom, err);
	if (r < 0)
		return r;
	watch->next_ms = ar_now_ms() + watch->interval_ms;
	do {
		struct pollfd fd = { .fd = watch->oom.fd, .events = POLLIN };
		int64_t left = watch->next_ms - ar_now_ms();

		if (left < 0)
			left = 0;
		if (poll(&fd, 1, left > INT_MAX ? INT_MAX : (int)left) < 0 && errno != EINTR)
			r = ar_fail(err, errno, "wait for events of container '%s'", watch->id);
		else
			r = print_news(watch, err);
	} while (r == 0);
	ar_cgroup_oom_close(&watch->oom);
	return r == -ENODEV ? 0 : r;
}

static int open_rdt(struct watch *watch, struct ar_error *err)
{
	const struct ar_linux *linux;
	int r;

	r = ar_container_read_effective(&watch->container, err);
	if (r < 0)
		return r;
	linux = watch->container.effective->spec->linux;
	watch->rdt = linux ? linux->intel_rdt : NULL;
	if (watch->rdt)
		r = ar_rdt_open(watch->container.arena, &watch->rdt_root, err);
	return ar_prefix(err, r, "intelRdt");
}

static int open_watch(struct ar_call *call, struct watch *watch, struct ar_error *err)
{
	int r;

	r = ar_container_open(&watch->container, &call->context, watch->id, AR_LOCK_NONE, err);
	if (r == 0 && watch->container.pidfd < 0)
		r = ar_refuse(err, ESRCH, "container with id %s is not running", watch->id);
	if (r == 0)
		r = ar_container_cgroup(&watch->container, "to count in", &watch->cgroup, err);
	if (r == 0)
		r = open_rdt(watch, err);
	return r;
}

static void close_watch(struct watch *watch)
{
	ar_close_fd(&watch->rdt_root);
	ar_cgroup_close(&watch->cgroup);
	ar_container_done(&watch->container);
}

static int run(struct ar_call *call, struct ar_error *err)
{
	const struct options *asked = call->options;
	struct watch watch = {
		.id = call->words.argv[0],
		.cgroup = AR_CGROUP_INIT,
		.rdt_root = -1,
		.oom = AR_OOM_WATCH_INIT,
	};
	int r;

	if (asked->interval <= 0)
		return ar_refuse(err, EINVAL, "duration interval must be greater than 0");
	/* finer than the kernel's own accounting would only burn time */
	watch.interval_ms = asked->interval < 1000000 ? 1 : asked->interval / 1000000;
	r = open_watch(call, &watch, err);
	if (r == 0)
		r = asked->stats ? print_stats(&watch, err) : follow(&watch, err);
	close_watch(&watch);
	return r;
}

const struct ar_command ar_command_events = {
	.name = "events",
	.summary = "print statistics and OOM events of a container",
	.arguments = "<container-id>",
	.text = "Prints a line of JSON for each event until the container ends.\n",
	.table = &table,
	.options_size = sizeof(struct options),
	.min_words = 1,
	.max_words = 1,
	.flags = AR_COMMAND_LOOKS_FIRST,
	.run = run,
};
