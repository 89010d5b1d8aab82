/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "spec/mount-options.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/sys.h"

enum kind {
	ATTR,	   /* MOUNT_ATTR_* of this mount */
	ATIME,	   /* its access time: value is a mode, or the mode that it is not to have */
	TREE_ATTR, /* the same for the whole tree */
	TREE_ATIME,
	SUPERBLOCK,  /* MS_* of the filesystem */
	PROPAGATION, /* MS_* */
	FLAG,	     /* a bool of struct ar_mount_options; value is its offset */
};

#define BOOL(member) offsetof(struct ar_mount_options, member)

/*
 * name, kind, value, whether it is cleared. Sorted by name. No "acl": MS_POSIXACL says what a
 * kernel can, not what a mount wants, so it stays data for the filesystem, as in runc.
 */
#define OPTIONS(X)                                                    \
	X("async", SUPERBLOCK, MS_SYNCHRONOUS, true)                  \
	X("atime", ATIME, MOUNT_ATTR_NOATIME, true)                   \
	X("bind", FLAG, BOOL(bind), false)                            \
	X("defaults", FLAG, BOOL(defaults), false)                    \
	X("dev", ATTR, MOUNT_ATTR_NODEV, true)                        \
	X("diratime", ATTR, MOUNT_ATTR_NODIRATIME, true)              \
	X("dirsync", SUPERBLOCK, MS_DIRSYNC, false)                   \
	X("exec", ATTR, MOUNT_ATTR_NOEXEC, true)                      \
	X("idmap", FLAG, BOOL(idmap), false)                          \
	X("iversion", SUPERBLOCK, MS_I_VERSION, false)                \
	X("lazytime", SUPERBLOCK, MS_LAZYTIME, false)                 \
	X("loud", SUPERBLOCK, MS_SILENT, true)                        \
	X("mand", SUPERBLOCK, MS_MANDLOCK, false)                     \
	X("noatime", ATIME, MOUNT_ATTR_NOATIME, false)                \
	X("nodev", ATTR, MOUNT_ATTR_NODEV, false)                     \
	X("nodiratime", ATTR, MOUNT_ATTR_NODIRATIME, false)           \
	X("noexec", ATTR, MOUNT_ATTR_NOEXEC, false)                   \
	X("noiversion", SUPERBLOCK, MS_I_VERSION, true)               \
	X("nolazytime", SUPERBLOCK, MS_LAZYTIME, true)                \
	X("nomand", SUPERBLOCK, MS_MANDLOCK, true)                    \
	X("norelatime", ATIME, MOUNT_ATTR_RELATIME, true)             \
	X("nostrictatime", ATIME, MOUNT_ATTR_STRICTATIME, true)       \
	X("nosuid", ATTR, MOUNT_ATTR_NOSUID, false)                   \
	X("nosymfollow", ATTR, MOUNT_ATTR_NOSYMFOLLOW, false)         \
	X("private", PROPAGATION, MS_PRIVATE, false)                  \
	X("ratime", TREE_ATIME, MOUNT_ATTR_NOATIME, true)             \
	X("rbind", FLAG, BOOL(recursive), false)                      \
	X("rdev", TREE_ATTR, MOUNT_ATTR_NODEV, true)                  \
	X("rdiratime", TREE_ATTR, MOUNT_ATTR_NODIRATIME, true)        \
	X("relatime", ATIME, MOUNT_ATTR_RELATIME, false)              \
	X("remount", FLAG, BOOL(remount), false)                      \
	X("rexec", TREE_ATTR, MOUNT_ATTR_NOEXEC, true)                \
	X("ridmap", FLAG, BOOL(ridmap), false)                        \
	X("rnoatime", TREE_ATIME, MOUNT_ATTR_NOATIME, false)          \
	X("rnodev", TREE_ATTR, MOUNT_ATTR_NODEV, false)               \
	X("rnodiratime", TREE_ATTR, MOUNT_ATTR_NODIRATIME, false)     \
	X("rnoexec", TREE_ATTR, MOUNT_ATTR_NOEXEC, false)             \
	X("rnorelatime", TREE_ATIME, MOUNT_ATTR_RELATIME, true)       \
	X("rnostrictatime", TREE_ATIME, MOUNT_ATTR_STRICTATIME, true) \
	X("rnosuid", TREE_ATTR, MOUNT_ATTR_NOSUID, false)             \
	X("rnosymfollow", TREE_ATTR, MOUNT_ATTR_NOSYMFOLLOW, false)   \
	X("ro", ATTR, MOUNT_ATTR_RDONLY, false)                       \
	X("rprivate", PROPAGATION, MS_REC | MS_PRIVATE, false)        \
	X("rrelatime", TREE_ATIME, MOUNT_ATTR_RELATIME, false)        \
	X("rro", TREE_ATTR, MOUNT_ATTR_RDONLY, false)                 \
	X("rrw", TREE_ATTR, MOUNT_ATTR_RDONLY, true)                  \
	X("rshared", PROPAGATION, MS_REC | MS_SHARED, false)          \
	X("rslave", PROPAGATION, MS_REC | MS_SLAVE, false)            \
	X("rstrictatime", TREE_ATIME, MOUNT_ATTR_STRICTATIME, false)  \
	X("rsuid", TREE_ATTR, MOUNT_ATTR_NOSUID, true)                \
	X("rsymfollow", TREE_ATTR, MOUNT_ATTR_NOSYMFOLLOW, true)      \
	X("runbindable", PROPAGATION, MS_REC | MS_UNBINDABLE, false)  \
	X("rw", ATTR, MOUNT_ATTR_RDONLY, true)                        \
	X("shared", PROPAGATION, MS_SHARED, false)                    \
	X("silent", SUPERBLOCK, MS_SILENT, false)                     \
	X("slave", PROPAGATION, MS_SLAVE, false)                      \
	X("strictatime", ATIME, MOUNT_ATTR_STRICTATIME, false)        \
	X("suid", ATTR, MOUNT_ATTR_NOSUID, true)                      \
	X("symfollow", ATTR, MOUNT_ATTR_NOSYMFOLLOW, true)            \
	X("sync", SUPERBLOCK, MS_SYNCHRONOUS, false)                  \
	X("tmpcopyup", FLAG, BOOL(tmpcopyup), false)                  \
	X("unbindable", PROPAGATION, MS_UNBINDABLE, false)

