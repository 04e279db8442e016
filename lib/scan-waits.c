/* scan-waits.c - who waits until a pipe can be read or written */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "scan.h"

/* The calls that sleep for a descriptor, and which of the arguments are one: bits. */
static const struct {
	long number;
	unsigned int descriptors;
} waits[] = {
	{ SYS_read, 1 << 0 },
	{ SYS_readv, 1 << 0 },
	{ SYS_preadv2, 1 << 0 },
	{ SYS_write, 1 << 0 },
	{ SYS_writev, 1 << 0 },
	{ SYS_pwritev2, 1 << 0 },
	{ SYS_vmsplice, 1 << 0 },
	{ SYS_splice, 1 << 0 | 1 << 2 },
	{ SYS_tee, 1 << 0 | 1 << 1 },
	{ SYS_sendfile, 1 << 0 | 1 << 1 },
};

static bool
is_poll(long number)
{
#ifdef SYS_poll
	if (number == SYS_poll)
		return true;
#endif
	return number == SYS_ppoll;
}

/* Descriptors that have gone, or may not be looked at any more, are passed over. */
static int
note(struct ipc_scan *scan, int task, int fd)
{
	const struct ipc_scan_key *key;
	struct statx st;
	ssize_t place;
	dev_t device;
	char path[32];

	snprintf(path, sizeof(path), "fd/%d", fd);
	if (statx(task, path, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
		    STATX_TYPE | STATX_INO, &st) < 0 ||
		!S_ISFIFO(st.stx_mode))
		return 0;
	device = makedev(st.stx_dev_major, st.stx_dev_minor);
	key = ipc_scan_key(scan->plan, device, st.stx_ino);
	if (key != NULL)
		return ipc_scan_found(scan, key, IPC_ACCESS_BLOCKED, -1);
	place = ipc_scan_discovered(scan, device, st.stx_ino);
	return place < 0 ? 0
			 : ipc_scan_note(scan, (size_t)place, IPC_ACCESS_BLOCKED, -1);
}

/* What poll(2) waits for stands in its memory. */
static int
note_polled(struct ipc_scan *scan, int task, const struct ipc_scan_call *call)
{
	struct pollfd polled[64];
	size_t size = sizeof(polled);
	ssize_t length;

	if (call->argument[1] < size / sizeof(*polled))
		size = (size_t)call->argument[1] * sizeof(*polled);
	length = ipc_scan_memory(task, call->argument[0], polled, size);
	for (size_t i = 0; length > 0 && i < (size_t)length / sizeof(*polled); i++)
		if (polled[i].events & (POLLIN | POLLOUT) &&
			note(scan, task, polled[i].fd) < 0)
			return -1;
	return 0;
}

int
ipc_scan_waits(struct ipc_scan *scan, int task)
{
	struct ipc_scan_call call;
	int result = ipc_scan_call(scan, task, &call);

	if (result <= 0)
		return result;
	if (is_poll(call.number))
		return note_polled(scan, task, &call);
	for (size_t i = 0; i < sizeof(waits) / sizeof(*waits); i++)
		for (size_t j = 0; waits[i].number == call.number && j < 3; j++)
			if (waits[i].descriptors & 1U << j &&
				note(scan, task, (int)call.argument[j]) < 0)
				return -1;
	return 0;
}
