/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"
#include "output.h"
#include "json/write.h"

/* What became of each control: beside the standard's members, in an object of our own. */
static void encode_hardening(struct ar_json_writer *w, const struct ar_record *record)
{
	ar_json_key(w, "agentrun");
	ar_json_open(w, '{');
	ar_json_kv(w, "profile", record->profile);
	ar_json_key(w, "controls");
	ar_json_open(w, '{');
	ar_list_foreach(struct ar_outcome, outcome, &record->outcomes) {
		ar_json_key(w, outcome->control);
		ar_json_open(w, '{');
		ar_json_kv(w, "result", outcome->result);
		if (outcome->why)
			ar_json_kv(w, "why", outcome->why);
		ar_json_close(w, '}');
	}
	ar_json_close(w, '}');
	ar_json_close(w, '}');
}

static int run(struct ar_call *call, struct ar_error *err)
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT("  ");
	struct ar_view view = { 0 };
	int r;

	r = ar_life_view(&call->context, call->arena, call->words.argv[0], &view, err);
	if (r < 0)
		return r;
	ar_json_open(&w, '{');
	ar_view_encode(&w, &view, "");
	encode_hardening(&w, view.record);
	ar_json_close(&w, '}');
	/* no newline behind it, as runc */
	r = ar_print(ar_text_str(&w.out), w.out.len, err);
	ar_json_done(&w);
	return r;
}

const struct ar_command ar_command_state = {
	.name = "state",
	.summary = "print the state of a container",
	.arguments = "<container-id>",
	.text = "Prints JSON: the members of the runtime specification, and in \"agentrun\" the hardening\n"
		"profile and for each of its controls whether it is enforced and, if it is not, why.\n",
	.table = &ar_no_options,
	.min_words = 1,
	.max_words = 1,
	.run = run,
};
