/* scan-calls.c - the call of the kernel that a task sleeps in */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "scan.h"

/*
 * A call on a queue, of any ABI of the processor: the numbers that mean another call in
 * another ABI are of ones that never sleep, or are told from them by the first argument.
 */
struct call {
	long number;
	uint64_t first; /* what the first argument has to be, or ANY */
	size_t id;      /* which argument is the queue */
};

enum { ANY = 0 };

static const struct call calls[] = {
#if defined(SYS_msgsnd) && defined(SYS_msgrcv)
	{ SYS_msgsnd, ANY, 0 },
	{ SYS_msgrcv, ANY, 0 },
#endif
#if defined(__x86_64__) || defined(__i386__)
	{ 69, ANY, 0 }, /* msgsnd, msgrcv: x86-64 */
	{ 70, ANY, 0 },
	{ 400, ANY, 0 }, /* the same: i386 */
	{ 401, ANY, 0 },
	{ 0x40000000 + 69, ANY, 0 }, /* x32 */
	{ 0x40000000 + 70, ANY, 0 },
#elif defined(__aarch64__)
	{ 301, ANY, 0 }, /* 32-bit ARM */
	{ 302, ANY, 0 },
#endif
	{ 117, 11, 1 }, /* ipc(MSGSND, ID, ...), ipc(MSGRCV, ID, ...): i386, ARM */
	{ 117, 12, 1 },
#if defined(SYS_ipc)
	{ SYS_ipc, 11, 1 },
	{ SYS_ipc, 12, 1 },
#endif
};

/*
 * open, creat, openat and openat2, of any ABI of the processor: one that is stopped in
 * another call of the same number is taken for one that opens.
 */
static const long opens[] = {
#ifdef SYS_open
	SYS_open,
	SYS_creat,
#endif
	SYS_openat,
	437, /* openat2, of all but Alpha */
#if defined(__x86_64__) || defined(__i386__)
	2, /* open, creat, openat: x86-64 */
	85,
	257,
	5, /* the same: i386 */
	8,
	295,
	0x40000000 + 2, /* and openat2: x32 */
	0x40000000 + 85,
	0x40000000 + 257,
	0x40000000 + 437,
#elif defined(__aarch64__)
	5, /* 32-bit ARM */
	8,
	322,
#endif
};

bool
ipc_scan_is_ours(const struct ipc_scan *scan, int task)
{
	struct stat st;

	return fstatat(task, "ns/ipc", &st, 0) == 0 &&
		st.st_dev == scan->plan->ipc_device &&
		st.st_ino == scan->plan->ipc_inode;
}

/* "NUMBER 0xARGUMENT 0xARGUMENT ...", or "running"; the queue's id when it is one. */
static bool
is_blocked(const char *text, uint64_t *id)
{
	uint64_t arguments[2];
	char *end;
	long number = strtol(text, &end, 10);

	if (end == text ||
		sscanf(end, "%" SCNx64 " %" SCNx64, &arguments[0], &arguments[1]) != 2)
		return false;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const struct call *call = &calls[i];

		/* The upper half of the first has the version of the call. */
		if (call->number != number ||
			(call->first != ANY && (arguments[0] & 0xffff) != call->first))
			continue;
		*id = arguments[call->id] & UINT32_MAX;
		return true;
	}
	return false;
}

static bool
is_opening(const char *text)
{
	char *end;
	long number = strtol(text, &end, 10);

	for (size_t i = 0; i < sizeof(opens) / sizeof(opens[0]); i++)
		if (end != text && opens[i] == number)
			return true;
	return false;
}

/* The function of the kernel that the task sleeps in; "0" when that is not told. */
static int
read_function(int task, char text[64])
{
	ssize_t length = ipc_scan_read(task, "wchan", text, 63);

	text[length < 0 ? 0 : length] = '\0';
	return length < 0 ? -1 : 0;
}

static bool
begins_with(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Whether that tells the call: it may run, or be stopped or frozen in any. */
static bool
is_telling(const char *function)
{
	static const char *const mute[] = { "0", "do_signal_stop", "get_signal",
		"ptrace_", "do_jobctl_trap", "do_freezer_trap", "__refrigerator" };

	for (size_t i = 0; i < sizeof(mute) / sizeof(mute[0]); i++)
		if (begins_with(function, mute[i]))
			return false;
	return function[0] != '\0';
}

/* For the call, more rights are asked of us than for the function. */
static int
miss_call(struct ipc_scan *scan, int task)
{
	const int code = errno;
	char function[64];

	if ((code == EACCES || code == EPERM) && read_function(task, function) == 0 &&
		is_telling(function) && !begins_with(function, "do_msg"))
		return 0;
	errno = code;
	return ipc_scan_missed(scan);
}

/* Its number and arguments, as text: 1; 0 or -1 as miss_call(). */
static int
read_call(struct ipc_scan *scan, int task, char text[256])
{
	ssize_t length = ipc_scan_read(task, "syscall", text, 255);

	if (length < 0)
		return miss_call(scan, task);
	text[length] = '\0';
	return 1;
}

static int
look_at_call(struct ipc_scan *scan, int task)
{
	const struct ipc_scan_key *key;
	char text[256];
	uint64_t id;
	int result = read_call(scan, task, text);

	if (result <= 0 || !is_blocked(text, &id))
		return result < 0 ? -1 : 0;
	key = ipc_scan_key(scan->plan, IPC_SCAN_QUEUE_ID, id);
	return key != NULL && ipc_scan_is_ours(scan, task)
		? ipc_scan_found(scan, key, IPC_ACCESS_BLOCKED)
		: 0;
}

/* One that waits for the other end of a FIFO has no descriptor of it. */
static int
look_at_opening(struct ipc_scan *scan, int task)
{
	char function[64], text[256];
	int result = 0;

	if (read_function(task, function) < 0)
		return ipc_scan_missed(scan);
	if (!is_telling(function))
		result = read_call(scan, task, text);
	if (begins_with(function, "wait_for_partner") ||
		begins_with(function, "fifo_open") || (result > 0 && is_opening(text)))
		scan->blind |= IPC_BLIND_OPENING;
	return result < 0 ? -1 : 0;
}

int
ipc_scan_calls(struct ipc_scan *scan, int task)
{
	if (scan->plan->wants & IPC_SCAN_CALLS && look_at_call(scan, task) < 0)
		return -1;
	if (scan->plan->wants & IPC_SCAN_OPENING && !(scan->blind & IPC_BLIND_OPENING))
		return look_at_opening(scan, task);
	return 0;
}
