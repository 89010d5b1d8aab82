/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor.h"

#include <errno.h>
#include <linux/kvm.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "policy/facts.h"

/* --- security modules --- */

#define MODULES "security modules"

static void look_at_landlock(struct ar_visit *v)
{
	const struct ar_host *h = v->host;

	if (h->landlock_abi >= AR_LANDLOCK_ABI_SCOPES)
		ar_visit_add(v, MODULES, "Landlock", AR_VERDICT_OK, NULL, "ABI %d",
			     h->landlock_abi);
	else if (h->landlock_abi > 0)
		ar_visit_add(
			v, MODULES, "Landlock", AR_VERDICT_NOTE,
			"Linux 6.12 brings ABI 6, which keeps signals and abstract sockets inside",
			"ABI %d", h->landlock_abi);
	else
		ar_visit_add(v, MODULES, "Landlock", AR_VERDICT_WARNING,
			     "Linux 5.13 or newer with landlock in lsm= on its command line",
			     "missing: process trees of a container can read each other's memory");
}

static void look_at_apparmor(struct ar_visit *v)
{
	const struct ar_host *h = v->host;

	if (h->apparmor_default)
		ar_visit_add(v, MODULES, "AppArmor", AR_VERDICT_OK, NULL, "on, profile %s",
			     h->apparmor_default);
	else if (h->apparmor)
		ar_visit_add(
			v, MODULES, "AppArmor", AR_VERDICT_NOTE,
			h->euid == 0
				? "an engine loads its profile when it starts (apparmor_parser, "
				  "Debian package apparmor)"
				: "ask again as root: only root sees the list",
			"on, no engine's profile is loaded");
	else
		ar_visit_add(v, MODULES, "AppArmor", AR_VERDICT_NOTE, NULL, "off");
}

/* A program gets what a container's process was, whatever limit the container has (core(5)). */
static void look_at_cores(struct ar_visit *v)
{
	const char *pattern = v->host->core_pattern;

	if (pattern && pattern[0] == '|')
		ar_visit_add(
			v, MODULES, "core_pattern", AR_VERDICT_NOTE,
			"write files instead, since the program does not know about containers: "
			"sysctl kernel.core_pattern=core",
			"'%s': when a process of a container crashes, a program of the host gets "
			"its memory, as root",
			pattern);
	else if (pattern)
		ar_visit_add(v, MODULES, "core_pattern", AR_VERDICT_OK, NULL,
			     "files, which containers do not write");
}

void ar_doctor_modules(struct ar_visit *v)
{
	const struct ar_host *h = v->host;

	ar_visit_add(v, MODULES, "list", AR_VERDICT_NOTE, NULL, "%s",
		     h->modules ? h->modules : "cannot be read: securityfs is not mounted");
	look_at_landlock(v);
	look_at_apparmor(v);
	ar_visit_add(v, MODULES, "SELinux", h->selinux_enforcing ? AR_VERDICT_OK : AR_VERDICT_NOTE,
		     NULL, "%s",
		     !h->selinux	    ? "off"
		     : h->selinux_enforcing ? "enforcing"
					    : "permissive");
	look_at_cores(v);
}

/* --- user namespaces --- */

#define USERS "user namespaces"
#define IDS_OF_ONE 65536 /* what an ordinary image needs */

