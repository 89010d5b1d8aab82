/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "engine-files.h"
#include "json/read.h"

/* --- Docker --- */

#define DOCKER "Docker"

static const char *string_of(const struct ar_json *value)
{
	return value && value->type == AR_JSON_STRING ? value->text : NULL;
}

/* "runtimes": { NAME: { "path": PROGRAM } }. How many of them are ours. */
static size_t check_docker_runtimes(struct ar_visit *v, const struct ar_json *daemon)
{
	const struct ar_json *runtimes = ar_json_get(daemon, "runtimes");
	size_t ours = 0;

	ar_json_foreach(runtime, runtimes) {
		const char *path = string_of(ar_json_get(runtime, "path"));

		if (!path || !ar_engine_is_ours(path))
			continue;
		ours++;
		ar_engine_check_runtime(v, DOCKER, runtime->key, path);
		if (strcmp(runtime->key, "runc") == 0)
			ar_visit_add(v, DOCKER, "runtime runc", AR_VERDICT_FAILURE,
				     "choose another name; dockerd does not start with it",
				     "the name runc is Docker's own");
	}
	return ours;
}

static void check_docker_default(struct ar_visit *v, const struct ar_json *daemon)
{
	const char *name = string_of(ar_json_get(daemon, "default-runtime"));
	const struct ar_json *runtime;

	if (!name)
		return;
	runtime = ar_json_get(ar_json_get(daemon, "runtimes"), name);
	if (runtime || strcmp(name, "runc") == 0 || strchr(name, '.'))
		ar_visit_add(v, DOCKER, "default runtime", AR_VERDICT_NOTE, NULL, "%s", name);
	else
		ar_visit_add(v, DOCKER, "default runtime", AR_VERDICT_FAILURE,
			     "add it to runtimes; dockerd does not start without it",
			     "%s is not one of the runtimes", name);
}

static void check_docker_driver(struct ar_visit *v, const struct ar_json *daemon)
{
	static const char option[] = "native.cgroupdriver=";
	const char *driver = v->host->systemd ? "systemd" : "cgroupfs", *text;

	ar_json_foreach(item, ar_json_get(daemon, "exec-opts")) {
		text = string_of(item);
		if (text && ar_starts_with(text, option))
			driver = text + strlen(option);
	}
	ar_visit_add(v, DOCKER, "cgroup driver", AR_VERDICT_NOTE, NULL, "%s", driver);
}

/* The daemon's file, or that of a user's own daemon. */
static const char *docker_file(struct ar_visit *v)
{
	const char *home = getenv("HOME"), *config = getenv("XDG_CONFIG_HOME");

	if (v->host->euid == 0 || (!home && !config))
		return "/etc/docker/daemon.json";
	if (config && *config == '/')
		return ar_printf(v->arena, "%s/docker/daemon.json", config);
	return ar_printf(v->arena, "%s/.config/docker/daemon.json", home);
}

void ar_doctor_docker(struct ar_visit *v)
{
	const char *file = docker_file(v), *text = ar_engine_read(v, DOCKER, file);
	const struct ar_json *daemon = NULL;
	struct ar_error err;

	if (text && ar_json_parse(v->arena, file, text, strlen(text), &ar_json_limits_default,
				  &daemon, &err) < 0) {
		ar_visit_add(v, DOCKER, "configuration", AR_VERDICT_FAILURE,
			     "dockerd does not start with it", "%s", err.text);
		return;
	}
	if (!daemon || check_docker_runtimes(v, daemon) == 0) {
		ar_engine_absent(v, DOCKER, "dockerd", "docker-daemon.json");
		if (!daemon)
			return;
	}
	check_docker_default(v, daemon);
	check_docker_driver(v, daemon);
	ar_engine_check_data(v, DOCKER, string_of(ar_json_get(daemon, "data-root")));
}

/* --- containerd --- */

#define CONTAINERD "containerd"

/* The plugin with the runtime handlers, by the version of the file; one without a version has 1. */
static const char *cri_plugin(int version)
{
	return version >= 3   ? "io.containerd.cri.v1.runtime"
	       : version == 2 ? "io.containerd.grpc.v1.cri"
			      : "cri";
}

