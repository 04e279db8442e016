/* scan-pass.c - all processes, shared between threads */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include <ipcutil/number.h>

#include "auto.h"
#include "scan.h"
#include "thread.h"

enum {
	MANY = 256, /* processes that are worth a thread */
	CHUNK = 16, /* of them that one takes at a time */
};

/* The processes that are to be looked at, by whoever has time. */
struct work {
	struct ipc_scan_entries *listed;
	atomic_size_t next;
};

/* One who takes part in it. */
struct looker {
	struct work *work;
	int proc;
	struct ipc_scan *scan;
	int result;
};

static int
look_at_entry(const struct looker *looker, struct ipc_scan_entry *entry)
{
	const int result =
		ipc_scan_process(looker->scan, looker->proc, (pid_t)entry->number);

	if (looker->scan->receives)
		entry->rest = IPC_UNKNOWN;
	entry->has_one_task = looker->scan->has_one_task;
	return result;
}

static void *
work_on(void *arg)
{
	struct looker *looker = arg;
	struct work *work = looker->work;
	const size_t count = work->listed->count;
	size_t next;

	while (looker->result == 0 &&
		(next = atomic_fetch_add(&work->next, CHUNK)) < count)
		for (size_t i = next;
			i < next + CHUNK && i < count && looker->result == 0; i++)
			looker->result = look_at_entry(looker, &work->listed->entry[i]);
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

	if (close_range(0, ~0U, CLOSE_RANGE_UNSHARE) < 0)
		return work_on(looker);
	proc = looker->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return proc < 0 ? NULL : work_on(looker);
}

static int
work_with_help(struct ipc_scan *scan, struct work *work, int proc)
{
	struct ipc_scan *other = ipc_scan_begin(scan->plan);
	struct looker looker = { .work = work, .proc = proc, .scan = scan };
	struct looker helper = { .work = work, .proc = proc, .scan = other };
	struct ipc_thread thread = { .run = help, .arg = &helper };
	bool helped = other != NULL && ipc_thread_start(&thread);

	scan->helpers += helped;
	work_on(&looker);
	if (helped)
		pthread_join(thread.id, NULL);
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
look_at(struct ipc_scan *scan, int proc, struct ipc_scan_entries *listed)
{
	struct work work = { .listed = listed };
	struct looker alone = { .work = &work, .proc = proc, .scan = scan };

	for (size_t i = 0; i < listed->count; i++)
		listed->entry[i].rest = ipc_scan_rest((pid_t)listed->entry[i].number);
	if (listed->count >= MANY)
		return work_with_help(scan, &work, proc);
	work_on(&alone);
	return alone.result;
}

static int
look_again(
	struct ipc_scan *scan, int proc, struct ipc_scan_entries *all, bool some_gone)
{
	return ipc_scan_again(scan, proc, all, some_gone, look_at);
}

int
ipc_scan_processes(struct ipc_scan *scan)
{
	autofree struct ipc_scan_list *proc = calloc(1, sizeof(*proc));
	int result;

	if (proc == NULL)
		return ipc_fail(&scan->err, errno, "look for holders");
	scan->last_number = ipc_scan_last_number();
	result = ipc_scan_each(scan, proc, AT_FDCWD, "/proc", look_at, look_again);
	return result <= 0 ? result : ipc_fail(&scan->err, errno, "list '%s'", "/proc");
}