static const char *const names[] = {
#define X(name, kind, value, clear) name,
	OPTIONS(X)
#undef X
};

static const struct option {
	enum kind kind;
	uint64_t value;
	bool clear;
} options[] = {
#define X(name, kind, value, clear) { kind, value, clear },
	OPTIONS(X)
#undef X
};

static int compare(const void *key, const void *name)
{
	return strcmp(key, *(const char *const *)name);
}

static const struct option *find(const char *name)
{
	const char *const *found = bsearch(name, names, AR_COUNT(names), sizeof(names[0]), compare);

	return found ? &options[found - names] : NULL;
}

static void set_bit(uint64_t *set, uint64_t *clr, uint64_t bit, bool clear)
{
	*(clear ? clr : set) |= bit;
	*(clear ? set : clr) &= ~bit;
}

/* mount(2) has a bit for each mode, and an order among them; here RELATIME is 0. */
#define RELATIME_BIT UINT64_C(1)

static void say_atime(uint64_t *said, uint64_t mode, bool clear)
{
	uint64_t bit = mode == MOUNT_ATTR_RELATIME ? RELATIME_BIT : mode;

	*said = clear ? *said & ~bit : *said | bit;
}

/* What is said of none leaves what a mount has, or the kernel's default. */
static void set_atime(struct ar_mount_options *m, uint64_t said)
{
	if (!said)
		return;
	m->attr_clr |= MOUNT_ATTR__ATIME;
	if (said & MOUNT_ATTR_STRICTATIME)
		m->attr_set |= MOUNT_ATTR_STRICTATIME;
	else
		m->attr_set |= said & MOUNT_ATTR_NOATIME;
}

/* Of a whole tree. As with runc, to clear a mode gives relatime, the kernel's default, where that mode
 * was asked for or none was; another one that was asked for stays. */
static void set_tree_atime(uint64_t *set, uint64_t *clr, uint64_t mode, bool clear)
{
	uint64_t now = *set & MOUNT_ATTR__ATIME;

	if (clear)
		mode = now == mode ? MOUNT_ATTR_RELATIME : now;
	*set = (*set & ~(uint64_t)MOUNT_ATTR__ATIME) | mode;
	*clr |= MOUNT_ATTR__ATIME;
}

