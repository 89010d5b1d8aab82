/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/process.h"
#include "base/protobuf.h"
#include "base/socket.h"
#include "base/str.h"
#include "kernel/criu.h"

/* Numbers of images/rpc.proto: message criu_req */
#define REQ_TYPE 1
#define REQ_NOTIFY_SUCCESS 3
#define REQ_KEEP_OPEN 4
#define REQ_FEATURES 5
/* enum criu_req_type, besides those of enum ar_criu_request */
#define TYPE_NOTIFY 6
#define TYPE_FEATURE_CHECK 9
#define TYPE_VERSION 10
/* message criu_features */
#define FEATURE_MEM_TRACK 1
#define FEATURE_LAZY_PAGES 2
/* message criu_resp */
#define RESP_TYPE 1
#define RESP_SUCCESS 2
#define RESP_RESTORE 4
#define RESP_NOTIFY 5
#define RESP_ERRNO 7
#define RESP_FEATURES 8
#define RESP_ERRMSG 9
#define RESP_VERSION 10

#define VERSION_MIN 31600
/* Go-criu's buffer: nothing that is answered comes near it. */
#define ANSWER_MAX 40960

struct answer {
	uint64_t type, success, cr_errno;
	pid_t pid; /* of a restore, or a notification */
	bool mem_track, lazy_pages;
	unsigned int major, minor, sublevel;
	char script[64], message[600];
	int fd;
};

static void keep(char *buf, size_t size, const struct ar_protobuf_field *f)
{
	size_t n = f->len < size ? f->len : size - 1;

	memcpy(buf, f->bytes, n);
	buf[n] = '\0';
	n = strcspn(buf, "\n");
	buf[n] = '\0';
}

/* A message inside of the answer. */
static void read_inner(unsigned int number, const struct ar_protobuf_field *f, struct answer *a)
{
	switch (number << 8 | f->number) {
	case RESP_RESTORE << 8 | 1:
	case RESP_NOTIFY << 8 | 2:
		a->pid = (pid_t)f->value;
		break;
	case RESP_NOTIFY << 8 | 1:
		if (f->has_bytes)
			keep(a->script, sizeof(a->script), f);
		break;
	case RESP_FEATURES << 8 | FEATURE_MEM_TRACK:
		a->mem_track = f->value != 0;
		break;
	case RESP_FEATURES << 8 | FEATURE_LAZY_PAGES:
		a->lazy_pages = f->value != 0;
		break;
	case RESP_VERSION << 8 | 1:
		a->major = (unsigned int)f->value;
		break;
	case RESP_VERSION << 8 | 2:
		a->minor = (unsigned int)f->value;
		break;
	case RESP_VERSION << 8 | 4:
		a->sublevel = (unsigned int)f->value;
		break;
	default:
		break;
	}
}

static int read_field(const struct ar_protobuf_field *f, struct answer *a)
{
	struct ar_protobuf_reader inner = { f->bytes, f->len };
	struct ar_protobuf_field member;
	int r;

	switch (f->number) {
	case RESP_TYPE:
		a->type = f->value;
		return 0;
	case RESP_SUCCESS:
		a->success = f->value;
		return 0;
	case RESP_ERRNO:
		a->cr_errno = f->value;
		return 0;
	case RESP_ERRMSG:
		if (f->has_bytes)
			keep(a->message, sizeof(a->message), f);
		return 0;
	default:
		break;
	}
	if (!f->has_bytes)
		return 0;
	while ((r = ar_protobuf_next(&inner, &member)) > 0)
		read_inner(f->number, &member, a);
	return r;
}

static int decode(const char *data, size_t len, struct answer *a)
{
	struct ar_protobuf_reader reader = { data, len };
	struct ar_protobuf_field f;
	int r;

	while ((r = ar_protobuf_next(&reader, &f)) > 0)
		if (read_field(&f, a) < 0)
			return -EBADMSG;
	return r;
}

static int send_text(struct ar_criu *criu, const struct ar_text *t, struct ar_error *err)
{
	int r = ar_socket_send(criu->sock, t->s, t->len, -1);

	return r < 0 ? ar_fail(err, -r, "ask CRIU") : 0;
}

/* One answer; a->fd is the caller's. */
static int hear(struct ar_criu *criu, struct answer *a, struct ar_error *err)
{
	struct pollfd wait[] = { { .fd = criu->sock, .events = POLLIN },
				 { .fd = criu->pidfd, .events = POLLIN } };
	char data[ANSWER_MAX];
	int n;

	*a = (struct answer){ .fd = -1 };
	do {
		n = poll(wait, AR_COUNT(wait), -1);
	} while (n < 0 && errno == EINTR);
	/* its children may hold the socket when it is gone */
	if (n > 0 && !wait[0].revents)
		n = 0;
	else if (n > 0)
		n = ar_socket_recv(criu->sock, data, sizeof(data), &a->fd);
	else
		n = -errno;
	if (n < 0)
		return ar_fail(err, -n, "get an answer from CRIU");
	if (n == 0)
		return ar_refuse(err, ECHILD, "criu failed: it ended without an answer");
	if (decode(data, (size_t)n, a) < 0) {
		ar_close_fd(&a->fd);
		return ar_refuse(err, EPROTO, "criu failed: its answer cannot be read");
	}
	return 0;
}

