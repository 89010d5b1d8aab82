/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

struct ar_json_writer;
struct ar_record;

/*
 * Members of runc's state.json (libcontainer.State of runc 1.x), for programs that read it:
 * "rootless", "config" (root, hostname, namespaces, cgroup, labels), "cgroup_paths" and
 * "namespace_paths". Written into the object that is open; all of it follows from the record, and
 * agentrun itself does not read it back.
 */
void ar_record_encode_as_runc(struct ar_json_writer *w, const struct ar_record *record);
