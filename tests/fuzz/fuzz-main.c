/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/*
 * Runs a fuzz target over files, or over its corpus when none is named, so that "make check" needs
 * no libFuzzer: each file as it is, cut short, and with bytes exchanged in a way that is the same
 * every time. A crash ends the program; its input is the file named last.
 */

#define CHANGES 200 /* of each file */

static unsigned char *read_file(const char *path, size_t *ret_len)
{
	unsigned char *data = NULL;
	FILE *f = fopen(path, "re");
	long len;

	if (!f || fseek(f, 0, SEEK_END) < 0 || (len = ftell(f)) < 0)
		return NULL;
	rewind(f);
	data = malloc((size_t)len + 1);
	if (data && fread(data, 1, (size_t)len, f) != (size_t)len) {
		free(data);
		data = NULL;
	}
	fclose(f);
	*ret_len = (size_t)len;
	return data;
}

/* A copy of just that size: a read behind its end is seen by the sanitizers. */
static void run(const unsigned char *data, size_t len)
{
	unsigned char *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	memcpy(copy, data, len);
	(void)LLVMFuzzerTestOneInput(copy, len); /* always 0 */
	free(copy);
}

static uint32_t next_number(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void run_changed(unsigned char *data, size_t len)
{
	static const char bytes[] = "{}[]\",:\\/-0e.x \n\x80\xff";
	uint32_t state = 1;

	for (int i = 0; i < CHANGES && len > 0; i++) {
		size_t at = next_number(&state) % len;
		unsigned char was = data[at];

		run(data, at);
		data[at] = (unsigned char)bytes[next_number(&state) % sizeof(bytes)];
		run(data, len);
		if (i % 4) /* now and then changes add up */
			data[at] = was;
	}
}

static bool run_file(const char *path)
{
	size_t len = 0;
	unsigned char *data = read_file(path, &len);

	printf("# %s\n", path);
	fflush(stdout);
	if (!data)
		return false;
	run(data, len);
	run_changed(data, len);
	free(data);
	return true;
}

static bool run_corpus(int *ret_n)
{
	const char *root = getenv("SRCDIR");
	bool good = true;
	struct dirent *entry;
	char path[4096];
	DIR *dir;

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", root ? root : ".", fuzz_corpus);
	dir = opendir(path);
	if (!dir)
		return false;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s/%s", root ? root : ".",
			 fuzz_corpus, entry->d_name);
		good = run_file(path) && good;
		++*ret_n;
	}
	closedir(dir);
	return good && *ret_n > 0;
}

int main(int argc, char **argv)
{
	bool good = true;
	int n = 0;

	printf("1..1\n");
	for (int i = 1; i < argc; i++, n++)
		good = run_file(argv[i]) && good;
	if (argc < 2)
		good = run_corpus(&n);
	printf("%sok 1 - %d inputs of the corpus \"%s\", whole, cut and changed\n",
	       good ? "" : "not ", n, fuzz_corpus);
	return good ? 0 : 1;
}
