/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "policy/engines.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define AS_ASKED AR_ENGINE_AS_ASKED
#define READ_ONLY AR_ENGINE_READ_ONLY

/* clang-format off */
static const struct ar_engine_file files[] = {
	/* dockerd: <data root>/containers/<id>/..., of another container too (--network container:...) */
	{ "docker", "/**/containers/{id}/resolv.conf", "/etc/resolv.conf", READ_ONLY, NULL },
	{ "docker", "/**/containers/{id}/hosts", "/etc/hosts", READ_ONLY, NULL },
	{ "docker", "/**/containers/{id}/hostname", "/etc/hostname", READ_ONLY, NULL },
	{ "docker", "/**/containers/{id}/mounts/shm", "/dev/shm", AS_ASKED, NULL },
	{ "docker", "/**/containers/{own}/mounts/secrets/**", "/**", READ_ONLY, NULL },
	{ "docker", "/**/containers/{own}/mounts/secrets", "/run/secrets", READ_ONLY, NULL },
	{ "docker", "/**/containers/{own}/mounts/configs/**", "/**", READ_ONLY, NULL },
	{ "docker", "/usr/**/docker-init", "/sbin/docker-init", READ_ONLY, NULL },
	{ "docker", "/usr/**/tini*", "/sbin/docker-init", READ_ONLY, NULL },
	{ "docker", "/**/volumes/{name}/_data", "/**", AS_ASKED, NULL },
	{ "docker", "/**/volumes/{name}/_data/**", "/**", AS_ASKED, NULL },

	/* podman and CRI-O: containers-storage, rootful and rootless, run root and graph root, any driver */
	{ "podman", "/**/*-containers/{id}/userdata/resolv.conf", "/etc/resolv.conf", READ_ONLY, NULL },
	{ "podman", "/**/*-containers/{id}/userdata/hosts", "/etc/hosts", READ_ONLY, NULL },
	{ "podman", "/**/*-containers/{id}/userdata/hostname", "/etc/hostname", READ_ONLY, NULL },
	{ "podman", "/**/*-containers/{own}/userdata/passwd", "/etc/passwd", READ_ONLY, NULL },
	{ "podman", "/**/*-containers/{own}/userdata/group", "/etc/group", READ_ONLY, NULL },
	{ "podman", "/**/*-containers/{own}/userdata/localtime", "/etc/localtime", READ_ONLY, NULL },
	{ "podman", "/**/*-containers/{id}/userdata/.containerenv", "/run/.containerenv", READ_ONLY, NULL },
	{ "podman", "/**/*-containers/{id}/userdata/shm", "/dev/shm", AS_ASKED, NULL },
	{ "podman", "/**/*-containers/{own}/userdata/run/secrets", "/run/secrets", READ_ONLY, NULL },
	{ "podman", "/**/*-containers/{own}/userdata/run/secrets/**", "/**", READ_ONLY, NULL },
	{ "podman", "/**/*-containers/{own}/userdata/secrets/**", "/**", READ_ONLY, NULL },
	{ "podman", "/**/*-containers/{own}/userdata/notify", "/run/notify", AS_ASKED, NULL },
	{ "podman", "/usr/**/catatonit", "/run/podman-init", READ_ONLY, NULL },
	{ "podman", "/usr/**/catatonit", "/dev/init", READ_ONLY, NULL },
	{ "podman", "/usr/**/podman/pause/pause", "/catatonit", READ_ONLY, NULL },
	{ "podman", "/usr/**/catatonit", "/catatonit", READ_ONLY, NULL },
	{ "cri-o", "/**/*-containers/{own}/userdata/**/volumes/{name}", "/**", AS_ASKED, NULL },

	/* containerd's CRI plugin */
	{ "containerd", "/**/io.containerd.grpc.v1.cri/sandboxes/{id}/resolv.conf", "/etc/resolv.conf", READ_ONLY, NULL },
	{ "containerd", "/**/io.containerd.grpc.v1.cri/sandboxes/{id}/hosts", "/etc/hosts", READ_ONLY, NULL },
	{ "containerd", "/**/io.containerd.grpc.v1.cri/sandboxes/{id}/hostname", "/etc/hostname", READ_ONLY, NULL },
	{ "containerd", "/**/io.containerd.grpc.v1.cri/sandboxes/{id}/shm", "/dev/shm", AS_ASKED, NULL },
	{ "containerd", "/**/io.containerd.grpc.v1.cri/containers/{own}/volumes/{name}", "/**", AS_ASKED, NULL },
	{ "containerd", "/**/io.containerd.grpc.v1.cri/image-volumes/**", "/**", READ_ONLY, NULL },

	/* kubelet: the pod's uid must be the container's own, which the engine tells */
	{ "kubelet", "/**/kubelet/pods/{pod}/etc-hosts", "/etc/hosts", READ_ONLY, NULL },
	{ "kubelet", "/**/kubelet/pods/{pod}/containers/{name}/{name}", "/**", AS_ASKED, NULL },
	{ "kubelet", "/**/kubelet/pods/{pod}/volumes/kubernetes.io~projected/{name}",
	  "/**/secrets/kubernetes.io/serviceaccount", READ_ONLY, "the pod's token for the cluster" },
	{ "kubelet", "/**/kubelet/pods/{pod}/volumes/kubernetes.io~secret/{name}",
	  "/**/secrets/kubernetes.io/serviceaccount", READ_ONLY, "the pod's token for the cluster" },
	{ "kubelet", "/**/kubelet/pods/{pod}/volumes/kubernetes.io~secret/**", "/**", READ_ONLY, NULL },
	{ "kubelet", "/**/kubelet/pods/{pod}/volumes/kubernetes.io~configmap/**", "/**", READ_ONLY, NULL },
	{ "kubelet", "/**/kubelet/pods/{pod}/volumes/kubernetes.io~downward-api/**", "/**", READ_ONLY, NULL },
	{ "kubelet", "/**/kubelet/pods/{pod}/volumes/kubernetes.io~projected/**", "/**", READ_ONLY, NULL },
	{ "kubelet", "/**/kubelet/pods/{pod}/volumes/**", "/**", AS_ASKED, NULL },
	{ "kubelet", "/**/kubelet/pods/{pod}/volume-subpaths/**", "/**", AS_ASKED, NULL },

	/* nerdctl */
	{ "nerdctl", "/**/nerdctl/{name}/containers/{name}/{id}/resolv.conf", "/etc/resolv.conf", READ_ONLY, NULL },
	{ "nerdctl", "/**/nerdctl/{name}/containers/{name}/{id}/hostname", "/etc/hostname", READ_ONLY, NULL },
	{ "nerdctl", "/**/nerdctl/{name}/etchosts/{name}/{id}/hosts", "/etc/hosts", READ_ONLY, NULL },
	{ "nerdctl", "/**/nerdctl/{name}/volumes/{name}/{name}/_data", "/**", AS_ASKED, NULL },

	/* what every image may need of the host: the time zone and its certification authorities */
	{ "host", "/etc/localtime", "/**", READ_ONLY, NULL },
	{ "host", "/etc/timezone", "/**", READ_ONLY, NULL },
	{ "host", "/etc/ssl/certs", "/**", READ_ONLY, NULL },
	{ "host", "/etc/ssl/certs/**", "/**", READ_ONLY, NULL },
	{ "host", "/etc/ca-certificates/**", "/**", READ_ONLY, NULL },
	{ "host", "/etc/pki/ca-trust/**", "/**", READ_ONLY, NULL },
	{ "host", "/etc/pki/tls/certs", "/**", READ_ONLY, NULL },
	{ "host", "/etc/pki/tls/certs/**", "/**", READ_ONLY, NULL },
	{ "host", "/etc/pki/tls/cert.pem", "/**", READ_ONLY, NULL },
	{ "host", "/usr/share/zoneinfo/**", "/**", READ_ONLY, NULL },
};
/* clang-format on */

