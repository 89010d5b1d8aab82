/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/validate.h"

#include <errno.h>
#include <stdio.h>

#include "base/error.h"

/* The kernel's __NEW_UTS_LEN. */
#define UTS_NAME_MAX 64
/* Every mount is compared with the others. Engines send some dozens, a pod of Kubernetes some
 * hundred at most; the kernel has room for 100000 in a namespace (fs.mount-max). */
#define MOUNTS_MAX 4096u

int ar_check_refuse(const struct ar_check *c, unsigned int line, const char *fmt, ...)
{
	_cleanup_text_ struct ar_text what = AR_TEXT_INIT;
	va_list args;

	va_start(args, fmt);
	ar_text_addv(&what, fmt, args);
	va_end(args);
	if (line)
		return ar_refuse(c->err, EINVAL, "%s:%u: %s", c->file, line, ar_text_str(&what));
	return ar_refuse(c->err, EINVAL, "%s: %s", c->file, ar_text_str(&what));
}

/* The number at *s without leading zeros. */
static bool skip_number(const char **s)
{
	size_t len = strspn(*s, "0123456789");

	if (len == 0 || (len > 1 && **s == '0'))
		return false;
	*s += len;
	return true;
}

/*
 * SemVer 2.0.0: MAJOR.MINOR.PATCH, and -PRE or +BUILD behind: engines write "1.0.2-dev". As runc
 * starts with any, "v1.0.0" and "1.0" will do.
 */
static int check_version(const struct ar_check *c, const char *version)
{
	static const char more[] =
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-+";
	const char *number = version + (version[0] == 'v'), *s = number;
	bool good = skip_number(&s);

	for (int i = 0; i < 2 && good && *s == '.'; i++) {
		s++;
		good = skip_number(&s);
	}
	if (!good || (*s && *s != '-' && *s != '+') || s[strspn(s, more)])
		return ar_check_refuse(
			c, 0, "ociVersion: expected a version like \"1.3.0\", got \"%.60s\"",
			version);
	/*
	 * A later 1.x is compatible, as runtime-spec promises, and engines write the version of the
	 * bindings that they were built with, not of what they use.
	 */
	if (number[0] != '1' || (number[1] >= '0' && number[1] <= '9'))
		return ar_check_refuse(
			c, 0, "ociVersion: version %.60s is not supported, only 1.x is", version);
	return 0;
}

static int check_rlimits(const struct ar_check *c, const struct ar_list *rlimits)
{
	const struct ar_rlimit *all = rlimits->items;

	for (size_t i = 0; i < rlimits->n; i++) {
		for (size_t k = 0; k < i; k++)
			if (strcmp(all[k].type, all[i].type) == 0)
				return ar_check_refuse(c, 0,
						       "process.rlimits[%zu]: %s is given twice", i,
						       all[i].type);
		if (all[i].soft.value > all[i].hard.value)
			return ar_check_refuse(
				c, 0,
				"process.rlimits[%zu]: the soft limit of %s is above its hard limit",
				i, all[i].type);
	}
	return 0;
}

static int check_scheduler(const struct ar_check *c, const struct ar_scheduler *s)
{
	bool fixed, deadline;

	if (!s)
		return 0;
	fixed = strcmp(s->policy, "SCHED_FIFO") == 0 || strcmp(s->policy, "SCHED_RR") == 0;
	deadline = strcmp(s->policy, "SCHED_DEADLINE") == 0;
	if (s->priority.value != 0 && !fixed)
		return ar_check_refuse(
			c, 0,
			"process.scheduler.priority: only for SCHED_FIFO and SCHED_RR, not %s",
			s->policy);
	if ((s->runtime.value || s->deadline.value || s->period.value) && !deadline)
		return ar_check_refuse(c, 0,
				       "process.scheduler: runtime, deadline and period are only "
				       "for SCHED_DEADLINE, not %s",
				       s->policy);
	return 0;
}

static int check_process(const struct ar_check *c, const struct ar_process *p)
{
	int r;

	if (p->cwd[0] != '/')
		return ar_check_refuse(c, 0, "process.cwd: expected an absolute path, got \"%s\"",
				       p->cwd);
	for (size_t i = 0; i < p->env.n; i++) {
		const char *equals = strchr(p->env.items[i], '=');

		if (!equals || equals == p->env.items[i])
			return ar_check_refuse(
				c, 0, "process.env[%zu]: expected NAME=value, got \"%.60s\"", i,
				p->env.items[i]);
	}
	r = check_rlimits(c, &p->rlimits);
	if (r == 0)
		r = check_scheduler(c, p->scheduler);
	return r;
}

/* A name of the UTS namespace: set in one of the container's own, or not at all. */
static int check_uts_name(const struct ar_check *c, const struct ar_spec *spec, const char *field,
			  const char *name)
{
	if (!name)
		return 0;
	if (!ar_spec_namespace(spec, "uts"))
		return ar_check_refuse(c, 0, "%s: needs a uts namespace", field);
	if (strlen(name) > UTS_NAME_MAX)
		return ar_check_refuse(c, 0, "%s: longer than %d characters", field, UTS_NAME_MAX);
	return 0;
}

