/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stddef.h>

#include "base/protobuf.h"
#include "base/str.h"
#include "kernel/criu.h"

/* Numbers of fields: images/rpc.proto of CRIU. */

/* message criu_req */
#define REQ_TYPE 1
#define REQ_OPTS 2

/* message criu_opts */
#define OPT_IMAGES_DIR_FD 1
#define OPT_PID 2
#define OPT_LOG_LEVEL 9
#define OPT_PAGE_SERVER 11
#define OPT_NOTIFY_SCRIPTS 12
#define OPT_WORK_DIR_FD 17
#define OPT_EXT_MNT 23
#define OPT_MANAGE_CGROUPS 24
#define OPT_CG_ROOT 25
#define OPT_INHERIT_FD 27
#define OPT_MANAGE_CGROUPS_MODE 34
#define OPT_EXTERNAL 37
#define OPT_EMPTY_NS 38
#define OPT_JOIN_NS 39
#define OPT_ORPHAN_PTS_MASTER 50

#define LOG_LEVEL_DEBUG 4

struct member {
	unsigned int field;
	size_t offset;
};
#define AT(member) offsetof(struct ar_criu_options, member)

static const struct member strings[] = {
	{ 10, AT(log_file) },	       { 13, AT(root) },	{ 14, AT(parent_img) },
	{ 44, AT(freeze_cgroup) },     { 51, AT(config_file) }, { 53, AT(lsm_profile) },
	{ 63, AT(lsm_mount_context) },
};

static const struct member flags[] = {
	{ 3, AT(leave_running) },   { 4, AT(ext_unix_sk) }, { 5, AT(tcp_established) },
	{ 6, AT(evasive_devices) }, { 7, AT(shell_job) },   { 8, AT(file_locks) },
	{ 15, AT(track_mem) },	    { 16, AT(auto_dedup) }, { 18, AT(link_remap) },
	{ 26, AT(rst_sibling) },    { 48, AT(lazy_pages) }, { 46, AT(tcp_skip_in_flight) },
};

static const void *at(const struct ar_criu_options *o, const struct member *m)
{
	return (const char *)o + m->offset;
}

/* Messages of two strings: ext_mount_map, join_namespace, cgroup_root. */
static void add_pairs(struct ar_text *t, unsigned int field, const struct ar_map *pairs)
{
	for (size_t i = 0; i < pairs->n; i++) {
		_cleanup_text_ struct ar_text pair = AR_TEXT_INIT;

		ar_protobuf_string(&pair, 1, pairs->items[i].key);
		ar_protobuf_string(&pair, 2, pairs->items[i].value);
		ar_protobuf_message(t, field, &pair);
	}
}

static void add_inherited(struct ar_text *t, const struct ar_list *list)
{
	ar_list_foreach(const struct ar_criu_inherit, inherit, list) {
		_cleanup_text_ struct ar_text m = AR_TEXT_INIT;

		ar_protobuf_string(&m, 1, inherit->key);
		ar_protobuf_int(&m, 2, inherit->fd);
		ar_protobuf_message(t, OPT_INHERIT_FD, &m);
	}
}

static void add_page_server(struct ar_text *t, const struct ar_criu_options *o)
{
	_cleanup_text_ struct ar_text m = AR_TEXT_INIT;

	if (!o->page_server)
		return;
	ar_protobuf_string(&m, 1, o->page_server);
	ar_protobuf_int(&m, 2, o->page_server_port);
	ar_protobuf_message(t, OPT_PAGE_SERVER, &m);
}

static void add_options(struct ar_text *t, const struct ar_criu_options *o)
{
	ar_protobuf_int(t, OPT_IMAGES_DIR_FD, o->images_fd);
	if (o->work_fd >= 0)
		ar_protobuf_int(t, OPT_WORK_DIR_FD, o->work_fd);
	if (o->pid)
		ar_protobuf_int(t, OPT_PID, o->pid);
	ar_protobuf_number(t, OPT_LOG_LEVEL, LOG_LEVEL_DEBUG);
	ar_protobuf_number(t, OPT_NOTIFY_SCRIPTS, 1);
	for (size_t i = 0; i < AR_COUNT(strings); i++) {
		const char *s = *(const char *const *)at(o, &strings[i]);

		if (s)
			ar_protobuf_string(t, strings[i].field, s);
	}
	/* also what is not asked: it would be as CRIU's general configuration says */
	for (size_t i = 0; i < AR_COUNT(flags); i++)
		ar_protobuf_number(t, flags[i].field, *(const bool *)at(o, &flags[i]));
	ar_protobuf_number(t, OPT_MANAGE_CGROUPS, 1);
	ar_protobuf_number(t, OPT_MANAGE_CGROUPS_MODE, o->manage_cgroups_mode);
	ar_protobuf_number(t, OPT_EMPTY_NS, o->empty_ns);
	ar_protobuf_number(t, OPT_ORPHAN_PTS_MASTER, 1);
	for (size_t i = 0; i < o->external.n; i++)
		ar_protobuf_string(t, OPT_EXTERNAL, o->external.items[i]);
	add_page_server(t, o);
	add_pairs(t, OPT_EXT_MNT, &o->ext_mounts);
	add_pairs(t, OPT_JOIN_NS, &o->join_ns);
	add_pairs(t, OPT_CG_ROOT, &o->cgroup_roots);
	add_inherited(t, &o->inherit);
}

void ar_criu_encode(struct ar_text *ret, enum ar_criu_request request,
		    const struct ar_criu_options *options)
{
	_cleanup_text_ struct ar_text o = AR_TEXT_INIT;

	add_options(&o, options);
	ar_protobuf_number(ret, REQ_TYPE, request);
	ar_protobuf_message(ret, REQ_OPTS, &o);
}