/* The version of files that have it, 0: none. */
static int plugin_version(const char *plugin)
{
	int version = 3;

	while (version > 0 && strcmp(cri_plugin(version), plugin) != 0)
		version--;
	return version;
}

static const char *plugin_advice(struct ar_visit *v, const char *plugin, int version)
{
	int other = plugin_version(plugin);
	const char *table =
		ar_printf(v->arena, "name the table plugins.\"%s\"", cri_plugin(version));

	return other ? ar_printf(v->arena, "begin the file with version = %d, or %s", other, table)
		     : table;
}

/* Of the main file. containerd has no file with two. */
static int file_version(struct ar_visit *v, const struct ar_toml *toml)
{
	const struct ar_toml_entry *found = NULL;

	for (size_t i = 0; i < toml->n; i++) {
		const struct ar_toml_entry *e = &toml->entries[i];

		if (e->path.n != 1 || strcmp(e->path.items[0], "version") != 0)
			continue;
		if (found)
			ar_visit_add(v, CONTAINERD, "version", AR_VERDICT_FAILURE,
				     "leave one of them; containerd does not start with both",
				     "given in line %u and in line %u", found->line, e->line);
		found = e;
	}
	return found && found->text ? atoi(found->text) : 1;
}

/* plugins.PLUGIN.containerd.runtimes.NAME.options.BinaryName */
static bool is_binary_name(const struct ar_toml_entry *e)
{
	return e->path.n == 7 && e->type == AR_TOML_STRING &&
	       strcmp(e->path.items[0], "plugins") == 0 &&
	       strcmp(e->path.items[2], "containerd") == 0 &&
	       strcmp(e->path.items[3], "runtimes") == 0 &&
	       strcmp(e->path.items[6], "BinaryName") == 0;
}

/* options.SystemdCgroup of the handler whose BinaryName is at this path. */
static void check_handler_driver(struct ar_visit *v, const struct ar_toml *toml,
				 const char *const *path)
{
	const char *const driver_path[] = { path[0], path[1], path[2],	      path[3],
					    path[4], path[5], "SystemdCgroup" };
	const struct ar_toml_entry *e = ar_toml_find(toml, driver_path, AR_COUNT(driver_path));

	if (v->host->systemd && !(e && e->text && strcmp(e->text, "true") == 0))
		ar_visit_add(v, CONTAINERD, ar_printf(v->arena, "cgroup driver of %s", path[4]),
			     AR_VERDICT_NOTE,
			     "where the kubelet has cgroupDriver: systemd, SystemdCgroup = true",
			     "cgroupfs, on a host with systemd");
}

static void check_handler(struct ar_visit *v, const struct ar_toml *toml,
			  const struct ar_toml_entry *e, int version)
{
	const char *const *path = e->path.items;
	const char *const type_path[] = { path[0], path[1], path[2],
					  path[3], path[4], "runtime_type" };
	const struct ar_toml_entry *type = ar_toml_find(toml, type_path, AR_COUNT(type_path));
	const char *label = ar_printf(v->arena, "runtime %s", path[4]);

	if (strcmp(path[1], cri_plugin(version)) != 0)
		ar_visit_add(v, CONTAINERD, label, AR_VERDICT_WARNING,
			     plugin_advice(v, path[1], version),
			     "in plugin %s, which a file of version %d does not have", path[1],
			     version);
	if (!type || strcmp(type->text ? type->text : "", "io.containerd.runc.v2") != 0)
		ar_visit_add(v, CONTAINERD, label, AR_VERDICT_FAILURE,
			     "runtime_type = \"io.containerd.runc.v2\"",
			     "runtime_type is not the one that takes BinaryName");
	check_handler_driver(v, toml, path);
	ar_engine_check_runtime(v, CONTAINERD, path[4], e->text);
}

