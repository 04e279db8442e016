/* scan-process.c - all tasks of a process */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/kcmp.h>

#include "auto.h"
#include "proc.h"
#include "scan.h"

enum {
	TABLES_MAX = 16,
	PF_KTHREAD = 0x00200000, /* of the kernel: in no installed header */
};

/* What was already looked at of a process with threads. */
struct seen {
	pid_t tables[TABLES_MAX]; /* threads, each with another table of descriptors */
	size_t count;
	bool mapped;
};

/* The directory of tasks has a link for each, and two more. */
static int
count_threads(int process, size_t *threads)
{
	struct statx st;

	if (statx(process, "task", AT_STATX_DONT_SYNC, STATX_NLINK, &st) < 0)
		return -1;
	*threads = st.stx_nlink > 2 ? st.stx_nlink - 2 : 0;
	return 0;
}

/* Whether one that was looked at has the same descriptors; if it is not told: no. */
static bool
is_seen(struct seen *seen, pid_t tid)
{
	for (size_t i = 0; i < seen->count; i++)
		if (syscall(SYS_kcmp, seen->tables[i], tid, KCMP_FILES, 0, 0) == 0)
			return true;
	if (seen->count < TABLES_MAX)
		seen->tables[seen->count++] = tid;
	return false;
}

static int
look_at_thread(struct ipc_scan *scan, struct seen *seen, pid_t tid)
{
	static const unsigned int maps = IPC_SCAN_MAPS | IPC_SCAN_SEGMENTS;
	static const unsigned int calls = IPC_SCAN_CALLS | IPC_SCAN_OPENING;
	const bool files = scan->plan->wants & IPC_SCAN_FILES && !is_seen(seen, tid);
	autoclose int task = -1;
	char path[32];

	if (!files && !(scan->plan->wants & calls) &&
		(seen->mapped || !(scan->plan->wants & maps)))
		return 0;
	snprintf(path, sizeof(path), "task/%d", tid);
	task = openat(scan->process, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (task < 0)
		return ipc_scan_missed(scan);
	if (files && ipc_scan_files(scan, task) < 0)
		return -1;
	/* All threads have the same, but for one that has ended. */
	if (!seen->mapped && scan->plan->wants & maps &&
		ipc_scan_maps(scan, task, &seen->mapped) < 0)
		return -1;
	return scan->plan->wants & calls ? ipc_scan_calls(scan, task) : 0;
}

static int
look_at_threads(struct ipc_scan *scan)
{
	autoclose int fd = ipc_scan_list(&scan->tasks, scan->process, "task");
	struct seen seen = { .count = 0 };
	int more;

	if (fd < 0)
		return ipc_scan_missed(scan);
	while ((more = ipc_scan_next(&scan->tasks)) > 0)
		if (look_at_thread(scan, &seen, (pid_t)scan->tasks.number) < 0)
			return -1;
	return more < 0 ? ipc_scan_missed(scan) : 0;
}

static int
look_at_tasks(struct ipc_scan *scan)
{
	size_t threads;
	bool mapped;

	if (count_threads(scan->process, &threads) < 0)
		return ipc_scan_missed(scan);
	if (threads != 1)
		return look_at_threads(scan);
	if (scan->plan->wants & IPC_SCAN_FILES &&
		ipc_scan_files(scan, scan->process) < 0)
		return -1;
	if (scan->plan->wants & (IPC_SCAN_MAPS | IPC_SCAN_SEGMENTS) &&
		ipc_scan_maps(scan, scan->process, &mapped) < 0)
		return -1;
	return ipc_scan_calls(scan, scan->process);
}

/* The kernel's own threads have no files, and what has ended has none any more. */
static bool
may_hold(const struct ipc_scan *scan)
{
	struct ipc_proc_stat stat;
	int code = ipc_proc_stat(scan->process, ".", &stat);

	if (code == 0)
		return !(stat.flags & PF_KTHREAD) && !ipc_proc_has_ended(&stat);
	return code != ENOENT && code != ESRCH;
}

int
ipc_scan_missed(struct ipc_scan *scan)
{
	switch (errno) {
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return ipc_fail(
			&scan->err, errno, "look at process %d", (int)scan->pid);
	case EACCES:
	case EPERM:
		if (!(scan->blind & IPC_BLIND_DENIED) && may_hold(scan))
			scan->blind |= IPC_BLIND_DENIED;
		break;
	}
	return 0; /* it has gone, or that descriptor has */
}

/* Who this process is, now that it has something; none of it when it has gone. */
static int
describe(struct ipc_scan *scan)
{
	struct ipc_proc_stat stat;
	int code = ipc_proc_stat(scan->process, ".", &stat);
	uid_t uid = 0;

	if (code == 0)
		code = ipc_proc_uid(scan->process, ".", &uid);
	if (code == ENOENT || code == ESRCH ||
		(code == 0 && ipc_proc_has_ended(&stat))) {
		scan->found = scan->first;
		return 0;
	}
	if (code != 0)
		return ipc_fail(&scan->err, code, "look at process %d", (int)scan->pid);
	for (size_t i = scan->first; i < scan->found; i++) {
		scan->holders[i].start = stat.start;
		scan->holders[i].uid = uid;
		memcpy(scan->holders[i].command, stat.command, sizeof(stat.command));
	}
	return 0;
}

/* Everything is read below the directory that is opened: it is of this process alone. */
int
ipc_scan_process(struct ipc_scan *scan, int proc, pid_t pid)
{
	autoclose int process = -1;
	char path[16];

	snprintf(path, sizeof(path), "%d", pid);
	process = openat(proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	scan->pid = pid;
	scan->process = process;
	scan->first = scan->found;
	if (process < 0)
		return ipc_scan_missed(scan);
	if (look_at_tasks(scan) < 0)
		return -1;
	return scan->found > scan->first ? describe(scan) : 0;
}
