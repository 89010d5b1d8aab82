/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "kernel/probe-features.h"

#define AREA "kernel"

/* The first release is the one whose documentation has the call (man-pages, and Documentation of
 * the kernel). */
static const struct {
	enum ar_feature feature;
	const char *name, *since;
	enum ar_verdict missing;
	const char *without;
} features[] = {
	{ AR_FEATURE_CLONE_INTO_CGROUP, "clone3 into a cgroup", "5.7", AR_VERDICT_FAILURE,
	  "no container can be created" },
	{ AR_FEATURE_OPENAT2, "openat2", "5.6", AR_VERDICT_FAILURE, "no container can be created" },
	{ AR_FEATURE_PIDFD, "pidfd", "5.3", AR_VERDICT_FAILURE, "no container can be created" },
	{ AR_FEATURE_CLOSE_RANGE, "close_range", "5.9", AR_VERDICT_FAILURE,
	  "no container can be created" },
	{ AR_FEATURE_MOUNT_API, "mount API", "5.2", AR_VERDICT_WARNING,
	  "mount(2) does the same, checked less closely" },
	{ AR_FEATURE_MOUNT_SETATTR, "mount_setattr", "5.12", AR_VERDICT_WARNING,
	  "no id-mapped mounts; recursive attributes are set mount by mount" },
	{ AR_FEATURE_SECCOMP, "seccomp", "4.14", AR_VERDICT_FAILURE,
	  "the profiles agent and strict refuse every container" },
	{ AR_FEATURE_SECCOMP_NOTIFY, "seccomp notifications", "5.0", AR_VERDICT_WARNING,
	  "filters with SCMP_ACT_NOTIFY are refused" },
	{ AR_FEATURE_MEMFD_NOEXEC, "vm.memfd_noexec", "6.6", AR_VERDICT_WARNING,
	  "programs can run from memory files (memfd_create), past noexec" },
	{ AR_FEATURE_TIME_NAMESPACE, "time namespaces", "5.6", AR_VERDICT_NOTE,
	  "bundles that ask for one are refused" },
};

static void look_at_features(struct ar_visit *v)
{
	for (size_t i = 0; i < AR_COUNT(features); i++) {
		const char *advice;

		if (ar_feature_has(features[i].feature)) {
			ar_visit_add(v, AREA, features[i].name, AR_VERDICT_OK, NULL, "works");
			continue;
		}
		advice =
			ar_printf(v->arena,
				  "run Linux %s or newer; if this is one, a filter around agentrun "
				  "hides it (a container, a unit's SystemCallFilter=)",
				  features[i].since);
		ar_visit_add(v, AREA, features[i].name, features[i].missing, advice, "missing: %s",
			     features[i].without);
	}
}

/* Places whose filesystems containers are made of, as far as they are there. */
static const char *const places[] = { "/", "/var/lib/docker", "/var/lib/containerd",
				      "/var/lib/containers" };

static void look_at_idmaps(struct ar_visit *v)
{
	dev_t seen = 0;

	for (size_t i = 0; i < AR_COUNT(places); i++) {
		struct stat st;
		int r;

		if (stat(places[i], &st) < 0 || (i > 0 && st.st_dev == seen))
			continue;
		seen = i == 0 ? st.st_dev : seen;
		r = ar_feature_idmap(places[i]);
		if (r > 0)
			ar_visit_add(v, AREA, "id-mapped mounts", AR_VERDICT_OK, NULL, "work on %s",
				     places[i]);
		else if (r == 0)
			ar_visit_add(v, AREA, "id-mapped mounts", AR_VERDICT_NOTE,
				     "a user namespace for every container (subid-start) needs a "
				     "filesystem that has them: ext4, xfs, btrfs",
				     "not on the filesystem of %s", places[i]);
		else
			ar_visit_add(v, AREA, "id-mapped mounts", AR_VERDICT_NOTE, NULL,
				     "not tried on %s: %s", places[i], ar_errno_text(-r));
	}
}

void ar_doctor_kernel(struct ar_visit *v)
{
	const struct ar_host *h = v->host;

	ar_visit_add(v, AREA, "version", AR_VERDICT_OK, NULL, "Linux %s", h->release);
	if (strcmp(h->machine, "x86_64") == 0 || strcmp(h->machine, "aarch64") == 0)
		ar_visit_add(v, AREA, "architecture", AR_VERDICT_OK, NULL, "%s", h->machine);
	else
		ar_visit_add(
			v, AREA, "architecture", AR_VERDICT_FAILURE,
			"call the program agentrun-compat here",
			"%s: there is no list of system calls for it, which agent and strict need",
			h->machine);
	look_at_features(v);
	look_at_idmaps(v);
}