static void check_disabled(struct ar_visit *v, const struct ar_toml *toml)
{
	static const char *const path[] = { "disabled_plugins" };
	const struct ar_toml_entry *e = ar_toml_find(toml, path, AR_COUNT(path));

	for (size_t i = 0; e && i < e->strings.n; i++) {
		const char *name = e->strings.items[i];

		if (strcmp(name, "cri") == 0 || strstr(name, ".cri"))
			ar_visit_add(v, CONTAINERD, "CRI", AR_VERDICT_NOTE,
				     "take it out of disabled_plugins if Kubernetes is to use it",
				     "the plugin is disabled: handlers are not used");
	}
}

/* The files it imports, relative ones beside it. */
static void read_imports(struct ar_visit *v, struct ar_toml *toml)
{
	static const char *const path[] = { "imports" };
	const struct ar_toml_entry *e = ar_toml_find(toml, path, AR_COUNT(path));

	for (size_t i = 0; e && i < e->strings.n; i++) {
		const char *name = e->strings.items[i];

		ar_engine_read_toml(v, CONTAINERD,
				    *name == '/' ? name
						 : ar_printf(v->arena, "/etc/containerd/%s", name),
				    toml);
	}
}

void ar_doctor_containerd(struct ar_visit *v)
{
	static const char *const root_path[] = { "root" };
	const struct ar_toml_entry *root;
	struct ar_toml toml = { 0 };
	size_t ours = 0;
	int version;

	ar_engine_read_toml(v, CONTAINERD, "/etc/containerd/config.toml", &toml);
	version = file_version(v, &toml);
	read_imports(v, &toml);
	for (size_t i = 0; i < toml.n; i++) {
		const struct ar_toml_entry *e = &toml.entries[i];

		if (!is_binary_name(e) || !ar_engine_is_ours(e->text))
			continue;
		ours++;
		check_handler(v, &toml, e, version);
	}
	if (ours == 0)
		ar_engine_absent(v, CONTAINERD, "containerd",
				 version >= 3 ? "containerd-2-config.toml"
					      : "containerd-config.toml");
	check_disabled(v, &toml);
	root = ar_toml_find(&toml, root_path, 1);
	ar_engine_check_data(v, CONTAINERD, root ? root->text : NULL);
}

/* --- podman, buildah --- */

#define PODMAN "podman"

static const char *const podman_files[] = {
	"/usr/share/containers/containers.conf",
	"/usr/share/containers/containers.conf.d/*.conf",
	"/etc/containers/containers.conf",
	"/etc/containers/containers.conf.d/*.conf",
};

static void read_podman(struct ar_visit *v, struct ar_toml *toml)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	for (size_t i = 0; i < AR_COUNT(podman_files); i++)
		ar_engine_read_toml(v, PODMAN, podman_files[i], toml);
	if (v->host->euid == 0 || (!config && !home))
		return;
	if (!config)
		config = ar_printf(v->arena, "%s/.config", home);
	ar_engine_read_toml(v, PODMAN, ar_printf(v->arena, "%s/containers/containers.conf", config),
			    toml);
	ar_engine_read_toml(v, PODMAN,
			    ar_printf(v->arena, "%s/containers/containers.conf.d/*.conf", config),
			    toml);
}

/* engine.runtimes.NAME = [PROGRAM, ...]: the first that is there is used. */
static bool check_podman_runtime(struct ar_visit *v, const struct ar_toml_entry *e)
{
	const char *first = NULL;

	if (e->path.n != 3 || e->type != AR_TOML_ARRAY || strcmp(e->path.items[0], "engine") != 0 ||
	    strcmp(e->path.items[1], "runtimes") != 0)
		return false;
	for (size_t i = 0; i < e->strings.n; i++) {
		const char *program = e->strings.items[i];

		if (!ar_engine_is_ours(program))
			continue;
		if (!first || !ar_host_program(v->arena, first))
			first = program;
	}
	if (!first)
		return false;
	ar_engine_check_runtime(v, PODMAN, e->path.items[2], first);
	return true;
}

static bool lists_ours(const struct ar_toml_entry *e)
{
	for (size_t i = 0; e && i < e->strings.n; i++) {
		if (ar_engine_is_ours(e->strings.items[i]))
			return true;
	}
	return false;
}

