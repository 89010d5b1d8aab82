/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/arena.h"
#include "base/sys.h"
#include "spec/mount-options.h"

#include "test.h"

#define MOST 8

static struct ar_mount_options parse(struct ar_arena *arena, const char *const *names)
{
	struct ar_strings list = { (const char **)names, 0 };
	struct ar_mount_options o;

	while (list.n < MOST && names[list.n])
		list.n++;
	ar_mount_options_parse(arena, &list, &o);
	return o;
}

/*
 * What each list of options comes to; data is the last one that is left, and there is one at most.
 */
static const struct {
	const char *options[MOST];
	struct ar_mount_options want;
	const char *data;
} cases[] = {
	{ { NULL }, { 0 }, NULL },
	{ { "defaults" }, { .defaults = true }, NULL },

	/* one bit each, and the other way round */
	{ { "ro" }, { .attr_set = MOUNT_ATTR_RDONLY, .ro = true }, NULL },
	{ { "rw" }, { .attr_clr = MOUNT_ATTR_RDONLY }, NULL },
	{ { "nosuid", "nodev", "noexec" },
	  { .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },
	  NULL },
	{ { "suid", "dev", "exec" },
	  { .attr_clr = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC },
	  NULL },
	{ { "nosymfollow", "nodiratime" },
	  { .attr_set = MOUNT_ATTR_NOSYMFOLLOW | MOUNT_ATTR_NODIRATIME },
	  NULL },
	{ { "symfollow", "diratime" },
	  { .attr_clr = MOUNT_ATTR_NOSYMFOLLOW | MOUNT_ATTR_NODIRATIME },
	  NULL },

	/* the last one counts */
	{ { "ro", "rw" }, { .attr_clr = MOUNT_ATTR_RDONLY }, NULL },
	{ { "rw", "ro" }, { .attr_set = MOUNT_ATTR_RDONLY, .ro = true }, NULL },
	{ { "nosuid", "suid", "nosuid" }, { .attr_set = MOUNT_ATTR_NOSUID }, NULL },

	/* the whole tree */
	{ { "rro", "rnosuid", "rnodev", "rnoexec" },
	  { .rec_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
		       MOUNT_ATTR_NOEXEC },
	  NULL },
	{ { "rrw", "rsuid", "rdev", "rexec" },
	  { .rec_clr = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
		       MOUNT_ATTR_NOEXEC },
	  NULL },
	{ { "rnosymfollow", "rnodiratime" },
	  { .rec_set = MOUNT_ATTR_NOSYMFOLLOW | MOUNT_ATTR_NODIRATIME },
	  NULL },
	{ { "rsymfollow", "rdiratime" },
	  { .rec_clr = MOUNT_ATTR_NOSYMFOLLOW | MOUNT_ATTR_NODIRATIME },
	  NULL },
	{ { "rro", "rw" }, { .rec_set = MOUNT_ATTR_RDONLY, .attr_clr = MOUNT_ATTR_RDONLY }, NULL },
	{ { "rro", "rrw" }, { .rec_clr = MOUNT_ATTR_RDONLY }, NULL },

	/* the access time is one of three, and all of its field is cleared with it */
	{ { "noatime" }, { .attr_set = MOUNT_ATTR_NOATIME, .attr_clr = MOUNT_ATTR__ATIME }, NULL },
	{ { "strictatime" },
	  { .attr_set = MOUNT_ATTR_STRICTATIME, .attr_clr = MOUNT_ATTR__ATIME },
	  NULL },
	{ { "relatime" }, { .attr_clr = MOUNT_ATTR__ATIME }, NULL },
	{ { "noatime", "strictatime" },
	  { .attr_set = MOUNT_ATTR_STRICTATIME, .attr_clr = MOUNT_ATTR__ATIME },
	  NULL },
	/* as with mount(2): strictatime before noatime, noatime before relatime */
	{ { "strictatime", "noatime" },
	  { .attr_set = MOUNT_ATTR_STRICTATIME, .attr_clr = MOUNT_ATTR__ATIME },
	  NULL },
	{ { "strictatime", "relatime" },
	  { .attr_set = MOUNT_ATTR_STRICTATIME, .attr_clr = MOUNT_ATTR__ATIME },
	  NULL },
	{ { "noatime", "relatime" },
	  { .attr_set = MOUNT_ATTR_NOATIME, .attr_clr = MOUNT_ATTR__ATIME },
	  NULL },
	{ { "atime" }, { 0 }, NULL },
	{ { "noatime", "atime" }, { 0 }, NULL },
	{ { "relatime", "norelatime" }, { 0 }, NULL },
	{ { "strictatime", "atime" },
	  { .attr_set = MOUNT_ATTR_STRICTATIME, .attr_clr = MOUNT_ATTR__ATIME },
	  NULL },
	{ { "strictatime", "nostrictatime" }, { 0 }, NULL },
	{ { "norelatime" }, { 0 }, NULL },
	{ { "noatime", "norelatime" },
	  { .attr_set = MOUNT_ATTR_NOATIME, .attr_clr = MOUNT_ATTR__ATIME },
	  NULL },
	{ { "rnoatime" }, { .rec_set = MOUNT_ATTR_NOATIME, .rec_clr = MOUNT_ATTR__ATIME }, NULL },
	{ { "rnoatime", "rrelatime" }, { .rec_clr = MOUNT_ATTR__ATIME }, NULL },
	{ { "ratime" }, { .rec_clr = MOUNT_ATTR__ATIME }, NULL },
	{ { "rstrictatime" },
	  { .rec_set = MOUNT_ATTR_STRICTATIME, .rec_clr = MOUNT_ATTR__ATIME },
	  NULL },
	{ { "rnostrictatime" }, { .rec_clr = MOUNT_ATTR__ATIME }, NULL },
	{ { "rnorelatime" }, { .rec_clr = MOUNT_ATTR__ATIME }, NULL },

	/* the filesystem's */
	{ { "sync", "dirsync", "mand", "iversion", "lazytime", "silent" },
	  { .sb_flags = MS_SYNCHRONOUS | MS_DIRSYNC | MS_MANDLOCK | MS_I_VERSION | MS_LAZYTIME |
			MS_SILENT },
	  NULL },
	{ { "async", "nomand", "noiversion", "nolazytime", "loud" },
	  { .sb_clr = MS_SYNCHRONOUS | MS_MANDLOCK | MS_I_VERSION | MS_LAZYTIME | MS_SILENT },
	  NULL },
	{ { "sync", "async" }, { .sb_clr = MS_SYNCHRONOUS }, NULL },

	/* binding, propagation, the rest */
	{ { "bind" }, { .bind = true }, NULL },
	{ { "rbind" }, { .bind = true, .recursive = true }, NULL },
	{ { "rbind", "bind" }, { .bind = true, .recursive = true }, NULL },
	{ { "private" }, { .propagation = MS_PRIVATE }, NULL },
	{ { "rprivate" }, { .propagation = MS_PRIVATE | MS_REC }, NULL },
	{ { "slave" }, { .propagation = MS_SLAVE }, NULL },
	{ { "rslave" }, { .propagation = MS_SLAVE | MS_REC }, NULL },
	{ { "shared" }, { .propagation = MS_SHARED }, NULL },
	{ { "rshared" }, { .propagation = MS_SHARED | MS_REC }, NULL },
	{ { "unbindable" }, { .propagation = MS_UNBINDABLE }, NULL },
	{ { "runbindable" }, { .propagation = MS_UNBINDABLE | MS_REC }, NULL },
	{ { "rshared", "slave" }, { .propagation = MS_SLAVE }, NULL },
	{ { "remount", "idmap", "tmpcopyup" },
	  { .remount = true, .idmap = true, .tmpcopyup = true },
	  NULL },
	{ { "ridmap" }, { .ridmap = true }, NULL },

	/* data */
	{ { "mode=755", "ro" }, { .attr_set = MOUNT_ATTR_RDONLY, .ro = true }, "mode=755" },
	{ { "acl" }, { 0 }, "acl" },
	{ { "RO" }, { 0 }, "RO" },
	{ { "ro,nosuid" }, { 0 }, "ro,nosuid" },
	{ { "" }, { 0 }, NULL },
	{ { "context=\"a:b,c\"" }, { 0 }, "context=\"a:b,c\"" },
	{ { "idmap=uids=0-1-2" }, { 0 }, "idmap=uids=0-1-2" },
};

