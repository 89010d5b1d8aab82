/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/sys.h"
#include "policy/engines.h"
#include "policy/hostpaths.h"
#include "policy/merging.h"
#include "policy/mount-flags.h"

#define ID "7de94bc244ef090f60745d1f921b6af5d818b5c67cf5d08c86601de56b9f237b"
#define OTHER "ffffffffffff090f60745d1f921b6af5d818b5c67cf5d08c86601de56b9f237b"
#define POD "0a1b2c3d-1111-2222-3333-444455556666"

static const struct ar_spec plain;

static const char *engine(const struct ar_spec *spec, const char *source, const char *destination)
{
	const struct ar_engine_file *f = ar_engine_file_find(spec, ID, source, destination);

	return f ? f->engine : NULL;
}

/* --- shapes ------------------------------------------------------------------------------ */

TEST("a pattern stands for whole components")
{
	CHECK(ar_shape_matches("/a/{name}/c", "/a/b/c"));
	CHECK(!ar_shape_matches("/a/{name}/c", "/a/b/b/c"));
	CHECK(!ar_shape_matches("/a/{name}", "/a/b/c"));
	CHECK(!ar_shape_matches("/a", "/ab"));
	CHECK(ar_shape_matches("/a/*-x", "/a/b-x"));
	CHECK(!ar_shape_matches("/a/*", "/a/b/c"));
}

TEST("two stars stand for any number of components, also none")
{
	CHECK(ar_shape_matches("/**/c", "/c"));
	CHECK(ar_shape_matches("/**/c", "/a/b/c"));
	CHECK(ar_shape_matches("/a/**", "/a"));
	CHECK(ar_shape_matches("/a/**", "/a/b/c"));
	CHECK(ar_shape_matches("/**", "/"));
	CHECK(!ar_shape_matches("/**/c", "/a/b/cc"));
	CHECK(!ar_shape_matches("/a/**", "/b"));
}

TEST("an id is hexadecimal and of a container's length")
{
	CHECK(ar_shape_matches("/{id}", "/" ID));
	CHECK(ar_shape_matches("/{id}", "/7de94bc244ef"));
	CHECK(!ar_shape_matches("/{id}", "/7de94bc244e"));
	CHECK(!ar_shape_matches("/{id}", "/" ID "0"));
	CHECK(!ar_shape_matches("/{id}", "/7de94bc244eg"));
	CHECK(!ar_shape_matches("/{id}", "/.."));
}

TEST("a path of very many components is matched in no time")
{
	char path[4096] = "";

	while (strlen(path) + 3 < sizeof(path))
		strcat(path, "/a");
	CHECK(!ar_shape_matches("/**/x/**/y", path));
}

/* --- engines' files ---------------------------------------------------------------------- */

TEST("Docker's files are known under any data root")
{
	CHECK_STR(engine(&plain, "/var/lib/docker/containers/" ID "/resolv.conf",
			 "/etc/resolv.conf"),
		  "docker");
	CHECK_STR(engine(&plain, "/data/d/containers/" ID "/hosts", "/etc/hosts"), "docker");
	CHECK_STR(engine(&plain, "/data/d/volumes/v/_data", "/anywhere"), "docker");
}

TEST("the destination is part of the shape")
{
	CHECK_STR(engine(&plain, "/var/lib/docker/containers/" ID "/resolv.conf", "/etc/shadow"),
		  NULL);
	CHECK_STR(engine(&plain, "/var/lib/docker/containers/" ID "/config.v2.json", "/etc/hosts"),
		  NULL);
	CHECK_STR(engine(&plain, "/var/lib/docker/containers/" ID, "/etc/hosts"), NULL);
}

TEST("podman's files are known, rootful and rootless, whatever its storage driver")
{
	CHECK_STR(engine(&plain,
			 "/run/containers/storage/overlay-containers/" ID "/userdata/.containerenv",
			 "/run/.containerenv"),
		  "podman");
	CHECK_STR(engine(&plain, "/run/user/1000/containers/vfs-containers/" ID "/userdata/hosts",
			 "/etc/hosts"),
		  "podman");
}

