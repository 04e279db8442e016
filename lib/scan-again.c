/* scan-again.c - the second look, for what nobody was found to have */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ipcutil/number.h>

#include "auto.h"
#include "proc.h"
#include "scan.h"

enum { NS_PER_S = 1000000000, CHUNK = 16 };

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

/* What proc_loadavg(5) tells: tasks that run now, and the last number that one was given. */
static bool
read_load(unsigned long *running, unsigned long *last)
{
	char text[128];
	ssize_t length =
		ipc_scan_read(AT_FDCWD, "/proc/loadavg", text, sizeof(text) - 1);

	text[length < 0 ? 0 : length] = '\0';
	return sscanf(text, "%*s %*s %*s %lu/%*u %lu", running, last) == 2;
}

unsigned long
ipc_scan_last_number(void)
{
	unsigned long running, last;

	return read_load(&running, &last) ? last : 0;
}

/* Whether tasks were made since the look began, but for our own. */
static bool
are_there_more(const struct ipc_scan *scan)
{
	return scan->last_number == 0 ||
		ipc_scan_last_number() != scan->last_number + scan->helpers;
}

/* Whether no task of the machine is on a CPU but ours. */
static bool
is_alone(void)
{
	unsigned long running, last;

	return read_load(&running, &last) && running == 1;
}

static bool
has_ended(int proc, const struct ipc_scan_entry *entry)
{
	struct ipc_proc_stat stat;
	char path[16];
	int code;

	snprintf(path, sizeof(path), "%d", (int)entry->number);
	code = ipc_proc_stat(proc, path, &stat);
	return code == ENOENT || code == ESRCH ||
		(code == 0 && ipc_proc_has_ended(&stat));
}

/* Whether its one task has been taken from the CPU: the kernel tells where it waits. */
static bool
waits(int proc, const struct ipc_scan_entry *entry)
{
	char path[32], function[64];

	snprintf(path, sizeof(path), "%d/wchan", (int)entry->number);
	return (ipc_scan_function(proc, path, function) == 0 && function[0] != '0' &&
		       function[0] != '\0') ||
		has_ended(proc, entry);
}

/*
 * Whether it has done nothing since the first look.  The time of one that was on a CPU all
 * the while may stand: none is now, or this one is not.
 */
static bool
rests(int proc, const struct ipc_scan_entry *entry, bool alone)
{
	return entry->rest != IPC_UNKNOWN &&
		(alone || (entry->has_one_task && waits(proc, entry))) &&
		ipc_scan_rest((pid_t)entry->number) == entry->rest;
}

static int
look_at_moved(struct ipc_scan *scan, int proc, struct ipc_scan_entries *all)
{
	const bool is_exact = is_told_in_full();
	size_t known = 0; /* up to where is_alone() was asked */
	bool alone = false;

	for (size_t i = 0; i < all->count; i++) {
		struct ipc_scan_entry *entry = &all->entry[i];

		if (i >= known) {
			alone = is_alone();
			known = i + CHUNK;
		}
		entry->has_moved = !is_exact || !rests(proc, entry, alone);
		if (!entry->has_moved)
			continue;
		if (ipc_scan_process(scan, proc, (pid_t)entry->number) < 0)
			return -1;
		known = i + 1;
	}
	return 0;
}

static bool
has_one_ended(int proc, const struct ipc_scan_entries *all)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->entry[i].has_moved && has_ended(proc, &all->entry[i]))
			return true;
	return false;
}

/*
 * What a process had that has ended, or was made and is not listed, may be left to one that
 * has the same descriptors or memory and rests.
 */
static int
look_again(struct ipc_scan *scan, int proc, struct ipc_scan_entries *all,
	bool some_gone, ipc_scan_looker *look)
{
	if (some_gone || are_there_more(scan))
		return look(scan, proc, all);
	if (look_at_moved(scan, proc, all) < 0)
		return -1;
	return are_there_more(scan) || has_one_ended(proc, all) ? look(scan, proc, all)
								: 0;
}

/* The keys of those that nobody has; of segments the kernel tells how many have them. */
static int
choose_keys(const struct ipc_scan *scan, struct ipc_scan_plan *plan)
{
	autofree bool *held = calloc(plan->objects + 1, sizeof(*held));
	const struct ipc_scan_plan *from = scan->plan;

	if (held == NULL)
		return -1;
	for (size_t i = 0; i < scan->found; i++)
		if (scan->holders[i].object < plan->objects)
			held[scan->holders[i].object] = true;
	for (size_t i = 0; i < from->count; i++) {
		const struct ipc_scan_key *key = &from->keys[i];

		if (held[key->object] || key->device == IPC_SCAN_SEGMENT_ID)
			continue;
		plan->keys[plan->count++] = *key;
		plan->wants |= key->wants;
	}
	return 0;
}

int
ipc_scan_again(struct ipc_scan *scan, int proc, struct ipc_scan_entries *all,
	bool some_gone, ipc_scan_looker *look)
{
	const struct ipc_scan_plan *first = scan->plan;
	autofree struct ipc_scan_key *keys = calloc(first->count + 1, sizeof(*keys));
	struct ipc_scan_plan plan = *first;
	int result;

	plan.keys = keys;
	plan.count = 0;
	plan.wants = plan.discovers = 0;
	if (keys == NULL || choose_keys(scan, &plan) < 0)
		return ipc_fail(&scan->err, errno, "look for holders");
	if (plan.count == 0)
		return 1;
	scan->plan = &plan;
	memset(scan->sockets, 0, sizeof(scan->sockets));
	result = look_again(scan, proc, all, some_gone, look);
	scan->plan = first;
	return result;
}