/* Whether all len bytes of s are of set. */
static bool only(const char *s, size_t len, const char *set)
{
	return strspn(s, set) >= len;
}

static bool is_id(const char *name)
{
	size_t len = strlen(name);

	return len >= 12 && len <= 64 && only(name, len, "0123456789abcdef");
}

/* own: the container's id, NULL when it is not known yet. */
static bool component_matches(const char *own, const char *pattern, size_t plen, const char *name,
			      size_t nlen)
{
	char p[NAME_MAX + 1], n[NAME_MAX + 1];

	if (plen > NAME_MAX || nlen > NAME_MAX || nlen == 0)
		return false;
	(void)snprintf(p, sizeof(p), "%.*s", (int)plen, pattern); /* both fit: checked above */
	(void)snprintf(n, sizeof(n), "%.*s", (int)nlen, name);
	if (ar_streq(p, "{name}"))
		return true;
	if (ar_streq(p, "{own}") && own)
		return ar_streq(n, own);
	if (ar_streq(p, "{id}") || ar_streq(p, "{own}"))
		return is_id(n);
	if (ar_streq(p, "{pod}"))
		return nlen >= 32 && nlen <= 36 && only(n, nlen, "0123456789abcdef-");
	return fnmatch(p, n, 0) == 0;
}

