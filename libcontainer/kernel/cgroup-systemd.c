/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/cgroup-systemd.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/str.h"
#include "kernel/cgroup-file.h"
#include "kernel/cgroup-unit.h"
#include "kernel/systemd-bus.h"

/* After so much silence the job itself is looked at: its signal may have been lost. */
#define SILENCE_MS 2000
/* A unit that is on its way out may stand in the way of its successor for so long. */
#define EXISTS_LIMIT_MS 1000

const char *ar_manager_name(enum ar_manager manager)
{
	return manager == AR_MANAGER_USER ? "user" : "system";
}

enum ar_manager ar_manager_from_name(const char *name)
{
	return ar_streq(name, "user") ? AR_MANAGER_USER : AR_MANAGER_SYSTEM;
}

/* --- jobs ------------------------------------------------------------------------------------- */

/* A job of systemd: what a unit is started and stopped by. */
struct job {
	struct ar_systemd *s;
	const char *path; /* NULL until systemd has said so */
	char result[32];  /* "" until it has ended */
	sd_bus_slot *slot;
};

static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *ignored)
{
	struct job *job = userdata;
	const char *path = "", *unit = "", *result = "";
	uint32_t id;
	struct ar_systemd *s = job->s;

	(void)ignored; /* nobody is to be answered */
	if (s->sd_bus_message_is_signal(message, AR_SYSTEMD_MANAGER, "JobRemoved") <= 0 ||
	    s->sd_bus_message_read_basic(message, 'u', &id) < 0 ||
	    s->sd_bus_message_read_basic(message, 'o', &path) < 0 ||
	    s->sd_bus_message_read_basic(message, 's', &unit) < 0 ||
	    s->sd_bus_message_read_basic(message, 's', &result) < 0)
		return 0;
	/* messages that come before the answer with our job's path are read after it */
	if (job->path && ar_streq(path, job->path) && !job->result[0])
		(void)strncpy(job->result, result, sizeof(job->result) - 1); /* stays terminated */
	return 0;
}

/*
 * Before the job is made, so that its end is not missed. The broker is told which unit: where many
 * start at once, each would hear of all others. A match of sd-bus itself cannot look behind the
 * number that comes first. Without a broker systemd tells everything.
 */
static int job_expect(struct job *job, struct ar_systemd *s, const char *unit, struct ar_error *err)
{
	struct ar_call call;
	int r;

	*job = (struct job){ .s = s };
	r = s->sd_bus_add_filter(s->bus, &job->slot, on_message, job);
	if (r < 0)
		return ar_fail(err, -r, "listen to systemd");
	if (s->is_direct)
		return 0;
	call = ar_call_broker(s, "AddMatch");
	ar_call_text(&call,
		     ar_printf(s->arena,
			       "type='signal',sender='" AR_SYSTEMD_SERVICE
			       "',path='" AR_SYSTEMD_OBJECT "',interface='" AR_SYSTEMD_MANAGER
			       "',member='JobRemoved',arg2='%s'",
			       unit));
	return ar_prefix(err, ar_call_do(&call, NULL, err), "listen to systemd");
}

static void job_done(struct job *job)
{
	if (job->slot)
		(void)job->s->sd_bus_slot_unref(job->slot); /* gives NULL */
}

/* The call that makes the job. */
static int job_begin(struct job *job, struct ar_call *call, struct ar_error *err)
{
	sd_bus_message *reply = NULL;
	const char *path = NULL;
	int r = ar_call_do(call, &reply, err);

	if (r < 0)
		return r;
	r = job->s->sd_bus_message_read_basic(reply, 'o', &path);
	if (r > 0)
		job->path = ar_strdup(job->s->arena, path);
	job->s->sd_bus_message_unref(reply);
	return r > 0 ? 0 : ar_refuse(err, EPROTO, "systemd did not name a job");
}

/* A signal that was lost: then the job is gone, and how it went is for the caller to see. */
static int job_look(struct job *job, struct ar_error *err)
{
	const char *state = NULL;
	int r = ar_bus_property(job->s, job->path, AR_SYSTEMD_SERVICE ".Job", "State", &state, err);

	if (r == 0 && ar_streq(state, "") && !job->result[0])
		(void)strncpy(job->result, "done", sizeof(job->result) - 1); /* fits */
	return r;
}

static int job_await(struct job *job, struct ar_error *err)
{
	struct ar_systemd *s = job->s;
	int64_t now = ar_now_ms(), deadline = now + AR_SYSTEMD_LIMIT_MS, look = now + SILENCE_MS;
	int r = 0;

	while (r >= 0 && !job->result[0]) {
		r = s->sd_bus_process(s->bus, NULL);
		if (r != 0)
			continue;
		now = ar_now_ms();
		if (now >= deadline)
			return ar_refuse(err, ETIMEDOUT, "systemd did not answer within %d seconds",
					 AR_SYSTEMD_LIMIT_MS / 1000);
		if (now >= look) {
			r = job_look(job, err);
			if (r < 0)
				return r;
			look = now + SILENCE_MS;
			continue;
		}
		r = s->sd_bus_wait(s->bus, (uint64_t)(look - now) * 1000);
		if (r == -EINTR)
			r = 0;
	}
	return r < 0 ? ar_fail(err, -r, "wait for systemd") : 0;
}

