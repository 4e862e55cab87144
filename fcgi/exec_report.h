/* exec_report.h - I am what mcp-exec and the worker say to each other
 *
 * The worker starts mcp-exec with the program's own environment, input and
 * outputs as 0, 1 and 2, perhaps its progress as 3, and one end of a sequenced
 * socket as 4. On that it writes one byte to have the program ended, and closes
 * it, or dies, to have it killed. It reads one report, and then the end, when
 * nothing of the program is left.
 *
 *     mcp-exec NAME=NUMBER... directory=PATH PROGRAM [ARGUMENT...]
 *
 * The names are those of exec_numbers; all but progress are limits, and 0 is
 * none.
 */
#ifndef FCGI_EXEC_REPORT_H
#define FCGI_EXEC_REPORT_H

#define EXEC_PROGRESS_FD 3
#define EXEC_CONTROL_FD 4

enum exec_number {
	EXEC_CPU_S,
	EXEC_MEMORY,
	EXEC_FILES,
	EXEC_FILE_SIZE,
	EXEC_PROCESSES,
	EXEC_PROGRESS, /* 1: descriptor 3 is the program's too */
	EXEC_N_NUMBERS
};

/* The same at both ends. */
#define EXEC_NUMBERS                                                           \
	{                                                                      \
		"cpu_s", "memory", "files", "file_size", "processes",          \
		    "progress"                                                 \
	}

enum exec_stage {
	EXEC_ENDED, /* how: as waitpid(2) has it */
	/* it was never run; how: errno */
	EXEC_BAD_ORDER, /* mcp-exec was started wrongly */
	EXEC_BAD_HOUSE, /* this system lacks what holds a program */
	EXEC_BAD_LIMITS,
	EXEC_BAD_DIRECTORY,
	EXEC_BAD_PROGRAM
};

struct exec_report {
	int stage; /* an enum exec_stage */
	int how;
};

/* How long a program that is asked to end (SIGTERM) may take before it and
 * all that it started is killed. */
#define EXEC_GRACE_MS 500

#endif
