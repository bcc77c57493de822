/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a fuzz target without a fuzzer: fuzz_<target> [--reach LIST] FILE|FOLDER …
 * Each file, and each file of a folder in the order of names, is one input. With --reach it fails
 * where a line "mark KIND NAME" of LIST was not reached, and names it; other lines are for
 * reach.sh.
 */
#include "fuzz.h"
#include "fuzz_marks.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#define PATH_BYTES 4096

#pragma weak LLVMFuzzerInitialize

static unsigned inputs;

static _Noreturn void die(const char *what, const char *path)
{
	(void)fprintf(stderr, "%s: %s\n", path, what);
	exit(2);
}

static void run_file(const char *path, size_t size)
{
	uint8_t *data = malloc(size + 1);
	FILE *f = fopen(path, "rb");

	if (data == NULL || f == NULL || fread(data, 1, size, f) != size)
		die("cannot be read", path);
	(void)fclose(f);
	(void)LLVMFuzzerTestOneInput(data, size);
	free(data);
	inputs++;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void run_path(const char *path);

static void run_folder(const char *path)
{
	struct dirent **entry;
	int cnt = scandir(path, &entry, is_visible, alphasort);

	if (cnt < 0)
		die("cannot be read", path);
	for (int i = 0; i < cnt; i++) {
		char inside[PATH_BYTES];

		if (snprintf(inside, sizeof(inside), "%s/%s", path, entry[i]->d_name) >= PATH_BYTES)
			die("is too long a path", path);
		run_path(inside);
		free(entry[i]);
	}
	free(entry);
}

static void run_path(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		die("is not there", path);
	if (S_ISDIR(st.st_mode))
		run_folder(path);
	else
		run_file(path, (size_t)st.st_size);
}

static bool is_reached(const char *kind, const char *name)
{
	for (size_t i = 0; i < fuzz_marks.cnt; i++)
		if (strcmp(fuzz_marks.mark[i].kind, kind) == 0 &&
		    strcmp(fuzz_marks.mark[i].name, name) == 0)
			return true;
	return false;
}

static unsigned count_unreached(const char *list)
{
	char line[256], kind[64], name[128];
	FILE *f = fopen(list, "r");
	unsigned missing = 0;

	if (f == NULL)
		die("cannot be read", list);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "mark %63s %127s", kind, name) != 2 || is_reached(kind, name))
			continue;
		(void)fprintf(stderr, "%s: not reached by the corpus: %s %s\n", list, kind, name);
		missing++;
	}
	(void)fclose(f);
	return missing;
}

static void print_marks(void)
{
	for (size_t i = 0; i < fuzz_marks.cnt; i++)
		(void)printf("mark %s %s\n", fuzz_marks.mark[i].kind, fuzz_marks.mark[i].name);
}

int main(int argc, char **argv)
{
	const char *list = NULL;
	int first = 1;

	if (argc > 1 && strcmp(argv[1], "--marks") == 0) {
		fuzz_marks.wanted = true;
		first = 2;
	}
	if (argc > 2 && strcmp(argv[1], "--reach") == 0) {
		list = argv[2];
		first = 3;
		fuzz_marks.wanted = true;
	}
	if (LLVMFuzzerInitialize != NULL)
		(void)LLVMFuzzerInitialize(&argc, &argv);
	for (int i = first; i < argc; i++)
		run_path(argv[i]);
	(void)printf("# %u inputs\n", inputs);
	if (list == NULL)
		print_marks();
	if (inputs == 0)
		return 2;
	return list != NULL && count_unreached(list) != 0;
}
