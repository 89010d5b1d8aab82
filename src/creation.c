/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "creation.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/str.h"
#include "command.h"
#include "paths.h"

#define AT(member) offsetof(struct ar_create_args, member)
#define FIRST_PASSED 3

/* The first lines are create's, all of them are run's. */
static const struct ar_option options[] = {
	{ "bundle", 'b', AR_OPTION_STRING, false, AT(bundle), NULL,
	  "directory of the bundle (default: the current directory)" },
	{ "console-socket", 0, AR_OPTION_STRING, false, AT(io.console_socket), NULL,
	  "unix socket that receives the master side of the container's terminal" },
	{ "pidfd-socket", 0, AR_OPTION_STRING, false, AT(io.pidfd_socket), NULL,
	  "unix socket that receives a pidfd of the container's first process" },
	{ "pid-file", 0, AR_OPTION_STRING, false, AT(io.pid_file), NULL,
	  "file to write the first process's id to" },
	{ "no-pivot", 0, AR_OPTION_BOOL, false, AT(no_pivot), NULL,
	  "enter the root filesystem without pivot_root, for roots on a ramdisk; only where the "
	  "profile allows it" },
	{ "no-new-keyring", 0, AR_OPTION_BOOL, false, AT(no_new_keyring), NULL,
	  "keep the caller's session keyring; only where the profile allows it" },
	{ "preserve-fds", 0, AR_OPTION_UINT, false, AT(io.preserve_fds), "0",
	  "number of extra descriptors to pass after stdio and $LISTEN_FDS" },
#define CREATE_OPTIONS 7
	{ "detach", 'd', AR_OPTION_BOOL, false, AT(io.detach), NULL,
	  "do not wait for the container to end" },
	{ "keep", 0, AR_OPTION_BOOL, false, AT(keep), NULL,
	  "keep the container's state when it ends" },
	{ "no-subreaper", 0, AR_OPTION_BOOL, false, AT(no_subreaper), NULL,
	  "do not reap processes that the container leaves behind" },
};
const struct ar_option_table ar_create_options = {
	.options = options,
	.n = CREATE_OPTIONS,
	.order = AR_OPTIONS_ANYWHERE,
};
const struct ar_option_table ar_run_options = AR_OPTIONS(AR_OPTIONS_ANYWHERE, options);

static unsigned int listen_descriptors(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t n;

	if (!pid || !fds || ar_parse_u64(pid, &n) < 0 || n != (uint64_t)getpid())
		return 0;
	/* as systemd's own library: what is no number passes nothing */
	if (ar_parse_u64(fds, &n) < 0 || n > INT16_MAX)
		return 0;
	return (unsigned int)n;
}

/* Whether the caller left it open for us: our own descriptors, the log's first of all, close at
 * execve(2). */
static bool is_inherited(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	return flags >= 0 && !(flags & FD_CLOEXEC);
}

static int check_passed(struct ar_io *io, struct ar_error *err)
{
	uint64_t listening = listen_descriptors(), preserve = io->preserve_fds;

	for (uint64_t i = 0; i < listening + preserve; i++) {
		if (is_inherited((int)(FIRST_PASSED + i)))
			continue;
		if (i < listening)
			return ar_fail(err, EBADF,
				       "unable to stat LISTEN_FDS descriptor %" PRIu64
				       " (of %" PRIu64 ")",
				       i, listening);
		return ar_fail(err, EBADF,
			       "unable to stat preserved-fd %" PRIu64 " (of %" PRIu64 ")",
			       i - listening, preserve);
	}
	io->listen_fds = (unsigned int)listening;
	return 0;
}

void ar_drop_empty(const char **s)
{
	if (*s && **s == '\0')
		*s = NULL;
}

const char *ar_notify_address(void)
{
	const char *address = getenv("NOTIFY_SOCKET");

	return address && *address ? address : NULL;
}

int ar_io_complete(struct ar_call *call, struct ar_io *io, struct ar_error *err)
{
	int r = 0;

	ar_drop_empty(&io->console_socket);
	ar_drop_empty(&io->pidfd_socket);
	ar_drop_empty(&io->pid_file);
	if (io->pid_file)
		r = ar_path_from_cwd(call->arena, io->pid_file, &io->pid_file, err);
	return r < 0 ? r : check_passed(io, err);
}

int ar_create_args_complete(struct ar_call *call, struct ar_error *err)
{
	struct ar_create_args *args = call->options;

	args->id = call->words.argv[0];
	args->notify_socket = ar_notify_address();
	ar_drop_empty(&args->bundle);
	return ar_io_complete(call, &args->io, err);
}