static void look_at_settings(struct ar_visit *v)
{
	const struct ar_host *h = v->host;

	if (h->max_user_namespaces == 0)
		ar_visit_add(v, USERS, "limit", AR_VERDICT_WARNING,
			     "sysctl user.max_user_namespaces=31000",
			     "user.max_user_namespaces is 0: no container can have one");
	else if (h->max_user_namespaces > 0)
		ar_visit_add(v, USERS, "limit", AR_VERDICT_OK, NULL,
			     "user.max_user_namespaces is %lld", (long long)h->max_user_namespaces);
	if (h->unprivileged_userns == 0)
		ar_visit_add(
			v, USERS, "unprivileged", AR_VERDICT_WARNING,
			"for containers without root: sysctl kernel.unprivileged_userns_clone=1",
			"kernel.unprivileged_userns_clone is 0");
	if (h->apparmor_userns == 1)
		ar_visit_add(
			v, USERS, "unprivileged", AR_VERDICT_WARNING,
			"for containers without root: an AppArmor profile for agentrun that has "
			"'userns,', or sysctl kernel.apparmor_restrict_unprivileged_userns=0",
			"kernel.apparmor_restrict_unprivileged_userns is 1");
	if (h->unprivileged_userns != 0 && h->apparmor_userns != 1)
		ar_visit_add(v, USERS, "unprivileged", AR_VERDICT_OK, NULL,
			     "no setting forbids them");
}

/* root of the host maps whatever it likes. */
static void look_at_ranges(struct ar_visit *v)
{
	const struct ar_host *h = v->host;

	if (h->euid == 0 && !h->userns)
		return;
	if (h->subuids >= IDS_OF_ONE && h->subgids >= IDS_OF_ONE)
		ar_visit_add(v, USERS, "ids", AR_VERDICT_OK, NULL,
			     "%llu user ids and %llu group ids for %s",
			     (unsigned long long)h->subuids, (unsigned long long)h->subgids,
			     h->user ? h->user : "this user");
	else
		ar_visit_add(v, USERS, "ids", AR_VERDICT_WARNING,
			     ar_printf(v->arena,
				       "usermod --add-subuids 100000-165535 --add-subgids "
				       "100000-165535 %s",
				       h->user ? h->user : "USER"),
			     "%llu user ids and %llu group ids for %s: images have 65536",
			     (unsigned long long)h->subuids, (unsigned long long)h->subgids,
			     h->user ? h->user : "this user");
	if (h->newuidmap && h->newgidmap)
		ar_visit_add(v, USERS, "helpers", AR_VERDICT_OK, NULL,
			     "newuidmap and newgidmap are installed");
	else
		ar_visit_add(v, USERS, "helpers", AR_VERDICT_WARNING,
			     "install newuidmap and newgidmap (Debian package uidmap)",
			     "without newuidmap and newgidmap only one id can be mapped");
}

void ar_doctor_users(struct ar_visit *v)
{
	const struct ar_host *h = v->host;

	ar_visit_add(v, USERS, "caller", AR_VERDICT_NOTE, NULL, "%s%s",
		     h->euid == 0 ? "root"
		     : h->user	  ? h->user
				  : "a user without a name",
		     h->userns ? ", in a user namespace" : "");
	look_at_settings(v);
	look_at_ranges(v);
}

/* --- KVM --- */

void ar_doctor_kvm(struct ar_visit *v)
{
	int kvm = v->host->kvm;

	if (kvm == KVM_API_VERSION && v->host->virtualization)
		ar_visit_add(v, "KVM", "/dev/kvm", AR_VERDICT_OK, NULL,
			     "answers, and the processor has virtualization");
	else if (kvm == KVM_API_VERSION)
		ar_visit_add(v, "KVM", "/dev/kvm", AR_VERDICT_NOTE,
			     "only the profile vm needs it, which is reserved",
			     "answers, but the processor has no virtualization (vmx or svm)");
	else if (kvm == -EACCES || kvm == -EPERM)
		ar_visit_add(
			v, "KVM", "/dev/kvm", AR_VERDICT_NOTE,
			ar_printf(
				v->arena,
				"only the profile vm needs it, which is reserved: usermod -aG kvm %s",
				v->host->user ? v->host->user : "USER"),
			"this user may not open it");
	else
		ar_visit_add(v, "KVM", "/dev/kvm", AR_VERDICT_NOTE,
			     "only the profile vm needs it, which is reserved", "not usable: %s",
			     kvm < 0 ? ar_errno_text(-kvm) : "another version of its interface");
}