/*
 * Both start behind a slash or are at their end. A pattern has at most two "**", so this ends soon.
 */
static bool match(const char *own, const char *pattern, const char *path)
{
	size_t plen = strcspn(pattern, "/"), nlen = strcspn(path, "/");

	if (!*pattern)
		return !*path;
	if (plen == 2 && strncmp(pattern, "**", 2) == 0) {
		const char *rest = pattern + plen + (pattern[plen] == '/');

		for (;;) {
			if (match(own, rest, path))
				return true;
			if (!*path)
				return false;
			path += strcspn(path, "/");
			path += *path == '/';
		}
	}
	if (!*path || !component_matches(own, pattern, plen, path, nlen))
		return false;
	return match(own, pattern + plen + (pattern[plen] == '/'),
		     path + nlen + (path[nlen] == '/'));
}

static bool shape_matches(const char *own, const char *pattern, const char *path)
{
	return *pattern == '/' && *path == '/' && match(own, pattern + 1, path + 1);
}

bool ar_shape_matches(const char *pattern, const char *path)
{
	return shape_matches(NULL, pattern, path);
}

bool ar_engine_root_is(const char *path)
{
	static const char *const others[] = { "/**/containers/{id}/**", "/**/*-containers/{id}/**",
					      "/**/sandboxes/{id}/**", "/**/volumes/**",
					      "/**/kubelet/pods/**" };

	for (size_t i = 0; i < AR_COUNT(others); i++)
		if (ar_shape_matches(others[i], path))
			return false;
	return ar_shape_matches("/**/rootfs", path) || ar_shape_matches("/**/merged", path) ||
	       ar_shape_matches("/**/{id}", path) ||
	       ar_shape_matches("/var/lib/machines/{name}", path); /* systemd's */
}

/*
 * A hostPath may name the directory of another pod. containerd and CRI-O say whose container this
 * is; the uid in the path must be that one.
 */
static bool is_own_pod(const struct ar_spec *spec, const char *source)
{
	static const char *const keys[] = { "io.kubernetes.cri.sandbox-uid",
					    "io.kubernetes.pod.uid" };
	static const char pods[] = "/pods/";
	const char *at = strstr(source, pods);
	size_t said = 0;

	for (size_t i = 0; at && i < AR_COUNT(keys); i++) {
		const char *uid = ar_map_get(&spec->annotations, keys[i]);

		if (uid && (strncmp(at + sizeof(pods) - 1, uid, strlen(uid)) != 0 ||
			    at[sizeof(pods) - 1 + strlen(uid)] != '/'))
			return false;
		said += uid != NULL;
	}
	return said > 0;
}

const char *ar_engine_image_key(const char *state_root)
{
	static const struct {
		const char *root, *key;
	} engines[] = {
		{ "*/k8s.io", "io.kubernetes.cri.image-name" },
		{ "*/agentrun-crio", "io.kubernetes.cri-o.ImageName" },
	};

	for (size_t i = 0; state_root && i < AR_COUNT(engines); i++)
		if (fnmatch(engines[i].root, state_root, 0) == 0)
			return engines[i].key;
	return NULL;
}

bool ar_engine_is_kubelet(const struct ar_engine_file *file)
{
	return ar_streq(file->engine, "kubelet");
}

bool ar_engine_is_host(const struct ar_engine_file *file)
{
	return ar_streq(file->engine, "host");
}

const struct ar_engine_file *ar_engine_file_find(const struct ar_spec *spec, const char *id,
						 const char *source, const char *destination)
{
	for (size_t i = 0; i < AR_COUNT(files); i++) {
		const struct ar_engine_file *f = &files[i];

		if (!ar_shape_matches(f->destination, destination) ||
		    !shape_matches(id, f->source, source))
			continue;
		if (ar_engine_is_kubelet(f) && !is_own_pod(spec, source))
			continue;
		return f;
	}
	return NULL;
}

const struct ar_engine_file *ar_engine_volume_find(const char *path)
{
	for (size_t i = 0; i < AR_COUNT(files); i++)
		if (ar_streq(files[i].destination, "/**") &&
		    shape_matches(NULL, files[i].source, path))
			return files[i].access == AR_ENGINE_AS_ASKED ? &files[i] : NULL;
	return NULL;
}

bool ar_engine_file_is_anywhere(const struct ar_engine_file *file)
{
	static const char anywhere[] = "/**";

	return ar_starts_with(file->source, anywhere) &&
	       ar_starts_with(file->destination, anywhere);
}