static void apply(struct ar_mount_options *m, const struct option *o, uint64_t *atimes)
{
	m->flags |= o->kind == ATTR || o->kind == ATIME || o->kind == SUPERBLOCK;
	switch (o->kind) {
	case ATTR:
		set_bit(&m->attr_set, &m->attr_clr, o->value, o->clear);
		break;
	case ATIME:
		say_atime(atimes, o->value, o->clear);
		break;
	case TREE_ATTR:
		set_bit(&m->rec_set, &m->rec_clr, o->value, o->clear);
		break;
	case TREE_ATIME:
		set_tree_atime(&m->rec_set, &m->rec_clr, o->value, o->clear);
		break;
	case SUPERBLOCK:
		set_bit(&m->sb_flags, &m->sb_clr, o->value, o->clear);
		break;
	case PROPAGATION:
		m->propagation = (unsigned long)o->value;
		m->propagations.items[m->propagations.n++] = o->value;
		break;
	case FLAG:
		*(bool *)((char *)m + o->value) = true;
		break;
	}
}

void ar_mount_options_parse(struct ar_arena *arena, const struct ar_strings *list,
			    struct ar_mount_options *ret)
{
	struct ar_mount_options m = { 0 };
	uint64_t atimes = 0;

	m.data.items = ar_alloc_array(arena, list->n + 1, sizeof(*m.data.items));
	m.propagations.items = ar_alloc_array(arena, list->n + 1, sizeof(*m.propagations.items));
	for (size_t i = 0; i < list->n; i++) {
		const struct option *o = find(list->items[i]);

		if (o)
			apply(&m, o, &atimes);
		else if (*list->items[i]) /* podman sends empty ones, which mount(2) skips */
			m.data.items[m.data.n++] = list->items[i];
	}
	set_atime(&m, atimes);
	m.ro = m.attr_set & MOUNT_ATTR_RDONLY;
	m.bind = m.bind || m.recursive;
	*ret = m;
}

void ar_mount_options_as_runc(struct ar_mount_options *o, bool locked)
{
	const uint64_t flags = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			       MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW;
	const uint64_t times = MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;

	if (o->remount || (o->flags && !locked))
		o->attr_clr |= flags & ~o->attr_set;
	if ((o->attr_clr & MOUNT_ATTR__ATIME) || (o->attr_set & MOUNT_ATTR_NODIRATIME))
		o->attr_clr |= times & ~(o->attr_set & MOUNT_ATTR_NODIRATIME);
	else
		o->attr_clr &= ~times;
}

bool ar_mount_option_is_label(const char *option)
{
	static const char name[] = "context";
	size_t len = strcspn(option, "=,");

	return option[len] == '=' && len >= sizeof(name) - 1 &&
	       strncmp(option + len - (sizeof(name) - 1), name, sizeof(name) - 1) == 0;
}

/* How long the first option in text is. */
static size_t first_option(const char *text)
{
	bool quoted = false;
	size_t n = 0;

	if (ar_mount_option_is_label(text) && text[strcspn(text, "=") + 1] != '"')
		return strlen(text);
	for (; text[n] && (quoted || text[n] != ','); n++) {
		if (text[n] == '"')
			quoted = !quoted;
		else if (text[n] == '\\' && text[n + 1])
			n++;
	}
	return n;
}

struct ar_strings ar_mount_options_split(struct ar_arena *arena, const struct ar_strings *list)
{
	struct ar_strings out = { 0 };
	size_t most = list->n;

	for (size_t i = 0; i < list->n; i++)
		for (const char *at = list->items[i]; (at = strchr(at, ',')); at++)
			most++;
	if (most == list->n)
		return *list;
	out.items = ar_alloc_array(arena, most + 1, sizeof(*out.items));
	for (size_t i = 0; i < list->n; i++) {
		const char *text = list->items[i];
		size_t n = find(text) ? strlen(text) : first_option(text);

		for (; text[n]; text += n + 1, n = first_option(text))
			out.items[out.n++] = ar_printf(arena, "%.*s", (int)n, text);
		out.items[out.n++] = text;
	}
	return out;
}

const char *const *ar_mount_option_names(size_t *ret_n)
{
	*ret_n = AR_COUNT(names);
	return names;
}
