/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "command.h"
#include "creation.h"
#include "globals.h"
#include "life/container.h"
#include "life/making.h"
#include "output.h"
#include "policy/explain.h"
#include "policy/merge.h"
#include "json/write.h"

struct options {
	const char *bundle, *format;
	bool no_pivot, no_new_keyring;
};

#define AT(member) offsetof(struct options, member)

static const struct ar_option options[] = {
	{ "bundle", 'b', AR_OPTION_STRING, false, AT(bundle), NULL,
	  "directory of the bundle (default: the current directory)" },
	{ "format", 'f', AR_OPTION_STRING, false, AT(format), "text", "text or json" },
	{ "no-pivot", 0, AR_OPTION_BOOL, false, AT(no_pivot), NULL,
	  "as if create were given this option" },
	{ "no-new-keyring", 0, AR_OPTION_BOOL, false, AT(no_new_keyring), NULL,
	  "as if create were given this option" },
};
static const struct ar_option_table table = AR_OPTIONS(AR_OPTIONS_ANYWHERE, options);

static int print(const struct ar_effective *effective, const struct ar_facts *facts, bool json,
		 struct ar_error *err)
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT("  ");
	_cleanup_text_ struct ar_text out = AR_TEXT_INIT;

	if (json) {
		ar_effective_encode(&w, effective);
		ar_text_addf(&out, "%s\n", ar_text_str(&w.out));
		ar_json_done(&w);
	} else {
		ar_explain_text(&out, effective, facts);
	}
	return ar_print(ar_text_str(&out), out.len, err);
}

/* What stands is shown as it was decided when it was created, and updated since. */
static int explain_container(struct ar_call *call, const char *id, bool json, struct ar_error *err)
{
	_cleanup_container_ struct ar_container container;
	int r = ar_container_open(&container, &call->context, id, AR_LOCK_NONE, err);

	if (r == 0)
		r = ar_container_read_effective(&container, err);
	return r < 0 ? r : print(container.effective, NULL, json, err);
}

/*
 * What would be refused is shown with the rest, and is the error as well, as it would be create's.
 */
static int run(struct ar_call *call, struct ar_error *err)
{
	const struct options *asked = call->options;
	bool json = strcmp(asked->format, "json") == 0;
	const char *id = call->words.argc > 0 ? call->words.argv[0] : "container";
	const char *bundle = asked->bundle && *asked->bundle ? asked->bundle : NULL;
	struct ar_asked flags = {
		.no_pivot = asked->no_pivot,
		.no_new_keyring = asked->no_new_keyring,
		.cgroup_disabled = call->context.cgroup_disabled,
	};
	_cleanup_making_ struct ar_making making;
	const struct ar_effective *shown;
	struct ar_error error;
	int r, refusal;

	ar_making_init(&making); /* before any return: it is cleaned up by them all */
	if (!json && strcmp(asked->format, "text") != 0)
		return ar_refuse(err, EINVAL, "invalid format: %s (expected text or json)",
				 asked->format);
	r = ar_id_check(id, err);
	if (r == 0)
		r = ar_globals_root(call->arena, call->globals, &call->context.root, err);
	if (r >= 0 && call->words.argc > 0 && !bundle) {
		r = explain_container(call, id, json, err);
		if (r != -ENOENT)
			return r;
		r = 0; /* the name that a container of the bundle would have */
	}
	if (r >= 0)
		r = ar_making_read(&making, &call->context, bundle, id, err);
	if (r < 0)
		return r;
	refusal = ar_making_decide(&making, &call->context, &flags, err);
	/* flags has the bundle's own policy by now */
	r = ar_merge_show(making.arena, making.spec, call->context.config, making.facts, &flags,
			  &shown, &error);
	if (r == 0)
		r = print(shown, making.facts, json, &error);
	if (r < 0 && refusal == 0)
		return ar_refuse(err, -r, "%s", error.text);
	return refusal;
}

const struct ar_command ar_command_explain = {
	.name = "explain",
	.summary = "show what a bundle or a container asks for, what it gets and why",
	.arguments = "[container-id]",
	.text = "Without --bundle, the id of a container that stands shows what was decided for that one. Else\n"
		"the bundle is judged, and nothing is run: the exit status is 1 when policy would refuse it. What\n"
		"only the kernel can refuse (a program that does not exist, a limit without a controller) is not\n"
		"seen.\n",
	.table = &table,
	.options_size = sizeof(struct options),
	.max_words = 1,
	.flags = AR_COMMAND_POLICY | AR_COMMAND_STATELESS,
	.run = run,
};
