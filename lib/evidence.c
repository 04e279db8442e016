/* evidence.c - what the rules of stale.c need to know, and is of no one type */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

#include <ipcutil/stale.h>

#include "auto.h"
#include "guard.h"
#include "proc.h"

/* Clocks of different kinds: so much may lie between two that mean the same. */
enum { SLACK_S = 2 };

/* Seconds since 1970 at which a process began. */
static int64_t
began(uint64_t start)
{
	struct timespec wall, boot;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return wall.tv_sec - boot.tv_sec +
		(int64_t)(start / (uint64_t)sysconf(_SC_CLK_TCK));
}

struct ipc_user
ipc_user_find(uint64_t pid, int64_t time)
{
	struct ipc_user user = { .state = IPC_USER_UNKNOWN, .pid = (pid_t)pid };
	autoclose int pidfd = -1;
	char path[64];
	struct ipc_proc_stat stat;
	int code;

	if (time == 0 || time == IPC_UNKNOWN_TIME)
		return (struct ipc_user){ .state = IPC_USER_NONE };
	if (pid == 0 || pid == IPC_UNKNOWN)
		return (struct ipc_user){ .state = IPC_USER_UNKNOWN };
	/* proc(5) may hide it (hidepid), which does not make it end. */
	pidfd = pidfd_open(user.pid, 0);
	if (pidfd < 0) {
		user.state = errno == ESRCH ? IPC_USER_ENDED : IPC_USER_UNKNOWN;
		return user;
	}
	snprintf(path, sizeof(path), "/proc/%" PRIu64, pid);
	code = ipc_proc_stat(AT_FDCWD, path, &stat);
	if (code == ESRCH || (code == 0 && ipc_proc_has_ended(&stat)))
		user.state = IPC_USER_ENDED;
	else if (code == 0 && began(stat.start) <= time + SLACK_S)
		user.state = IPC_USER_LIVES;
	return user; /* one that began later is another, if the clock was not set */
}

static int
by_object(const void *one, const void *other)
{
	const struct ipc_holder *a = one, *b = other;

	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	return (a->pid > b->pid) - (a->pid < b->pid);
}

/* Adds what a look at some of the objects found; places tells which those are. */
static int
add(struct ipc_holders *holders, const struct ipc_holders *more, const size_t *places)
{
	struct ipc_holder *all = reallocarray(
		holders->holder, holders->count + more->count, sizeof(*all));

	if (all == NULL)
		return -1;
	holders->holder = all;
	for (size_t i = 0; i < more->count; i++) {
		all[holders->count] = more->holder[i];
		all[holders->count++].object = places[more->holder[i].object];
	}
	qsort(all, holders->count, sizeof(*all), by_object);
	return 0;
}

/*
 * A descriptor can be handed from one process, or number, to another just when the
 * first look is between the two: what nobody has is looked for once more.
 */
static int
look_again(struct ipc_evidence *const *evidence, size_t count,
	struct ipc_holders *holders, struct ipc_error *err)
{
	autofree const struct ipc_object **unheld = calloc(count + 1, sizeof(*unheld));
	autofree size_t *places = calloc(count + 1, sizeof(*places));
	struct ipc_discovery more;
	size_t left = 0, held;
	int result = 0;

	if (unheld == NULL || places == NULL)
		return ipc_fail(err, errno, "look for holders");
	for (size_t i = 0; i < count; i++) {
		ipc_holders_of(holders, i, &held);
		unheld[left] = &evidence[i]->object;
		places[left] = i;
		left += held == 0;
	}
	if (ipc_holders_look(unheld, left, 0, &more, err) < 0)
		return -1;
	holders->blind |= more.holders.blind;
	if (more.holders.count > 0 && add(holders, &more.holders, places) < 0)
		result = ipc_fail(err, errno, "look for holders");
	ipc_discovery_free(&more);
	return result;
}

static struct ipc_evidence **
pointers_to(struct ipc_evidence *evidence, size_t count)
{
	struct ipc_evidence **pointers = calloc(count + 1, sizeof(*pointers));

	for (size_t i = 0; i < count && pointers != NULL; i++)
		pointers[i] = &evidence[i];
	return pointers;
}

int
ipc_stale_find_owners(
	struct ipc_evidence *evidence, size_t count, struct ipc_error *err)
{
	autofree struct ipc_evidence **pointers = pointers_to(evidence, count);

	return pointers != NULL ? ipc_registry_owners(pointers, count, err)
				: ipc_fail(err, errno, "look for owners");
}

int
ipc_stale_complete(struct ipc_evidence *const *evidence, size_t count,
	struct ipc_holders *holders, struct ipc_error *err)
{
	/* Without a complete view a second look would prove nothing either. */
	if (holders->blind == 0 && look_again(evidence, count, holders, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		evidence[i]->holders =
			ipc_holders_of(holders, i, &evidence[i]->holder_count);
		evidence[i]->blind = holders->blind;
	}
	return ipc_registry_owners(evidence, count, err);
}

int
ipc_stale_find(struct ipc_evidence *evidence, size_t count, struct ipc_holders *holders,
	struct ipc_error *err)
{
	autofree struct ipc_evidence **pointers = pointers_to(evidence, count);
	autofree const struct ipc_object **objects =
		calloc(count + 1, sizeof(*objects));
	struct ipc_discovery found;

	*holders = (struct ipc_holders){ 0 };
	if (pointers == NULL || objects == NULL)
		return ipc_fail(err, errno, "look for holders");
	for (size_t i = 0; i < count; i++)
		objects[i] = &evidence[i].object;
	if (ipc_holders_look(objects, count, 0, &found, err) < 0)
		return -1;
	*holders = found.holders;
	if (ipc_stale_complete(pointers, count, holders, err) == 0)
		return 0;
	ipc_holders_free(holders);
	return -1;
}
