/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fnmatch.h>
#include <string.h>

#include "base/path.h"
#include "policy/merging.h"

/*
 * Hooks run as root on the host, before and after the container, with what a bundle says. Only
 * files that root alone can change and that are listed, with the arguments they are listed with, in
 * an environment of ours.
 */

/* "..." as the last pattern stands for any more arguments. */
static const char any_more[] = "...";

/* dockerd joins the container's network namespace by itself: /proc/PID/exe with another name. */
static const char *const dockerd[] = { "/usr/bin/dockerd", "/usr/sbin/dockerd",
				       "/usr/local/bin/dockerd", "/usr/libexec/docker/dockerd" };

/*
 * Not nerdctl's, which writes where annotations say, and not NVIDIA's older prestart hook, which
 * puts a looser device program in the place of ours: who trusts their callers lists them.
 *
 * What a CDI specification of NVIDIA has for createContainer: one of the actions, and flags that
 * each have a value. Others are not for a bundle: --container-spec would replace what the runtime
 * says of the container.
 */
static const struct {
	const char *path;
	const char *args[2]; /* before the action */
} cdi[] = {
	{ "/usr/bin/nvidia-ctk", { "*nvidia-ctk", "hook" } },
	{ "/usr/bin/nvidia-cdi-hook", { "*nvidia-cdi-hook" } },
};
/* Not "chmod", which follows the image's links out of the container's root. */
static const char *const cdi_actions[] = { "create-symlinks", "disable-device-node-modification",
					   "enable-cuda-compat", "update-ldcache" };
static const struct {
	const char *name, *value; /* a pattern; a path has no ".." */
} cdi_flags[] = {
	{ "--folder", "/*" },
	{ "--host-cuda-version", "*" },
	{ "--host-driver-version", "*" },
	{ "--ldconfig-path", "/sbin/ldconfig" },
	{ "--ldconfig-path", "/sbin/ldconfig.real" },
	{ "--link", "*" },
};

static bool args_match(const char *const *patterns, size_t n, const struct ar_strings *args)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (i + 1 == n && ar_streq(patterns[i], any_more))
			return true;
		if (i >= args->n || fnmatch(patterns[i], args->items[i], 0) != 0)
			return false;
	}
	return i == args->n;
}

static bool is_cdi_flag(const char *arg, size_t len, const char *value)
{
	for (size_t i = 0; i < AR_COUNT(cdi_flags); i++)
		if (strlen(cdi_flags[i].name) == len && strncmp(cdi_flags[i].name, arg, len) == 0 &&
		    fnmatch(cdi_flags[i].value, value, 0) == 0)
			return cdi_flags[i].value[0] != '/' || !strstr(value, "/..");
	return false;
}

/* Whether args from the one numbered at on are an action and its flags: "--name value" or
 * "--name=value". */
static bool are_of_cdi(const struct ar_strings *args, size_t at)
{
	bool known = false;

	for (size_t i = 0; at < args->n && i < AR_COUNT(cdi_actions); i++)
		known = known || ar_streq(args->items[at], cdi_actions[i]);
	for (size_t i = at + 1; known && i < args->n; i++) {
		const char *arg = args->items[i], *eq = strchr(arg, '=');
		const char *value = eq ? eq + 1 : i + 1 < args->n ? args->items[++i] : NULL;

		known = value && is_cdi_flag(arg, strcspn(arg, "="), value);
	}
	return known;
}

static bool is_cdi(const char *stage, const char *path, const struct ar_strings *args)
{
	for (size_t i = 0; i < AR_COUNT(cdi); i++) {
		size_t n = cdi[i].args[1] ? 2 : 1;

		if (ar_streq(path, cdi[i].path) && args->n > n &&
		    fnmatch(cdi[i].args[0], args->items[0], 0) == 0 &&
		    (n == 1 || ar_streq(args->items[1], cdi[i].args[1])))
			return ar_streq(stage, "createContainer") && are_of_cdi(args, n);
	}
	return false;
}

/* As dockerd makes them: "docker ps --no-trunc". */
static bool is_docker_id(const char *id)
{
	return strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64;
}

/*
 * The container's id, if it is known yet, and that of a daemon; both become parts of a path. Steps of
 * BuildKit have networks by ids of their own, which are none of a container.
 */