TEST("what engines keep for another container is not this one's")
{
	const char *hosts = "/var/lib/docker/containers/" OTHER "/hosts",
		   *secret = "/var/lib/docker/containers/" OTHER "/mounts/secrets/db",
		   *root = "/var/lib/containers/storage/overlay/" OTHER "/merged";

	CHECK_STR(engine(&plain, hosts, "/etc/hosts"), "docker"); /* --network container:... */
	CHECK_STR(engine(&plain, secret, "/run/secrets/db"), NULL);
	CHECK_STR(engine(&plain, "/var/lib/docker/containers/" ID "/mounts/secrets/db",
			 "/run/secrets/db"),
		  "docker");
	CHECK_STR(engine(&plain, root, "/mnt"), NULL);
	/* what will be its id is not known yet */
	CHECK(ar_engine_file_find(&plain, NULL, secret, "/run/secrets/db"));
}

TEST("the directory of another pod is not the pod's own")
{
	struct ar_pair uid = { "io.kubernetes.cri.sandbox-uid", POD };
	const struct ar_spec spec = { .annotations = { &uid, 1 } };
	const char *own = "/var/lib/kubelet/pods/" POD "/volumes/kubernetes.io~secret/x";
	const char *other =
		"/var/lib/kubelet/pods/ffffffff-1111-2222-3333-444455556666/volumes/kubernetes.io~secret/x";

	CHECK_STR(engine(&spec, own, "/x"), "kubelet");
	CHECK_STR(engine(&spec, other, "/x"), NULL);
	CHECK_STR(engine(&plain, other, "/x"), NULL);
}

TEST("a service account is taken and noted")
{
	struct ar_pair uid = { "io.kubernetes.cri.sandbox-uid", POD };
	const struct ar_spec pod = { .annotations = { &uid, 1 } };
	const struct ar_engine_file *f = ar_engine_file_find(
		&pod, NULL,
		"/var/lib/kubelet/pods/" POD "/volumes/kubernetes.io~projected/kube-api-access-1",
		"/var/run/secrets/kubernetes.io/serviceaccount");

	CHECK(f);
	CHECK_INT(f->access, AR_ENGINE_READ_ONLY);
	CHECK(f->note);
}

/* --- paths of the host ------------------------------------------------------------------- */

TEST("a store of credentials is known by any component")
{
	CHECK_STR(ar_credential_in("/root/.ssh"), ".ssh");
	CHECK_STR(ar_credential_in("/srv/x/.ssh/id_rsa"), ".ssh");
	CHECK_STR(ar_credential_in("/srv/x/.config/gcloud/y"), ".config/gcloud");
	CHECK_STR(ar_credential_in("/srv/x/.sshx"), NULL);
	CHECK_STR(ar_credential_in("/srv/x.ssh"), NULL);
	CHECK_STR(ar_credential_in("/srv/x/.docker"), NULL);
	CHECK_STR(ar_credential_in("/srv/.sshx/.ssh"), ".ssh");
}

TEST("file systems of the kernel are known by their number, not their place")
{
	CHECK(ar_kernel_fs(0x9fa0));
	CHECK(ar_kernel_fs(0x63677270));
	CHECK(!ar_kernel_fs(0xef53));
	CHECK(!ar_kernel_fs(0x01021994));
}

/* --- options ----------------------------------------------------------------------------- */

static const char *tightened(const char *text, unsigned int want, bool recursive)
{
	static char out[512];
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_grow g = { .arena = arena };
	char copy[256], *save = NULL;
	struct ar_strings got;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *word = strtok_r(copy, ",", &save); word; word = strtok_r(NULL, ",", &save))
		ar_grow_add(&g, word);
	got = ar_mount_tighten(arena, &g.list, want, recursive);
	snprintf(out, sizeof(out), "%s", ar_join(arena, &got, 64));
	return out;
}

