/* scan-pass.c - passes over all processes, until there are no new ones */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auto.h"
#include "scan.h"

enum {
	PASSES_MAX = 16,
	MANY = 256, /* processes that are worth a thread */
	CHUNK = 16, /* of them that one takes at a time */
};

/* A number can be used again at once; the inode of its directory is another one then. */
struct process {
	uint64_t pid, inode;
};

struct processes {
	struct process *process;
	size_t count, room;
};

/* The processes that are to be looked at, by whoever has time. */
struct work {
	const struct processes *todo;
	int proc;
	atomic_size_t next;
};

/* One who takes part in it. */
struct looker {
	struct work *work;
	struct ipc_scan *scan;
	int result;
};

static int
by_pid(const void *one, const void *other)
{
	const struct process *a = one, *b = other;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static int
add(struct processes *to, const struct process *process)
{
	struct process *more =
		ipc_scan_room(to->process, &to->room, to->count, sizeof(*more));

	if (more == NULL)
		return -1;
	to->process = more;
	more[to->count++] = *process;
	return 0;
}

static int
list(struct ipc_scan_list *proc, struct processes *now)
{
	int more;

	proc->length = proc->at = now->count = 0;
	if (lseek(proc->fd, 0, SEEK_SET) < 0)
		return -1;
	while ((more = ipc_scan_next(proc)) > 0)
		if (add(now, &(struct process){ proc->number, proc->inode }) < 0)
			return -1;
	if (now->count > 0)
		qsort(now->process, now->count, sizeof(*now->process), by_pid);
	return more;
}

/* Those of now that were not there before. */
static int
find_fresh(const struct processes *now, const struct processes *before,
	struct processes *fresh)
{
	size_t old = 0;

	fresh->count = 0;
	for (size_t i = 0; i < now->count; i++) {
		const struct process *process = &now->process[i], *same;

		while (old < before->count && before->process[old].pid < process->pid)
			old++;
		same = old < before->count ? &before->process[old] : NULL;
		if (same != NULL && same->pid == process->pid &&
			same->inode == process->inode)
			continue;
		if (add(fresh, process) < 0)
			return -1;
	}
	return 0;
}

static void *
work_on(void *arg)
{
	struct looker *looker = arg;
	struct work *work = looker->work;
	const struct processes *todo = work->todo;
	size_t next;

	while (looker->result == 0 &&
		(next = atomic_fetch_add(&work->next, CHUNK)) < todo->count)
		for (size_t i = next; i < next + CHUNK && i < todo->count; i++)
			if (ipc_scan_process(looker->scan, work->proc,
				    (pid_t)todo->process[i].pid) < 0) {
				looker->result = -1;
				break;
			}
	return NULL;
}

/* Adds to a scan what another one found. */
static int
join(struct ipc_scan *scan, const struct ipc_scan *other)
{
	struct ipc_holder *holders;

	scan->blind |= other->blind;
	if (other->found == 0)
		return 0;
	holders = reallocarray(
		scan->holders, scan->found + other->found, sizeof(*holders));
	if (holders == NULL)
		return ipc_fail(&scan->err, errno, "look for holders");
	memcpy(holders + scan->found, other->holders, other->found * sizeof(*holders));
	scan->holders = holders;
	scan->found += other->found;
	scan->room = scan->found;
	return 0;
}

/* No signal is handled in a thread of ours: the program knows nothing of it. */
static bool
start(pthread_t *thread, struct looker *looker)
{
	sigset_t all, before;
	bool started;

	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
		return false;
	started = pthread_create(thread, NULL, work_on, looker) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static int
work_with_help(struct ipc_scan *scan, struct work *work)
{
	struct ipc_scan *other = ipc_scan_begin(scan->plan);
	struct looker looker = { .work = work, .scan = scan };
	struct looker helper = { .work = work, .scan = other };
	pthread_t thread;
	bool helped = other != NULL && start(&thread, &helper);

	work_on(&looker);
	if (helped)
		pthread_join(thread, NULL);
	if (looker.result == 0 && helper.result < 0) {
		scan->err = other->err;
		looker.result = -1;
	}
	if (looker.result == 0 && other != NULL)
		looker.result = join(scan, other);
	if (other != NULL)
		ipc_scan_end(other);
	return looker.result;
}

static int
look_at(struct ipc_scan *scan, int proc, const struct processes *todo)
{
	struct work work = { .todo = todo, .proc = proc };
	struct looker alone = { .work = &work, .scan = scan };
	cpu_set_t cpus;

	if (todo->count >= MANY && sched_getaffinity(0, sizeof(cpus), &cpus) == 0 &&
		CPU_COUNT(&cpus) > 1)
		return work_with_help(scan, &work);
	work_on(&alone);
	return alone.result;
}

/* What passes need: processes of this one and of the one before, by turns. */
struct passes {
	struct ipc_scan_list proc;
	struct processes seen[2], fresh;
};

static int
pass_until_none_is_fresh(struct ipc_scan *scan, struct passes *passes)
{
	for (unsigned int pass = 0; pass < PASSES_MAX; pass++) {
		struct processes *now = &passes->seen[pass % 2];

		if (list(&passes->proc, now) < 0 ||
			find_fresh(now, &passes->seen[(pass + 1) % 2], &passes->fresh) <
				0)
			return ipc_fail(&scan->err, errno, "list '%s'", "/proc");
		if (passes->fresh.count == 0)
			return 0;
		if (look_at(scan, passes->proc.fd, &passes->fresh) < 0)
			return -1;
	}
	scan->blind |= IPC_BLIND_RESTLESS;
	return 0;
}

int
ipc_scan_processes(struct ipc_scan *scan)
{
	autofree struct passes *passes = calloc(1, sizeof(*passes));
	autoclose int proc = -1;
	int result;

	if (passes == NULL)
		return ipc_fail(&scan->err, errno, "look for holders");
	proc = ipc_scan_list(&passes->proc, AT_FDCWD, "/proc");
	if (proc < 0)
		return ipc_fail(&scan->err, errno, "list '%s'", "/proc");
	result = pass_until_none_is_fresh(scan, passes);
	free(passes->seen[0].process);
	free(passes->seen[1].process);
	free(passes->fresh.process);
	return result;
}
