/* scan-calls.c - the call of the kernel that a task sleeps in */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "auto.h"
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

bool
ipc_scan_is_ours(const struct ipc_scan *scan, int task)
{
	struct stat st;

	return fstatat(task, "ns/ipc", &st, 0) == 0 &&
		st.st_dev == scan->plan->ipc_device &&
		st.st_ino == scan->plan->ipc_inode;
}

/* Whether it is one on a queue, and which. */
static bool
is_of_queue(const struct ipc_scan_call *made, uint64_t *id)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const struct call *call = &calls[i];

		/* The upper half of the first has the version of the call. */
		if (call->number != made->number ||
			(call->first != ANY &&
				(made->argument[0] & 0xffff) != call->first))
			continue;
		*id = made->argument[call->id] & UINT32_MAX;
		return true;
	}
	return false;
}

int
ipc_scan_function(int dir, const char *path, char text[64])
{
	ssize_t length = ipc_scan_read(dir, path, text, 63);

	text[length < 0 ? 0 : length] = '\0';
	return length < 0 ? -1 : 0;
}

bool
ipc_scan_is_telling(const char *function)
{
	static const char *const mute[] = { "0", "do_signal_stop", "get_signal",
		"ptrace_", "do_jobctl_trap", "do_freezer_trap", "__refrigerator" };

	for (size_t i = 0; i < sizeof(mute) / sizeof(mute[0]); i++)
		if (strncmp(function, mute[i], strlen(mute[i])) == 0)
			return false;
	return function[0] != '\0';
}

/* For the call, more rights are asked of us than for the function. */
static int
miss_call(struct ipc_scan *scan, int task)
{
	const int code = errno;
	char function[64];

	if ((code == EACCES || code == EPERM) &&
		ipc_scan_function(task, "wchan", function) == 0 &&
		ipc_scan_is_telling(function) && strncmp(function, "do_msg", 6) != 0)
		return 0;
	errno = code;
	return ipc_scan_missed(scan);
}

/*
 * Whether the task will do a call anew when it goes on: it stands at the instruction, and
 * the kernel of arm64 forgets what the call was.
 */
static bool
is_forgotten(int task, uint64_t at)
{
	uint32_t instruction = 0;

#ifdef __aarch64__
	ipc_scan_memory(task, at, &instruction, sizeof(instruction));
#else
	(void)task, (void)at;
#endif
	return instruction == 0xd4000001 || /* svc 0; of 32-bit ARM; of Thumb */
		instruction == 0xef000000 || (instruction & 0xffff) == 0xdf00;
}

/* "NUMBER 0xARGUMENT 0xARGUMENT ...", "-1 0xSTACK 0xINSTRUCTION", or "running". */
int
ipc_scan_call(struct ipc_scan *scan, int task, struct ipc_scan_call *call)
{
	char text[256];
	ssize_t length = ipc_scan_read(task, "syscall", text, sizeof(text) - 1);
	uint64_t *argument = call->argument;
	int count;

	call->is_forgotten = false;
	if (length < 0)
		return miss_call(scan, task);
	text[length] = '\0';
	count = sscanf(text,
		"%ld %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64
		" %" SCNx64,
		&call->number, &argument[0], &argument[1], &argument[2], &argument[3],
		&argument[4], &argument[5]);
	call->is_forgotten = count == 3 && is_forgotten(task, argument[1]);
	return count == 7;
}

ssize_t
ipc_scan_memory(int task, uint64_t address, void *to, size_t size)
{
	autoclose int fd = openat(task, "mem", O_RDONLY | O_CLOEXEC);

	if (address > INT64_MAX) {
		errno = EIO;
		return -1;
	}
	return fd < 0 ? -1 : pread(fd, to, size, (off_t)address);
}

static int
look_at_queues(struct ipc_scan *scan, int task)
{
	const struct ipc_scan_key *key;
	struct ipc_scan_call call;
	uint64_t id;
	int result = ipc_scan_call(scan, task, &call);

	if (call.is_forgotten)
		scan->blind |= IPC_BLIND_STOPPED;
	if (result <= 0 || !is_of_queue(&call, &id))
		return result < 0 ? -1 : 0;
	key = ipc_scan_key(scan->plan, IPC_SCAN_QUEUE_ID, id);
	return key != NULL && ipc_scan_is_ours(scan, task)
		? ipc_scan_found(scan, key, IPC_ACCESS_BLOCKED, -1)
		: 0;
}

int
ipc_scan_calls(struct ipc_scan *scan, int task)
{
	const unsigned int wants = scan->plan->wants;

	if (wants & IPC_SCAN_CALLS && look_at_queues(scan, task) < 0)
		return -1;
	if (wants & IPC_SCAN_OPENING && ipc_scan_openings(scan, task) < 0)
		return -1;
	/* Who has none of the pipes waits for none of them. */
	return wants & IPC_SCAN_WAITS && scan->found > scan->first
		? ipc_scan_waits(scan, task)
		: 0;
}
