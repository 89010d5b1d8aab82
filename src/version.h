/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "spec/spec.h" /* AR_SPEC_VERSION */

/* The build defines it where it is known. */
#ifndef AR_COMMIT
#define AR_COMMIT "unknown"
#endif
