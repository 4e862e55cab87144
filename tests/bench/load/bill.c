/* bill.c - I read what processes have used, and order what was measured */

#include "tests/bench/load/bill.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int
bill_read(const char *text, struct bill *bill)
{
	char *end;

	bill->n = 0;
	for (;; text = end + 1) {
		long pid = strtol(text, &end, 10);

		if (end == text || pid <= 0 || bill->n == BILL_PROCESSES)
			return -EINVAL;
		bill->pids[bill->n++] = (pid_t)pid;
		if (*end == '\0')
			return 0;
		if (*end != ',')
			return -EINVAL;
	}
}

uint64_t
bill_cpu_ns(const struct bill *bill)
{
	struct timespec used;
	uint64_t sum = 0;
	clockid_t clock;

	for (size_t i = 0; i < bill->n; i++)
		if (clock_getcpuclockid(bill->pids[i], &clock) == 0 &&
		    clock_gettime(clock, &used) == 0)
			sum += (uint64_t)used.tv_sec * MCP_S +
			    (uint64_t)used.tv_nsec;
	return sum;
}

/* Mapped files are left out: how many others map the same libraries changes
 * from one moment to the next. */
static uint64_t
pss_of(pid_t pid)
{
	char path[64], line[128];
	uint64_t kib, sum = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", (long)pid);
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL)
		if (sscanf(line, "Pss_Anon: %" SCNu64, &kib) == 1 ||
		    sscanf(line, "Pss_Shmem: %" SCNu64, &kib) == 1)
			sum += kib;
	fclose(file);
	return sum;
}

uint64_t
bill_pss_kib(const struct bill *bill)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < bill->n; i++)
		sum += pss_of(bill->pids[i]);
	return sum;
}

/* --- series -------------------------------------------------------------- */

void
series_add(struct series *series, uint64_t value)
{
	if (series->n == series->room) {
		series->room = series->room > 0 ? 2 * series->room : 1024;
		series->values = reallocarray(
		    series->values, series->room, sizeof(*series->values));
		if (series->values == NULL)
			abort();
	}
	series->values[series->n++] = value;
}

static int
compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

void
series_sort(struct series *series)
{
	if (series->n > 0)
		qsort(series->values, series->n, sizeof(*series->values),
		    compare);
}

uint64_t
series_at(const struct series *series, double share)
{
	size_t i = (size_t)(share * (double)series->n);

	if (series->n == 0)
		return 0;
	return series->values[i < series->n ? i : series->n - 1];
}

void
series_deinit(struct series *series)
{
	free(series->values);
}
