/* job.h - the processes of one case, started together, and the load beside them */
#ifndef JOB_H
#define JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { PROCESSES_MAX = 4 };

struct process {
	char **argv;
	const char *input, *output; /* files; NULL: /dev/null */
	bool piped;                 /* its output is the input of the next */
	int in, out;                /* instead of files, for the run to come; or -1 */
	pid_t pid;
};

struct job {
	const char *name;
	double goal; /* of its ratio; 0: none */
	size_t count;
	struct process processes[PROCESSES_MAX];
};

/*
 * Reads "NAME GOAL COMMAND [WORD]... [< FILE] [> FILE] [& or | COMMAND...]... ;"
 * from words, which it changes and *job then points to.  A GOAL may be "-".
 * Returns what follows, NULL when nothing does.
 */
char **job_parse(char **words, struct job *job);

/*
 * Starts all of them.  Descriptors that are set in the processes are theirs, and
 * are closed.  Ends this process when one cannot be started.
 */
void job_start(struct job *job);

/* What the processes of a job used. */
struct usage {
	long peak;  /* the most memory that one of them had, in KiB */
	double cpu; /* seconds of all */
};

/* Waits for all; ends this process when one did not end with 0. */
struct usage job_end(struct job *job);

/*
 * Makes this process one that takes all it started along, however it ends, and
 * that ends with its parent.
 */
void job_live_and_die_together(void);

/* Keeps every CPU busy, until busy_end(), which never lets one go on. */
void busy_begin(void);
void busy_end(void);

/* Tells what was done under which circumstances, above a table. */
void job_heading(const char *title, bool busy);

/* What became of a goal. */
enum verdict { MISSED, MET, UNTOLD };

/* Tells it in words, with the result; false when the goal was missed. */
bool job_goal(const struct job *job, const char *limit, const char *unit,
	enum verdict verdict, double result);

/* malloc(3) that does not fail. */
void *job_room(size_t count, size_t size);

#endif
