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
#include "layer.h"
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
	const struct ipc_holders *holders, struct ipc_error *err)
{
	for (size_t i = 0; i < count; i++) {
		evidence[i]->holders =
			ipc_holders_of(holders, i, &evidence[i]->holder_count);
		evidence[i]->blind = holders->blind;
	}
	ipc_layer_mark(evidence, count);
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
