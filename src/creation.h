/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "life/life.h"
#include "options.h"

struct ar_call;
struct ar_error;

/* What create, run and exec have in common. */

/* The options of create and of run, which fill in a struct ar_create_args. */
extern const struct ar_option_table ar_create_options, ar_run_options;
/* How a bundle is described in both help texts. */
#define AR_BUNDLE_HELP                                                                               \
	"The bundle is a directory with a file config.json, which names the program and all its\n"   \
	"settings, and a root filesystem. The hardening profile in force may tighten what it asks\n" \
	"for: see \"agentrun explain\".\n"

/* Fill in what the table cannot: the id, and as ar_io_complete(). */
int ar_create_args_complete(struct ar_call *call, struct ar_error *err);

/*
 * What a process is connected to: the pid file against the working directory of the call, and the
 * descriptors that the caller passes on besides standard input and output. Those are LISTEN_FDS
 * when LISTEN_PID is this process (sd_listen_fds(3)), and --preserve-fds more behind them; all must
 * be open.
 */
int ar_io_complete(struct ar_call *call, struct ar_io *io, struct ar_error *err);

/* NOTIFY_SOCKET of the environment (sd_notify(3)), NULL: there is none. */
const char *ar_notify_address(void);

/* An empty value means none, as with runc: callers write down what they have. */
void ar_drop_empty(const char **s);