static bool is_setkey(const struct ar_merging *m, const char *path, const struct ar_strings *args)
{
	static const char *const patterns[] = { "libnetwork-setkey", "-exec-root=/*", "*", "*" };
	const char *id = m->facts->id;
	bool known = false;

	for (size_t i = 0; i < AR_COUNT(dockerd); i++)
		known = known || ar_streq(path, dockerd[i]);
	return known && args_match(patterns, AR_COUNT(patterns), args) &&
	       !strstr(args->items[1], "/..") &&
	       (!id || ar_streq(args->items[2], id) || !is_docker_id(args->items[2])) &&
	       !strchr(args->items[2], '/') && !strchr(args->items[3], '/');
}

static bool is_listed(const struct ar_merging *m, const char *stage, const char *path,
		      const struct ar_strings *args)
{
	if (is_setkey(m, path, args) || is_cdi(stage, path, args))
		return true;
	ar_list_foreach(const struct ar_hook_allow, allow, &m->config->hooks)
		if (ar_streq(path, allow->path) &&
		    args_match(allow->args.items, allow->args.n, args))
			return true;
	return false;
}

/* Why a hook must not run, NULL: it may. */
static const char *judge(const struct ar_merging *m, const char *stage, const struct ar_hook *hook,
			 const struct ar_hook_fact *fact)
{
	if (!fact || !fact->resolved)
		return "its file cannot be found";
	if (!S_ISREG(fact->mode))
		return "it is not a regular file";
	if (fact->uid != 0 && !(fact->uid == m->facts->overflow_uid && !m->facts->host_root))
		return "its file does not belong to root";
	if ((fact->mode & 022) || fact->caller_may_write)
		return "users other than root can change its file";
	if (!is_listed(m, stage, fact->resolved, &hook->args))
		return "it is not in the list of hooks, or not with these arguments";
	return NULL;
}

static struct ar_hook hold(struct ar_merging *m, const struct ar_hook *hook,
			   const struct ar_hook_fact *fact, const char *path, const char *field)
{
	static const char *env[] = { "PATH=" AR_PATH_USUAL, NULL };
	struct ar_hook out = *hook;

	if (fact && fact->resolved)
		out.path = fact->resolved; /* what was judged is what runs */
	out.env = (struct ar_strings){ env, 1 };
	if (hook->env.n)
		ar_decide_as(m, path, ar_printf(m->arena, "%s.env", field),
			     ar_printf(m->arena, "%zu variables", hook->env.n), env[0],
			     "the environment of a root process is not the bundle's to choose");
	return out;
}

static struct ar_list merge_list(struct ar_merging *m, const char *name,
				 const struct ar_list *asked, size_t *fact_index)
{
	struct ar_hook *kept = ar_alloc_array(m->arena, asked->n + 1, sizeof(*kept));
	const char *path = ar_printf(m->arena, "hooks.%s", name);
	size_t n = 0;

	for (size_t i = 0; i < asked->n; i++) {
		const struct ar_hook *hook = &((const struct ar_hook *)asked->items)[i];
		const struct ar_hook_fact *fact =
			*fact_index < m->facts->n_hooks ? &m->facts->hooks[*fact_index] : NULL;
		const char *shown = fact && fact->resolved ? fact->resolved : hook->path;
		const char *field = ar_printf(m->arena, "%s[%zu]", path, i),
			   *reason = judge(m, name, hook, fact);

		(*fact_index)++;
		if (ar_streq(name, "startContainer"))
			reason = ar_rule_find(path)->reason;
		if (reason && ar_refused(m, path, field, shown, shown, reason))
			continue;
		kept[n++] =
			hold(m, hook, ar_streq(name, "startContainer") ? NULL : fact, path, field);
	}
	return (struct ar_list){ kept, n };
}

void ar_merge_hooks(struct ar_merging *m)
{
	const struct ar_hooks *from = m->from->hooks;
	struct ar_hooks *to;
	size_t fact = 0;

	if (!from)
		return;
	to = ar_alloc(m->arena, sizeof(*to));
	to->prestart = merge_list(m, "prestart", &from->prestart, &fact);
	to->create_runtime = merge_list(m, "createRuntime", &from->create_runtime, &fact);
	to->create_container = merge_list(m, "createContainer", &from->create_container, &fact);
	to->start_container = merge_list(m, "startContainer", &from->start_container, &fact);
	to->poststart = merge_list(m, "poststart", &from->poststart, &fact);
	to->poststop = merge_list(m, "poststop", &from->poststop, &fact);
	m->to->hooks = to;
}