TEST("options become flags, the last of those that exclude each other counts")
{
	for (size_t i = 0; i < AR_COUNT(cases); i++) {
		_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
		const struct ar_mount_options *want = &cases[i].want;
		struct ar_mount_options o = parse(arena, cases[i].options);

		if (o.attr_set != want->attr_set || o.attr_clr != want->attr_clr ||
		    o.rec_set != want->rec_set || o.rec_clr != want->rec_clr ||
		    o.sb_flags != want->sb_flags || o.sb_clr != want->sb_clr || o.ro != want->ro ||
		    o.bind != want->bind || o.recursive != want->recursive ||
		    o.remount != want->remount || o.propagation != want->propagation ||
		    o.idmap != want->idmap || o.ridmap != want->ridmap ||
		    o.tmpcopyup != want->tmpcopyup || o.defaults != want->defaults)
			test_fail(
				__FILE__, __LINE__,
				"case %zu (\"%s\" ...)\n#      got: set %#lx clr %#lx rec %#lx/%#lx sb "
				"%#lx/%#lx propagation %#lx\n# expected: set %#lx clr %#lx rec %#lx/%#lx "
				"sb %#lx/%#lx propagation %#lx",
				i, cases[i].options[0], o.attr_set, o.attr_clr, o.rec_set,
				o.rec_clr, o.sb_flags, o.sb_clr, o.propagation, want->attr_set,
				want->attr_clr, want->rec_set, want->rec_clr, want->sb_flags,
				want->sb_clr, want->propagation);
		CHECK_STR(o.data.items[0], cases[i].data);
		CHECK_UINT(o.data.n, cases[i].data ? 1 : 0);
	}
}

