/* replay.c - I give a target what lies beside it, where there is no fuzzer
 *
 * Without arguments: all of NOUN.in/ and NOUN.repro/ of the source tree, where
 * this program is fuzz_NOUN; else the files and directories named. Each input
 * is a process of its own, so that one that kills it hides no other. TAP.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_MAX (1u << 20) /* bytes */
#define PATIENCE_S 60	     /* with one input, under a sanitizer too */

static unsigned n_inputs, n_failed;

/* In a process of its own. The bytes lie on the heap, with nothing behind. */
static int
give(const char *path)
{
	static uint8_t room[INPUT_MAX];
	FILE *file = fopen(path, "re");
	size_t len = file == NULL ? 0 : fread(room, 1, sizeof(room), file);
	uint8_t *bytes = malloc(len == 0 ? 1 : len);

	if (file == NULL || bytes == NULL || ferror(file) || !feof(file)) {
		fprintf(stderr, "%s cannot be read\n", path);
		return EXIT_FAILURE;
	}
	memcpy(bytes, room, len);
	alarm(PATIENCE_S);
	fclose(file);
	(void)LLVMFuzzerTestOneInput(bytes, len);
	free(bytes);
	return EXIT_SUCCESS;
}

static void
replay_file(const char *path)
{
	int status = -1;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0)
		exit(give(path));
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	n_inputs++;
	n_failed += status != 0;
	printf("%s %u - %s\n", status == 0 ? "ok" : "not ok", n_inputs, path);
}

static int
is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Return: how many there were; a directory that is not there has none */
static int
replay_directory(const char *directory)
{
	struct dirent **entries;
	int n = scandir(directory, &entries, is_input, alphasort);

	for (int i = 0; i < n; i++) {
		char *path;

		if (asprintf(&path, "%s/%s", directory, entries[i]->d_name) < 0)
			abort();
		replay_file(path);
		free(path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return n < 0 ? 0 : n;
}

static void
replay_noun(const char *noun)
{
	static const char *const kinds[] = { "in", "repro" };
	const char *source = getenv("srcdir");
	char *directory;

	for (size_t i = 0; i < 2; i++) {
		if (asprintf(&directory, "%s/tests/fuzz/%s.%s",
			source == NULL ? "." : source, noun, kinds[i]) < 0)
			abort();
		if (replay_directory(directory) == 0 && i == 0) {
			printf("not ok %u - no seeds in %s\n", ++n_inputs,
			    directory);
			n_failed++;
		}
		free(directory);
	}
}

int
main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	struct stat is;

	setvbuf(stdout, NULL, _IOLBF, 0);
	name = name == NULL ? argv[0] : name + 1;
	if (argc < 2)
		replay_noun(strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name);
	for (int i = 1; i < argc; i++)
		if (stat(argv[i], &is) == 0 && S_ISDIR(is.st_mode))
			replay_directory(argv[i]);
		else
			replay_file(argv[i]);
	printf("1..%u\n", n_inputs);
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
