/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "run/walk.h"

/* The container's NOTIFY_SOCKET, see notify.h. The host's step makes its directory, and with "run"
 * the socket in it; init's mounts the directory, which with "create" is empty until "start". */
extern const struct ar_step ar_step_notify_make;  /* host */
extern const struct ar_step ar_step_notify_mount; /* init */
