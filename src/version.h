/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The newest runtime-spec that is implemented. */
#define AR_SPEC_VERSION "1.3.0"
/* The build defines it where it is known. */
#ifndef AR_COMMIT
#define AR_COMMIT "unknown"
#endif
