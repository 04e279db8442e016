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

/* Of the kernel: in no installed header. */
enum {
	PF_EXITING = 0x00000004,
	PF_KTHREAD = 0x00200000,
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

/* As kcmp(2): 0 the same, 1 and 2 before and behind, or another when that is not told. */
static long
order_of_tables(pid_t one, pid_t other)
{
	return syscall(SYS_kcmp, one, other, KCMP_FILES, 0, 0);
}

static int
note_table(struct ipc_scan *scan, size_t place, pid_t tid)
{
	pid_t *more = ipc_scan_room(
		scan->tables, &scan->table_room, scan->table_count, sizeof(*more));

	if (more == NULL)
		return ipc_fail(&scan->err, errno, "look for holders");
	scan->tables = more;
	memmove(more + place + 1, more + place,
		(scan->table_count++ - place) * sizeof(*more));
	more[place] = tid;
	return 0;
}

/* Whether one that was looked at has the same descriptors: 1; 0: not, or it is not told. */
static int
is_seen(struct ipc_scan *scan, pid_t tid)
{
	size_t low = 0, high = scan->table_count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		pid_t *seen = &scan->tables[middle];
		const long order = order_of_tables(*seen, tid);

		if (order == 0)
			return 1;
		if (order == 1)
			low = middle + 1;
		else if (order == 2)
			high = middle;
		else if (order_of_tables(*seen, *seen) == 0)
			return 0;
		else { /* the task that had it has ended */
			memmove(seen, seen + 1,
				(--scan->table_count - middle) * sizeof(*seen));
			high--;
		}
	}
	return note_table(scan, low, tid);
}

/* One that ends has no descriptors from some moment on, and the list is short. */
static bool
is_ending(int task)
{
	struct ipc_proc_stat stat;
	int code = ipc_proc_stat(task, ".", &stat);

	return code == 0 ? (stat.flags & PF_EXITING) != 0
			 : code != EACCES && code != EPERM;
}

static int
look_at_task(struct ipc_scan *scan, pid_t tid, bool *mapped)
{
	static const unsigned int maps = IPC_SCAN_MAPS | IPC_SCAN_SEGMENTS;
	static const unsigned int calls =
		IPC_SCAN_CALLS | IPC_SCAN_OPENING | IPC_SCAN_WAITS;
	const unsigned int wants = scan->plan->wants;
	const int seen = wants & IPC_SCAN_FILES ? is_seen(scan, tid) : 1;
	autoclose int task = -1;
	char path[32];

	if (seen < 0)
		return -1;
	if (seen > 0 && !(wants & calls) && (*mapped || !(wants & maps)))
		return 0;
	snprintf(path, sizeof(path), "task/%d", tid);
	task = openat(scan->process, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	scan->tid = tid;
	if (task < 0) {
		scan->moved |= errno == ENOENT;
		return ipc_scan_missed(scan);
	}
	if (seen == 0 && ipc_scan_files(scan, task) < 0)
		return -1;
	/* Only the leader stays when it has ended: others may have left something. */
	scan->moved |= seen == 0 && tid != scan->pid && is_ending(task);
	/* All threads have the same, but for one that has ended. */
	if (!*mapped && wants & maps && ipc_scan_maps(scan, task, mapped) < 0)
		return -1;
	return wants & calls ? ipc_scan_calls(scan, task) : 0;
}

static int
look_at_tasks(struct ipc_scan *scan, int dir, struct ipc_scan_entries *tasks)
{
	bool mapped = false;

	(void)dir;
	for (size_t i = 0; i < tasks->count; i++)
		if (look_at_task(scan, (pid_t)tasks->entry[i].number, &mapped) < 0)
			return -1;
	return 0;
}

static int
look_at_threads(struct ipc_scan *scan)
{
	int result;

	scan->table_count = 0;
	result = ipc_scan_each(
		scan, &scan->tasks, scan->process, "task", look_at_tasks, NULL);
	return result <= 0 ? result : ipc_scan_missed(scan);
}

/* Most have one thread, and had no other meanwhile. */
static int
look_once(struct ipc_scan *scan)
{
	size_t threads;
	bool mapped;

	scan->tid = scan->pid;
	if (scan->plan->wants & IPC_SCAN_FILES &&
		ipc_scan_files(scan, scan->process) < 0)
		return -1;
	if (scan->plan->wants & (IPC_SCAN_MAPS | IPC_SCAN_SEGMENTS) &&
		ipc_scan_maps(scan, scan->process, &mapped) < 0)
		return -1;
	if (ipc_scan_calls(scan, scan->process) < 0)
		return -1;
	if (count_threads(scan->process, &threads) < 0)
		return ipc_scan_missed(scan);
	scan->has_one_task = threads == 1;
	return scan->has_one_task ? 0 : look_at_threads(scan);
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

/* Once more while something moves in it: it may be where it was looked for before. */
static int
look_until_it_rests(struct ipc_scan *scan)
{
	for (unsigned int look = 0; look < IPC_SCAN_LOOKS; look++) {
		scan->moved = false;
		if (look_once(scan) < 0)
			return -1;
		/* What moves in the caller itself are descriptors of this look. */
		if (!scan->moved || scan->blind & IPC_BLIND_RESTLESS ||
			scan->pid == getpid() || !may_hold(scan))
			return 0;
	}
	scan->blind |= IPC_BLIND_RESTLESS;
	return 0;
}

int
ipc_scan_missed(struct ipc_scan *scan)
{
	if (ipc_scan_ran_out(errno))
		return ipc_fail(
			&scan->err, errno, "look at process %d", (int)scan->pid);
	if ((errno == EACCES || errno == EPERM) && !(scan->blind & IPC_BLIND_DENIED) &&
		may_hold(scan))
		scan->blind |= IPC_BLIND_DENIED;
	return 0; /* it has gone, or that descriptor has */
}

/* Who this process is, now that it has something; none of it when it has gone. */
static int
describe(struct ipc_scan *scan)
{
	struct ipc_proc_stat stat = { .start = 0 };
	uid_t uid = (uid_t)-1;
	int code = ipc_proc_uid(scan->process, ".", &uid);

	if (code == 0)
		code = ipc_proc_stat(scan->process, ".", &stat);
	if (code == ENOENT || code == ESRCH ||
		(code == 0 && ipc_proc_has_ended(&stat))) {
		scan->found = scan->first;
		return 0;
	}
	if (code == EACCES || code == EPERM)
		scan->blind |= IPC_BLIND_DENIED; /* since it was looked at */
	else if (code != 0)
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
	scan->receives = scan->has_one_task = false;
	if (process < 0)
		return ipc_scan_missed(scan);
	if (look_until_it_rests(scan) < 0)
		return -1;
	return scan->found > scan->first ? describe(scan) : 0;
}
