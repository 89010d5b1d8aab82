/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stddef.h>

#include "kernel/probe-host.h"

struct ar_arena;
struct ar_call;
struct ar_config;

/* What "agentrun doctor" found out of one thing. */
enum ar_verdict {
	AR_VERDICT_OK,
	AR_VERDICT_NOTE,    /* as it is; good to know */
	AR_VERDICT_WARNING, /* containers run, with less than there could be */
	AR_VERDICT_FAILURE, /* containers do not run, or a configuration is not taken */
	AR_VERDICT_COUNT
};

struct ar_finding {
	const char *area, *name; /* "cgroups", "controllers" */
	enum ar_verdict verdict;
	const char *found;  /* what there is */
	const char *advice; /* what to do; NULL: nothing */
};

/* A visit while it goes on. */
struct ar_visit {
	struct ar_arena *arena;
	const struct ar_call *call;
	const struct ar_host *host;
	const struct ar_config *config; /* the administrator's; NULL: it is not valid */
	struct ar_finding *items;	/* n of them, those of an area together */
	size_t n, room;
};

/* Add what is found, with advice or NULL. */
void ar_visit_add(struct ar_visit *v, const char *area, const char *name, enum ar_verdict verdict,
		  const char *advice, const char *found, ...) __attribute__((format(printf, 6, 7)));

/* The areas, in the order in which they are shown. */
void ar_doctor_kernel(struct ar_visit *v);
void ar_doctor_cgroups(struct ar_visit *v);
void ar_doctor_modules(struct ar_visit *v);
void ar_doctor_users(struct ar_visit *v);
void ar_doctor_kvm(struct ar_visit *v);
void ar_doctor_policy(struct ar_visit *v);
void ar_doctor_state(struct ar_visit *v);
void ar_doctor_docker(struct ar_visit *v);
void ar_doctor_containerd(struct ar_visit *v);
void ar_doctor_podman(struct ar_visit *v);
void ar_doctor_crio(struct ar_visit *v);