/* What the kernel and runc want of id-mapped mounts. */
static int check_idmap(const struct ar_check *c, const struct ar_spec *spec,
		       const struct ar_mount *m, size_t i, bool bind)
{
	bool own = m->uid_mappings.n > 0 || m->gid_mappings.n > 0;
	bool asked = ar_strings_have(&m->options, "idmap") ||
		     ar_strings_have(&m->options, "ridmap");

	if (!own && !asked)
		return 0;
	if (!bind)
		return ar_check_refuse(c, m->line, "mounts[%zu]: only a bind mount can map ids", i);
	if (own && (m->uid_mappings.n == 0 || m->gid_mappings.n == 0))
		return ar_check_refuse(c, m->line,
				       "mounts[%zu]: uidMappings and gidMappings go together", i);
	if (!own && !ar_spec_namespace(spec, "user"))
		return ar_check_refuse(c, m->line,
				       "mounts[%zu]: idmap needs mappings or a user namespace", i);
	return 0;
}

static int check_mounts(const struct ar_check *c, const struct ar_spec *spec)
{
	size_t i = 0;

	if (spec->mounts.n > MOUNTS_MAX)
		return ar_check_refuse(c, 0,
				       "mounts: %zu are more than the %u that a container may have",
				       spec->mounts.n, MOUNTS_MAX);
	ar_list_foreach(const struct ar_mount, m, &spec->mounts) {
		bool bind = ar_mount_wants_bind(m);
		int r;

		if (bind && !m->source)
			return ar_check_refuse(c, m->line,
					       "mounts[%zu].source: a bind mount needs one", i);
		r = check_idmap(c, spec, m, i, bind);
		if (r < 0)
			return r;
		i++;
	}
	return 0;
}

static int check_hooks(const struct ar_check *c, const struct ar_hooks *hooks)
{
	const struct {
		const char *name;
		const struct ar_list *list;
	} all[] = {
		{ "prestart", &hooks->prestart },
		{ "createRuntime", &hooks->create_runtime },
		{ "createContainer", &hooks->create_container },
		{ "startContainer", &hooks->start_container },
		{ "poststart", &hooks->poststart },
		{ "poststop", &hooks->poststop },
	};

	for (size_t i = 0; i < AR_COUNT(all); i++) {
		size_t k = 0;

		ar_list_foreach(const struct ar_hook, hook, all[i].list) {
			if (hook->path[0] != '/')
				return ar_check_refuse(
					c, hook->line,
					"hooks.%s[%zu].path: expected an absolute path, got \"%s\"",
					all[i].name, k, hook->path);
			k++;
		}
	}
	return 0;
}

static int check_vm(const struct ar_check *c, const struct ar_vm *vm)
{
	const struct {
		const char *field, *path;
	} all[] = {
		{ "hypervisor.path", vm->hypervisor ? vm->hypervisor->path : NULL },
		{ "kernel.path", vm->kernel->path },
		{ "kernel.initrd", vm->kernel->initrd },
		{ "image.path", vm->image ? vm->image->path : NULL },
	};

	for (size_t i = 0; i < AR_COUNT(all); i++)
		if (all[i].path && all[i].path[0] != '/')
			return ar_check_refuse(c, 0, "vm.%s: expected an absolute path, got \"%s\"",
					       all[i].field, all[i].path);
	return 0;
}

int ar_process_validate(const struct ar_process *process, const char *file, struct ar_error *err)
{
	const struct ar_check c = { file, err };

	return check_process(&c, process);
}

int ar_resources_validate(const struct ar_resources *resources, const char *file,
			  struct ar_error *err)
{
	const struct ar_check c = { file, err };

	return ar_check_resources(&c, resources, "");
}

int ar_spec_validate(const struct ar_spec *spec, const char *file, enum ar_reading reading,
		     struct ar_error *err)
{
	const struct ar_check c = { file, err };
	int r;

	r = spec->oci_version ? check_version(&c, spec->oci_version) : 0;
	if (r == 0 && !spec->root->path)
		r = ar_check_refuse(&c, 0, "root.path: required, but missing");
	if (r == 0 && !*spec->root->path)
		r = ar_check_refuse(&c, 0, "root.path: must not be empty");
	if (r == 0)
		r = check_process(&c, spec->process);
	if (r == 0)
		r = check_uts_name(&c, spec, "hostname", spec->hostname);
	if (r == 0)
		r = check_uts_name(&c, spec, "domainname", spec->domainname);
	if (r == 0)
		r = check_mounts(&c, spec);
	/* runc works in the bundle, where it finds the others */
	if (r == 0 && spec->hooks && reading == AR_READ_STRICT)
		r = check_hooks(&c, spec->hooks);
	if (r == 0 && spec->linux)
		r = ar_check_linux(&c, spec);
	if (r == 0 && spec->vm)
		r = check_vm(&c, spec->vm);
	return r;
}
