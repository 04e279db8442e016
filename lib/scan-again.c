/* scan-again.c - the second look, for what nobody was found to have */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <ipcutil/number.h>

#include "auto.h"
#include "proc.h"
#include "scan.h"

enum { NS_PER_S = 1000000000 };

static uint64_t
time_of(clockid_t clock)
{
	struct timespec time;

	return clock_gettime(clock, &time) < 0
		? IPC_UNKNOWN
		: (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

uint64_t
ipc_scan_rest(pid_t pid)
{
	clockid_t clock;

	return clock_getcpuclockid(pid, &clock) == 0 ? time_of(clock) : IPC_UNKNOWN;
}

/* Whether the time that we take is told in such parts that nothing takes none. */
static bool
is_told_in_full(void)
{
	return time_of(CLOCK_THREAD_CPUTIME_ID) != time_of(CLOCK_THREAD_CPUTIME_ID);
}

/* Whether no task of the machine is on a CPU but ours: proc_loadavg(5). */
static bool
is_alone(void)
{
	char text[128];
	ssize_t length =
		ipc_scan_read(AT_FDCWD, "/proc/loadavg", text, sizeof(text) - 1);
	unsigned long running;

	text[length < 0 ? 0 : length] = '\0';
	return sscanf(text, "%*s %*s %*s %lu/", &running) == 1 && running == 1;
}

static bool
has_ended(int proc, const char *path)
{
	struct ipc_proc_stat stat;

	return ipc_proc_stat(proc, path, &stat) != 0 || ipc_proc_has_ended(&stat);
}

/* Whether its task has been taken from the CPU: the kernel tells where it waits. */
static bool
waits(int proc, pid_t pid)
{
	char path[32], function[64];
	ssize_t length;

	snprintf(path, sizeof(path), "%d/wchan", pid);
	length = ipc_scan_read(proc, path, function, sizeof(function));
	*strchr(path, '/') = '\0';
	return (length > 0 && function[0] != '0') || has_ended(proc, path);
}

/*
 * Those that may have got something since they were looked at.  The time of one that was
 * on a CPU all the while may stand: none is now, or this one is not.
 */
static int
choose(int proc, const struct ipc_scan_entries *all, struct ipc_scan_entries *chosen)
{
	const bool is_exact = is_told_in_full(), alone = is_alone();

	for (size_t i = 0; i < all->count; i++) {
		const struct ipc_scan_entry *entry = &all->entry[i];
		const pid_t pid = (pid_t)entry->number;

		if (is_exact && entry->rest != IPC_UNKNOWN &&
			(alone || (entry->is_alone && waits(proc, pid))) &&
			ipc_scan_rest(pid) == entry->rest)
			continue;
		if (ipc_scan_add(chosen, entry) < 0)
			return -1;
	}
	return 0;
}

/* What such a process had may be left to one that has the same descriptors or memory. */
static bool
some_end(int proc, const struct ipc_scan_entries *entries)
{
	char path[16];

	for (size_t i = 0; i < entries->count; i++) {
		snprintf(path, sizeof(path), "%d", (int)entries->entry[i].number);
		if (has_ended(proc, path))
			return true;
	}
	return false;
}

/*
 * The keys of those that nobody has, by marks of objects; of attached segments the kernel
 * tells the number.
 */
static size_t
choose_keys(
	const struct ipc_scan_plan *plan, const bool *held, struct ipc_scan_key *keys)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++)
		if (!held[plan->keys[i].object] &&
			plan->keys[i].device != IPC_SCAN_SEGMENT_ID)
			keys[count++] = plan->keys[i];
	return count;
}

static int
look_for(struct ipc_scan *scan, const struct ipc_scan_plan *plan, int proc,
	struct ipc_scan_entries *all, bool some_gone, ipc_scan_looker *look)
{
	const struct ipc_scan_plan *before = scan->plan;
	struct ipc_scan_entries chosen = { .count = 0 };
	int result;

	scan->plan = plan;
	memset(scan->sockets, 0, sizeof(scan->sockets));
	result = choose(proc, all, &chosen);
	if (result < 0)
		ipc_fail(&scan->err, errno, "look for holders");
	if (result == 0 && !some_gone)
		result = look(scan, proc, &chosen);
	if (result == 0 && (some_gone || some_end(proc, &chosen)))
		result = look(scan, proc, all);
	free(chosen.entry);
	scan->plan = before;
	return result;
}

int
ipc_scan_again(struct ipc_scan *scan, int proc, struct ipc_scan_entries *all,
	bool some_gone, ipc_scan_looker *look)
{
	struct ipc_scan_plan plan = *scan->plan;
	autofree struct ipc_scan_key *keys = calloc(plan.count + 1, sizeof(*keys));
	autofree bool *held = calloc(plan.objects + 1, sizeof(*held));

	if (keys == NULL || held == NULL)
		return ipc_fail(&scan->err, errno, "look for holders");
	for (size_t i = 0; i < scan->found; i++)
		if (scan->holders[i].object < plan.objects)
			held[scan->holders[i].object] = true;
	plan.count = choose_keys(&plan, held, keys);
	plan.keys = keys;
	plan.discovers = 0;
	plan.wants &= ~(unsigned int)IPC_SCAN_SEGMENTS;
	return plan.count == 0 ? 1 : look_for(scan, &plan, proc, all, some_gone, look);
}
