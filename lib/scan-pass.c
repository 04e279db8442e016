/* scan-pass.c - all processes, shared between threads */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "auto.h"
#include "scan.h"

enum {
	MANY = 256, /* processes that are worth a thread */
	CHUNK = 16, /* of them that one takes at a time */
};

/* The processes that are to be looked at, by whoever has time. */
struct work {
	const struct ipc_scan_entries *listed;
	atomic_size_t next;
};

/* One who takes part in it. */
struct looker {
	struct work *work;
	int proc;
	struct ipc_scan *scan;
	const cpu_set_t *cpus; /* on which it may run */
	int result;
};

static void *
work_on(void *arg)
{
	struct looker *looker = arg;
	struct work *work = looker->work;
	const struct ipc_scan_entries *listed = work->listed;
	size_t next;

	while (looker->result == 0 &&
		(next = atomic_fetch_add(&work->next, CHUNK)) < listed->count)
		for (size_t i = next; i < next + CHUNK && i < listed->count; i++)
			if (ipc_scan_process(looker->scan, looker->proc,
				    (pid_t)listed->entry[i].number) < 0) {
				looker->result = -1;
				break;
			}
	return NULL;
}

/*
 * With a table of descriptors of its own, as of one that is shared each use is counted.
 * It has none of the caller's: to close those ends what the process asked for by
 * mq_notify(3), and until that, maybe after we have returned, they would stay open.
 */
static void *
help(void *arg)
{
	struct looker *looker = arg;
	autoclose int proc = -1;

	sched_setaffinity(0, sizeof(*looker->cpus), looker->cpus);
	if (close_range(0, ~0U, CLOSE_RANGE_UNSHARE) < 0)
		return work_on(looker);
	proc = looker->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return proc < 0 ? NULL : work_on(looker);
}

/*
 * It begins on another CPU than ours: a kernel that packs tasks begins it on the one that we
 * are busy on, and sees some milliseconds later that others are idle.
 */
static bool
create(pthread_t *thread, struct looker *looker)
{
	cpu_set_t others = *looker->cpus;
	const int ours = sched_getcpu();
	pthread_attr_t attr;
	bool created;

	if (ours >= 0)
		CPU_CLR((size_t)ours, &others);
	if (pthread_attr_init(&attr) != 0)
		return false;
	created = pthread_attr_setaffinity_np(&attr, sizeof(others), &others) == 0 &&
		pthread_create(thread, &attr, help, looker) == 0;
	pthread_attr_destroy(&attr);
	return created;
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
	started = create(thread, looker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static int
work_with_help(
	struct ipc_scan *scan, struct work *work, int proc, const cpu_set_t *cpus)
{
	struct ipc_scan *other = ipc_scan_begin(scan->plan);
	struct looker looker = { .work = work, .proc = proc, .scan = scan };
	struct looker helper = {
		.work = work, .proc = proc, .scan = other, .cpus = cpus
	};
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
		looker.result = ipc_scan_join(scan, other);
	if (other != NULL)
		ipc_scan_end(other);
	return looker.result;
}

static int
look_at(struct ipc_scan *scan, int proc, const struct ipc_scan_entries *listed)
{
	struct work work = { .listed = listed };
	struct looker alone = { .work = &work, .proc = proc, .scan = scan };
	cpu_set_t cpus;

	if (listed->count >= MANY && sched_getaffinity(0, sizeof(cpus), &cpus) == 0 &&
		CPU_COUNT(&cpus) > 1)
		return work_with_help(scan, &work, proc, &cpus);
	work_on(&alone);
	return alone.result;
}

int
ipc_scan_processes(struct ipc_scan *scan)
{
	autofree struct ipc_scan_list *proc = calloc(1, sizeof(*proc));
	int result;

	if (proc == NULL)
		return ipc_fail(&scan->err, errno, "look for holders");
	result = ipc_scan_each(scan, proc, AT_FDCWD, "/proc", look_at);
	return result <= 0 ? result : ipc_fail(&scan->err, errno, "list '%s'", "/proc");
}
