/* bill.h - I read what processes have used, and order what was measured */
#ifndef BENCH_BILL_H
#define BENCH_BILL_H

#include <mcp/text.h>
#include <sys/types.h>

#define BILL_PROCESSES 32

struct bill { /* all that makes one server */
	pid_t pids[BILL_PROCESSES];
	size_t n;
};

/* bill_read() - process ids with commas between them
 * Return: 0; -EINVAL */
int bill_read(const char *text, struct bill *bill);

/* bill_cpu_ns() - of all threads since they began, in user and kernel mode */
uint64_t bill_cpu_ns(const struct bill *bill);

/* bill_pss_kib() - user memory, without mapped files; what is shared is counted
 * once */
uint64_t bill_pss_kib(const struct bill *bill);

struct series { /* measured values, in any unit */
	uint64_t *values;
	size_t n, room;
};

void series_add(struct series *series, uint64_t value);
void series_sort(struct series *series);

/* series_at() - of a sorted one, the value below which @share of all lie */
uint64_t series_at(const struct series *series, double share);
void series_deinit(struct series *series);

#endif