TEST("whether an option speaks of flags, to set or to clear one")
{
	static const struct {
		const char *option;
		bool speaks;
	} those[] = {
		{ "ro", true },	       { "suid", true },     { "atime", true },
		{ "async", true },     { "rbind", false },   { "rro", false },
		{ "shared", false },   { "idmap", false },   { "remount", false },
		{ "defaults", false }, { "size=1k", false },
	};
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();

	for (size_t i = 0; i < AR_COUNT(those); i++)
		CHECK_INT(parse(arena, (const char *[]){ those[i].option, NULL }).flags,
			  those[i].speaks);
}

TEST("what is the filesystem's keeps its order")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	struct ar_mount_options o =
		parse(arena, (const char *[]){ "size=64m", "nosuid", "mode=1777", "noswap", NULL });

	CHECK_UINT(o.data.n, 3);
	CHECK_STR(o.data.items[0], "size=64m");
	CHECK_STR(o.data.items[1], "mode=1777");
	CHECK_STR(o.data.items[2], "noswap");
	CHECK(!o.data.items[3]);
}

TEST("options in one text stand alone, and commas that are an option's own stay")
{
	static const struct {
		const char *text, *want[4];
	} texts[] = {
		{ "nosuid", { "nosuid" } },
		{ "size=1m,mode=700", { "size=1m", "mode=700" } },
		{ "size=1m,ro,mode=700", { "size=1m", "ro", "mode=700" } },
		{ "size=1m,", { "size=1m", "" } },
		{ "", { "" } },
		{ "lowerdir=/a\\,b:/c,upperdir=/d", { "lowerdir=/a\\,b:/c", "upperdir=/d" } },
		{ "context=\"u:r:t:s0:c1,c2\",size=1m",
		  { "context=\"u:r:t:s0:c1,c2\"", "size=1m" } },
		{ "rootcontext=u:r:t:s0:c1,c2", { "rootcontext=u:r:t:s0:c1,c2" } },
		{ "a\\", { "a\\" } },
		{ "size=1m,context=\"u,", { "size=1m", "context=\"u," } },
	};
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();

	for (size_t i = 0; i < AR_COUNT(texts); i++) {
		struct ar_strings one = { (const char *[]){ texts[i].text }, 1 };
		struct ar_strings got = ar_mount_options_split(arena, &one);
		size_t n = 0;

		while (n < 4 && texts[i].want[n])
			n++;
		CHECK_UINT(got.n, n);
		for (size_t j = 0; j < got.n && j < n; j++)
			CHECK_STR(got.items[j], texts[i].want[j]);
	}
}

/* mount_setattr(2): a bit of the access time in attr_set needs all of the field in attr_clr. */
TEST("whatever the options, the kernel takes what comes of them")
{
	_cleanup_arena_ struct ar_arena *arena = ar_arena_new();
	const uint64_t atime = MOUNT_ATTR__ATIME;
	const char *const *names;
	size_t n;

	names = ar_mount_option_names(&n);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++) {
			struct ar_mount_options o =
				parse(arena, (const char *[]){ names[i], names[k], NULL });

			CHECK_UINT(o.attr_set & o.attr_clr & ~atime, 0);
			CHECK_UINT(o.rec_set & o.rec_clr & ~atime, 0);
			CHECK_UINT(o.sb_flags & o.sb_clr, 0);
			CHECK((o.attr_clr & atime) == 0 || (o.attr_clr & atime) == atime);
			CHECK((o.rec_clr & atime) == 0 || (o.rec_clr & atime) == atime);
			CHECK(!(o.attr_set & atime) || (o.attr_clr & atime) == atime);
			CHECK(!(o.rec_set & atime) || (o.rec_clr & atime) == atime);
			CHECK((o.attr_set & atime) != atime && (o.rec_set & atime) != atime);
			CHECK_UINT(o.data.n, 0);
		}
	}
}

TEST("the known names are sorted and unique, and those of runtime-spec are among them")
{
	static const char *const some[] = { "async",  "bind", "idmap",	  "noexec",
					    "ratime", "rro",  "tmpcopyup" };
	const char *const *names;
	size_t n, found = 0;

	names = ar_mount_option_names(&n);
	for (size_t i = 1; i < n; i++)
		CHECK(strcmp(names[i - 1], names[i]) < 0);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < AR_COUNT(some); k++)
			found += strcmp(names[i], some[k]) == 0;
	CHECK_UINT(found, AR_COUNT(some));
}

int main(void)
{
	return test_main();
}
