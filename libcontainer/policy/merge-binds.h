/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "policy/merging.h"

/* What becomes of a bind mount. */
enum ar_bind_fate {
	AR_BIND_TAKE,
	AR_BIND_READ_ONLY, /* taken, but not to be written; reason says why */
	AR_BIND_DROP,	   /* left out, the container starts without; reason says why */
	AR_BIND_REFUSE,
};
struct ar_bind_verdict {
	enum ar_bind_fate fate;
	const char *reason; /* NULL with AR_BIND_TAKE */
	bool firm;	    /* AR_BIND_READ_ONLY whatever opt-outs there are */
	const char *note;   /* for a decision of its own, NULL */
};

/*
 * Judge a bind by its resolved source. destination is as the bundle has it, target with the links
 * of the root resolved; both clean, and the bind may come to stand at either. Opt-outs are not
 * asked.
 */
struct ar_bind_verdict ar_bind_judge(const struct ar_merging *m, const struct ar_source *source,
				     const char *destination, const char *target, bool writable);
/*
 * Whether mount points that are missing may be made in a bind that ar_bind_judge() made read-only:
 * where only its place makes it so, and the container may write to its source elsewhere; and where
 * podman or CRI-O made the directory for this container, to mount its secrets into.
 */
bool ar_bind_takes_mount_points(const struct ar_merging *m, const struct ar_source *source,
				const char *destination);
