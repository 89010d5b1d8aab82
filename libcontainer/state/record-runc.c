/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "state/record-runc.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "spec/spec.h"
#include "state/record.h"
#include "json/write.h"

/* configs.NamespaceType */
static const struct {
	const char *type; /* runtime-spec's */
	const char *name; /* runc's */
	const char *file; /* below /proc/PID/ns */
} namespaces[] = {
	{ "user", "NEWUSER", "user" }, { "ipc", "NEWIPC", "ipc" },
	{ "uts", "NEWUTS", "uts" },    { "network", "NEWNET", "net" },
	{ "pid", "NEWPID", "pid" },    { "mount", "NEWNS", "mnt" },
	{ "time", "NEWTIME", "time" }, { "cgroup", "NEWCGROUP", "cgroup" },
};

static void encode_namespaces(struct ar_json_writer *w, const struct ar_list *list)
{
	ar_json_open(w, '[');
	ar_list_foreach(const struct ar_namespace, ns, list) {
		for (size_t i = 0; i < AR_COUNT(namespaces); i++) {
			if (!ar_streq(namespaces[i].type, ns->type))
				continue;
			ar_json_open(w, '{');
			ar_json_kv(w, "type", namespaces[i].name);
			ar_json_kv(w, "path", ns->path ? ns->path : "");
			ar_json_close(w, '}');
		}
	}
	ar_json_close(w, ']');
}

static void put(struct ar_json_writer *w, const char *key, const char *s, size_t len)
{
	_cleanup_text_ struct ar_text text = AR_TEXT_INIT;

	ar_text_add_n(&text, s, len);
	ar_json_kv(w, key, ar_text_str(&text));
}

/* "docker-ID.scope" is scope_prefix, "-", name and ".scope"; a slice is a name alone. */
static void encode_unit(struct ar_json_writer *w, const char *unit)
{
	const char *dash = strchr(unit, '-'), *end = strrchr(unit, '.');

	if (!dash || !end || dash > end || !ar_streq(end, ".scope")) {
		ar_json_kv(w, "name", unit);
		return;
	}
	put(w, "scope_prefix", unit, (size_t)(dash - unit));
	put(w, "name", dash + 1, (size_t)(end - dash - 1));
}

static void encode_cgroup(struct ar_json_writer *w, const struct ar_record *r)
{
	ar_json_open(w, '{');
	if (r->unit)
		encode_unit(w, r->unit);
	else
		ar_json_kv(w, "path", r->cgroup ? r->cgroup : "");
	ar_json_key(w, "devices"); /* of a cgroup without any member of resources runc makes nothing
				    */
	ar_json_open(w, '[');
	ar_json_close(w, ']');
	ar_json_kv_bool(w, "Systemd", r->unit != NULL);
	ar_json_kv_bool(w, "Rootless", r->owner.value != 0);
	ar_json_close(w, '}');
}

/* The bundle and the annotations, as texts "NAME=VALUE". */
static void encode_labels(struct ar_json_writer *w, const struct ar_record *r)
{
	_cleanup_text_ struct ar_text text = AR_TEXT_INIT;

	ar_json_open(w, '[');
	for (size_t i = 0; i < r->annotations.n; i++) {
		text.len = 0;
		ar_text_addf(&text, "%s=%s", r->annotations.items[i].key,
			     r->annotations.items[i].value);
		ar_json_string(w, ar_text_str(&text));
	}
	text.len = 0;
	ar_text_addf(&text, "bundle=%s", r->bundle ? r->bundle : "");
	ar_json_string(w, ar_text_str(&text));
	ar_json_close(w, ']');
}

static void encode_config(struct ar_json_writer *w, const struct ar_record *r)
{
	ar_json_open(w, '{');
	ar_json_kv(w, "rootfs", r->rootfs);
	ar_json_kv(w, "hostname", r->hostname ? r->hostname : "");
	ar_json_key(w, "namespaces");
	encode_namespaces(w, &r->namespaces);
	ar_json_key(w, "cgroups");
	encode_cgroup(w, r);
	ar_json_kv(w, "version", r->oci_version);
	ar_json_key(w, "labels");
	encode_labels(w, r);
	ar_json_kv_bool(w, "rootless_euid", r->owner.value != 0);
	ar_json_close(w, '}');
}

/* With cgroup v2 runc has one, under the name "". */
static void encode_cgroup_paths(struct ar_json_writer *w, const struct ar_record *r)
{
	_cleanup_text_ struct ar_text path = AR_TEXT_INIT;

	ar_json_open(w, '{');
	if (r->cgroup) {
		ar_text_addf(&path, "%s%s", r->cgroup_root, r->cgroup);
		ar_json_kv(w, "", ar_text_str(&path));
	}
	ar_json_close(w, '}');
}

static void encode_namespace_paths(struct ar_json_writer *w, const struct ar_record *r)
{
	char path[64];

	ar_json_open(w, '{');
	for (size_t i = 0; r->pid.value && i < AR_COUNT(namespaces); i++) {
		(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)r->pid.value,
			       namespaces[i].file);
		ar_json_kv(w, namespaces[i].name, path);
	}
	ar_json_close(w, '}');
}

void ar_record_encode_as_runc(struct ar_json_writer *w, const struct ar_record *r)
{
	ar_json_kv_bool(w, "rootless", r->owner.value != 0);
	ar_json_key(w, "config");
	encode_config(w, r);
	ar_json_key(w, "cgroup_paths");
	encode_cgroup_paths(w, r);
	ar_json_key(w, "namespace_paths");
	encode_namespace_paths(w, r);
}
