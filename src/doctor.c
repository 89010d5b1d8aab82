/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "command.h"
#include "output.h"
#include "json/write.h"

struct options {
	const char *format;
};

static const struct ar_option options[] = {
	{ "format", 'f', AR_OPTION_STRING, false, offsetof(struct options, format), "text",
	  "text or json" },
};
static const struct ar_option_table table = AR_OPTIONS(AR_OPTIONS_ANYWHERE, options);

static void (*const areas[])(struct ar_visit *) = {
	ar_doctor_kernel,     ar_doctor_cgroups, ar_doctor_modules, ar_doctor_users,
	ar_doctor_kvm,	      ar_doctor_policy,	 ar_doctor_state,   ar_doctor_docker,
	ar_doctor_containerd, ar_doctor_podman,	 ar_doctor_crio,
};

static const char *const verdicts[AR_VERDICT_COUNT] = {
	[AR_VERDICT_OK] = "ok",
	[AR_VERDICT_NOTE] = "note",
	[AR_VERDICT_WARNING] = "warning",
	[AR_VERDICT_FAILURE] = "failure",
};

void ar_visit_add(struct ar_visit *v, const char *area, const char *name, enum ar_verdict verdict,
		  const char *advice, const char *found, ...)
{
	_cleanup_text_ struct ar_text t = AR_TEXT_INIT;
	va_list args;

	v->items = ar_arena_grow(v->arena, v->items, v->n, &v->room, sizeof(*v->items));
	va_start(args, found);
	ar_text_addv(&t, found, args);
	va_end(args);
	v->items[v->n++] = (struct ar_finding){ .area = area,
						.name = name,
						.verdict = verdict,
						.found = ar_strdup(v->arena, ar_text_str(&t)),
						.advice = advice };
}

static size_t count(const struct ar_visit *v, enum ar_verdict verdict)
{
	size_t n = 0;

	for (size_t i = 0; i < v->n; i++)
		n += v->items[i].verdict == verdict;
	return n;
}

static void add_text(struct ar_text *t, const struct ar_visit *v)
{
	for (size_t i = 0; i < v->n; i++) {
		const struct ar_finding *f = &v->items[i];

		if (i == 0 || strcmp(f->area, v->items[i - 1].area) != 0)
			ar_text_addf(t, "%s%s\n", i == 0 ? "" : "\n", f->area);
		ar_text_addf(t, "  %-7s  %s: %s\n", verdicts[f->verdict], f->name, f->found);
		if (f->advice)
			ar_text_addf(t, "           -> %s\n", f->advice);
	}
	ar_text_addf(t, "\n%zu ok, %zu notes, %zu warnings, %zu failures\n",
		     count(v, AR_VERDICT_OK), count(v, AR_VERDICT_NOTE),
		     count(v, AR_VERDICT_WARNING), count(v, AR_VERDICT_FAILURE));
}

static void add_json(struct ar_text *t, const struct ar_visit *v)
{
	struct ar_json_writer w = AR_JSON_WRITER_INIT("  ");

	ar_json_open(&w, '{');
	ar_json_key(&w, "findings");
	ar_json_open(&w, '[');
	for (size_t i = 0; i < v->n; i++) {
		const struct ar_finding *f = &v->items[i];

		ar_json_open(&w, '{');
		ar_json_kv(&w, "area", f->area);
		ar_json_kv(&w, "name", f->name);
		ar_json_kv(&w, "verdict", verdicts[f->verdict]);
		ar_json_kv(&w, "found", f->found);
		if (f->advice)
			ar_json_kv(&w, "advice", f->advice);
		ar_json_close(&w, '}');
	}
	ar_json_close(&w, ']');
	ar_json_key(&w, "count");
	ar_json_open(&w, '{');
	for (int i = 0; i < AR_VERDICT_COUNT; i++)
		ar_json_kv_u64(&w, verdicts[i], count(v, (enum ar_verdict)i));
	ar_json_close(&w, '}');
	ar_json_close(&w, '}');
	ar_text_addf(t, "%s\n", ar_text_str(&w.out));
	ar_json_done(&w);
}

static int run(struct ar_call *call, struct ar_error *err)
{
	const struct options *asked = call->options;
	_cleanup_text_ struct ar_text out = AR_TEXT_INIT;
	struct ar_host host;
	struct ar_visit v = { .arena = call->arena, .call = call, .host = &host };
	bool json = strcmp(asked->format, "json") == 0;

	if (!json && strcmp(asked->format, "text") != 0)
		return ar_refuse(err, EINVAL, "invalid format: %s (expected text or json)",
				 asked->format);
	ar_host_look(call->arena, &host);
	for (size_t i = 0; i < AR_COUNT(areas); i++)
		areas[i](&v);
	if (json)
		add_json(&out, &v);
	else
		add_text(&out, &v);
	call->code = count(&v, AR_VERDICT_FAILURE) > 0;
	return ar_print(ar_text_str(&out), out.len, err);
}

const struct ar_command ar_command_doctor = {
	.name = "doctor",
	.summary = "check this host and its engines, and give advice",
	.arguments = "",
	.text = "Nothing is changed. The exit status is 1 when there is a failure: something without which\n"
		"containers do not run, or a configuration that is not accepted.\n",
	.table = &table,
	.options_size = sizeof(struct options),
	.flags = AR_COMMAND_STATELESS,
	.run = run,
};
