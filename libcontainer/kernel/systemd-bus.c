/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernel/systemd-bus.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "kernel/cgroup-file.h"
#include "kernel/cgroup-systemd.h"
#include "kernel/cgroup-unit.h"

/* A bus that has too many connections at the moment is tried again for so long. */
#define CONNECT_LIMIT_MS 15000

static int load(struct ar_systemd *s, struct ar_error *err)
{
	s->handle = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
	if (!s->handle)
		return ar_refuse(err, ENOSYS,
				 "the systemd cgroup manager needs the library libsystemd.so.0 "
				 "(package libsystemd0), which cannot be loaded");
#define RESOLVE(name)                                 \
	*(void **)&s->name = dlsym(s->handle, #name); \
	if (!s->name)                                 \
		return ar_refuse(err, ENOSYS, "libsystemd has no " #name "()");
	AR_SD_BUS_FUNCTIONS(RESOLVE)
#undef RESOLVE
	return 0;
}

/* --- calls ------------------------------------------------------------------------------------ */

struct ar_call ar_call_new(struct ar_systemd *s, const char *member)
{
	struct ar_call c = { .s = s };

	c.r = s->sd_bus_message_new_method_call(s->bus, &c.message, AR_SYSTEMD_SERVICE,
						AR_SYSTEMD_OBJECT, AR_SYSTEMD_MANAGER, member);
	return c;
}

struct ar_call ar_call_broker(struct ar_systemd *s, const char *member)
{
	struct ar_call c = { .s = s };

	c.r = s->sd_bus_message_new_method_call(s->bus, &c.message, "org.freedesktop.DBus",
						"/org/freedesktop/DBus", "org.freedesktop.DBus",
						member);
	return c;
}

void ar_call_basic(struct ar_call *c, char type, const void *value)
{
	if (c->r >= 0)
		c->r = c->s->sd_bus_message_append_basic(c->message, type, value);
}

void ar_call_text(struct ar_call *c, const char *text)
{
	ar_call_basic(c, 's', text);
}

void ar_call_open(struct ar_call *c, char type, const char *contents)
{
	if (c->r >= 0)
		c->r = c->s->sd_bus_message_open_container(c->message, type, contents);
}

void ar_call_close(struct ar_call *c)
{
	if (c->r >= 0)
		c->r = c->s->sd_bus_message_close_container(c->message);
}

static void add_scalar(struct ar_call *c, const struct ar_variant *v)
{
	const union {
		int b;
		uint8_t y;
		int16_t n;
		uint16_t q;
		int32_t i;
		uint32_t u;
	} b = { .b = v->u != 0 }, y = { .y = (uint8_t)v->u }, n = { .n = (int16_t)v->i },
	  q = { .q = (uint16_t)v->u }, i = { .i = (int32_t)v->i }, u = { .u = (uint32_t)v->u };
	const struct {
		char type;
		const void *value;
	} table[] = {
		{ 'b', &b },	{ 'y', &y },   { 'n', &n },    { 'q', &q },
		{ 'i', &i },	{ 'u', &u },   { 'x', &v->i }, { 't', &v->u },
		{ 'd', &v->d }, { 's', v->s }, { 'o', v->s },  { 'g', v->s },
	};

	for (size_t k = 0; k < AR_COUNT(table); k++)
		if (table[k].type == v->type)
			ar_call_basic(c, v->type, table[k].value);
}

static void add_value(struct ar_call *c, const struct ar_variant *v)
{
	const char *signature;

	if (v->type != 'a' && v->type != '(') {
		add_scalar(c, v);
		return;
	}
	signature = ar_variant_signature(c->s->arena, v);
	if (v->type == 'a')
		ar_call_open(c, 'a', v->of);
	else
		ar_call_open(c, 'r', ar_strndup(c->s->arena, signature + 1, strlen(signature) - 2));
	for (size_t i = 0; i < v->n; i++)
		add_value(c, &v->items[i]);
	ar_call_close(c);
}

void ar_call_properties(struct ar_call *c, const struct ar_properties *properties)
{
	ar_call_open(c, 'a', "(sv)");
	for (size_t i = 0; i < properties->n; i++) {
		const struct ar_property *p = &properties->item[i];

		ar_call_open(c, 'r', "sv");
		ar_call_text(c, p->name);
		ar_call_open(c, 'v', ar_variant_signature(c->s->arena, &p->value));
		add_value(c, &p->value);
		ar_call_close(c);
		ar_call_close(c);
	}
	ar_call_close(c);
}

/*
 * What went wrong, in systemd's words; "no such file or directory" is a missing command to engines.
 */
static int explain(int r, sd_bus_error *error, struct ar_error *err)
{
	if (error->message && r != -ENOENT)
		return ar_refuse(err, -r, "%s", error->message);
	return ar_refuse(err, -r, "%s", r == -ENOENT ? "it does not exist" : ar_errno_text(-r));
}

int ar_call_do(struct ar_call *c, sd_bus_message **ret_reply, struct ar_error *err)
{
	struct ar_systemd *s = c->s;
	sd_bus_error error = { 0 };
	sd_bus_message *reply = NULL;
	int r = c->r;

	if (r >= 0)
		r = s->sd_bus_call(s->bus, c->message, AR_SYSTEMD_LIMIT_MS * 1000ull, &error,
				   &reply);
	if (r < 0) {
		(void)explain(r, &error, err);
		if (ar_streq(error.name, AR_SYSTEMD_SERVICE ".UnitExists"))
			r = -EEXIST;
		else if (ar_streq(error.name, AR_SYSTEMD_SERVICE ".NoSuchUnit"))
			r = -ESRCH;
	}
	s->sd_bus_error_free(&error);
	s->sd_bus_message_unref(c->message);
	if (r >= 0 && ret_reply)
		*ret_reply = reply;
	else
		s->sd_bus_message_unref(reply);
	return r < 0 ? r : 0;
}

int ar_bus_property(struct ar_systemd *s, const char *object, const char *interface,
		    const char *name, const char **ret, struct ar_error *err)
{
	sd_bus_error error = { 0 };
	char *value = NULL;
	int r = s->sd_bus_get_property_string(s->bus, AR_SYSTEMD_SERVICE, object, interface, name,
					      &error, &value);

	if (r >= 0) {
		*ret = ar_strdup(s->arena, value);
	} else if (ar_streq(error.name, "org.freedesktop.DBus.Error.UnknownObject")) {
		*ret = "";
		r = 0;
	} else {
		bool full = ar_streq(error.name, "org.freedesktop.DBus.Error.LimitsExceeded");

		r = explain(full ? -EAGAIN : r, &error, err);
	}
	s->sd_bus_error_free(&error);
	free(value);
	return r < 0 ? r : 0;
}

/* --- connections ------------------------------------------------------------------------------ */

/* Without a broker: the socket that systemctl speaks to as root. */
static int open_private(struct ar_systemd *s)
{
	int r = s->sd_bus_new(&s->bus);

	s->is_direct = true;
	if (r >= 0)
		r = s->sd_bus_set_address(s->bus, "unix:path=/run/systemd/private");
	return r < 0 ? r : s->sd_bus_start(s->bus);
}

static void disconnect(struct ar_systemd *s)
{
	if (s->bus)
		(void)s->sd_bus_flush_close_unref(s->bus); /* gives NULL */
	s->bus = NULL;
}

static int no_bus(enum ar_manager manager, int r, struct ar_error *err)
{
	/* ENOENT, ECONNREFUSED and ENOMEDIUM (no address) are all the same to who reads it */
	const char *why = r == -ENOENT || r == -ENOMEDIUM ? "it does not exist" : ar_errno_text(-r);

	if (manager == AR_MANAGER_USER)
		return ar_refuse(
			err, ENOENT,
			"the user's systemd cannot be reached on the session bus (%s): "
			"log in with a session that has DBUS_SESSION_BUS_ADDRESS or "
			"XDG_RUNTIME_DIR (package dbus-user-session; loginctl enable-linger "
			"for services), or use cgroupfs (leave out --systemd-cgroup)",
			why);
	return ar_refuse(err, ENOENT,
			 "systemd cannot be reached on the system bus (%s): "
			 "it must run as the host's init, with the bus; otherwise use cgroupfs "
			 "(leave out --systemd-cgroup)",
			 why);
}

static int connect_once(struct ar_systemd *s, enum ar_manager manager, struct ar_error *err)
{
	const char *version = "";
	int r;

	if (manager == AR_MANAGER_USER) {
		r = s->sd_bus_open_user(&s->bus);
	} else {
		r = s->sd_bus_open_system(&s->bus);
		if ((r == -ENOENT || r == -ECONNREFUSED) && geteuid() == 0)
			r = open_private(s);
	}
	if (r < 0)
		return no_bus(manager, r, err);
	/* the first answer says that the connection stands */
	r = ar_bus_property(s, AR_SYSTEMD_OBJECT, AR_SYSTEMD_MANAGER, "Version", &version, err);
	if (r == 0)
		r = ar_bus_property(s, AR_SYSTEMD_OBJECT, AR_SYSTEMD_MANAGER, "ControlGroup",
				    &s->cgroup, err);
	if (r < 0)
		return ar_prefix(err, r, "systemd does not answer on the bus");
	/* "252.38-1~deb12u1", "v252" */
	s->version = (unsigned int)strtoul(version + strcspn(version, "0123456789"), NULL, 10);
	return 0;
}

/* What a bus says that has too many connections, or just not yet enough of them. */
static bool is_busy(int r)
{
	return r == -EAGAIN || r == -ECONNRESET || r == -ENOTCONN || r == -EPIPE || r == -ENOBUFS;
}

static int connect_patiently(struct ar_systemd *s, enum ar_manager manager, struct ar_error *err)
{
	struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	int64_t deadline = ar_now_ms() + CONNECT_LIMIT_MS;
	int r;

	for (;;) {
		r = connect_once(s, manager, err);
		if (r == 0 || !is_busy(r) || ar_now_ms() >= deadline)
			return r;
		disconnect(s);
		(void)nanosleep(&pause, NULL); /* a shorter pause does no harm */
		if (pause.tv_nsec < 500 * 1000 * 1000)
			pause.tv_nsec *= 2;
	}
}

int ar_systemd_open(enum ar_manager manager, struct ar_systemd **ret, struct ar_error *err)
{
	struct ar_arena *arena = ar_arena_new();
	struct ar_systemd *s = ar_alloc(arena, sizeof(*s));
	int r;

	s->arena = arena;
	r = load(s, err);
	if (r == 0)
		r = connect_patiently(s, manager, err);
	if (r < 0) {
		ar_systemd_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

void ar_systemd_close(struct ar_systemd *s)
{
	if (!s)
		return;
	disconnect(s);
	if (s->handle)
		(void)dlclose(s->handle); /* unused from here on, loaded or not */
	ar_arena_free(s->arena);
}

const char *ar_systemd_cgroup(const struct ar_systemd *s)
{
	return ar_streq(s->cgroup, "/") ? "" : s->cgroup;
}

unsigned int ar_systemd_version(const struct ar_systemd *s)
{
	return s->version;
}