static void forget_failure(struct ar_systemd *s, const char *unit)
{
	struct ar_call call = ar_call_new(s, "ResetFailedUnit");
	struct ar_error why = { 0 };

	ar_call_text(&call, unit);
	/* mostly it has not failed, or is not there any more */
	if (ar_call_do(&call, NULL, &why) < 0)
		ar_debug("reset '%s': %s", unit, why.text);
}

/* --- units ------------------------------------------------------------------------------------ */

static int start_once(struct job *job, const char *unit, const struct ar_properties *properties,
		      struct ar_error *err)
{
	struct ar_call call = ar_call_new(job->s, "StartTransientUnit");

	ar_call_text(&call, unit);
	ar_call_text(&call, "replace");
	ar_call_properties(&call, properties);
	ar_call_open(&call, 'a', "(sa(sv))");
	ar_call_close(&call);
	return job_begin(job, &call, err);
}

/* A failed unit stays until it is reset; one that ends just now needs a moment. */
static int start_in_place_of(struct job *job, const char *unit,
			     const struct ar_properties *properties, struct ar_error *err)
{
	struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	int64_t deadline = ar_now_ms() + EXISTS_LIMIT_MS;
	int r = start_once(job, unit, properties, err);

	while (r == -EEXIST && ar_now_ms() < deadline) {
		forget_failure(job->s, unit);
		(void)nanosleep(&pause, NULL); /* a shorter pause does no harm */
		r = start_once(job, unit, properties, err);
	}
	return r;
}

/* Nobody knows what became of a call whose answer did not come. */
static bool is_lost(int r)
{
	return r == -ETIMEDOUT || r == -ECONNRESET || r == -ENOTCONN || r == -EPIPE ||
	       r == -ECONNABORTED || r == -EPROTO;
}

int ar_systemd_start(struct ar_systemd *s, const char *unit, const struct ar_properties *properties,
		     bool *ret_ours, struct ar_error *err)
{
	struct job job;
	int r = job_expect(&job, s, unit, err);

	*ret_ours = false;
	if (r == 0) {
		r = start_in_place_of(&job, unit, properties, err);
		*ret_ours = r == 0 || is_lost(r);
	}
	if (r == 0)
		r = job_await(&job, err);
	if (r == 0 && !ar_streq(job.result, "done"))
		r = ar_refuse(err, EIO, "its job ended as '%s'", job.result);
	job_done(&job);
	return ar_prefix(err, r, "unable to start unit '%s'", unit);
}

int ar_systemd_stop(struct ar_systemd *s, const char *unit, struct ar_error *err)
{
	struct job job;
	struct ar_call call;
	int r = job_expect(&job, s, unit, err);

	if (r == 0) {
		call = ar_call_new(s, "StopUnit");
		ar_call_text(&call, unit);
		ar_call_text(&call, "replace");
		r = job_begin(&job, &call, err);
	}
	if (r == 0)
		r = job_await(&job, err);
	job_done(&job);
	if (r == -ESRCH)
		return 0;
	if (r < 0)
		return ar_prefix(err, r, "unable to stop unit '%s'", unit);
	forget_failure(s, unit);
	return 0;
}

int ar_systemd_set(struct ar_systemd *s, const char *unit, const struct ar_properties *properties,
		   struct ar_error *err)
{
	struct ar_call call = ar_call_new(s, "SetUnitProperties");
	const int runtime = 1;
	const char *ignored;
	int r;

	ar_call_text(&call, unit);
	ar_call_basic(&call, 'b', &runtime);
	ar_call_properties(&call, properties);
	r = ar_call_do(&call, NULL, err);
	/* what it has put off until its loop goes round again is done before the next answer */
	if (r == 0)
		r = ar_bus_property(s, AR_SYSTEMD_OBJECT, AR_SYSTEMD_MANAGER, "Version", &ignored,
				    err);
	return ar_prefix(err, r, "unable to set properties of unit '%s'", unit);
}

int ar_systemd_attach(struct ar_systemd *s, const char *unit, const char *sub, pid_t pid,
		      struct ar_error *err)
{
	struct ar_call call = ar_call_new(s, "AttachProcessesToUnit");
	const uint32_t number = (uint32_t)pid;

	ar_call_text(&call, unit);
	ar_call_text(&call, sub && *sub ? ar_printf(s->arena, "/%s", sub) : "");
	ar_call_open(&call, 'a', "u");
	ar_call_basic(&call, 'u', &number);
	ar_call_close(&call);
	return ar_prefix(err, ar_call_do(&call, NULL, err),
			 "unable to move process %d to unit '%s'", pid, unit);
}
