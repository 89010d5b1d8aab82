/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "kernel/probe-features.h"

#define AREA "cgroups"
#define BOOT_V2 \
	"boot with cgroup v2 alone: systemd.unified_cgroup_hierarchy=1 on the kernel's command line"

static const struct {
	const char *controller;
	enum ar_verdict missing;
	const char *without;
} controllers[] = {
	{ "memory", AR_VERDICT_WARNING, "no limit on memory, and no report of OOM kills" },
	{ "pids", AR_VERDICT_WARNING, "no limit on the number of processes" },
	{ "cpu", AR_VERDICT_WARNING, "no limit on CPU time" },
	{ "cpuset", AR_VERDICT_NOTE, "no choice of CPUs" },
	{ "io", AR_VERDICT_NOTE, "no limit on I/O" },
};

static void look_at_tree(struct ar_visit *v)
{
	const struct ar_host *h = v->host;

	if (*h->v1_controllers)
		ar_visit_add(v, AREA, "tree", AR_VERDICT_WARNING, BOOT_V2,
			     "v2 at %s, beside v1 trees that hold %s", h->cgroup_root,
			     h->v1_controllers);
	else
		ar_visit_add(v, AREA, "tree", AR_VERDICT_OK, NULL, "v2 at %s", h->cgroup_root);
}

static const char *where_controllers_end(const struct ar_host *h, const char *name)
{
	if (ar_host_lists(h->v1_controllers, strcmp(name, "io") == 0 ? "blkio" : name))
		return BOOT_V2;
	if (ar_host_lists(h->controllers, name))
		return "delegate it: Delegate=yes in the drop-in "
		       "/etc/systemd/system/user@.service.d/delegate.conf, [Service]";
	return "the kernel does not offer it: a kernel option, or cgroup_disable= on its command line";
}

static void look_at_controllers(struct ar_visit *v)
{
	const struct ar_host *h = v->host;
	/* root makes its cgroups at the top, everybody else below its own */
	const char *there = h->euid == 0 && !h->userns ? h->controllers : h->own_controllers;

	for (size_t i = 0; i < AR_COUNT(controllers); i++) {
		const char *name = controllers[i].controller;

		if (ar_host_lists(there, name))
			ar_visit_add(v, AREA, name, AR_VERDICT_OK, NULL, "limits can be set");
		else
			ar_visit_add(v, AREA, name, controllers[i].missing,
				     where_controllers_end(h, name), "missing: %s",
				     controllers[i].without);
	}
}

static void look_at_delegation(struct ar_visit *v)
{
	const struct ar_host *h = v->host;

	if (!h->own_cgroup)
		ar_visit_add(v, AREA, "own", AR_VERDICT_WARNING, NULL,
			     "this process is in no cgroup of the v2 tree");
	else if (h->own_writable)
		ar_visit_add(v, AREA, "own", AR_VERDICT_OK, NULL, "%s, cgroups can be made there",
			     h->own_cgroup);
	else
		ar_visit_add(v, AREA, "own", AR_VERDICT_WARNING,
			     "run from a session of systemd (systemd-run --user --scope -p "
			     "Delegate=yes), or do without: --cgroup-manager disabled",
			     "%s, where this user cannot make cgroups", h->own_cgroup);
}

static void look_at_devices(struct ar_visit *v)
{
	int r = ar_feature_cgroup_bpf(v->host->cgroup_root);

	if (r > 0)
		ar_visit_add(v, AREA, "devices", AR_VERDICT_OK, NULL,
			     "programs that control access to devices can be attached");
	else if (r == 0)
		ar_visit_add(v, AREA, "devices", AR_VERDICT_FAILURE,
			     "a kernel with CONFIG_CGROUP_BPF is needed",
			     "programs that control access to devices cannot be attached");
	else
		ar_visit_add(v, AREA, "devices", AR_VERDICT_NOTE, NULL,
			     "not checked, which needs root: %s", ar_errno_text(-r));
}

void ar_doctor_cgroups(struct ar_visit *v)
{
	const struct ar_host *h = v->host;

	if (!h->cgroup_root) {
		ar_visit_add(v, AREA, "tree", AR_VERDICT_FAILURE, BOOT_V2,
			     "no cgroup v2 tree is mounted");
		return;
	}
	look_at_tree(v);
	look_at_controllers(v);
	look_at_delegation(v);
	look_at_devices(v);
	ar_visit_add(v, AREA, "init", AR_VERDICT_NOTE, NULL, "%s",
		     h->systemd ? "systemd" : "not systemd: engines use the cgroupfs driver");
}