TEST("tightening adds what is missing and removes what contradicts")
{
	CHECK_STR(tightened("bind,rw,exec", AR_WANT_RO | AR_WANT_NOEXEC, false),
		  "bind, ro, noexec");
	CHECK_STR(tightened("rbind,rw,dev,suid", AR_WANT_RO | AR_WANT_NOSUID | AR_WANT_NODEV, true),
		  "rbind, rro, rnosuid, rnodev");
	CHECK_STR(tightened("rbind,rrw,rexec", AR_WANT_RO | AR_WANT_NOEXEC, true),
		  "rbind, rro, rnoexec");
}

TEST("tightening leaves alone what is tight already")
{
	CHECK_STR(tightened("nosuid,nodev,ro", AR_WANT_RO | AR_WANT_NOSUID | AR_WANT_NODEV, false),
		  "nosuid, nodev, ro");
	CHECK_STR(tightened("bind,rro", AR_WANT_RO, false), "bind, rro");
}

TEST("a mount that is read-only at its top becomes so below")
{
	CHECK_STR(tightened("rbind,ro", AR_WANT_RO, true), "rbind, ro, rro");
}

static const char *keeping(const char *option, uint64_t top, uint64_t tree)
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	const char *items[] = { option, NULL };
	const struct ar_strings options = { items, 1 };

	return ar_mount_keeping(arena, &options, top, tree).n ? option : "";
}

TEST("what would clear a flag that is kept is left out")
{
	CHECK_STR(keeping("rw", MOUNT_ATTR_RDONLY, MOUNT_ATTR_RDONLY), "");
	CHECK_STR(keeping("rrw", MOUNT_ATTR_RDONLY, MOUNT_ATTR_RDONLY), "");
	CHECK_STR(keeping("rw", 0, MOUNT_ATTR_RDONLY), "rw");
	CHECK_STR(keeping("rrw", 0, MOUNT_ATTR_RDONLY), "");
	CHECK_STR(keeping("rexec", 0, MOUNT_ATTR_RDONLY), "rexec");
	CHECK_STR(keeping("exec", MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOEXEC), "");
	CHECK_STR(keeping("suid", MOUNT_ATTR_NOSUID, 0), "");
	CHECK_STR(keeping("rdev", 0, MOUNT_ATTR_NODEV), "");
	CHECK_STR(keeping("symfollow", MOUNT_ATTR_NOSYMFOLLOW, 0), "");
	CHECK_STR(keeping("noexec", MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOEXEC), "noexec");
}

TEST("what can be anywhere and go anywhere is known by its shape alone")
{
	CHECK(ar_engine_file_is_anywhere(
		ar_engine_file_find(&plain, NULL, "/x/volumes/v/_data", "/y")));
	CHECK(ar_engine_file_is_anywhere(ar_engine_file_find(
		&plain, NULL, "/x/io.containerd.grpc.v1.cri/image-volumes/v", "/y")));
	CHECK(!ar_engine_file_is_anywhere(
		ar_engine_file_find(&plain, NULL, "/x/containers/" ID "/hosts", "/etc/hosts")));
	CHECK(!ar_engine_file_is_anywhere(
		ar_engine_file_find(&plain, NULL, "/etc/localtime", "/y")));
}

static const char *sized(const char *option, uint64_t normal, uint64_t ceiling)
{
	static char out[128];
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	const char *items[] = { option, NULL };
	const struct ar_strings options = { items, option ? 1 : 0 };
	bool changed;
	struct ar_strings got = ar_mount_sized(arena, &options, normal, ceiling, &changed);

	snprintf(out, sizeof(out), "%s%s", changed ? "! " : "", ar_join(arena, &got, 8));
	return out;
}