/* engine.NAME: podman's lists of what a runtime can do, which it does not ask. */
static const struct {
	const char *name;
	enum ar_verdict missing;
	const char *advice;
} podman_lists[] = {
	{ "runtime_supports_json", AR_VERDICT_WARNING,
	  "add agentrun to the list, else podman shows whole log lines as errors" },
	{ "runtime_supports_nocgroup", AR_VERDICT_NOTE,
	  "add agentrun-compat to the list, else podman refuses --cgroups=disabled" },
};

static bool podman_lists_ours(const struct ar_toml *toml, const char *name)
{
	bool listed = false;

	/* lists of later files may be added to those before */
	for (size_t i = 0; i < toml->n; i++) {
		const struct ar_toml_entry *e = &toml->entries[i];

		if (e->path.n == 2 && strcmp(e->path.items[0], "engine") == 0 &&
		    strcmp(e->path.items[1], name) == 0)
			listed = lists_ours(e) || (listed && e->has_tables);
	}
	return listed;
}

static void check_podman_lists(struct ar_visit *v, const struct ar_toml *toml)
{
	for (size_t i = 0; i < AR_COUNT(podman_lists); i++) {
		const char *name = podman_lists[i].name;

		if (podman_lists_ours(toml, name))
			ar_visit_add(v, PODMAN, name, AR_VERDICT_OK, NULL, "has agentrun");
		else
			ar_visit_add(v, PODMAN, name, podman_lists[i].missing,
				     podman_lists[i].advice, "does not have agentrun");
	}
}

/* Of podman and buildah: containers-storage.conf(5). */
static void check_storage(struct ar_visit *v)
{
	static const char *const path[] = { "storage", "graphroot" };
	const struct ar_toml_entry *root;
	struct ar_toml toml = { 0 };

	ar_engine_read_toml(v, PODMAN, "/usr/share/containers/storage.conf", &toml);
	ar_engine_read_toml(v, PODMAN, "/etc/containers/storage.conf", &toml);
	root = ar_toml_find(&toml, path, AR_COUNT(path));
	ar_engine_check_data(v, PODMAN, root ? root->text : NULL);
}

void ar_doctor_podman(struct ar_visit *v)
{
	struct ar_toml toml = { 0 };
	size_t ours = 0;

	read_podman(v, &toml);
	for (size_t i = 0; i < toml.n; i++)
		ours += check_podman_runtime(v, &toml.entries[i]);
	if (ours == 0)
		ar_engine_absent(v, PODMAN, "podman", "containers.conf");
	else
		check_podman_lists(v, &toml);
	check_storage(v);
}

/* --- CRI-O --- */

#define CRIO "CRI-O"

static bool is_crio_runtime(const struct ar_toml_entry *e)
{
	return e->path.n == 5 && e->type == AR_TOML_STRING &&
	       strcmp(e->path.items[0], "crio") == 0 && strcmp(e->path.items[1], "runtime") == 0 &&
	       strcmp(e->path.items[2], "runtimes") == 0 &&
	       strcmp(e->path.items[4], "runtime_path") == 0;
}

void ar_doctor_crio(struct ar_visit *v)
{
	static const char *const root_path[] = { "crio", "root" };
	const struct ar_toml_entry *root;
	struct ar_toml toml = { 0 };
	size_t ours = 0;

	ar_engine_read_toml(v, CRIO, "/etc/crio/crio.conf", &toml);
	ar_engine_read_toml(v, CRIO, "/etc/crio/crio.conf.d/*", &toml);
	for (size_t i = 0; i < toml.n; i++) {
		const struct ar_toml_entry *e = &toml.entries[i];

		if (!is_crio_runtime(e) || !ar_engine_is_ours(e->text))
			continue;
		ours++;
		ar_engine_check_runtime(v, CRIO, e->path.items[3], e->text);
	}
	if (ours == 0)
		ar_engine_absent(v, CRIO, "crio", "crio.conf");
	root = ar_toml_find(&toml, root_path, AR_COUNT(root_path));
	ar_engine_check_data(v, CRIO, root ? root->text : NULL);
}
