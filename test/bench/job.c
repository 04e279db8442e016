/* job.c - the processes of one case, started together, and the load beside them */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "job.h"

static pid_t busy[CPU_SETSIZE];
static int busy_count;

static bool
is_word(const char *word, const char *wanted)
{
	return word != NULL && strcmp(word, wanted) == 0;
}

/* One command; *words is left at what ended it. */
static void
parse_process(char ***words, struct process *process)
{
	*process = (struct process){ .argv = *words, .in = -1, .out = -1 };
	for (; **words != NULL; ++*words) {
		char *word = **words;

		if (is_word(word, "&") || is_word(word, "|") || is_word(word, ";"))
			break;
		if (!is_word(word, "<") && !is_word(word, ">"))
			continue;
		**words = NULL;
		++*words;
		*(word[0] == '<' ? &process->input : &process->output) = **words;
	}
	if (**words == NULL || process->argv[0] == NULL)
		errx(2, "a case is not complete");
}

char **
job_parse(char **words, struct job *job)
{
	bool more = true;

	*job = (struct job){ .name = words[0] };
	if (words[1] == NULL)
		errx(2, "a case needs a goal");
	job->goal = is_word(words[1], "-") ? 0 : strtod(words[1], NULL);
	words += 2;
	while (more) {
		struct process *process = &job->processes[job->count++];

		if (job->count > PROCESSES_MAX)
			errx(2, "a case has too many processes");
		parse_process(&words, process);
		process->piped = is_word(*words, "|");
		more = !is_word(*words, ";");
		*words++ = NULL;
	}
	return *words != NULL ? words : NULL;
}

void *
job_room(size_t count, size_t size)
{
	void *room = calloc(count, size);

	if (room == NULL)
		err(1, "malloc");
	return room;
}

static void
redirect(posix_spawn_file_actions_t *actions, int to, int from, const char *file,
	int flags)
{
	int code = from >= 0 ? posix_spawn_file_actions_adddup2(actions, from, to)
			     : posix_spawn_file_actions_addopen(actions, to,
				       file != NULL ? file : "/dev/null", flags, 0600);

	if (code != 0)
		errx(1, "posix_spawn: %s", strerror(code));
}

static void
start(struct process *process)
{
	posix_spawn_file_actions_t actions;
	int code = posix_spawn_file_actions_init(&actions);

	if (code == 0) {
		redirect(&actions, STDIN_FILENO, process->in, process->input, O_RDONLY);
		redirect(&actions, STDOUT_FILENO, process->out, process->output,
			O_WRONLY | O_CREAT | O_TRUNC);
		code = posix_spawn(&process->pid, process->argv[0], &actions, NULL,
			process->argv, environ);
		posix_spawn_file_actions_destroy(&actions);
	}
	if (code != 0)
		errx(1, "start '%s': %s", process->argv[0], strerror(code));
	if (process->in >= 0)
		close(process->in);
	if (process->out >= 0)
		close(process->out);
	process->in = process->out = -1;
}

void
job_start(struct job *job)
{
	int ends[2];

	for (size_t i = 0; i < job->count; i++) {
		struct process *process = &job->processes[i];

		if (process->piped) {
			if (pipe2(ends, O_CLOEXEC) < 0)
				err(1, "pipe");
			process->out = ends[1];
			process[1].in = ends[0];
		}
		start(process);
	}
}

static const struct process *
process_of(const struct job *job, pid_t pid)
{
	for (size_t i = 0; i < job->count; i++)
		if (job->processes[i].pid == pid)
			return &job->processes[i];
	errx(1, "%s: a busy loop has ended", job->name);
}

static double
seconds(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

struct usage
job_end(struct job *job)
{
	const struct process *process;
	struct usage usage = { 0 };
	struct rusage used;
	int status;

	/* Whichever comes: when one fails, the others may wait for it for ever. */
	for (size_t i = 0; i < job->count; i++) {
		process = process_of(job, wait4(-1, &status, 0, &used));
		if (used.ru_maxrss > usage.peak)
			usage.peak = used.ru_maxrss;
		usage.cpu += seconds(&used.ru_utime) + seconds(&used.ru_stime);
		if (status != 0)
			errx(1, "%s: '%s' failed with %s %d", job->name,
				process->argv[0],
				WIFSIGNALED(status) ? "signal" : "status",
				WIFSIGNALED(status) ? WTERMSIG(status)
						    : WEXITSTATUS(status));
	}
	return usage;
}

static void
die_together(int signal)
{
	(void)signal;
	kill(0, SIGKILL);
}

static void
end_the_others(void)
{
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
}

void
job_live_and_die_together(void)
{
	struct sigaction action = { .sa_handler = die_together };
	pid_t parent = getppid();

	if (setpgid(0, 0) < 0 && getpgrp() != getpid())
		err(1, "setpgid");
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	atexit(end_the_others);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		raise(SIGTERM);
}

static void
burn(size_t cpu, pid_t parent)
{
	cpu_set_t one;

	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
	for (volatile unsigned int turns = 0;; turns++)
		;
}

void
busy_begin(void)
{
	pid_t self = getpid();
	cpu_set_t cpus;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) < 0)
		err(1, "sched_getaffinity");
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &cpus))
			continue;
		busy[busy_count] = fork();
		if (busy[busy_count] == 0)
			burn(cpu, self);
		if (busy[busy_count] < 0)
			err(1, "fork");
		busy_count++;
	}
}

void
busy_end(void)
{
	while (busy_count > 0) {
		kill(busy[--busy_count], SIGKILL);
		waitpid(busy[busy_count], NULL, 0);
	}
}

/* Jiffies of all CPUs: those idle, and all of them.  proc_stat(5). */
static void
cpu_times(double *idle, double *all)
{
	double user = 0, nice = 0, system = 0;
	FILE *file = fopen("/proc/stat", "re");

	*idle = *all = 0;
	if (file == NULL)
		return;
	if (fscanf(file, "cpu %lf %lf %lf %lf", &user, &nice, &system, idle) == 4)
		*all = user + nice + system + *idle;
	fclose(file);
}

void
job_heading(const char *title, bool with_load)
{
	const struct timespec while_looking = { .tv_nsec = 100000000 };
	double idle_before, before, idle, all, load = 0;

	if (getloadavg(&load, 1) < 1)
		load = 0;
	cpu_times(&idle_before, &before);
	nanosleep(&while_looking, NULL);
	cpu_times(&idle, &all);
	printf("\n%s, %s\n(before: load %.2f, CPUs %.0f %% idle)\n", title,
		with_load ? "beside one busy loop for each CPU" : "as it is", load,
		all > before ? 100 * (idle - idle_before) / (all - before) : 0);
	fflush(stdout); /* or every child might print it again */
}

bool
job_goal(const struct job *job, const char *limit, const char *unit,
	enum verdict verdict, double result)
{
	static const char *const words[] = {
		[MISSED] = "missed",
		[MET] = "met",
		[UNTOLD] = "too much noise to tell",
	};

	if (job->goal == 0)
		return true;
	printf("goal: %s %s %g %s: %s (%.4g)\n", job->name, limit, job->goal, unit,
		words[verdict], result);
	return verdict != MISSED;
}