/* A question about CRIU itself, after which it goes on to listen. */
static int question(struct ar_criu *criu, unsigned int type, bool mem_track, bool lazy_pages,
		    struct answer *a, struct ar_error *err)
{
	_cleanup_text_ struct ar_text q = AR_TEXT_INIT, features = AR_TEXT_INIT;
	int r;

	ar_protobuf_number(&q, REQ_TYPE, type);
	ar_protobuf_number(&q, REQ_KEEP_OPEN, 1);
	if (mem_track)
		ar_protobuf_number(&features, FEATURE_MEM_TRACK, 1);
	if (lazy_pages)
		ar_protobuf_number(&features, FEATURE_LAZY_PAGES, 1);
	if (features.len)
		ar_protobuf_message(&q, REQ_FEATURES, &features);
	r = send_text(criu, &q, err);
	if (r == 0)
		r = hear(criu, a, err);
	if (r < 0)
		return r;
	ar_close_fd(&a->fd);
	if (!a->success || a->type != type)
		return ar_refuse(err, ENOTSUP, "criu failed: it did not report its features");
	return 0;
}

int ar_criu_check(struct ar_criu *criu, bool mem_track, bool lazy_pages, struct ar_error *err)
{
	unsigned int version;
	struct answer a;
	int r = question(criu, TYPE_VERSION, false, false, &a, err);

	if (r < 0)
		return r;
	version = a.major * 10000 + a.minor * 100 + a.sublevel;
	ar_debug("CRIU %u.%u.%u", a.major, a.minor, a.sublevel);
	if (version < VERSION_MIN)
		return ar_refuse(err, ENOTSUP, "CRIU version %u must be %d or higher", version,
				 VERSION_MIN);
	if (!mem_track && !lazy_pages)
		return 0;
	r = question(criu, TYPE_FEATURE_CHECK, mem_track, lazy_pages, &a, err);
	if (r < 0)
		return r;
	if (mem_track && !a.mem_track)
		return ar_refuse(err, ENOTSUP,
				 "criu is missing features: memory cannot be tracked on this "
				 "kernel (--pre-dump)");
	if (lazy_pages && !a.lazy_pages)
		return ar_refuse(err, ENOTSUP,
				 "criu is missing features: pages cannot be restored lazily on "
				 "this kernel (--lazy-pages)");
	return 0;
}

static int answer_notification(struct ar_criu *criu, struct ar_error *err)
{
	_cleanup_text_ struct ar_text t = AR_TEXT_INIT;

	ar_protobuf_number(&t, REQ_TYPE, TYPE_NOTIFY);
	ar_protobuf_number(&t, REQ_NOTIFY_SUCCESS, 1);
	return send_text(criu, &t, err);
}

static const char *type_name(uint64_t type)
{
	switch (type) {
	case AR_CRIU_DUMP:
		return "DUMP";
	case AR_CRIU_RESTORE:
		return "RESTORE";
	case AR_CRIU_PRE_DUMP:
		return "PRE_DUMP";
	case TYPE_NOTIFY:
		return "NOTIFY";
	default:
		return "EMPTY";
	}
}

/* Callers show the part before the first ": " at least, and know the words. */
static int refused(const struct answer *a, const char *log_dir, const char *log_file,
		   struct ar_error *err)
{
	return ar_refuse(err, EIO, "criu failed: type %s errno %d%s%s, log file: %s/%s",
			 type_name(a->type), (int)a->cr_errno, a->message[0] ? ": " : "",
			 a->message, log_dir, log_file);
}

static int hear_out(struct ar_criu *criu, ar_criu_notify_fn *notify, void *data, struct answer *ret,
		    struct ar_error *err)
{
	for (;;) {
		struct ar_criu_notification told;
		int r = hear(criu, ret, err);

		if (r < 0)
			return r;
		if (ret->type != TYPE_NOTIFY || !ret->success) {
			ar_close_fd(&ret->fd);
			return 0;
		}
		ar_debug("CRIU: %s", ret->script);
		told = (struct ar_criu_notification){ ret->script, ret->pid, ret->fd };
		r = notify ? notify(&told, data, err) : 0;
		ar_close_fd(&told.fd);
		if (r == 0)
			r = answer_notification(criu, err);
		if (r < 0)
			return r;
	}
}

int ar_criu_ask(struct ar_criu *criu, enum ar_criu_request request,
		const struct ar_criu_options *options, const char *log_dir,
		ar_criu_notify_fn *notify, void *data, pid_t *ret_pid, struct ar_error *err)
{
	_cleanup_text_ struct ar_text t = AR_TEXT_INIT;
	struct answer a;
	int r, status;

	ar_criu_encode(&t, request, options);
	r = send_text(criu, &t, err);
	if (r == 0)
		r = hear_out(criu, notify, data, &a, err);
	if (r < 0)
		return r;
	if (!a.success || a.type != request)
		return refused(&a, log_dir, options->log_file, err);
	if (ret_pid)
		*ret_pid = a.pid;
	(void)shutdown(criu->sock, SHUT_WR); /* it waits for no more requests */
	r = ar_pidfd_wait(criu->pidfd, &status);
	ar_close_fd(&criu->pidfd);
	if (r < 0)
		return ar_fail(err, -r, "wait for the end of CRIU");
	/* after a pre-dump it wants the next one: that there is none is its failure */
	if (status != 0 && request != AR_CRIU_PRE_DUMP)
		return ar_refuse(err, EIO, "criu failed: exit code %d, log file: %s/%s",
				 ar_exit_code(status), log_dir, options->log_file);
	return 0;
}