TEST("a tmpfs has a size, and not more than the ceiling")
{
	CHECK_STR(sized(NULL, 1 << 20, 1 << 30), "! size=1m");
	CHECK_STR(sized("size=64k", 1 << 20, 1 << 30), "size=64k");
	CHECK_STR(sized("size=2g", 1 << 20, 1 << 30), "! size=1g");
	CHECK_STR(sized("size=1073741824", 1 << 20, 1 << 30), "size=1073741824");
}

TEST("a share of the host's memory, zero and nonsense are no sizes")
{
	CHECK_STR(sized("size=50%", 1 << 20, 1 << 30), "! size=1g");
	CHECK_STR(sized("size=0", 1 << 20, 1 << 30), "! size=1g");
	CHECK_STR(sized("size=99999999999999999999", 1 << 20, 1 << 30), "! size=1g");
	CHECK_STR(sized("size=-1", 1 << 20, 1 << 30), "! size=1g");
	CHECK_STR(sized("size=0", 1 << 20, UINT64_MAX), "! size=1m");
	CHECK_STR(sized("size=8g", 1 << 20, UINT64_MAX), "size=8g");
}

static const char *known(const char *option)
{
	static char out[128];
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	const char *items[] = { "nosuid", option, NULL };
	const struct ar_strings options = { items, 2 };
	struct ar_strings got =
		ar_mount_known(arena, &options, "context mode nr_inodes size", 4096);

	CHECK_STR(got.items[0], "nosuid");
	snprintf(out, sizeof(out), "%s", got.n > 1 ? got.items[1] : "");
	return out;
}

TEST("a tmpfs is told nothing that gives it more than its size")
{
	CHECK_STR(known("size=1m"), "size=1m");
	CHECK_STR(known("mode=755"), "mode=755");
	CHECK_STR(known("nr_blocks=0"), "");
	CHECK_STR(known("huge=always"), "");
	CHECK_STR(known("mpol=bind:0"), "");
	CHECK_STR(known("mode=755,nr_blocks=0"), "");
	CHECK_STR(known("modes"), "");
	CHECK_STR(known("context=\"a:b:c:s0:c1,c2\""), "context=\"a:b:c:s0:c1,c2\"");
	CHECK_STR(known("strictatime"), "strictatime");
	/* of one that is not quoted mount(2) would take what follows its comma for an option */
	CHECK_STR(known("context=a:b:c:s0"), "context=a:b:c:s0");
	CHECK_STR(known("context=a:b:c:s0:c1,size=9g"), "context=\"a:b:c:s0:c1,size=9g\"");
	CHECK_STR(known("context=\"a\",size=9g,context=\"b\""), "");
	CHECK_STR(known("context=a\"b"), "");
	CHECK_STR(known("context=\""), "");
}

TEST("a limit of inodes that is none becomes one")
{
	CHECK_STR(known("nr_inodes=2k"), "nr_inodes=2k");
	CHECK_STR(known("nr_inodes=0"), "nr_inodes=4k");
	CHECK_STR(known("nr_inodes=1g"), "nr_inodes=4k");
	CHECK_STR(known("nr_inodes"), "nr_inodes=4k");
}

TEST("sizes are read as people write them")
{
	uint64_t v;

	CHECK(ar_size_parse("64m", &v));
	CHECK_UINT(v, 64 << 20);
	CHECK(ar_size_parse("1G", &v));
	CHECK_UINT(v, 1 << 30);
	CHECK(ar_size_parse("10kb", &v));
	CHECK_UINT(v, 10 << 10);
	CHECK(ar_size_parse("5", &v));
	CHECK(!ar_size_parse("", &v));
	CHECK(!ar_size_parse("m", &v));
	CHECK(!ar_size_parse("5x", &v));
	CHECK(!ar_size_parse("5mm", &v));
	CHECK(!ar_size_parse("18446744073709551615k", &v));
}

int main(void)
{
	return test_main();
}
