/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct ar_arena;
struct ar_error;
struct ar_properties;

/*
 * Calls of systemd's manager over sd-bus; private to cgroup-systemd.c. libsystemd by what sd-bus(3)
 * says of it: its headers are not needed to build.
 */

#define AR_SYSTEMD_SERVICE "org.freedesktop.systemd1"
#define AR_SYSTEMD_OBJECT "/org/freedesktop/systemd1"
#define AR_SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

/* How long systemd may take for a call or a job: many may start at once. */
#define AR_SYSTEMD_LIMIT_MS 60000

typedef struct sd_bus sd_bus;
typedef struct sd_bus_message sd_bus_message;
typedef struct sd_bus_slot sd_bus_slot;
typedef struct sd_bus_error {
	const char *name, *message;
	int need_free;
} sd_bus_error;
typedef int (*sd_bus_message_handler_t)(sd_bus_message *message, void *userdata,
					sd_bus_error *error);

/* Declared for their types: they are called by the addresses that dlsym(3) finds. */
int sd_bus_open_system(sd_bus **ret);
int sd_bus_open_user(sd_bus **ret);
int sd_bus_new(sd_bus **ret);
int sd_bus_set_address(sd_bus *bus, const char *address);
int sd_bus_start(sd_bus *bus);
sd_bus *sd_bus_flush_close_unref(sd_bus *bus);
int sd_bus_message_new_method_call(sd_bus *bus, sd_bus_message **ret, const char *destination,
				   const char *path, const char *interface, const char *member);
int sd_bus_message_append_basic(sd_bus_message *message, char type, const void *value);
int sd_bus_message_open_container(sd_bus_message *message, char type, const char *contents);
int sd_bus_message_close_container(sd_bus_message *message);
int sd_bus_message_read_basic(sd_bus_message *message, char type, void *ret);
int sd_bus_message_is_signal(sd_bus_message *message, const char *interface, const char *member);
sd_bus_message *sd_bus_message_unref(sd_bus_message *message);
int sd_bus_call(sd_bus *bus, sd_bus_message *message, uint64_t usec, sd_bus_error *ret_error,
		sd_bus_message **ret_reply);
int sd_bus_get_property_string(sd_bus *bus, const char *destination, const char *path,
			       const char *interface, const char *member, sd_bus_error *ret_error,
			       char **ret);
int sd_bus_add_filter(sd_bus *bus, sd_bus_slot **ret, sd_bus_message_handler_t callback,
		      void *userdata);
sd_bus_slot *sd_bus_slot_unref(sd_bus_slot *slot);
int sd_bus_process(sd_bus *bus, sd_bus_message **ret);
int sd_bus_wait(sd_bus *bus, uint64_t usec);
void sd_bus_error_free(sd_bus_error *error);

/* clang-format off */
#define AR_SD_BUS_FUNCTIONS(f) \
	f(sd_bus_open_system) \
	f(sd_bus_open_user) \
	f(sd_bus_new) \
	f(sd_bus_set_address) \
	f(sd_bus_start) \
	f(sd_bus_flush_close_unref) \
	f(sd_bus_message_new_method_call) \
	f(sd_bus_message_append_basic) \
	f(sd_bus_message_open_container) \
	f(sd_bus_message_close_container) \
	f(sd_bus_message_read_basic) \
	f(sd_bus_message_is_signal) \
	f(sd_bus_message_unref) \
	f(sd_bus_call) \
	f(sd_bus_get_property_string) \
	f(sd_bus_add_filter) \
	f(sd_bus_slot_unref) \
	f(sd_bus_process) \
	f(sd_bus_wait) \
	f(sd_bus_error_free)
/* clang-format on */

struct ar_systemd {
	struct ar_arena *arena;
	void *handle;
	sd_bus *bus;
	bool is_direct; /* to systemd itself, without a broker */
	const char *cgroup;
	unsigned int version;
#define MEMBER(name) __typeof__(&name) name;
	AR_SD_BUS_FUNCTIONS(MEMBER)
#undef MEMBER
};

/* A call on its way: the first thing that goes wrong with it is kept in r. */
struct ar_call {
	struct ar_systemd *s;
	sd_bus_message *message;
	int r;
};

/* A call of the manager's. */
struct ar_call ar_call_new(struct ar_systemd *systemd, const char *member);
/* One of the broker itself. */
struct ar_call ar_call_broker(struct ar_systemd *systemd, const char *member);
void ar_call_basic(struct ar_call *call, char type, const void *value);
void ar_call_text(struct ar_call *call, const char *text);
void ar_call_open(struct ar_call *call, char type, const char *contents);
void ar_call_close(struct ar_call *call);
void ar_call_properties(struct ar_call *call, const struct ar_properties *properties); /* a(sv) */
/*
 * Make the call. ret_reply may be NULL. -EEXIST and -ESRCH: systemd has such a unit already, or has
 * none.
 */
int ar_call_do(struct ar_call *call, sd_bus_message **ret_reply, struct ar_error *err);
/* A property of an object, in the arena; "" when there is no such object. */
int ar_bus_property(struct ar_systemd *systemd, const char *object, const char *interface,
		    const char *name, const char **ret, struct ar_error *err);
