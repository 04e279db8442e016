/* word-wait.c - sleeping until shared memory changes */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ipcutil/word.h>

#include "auto.h"
#include "memory.h"
#include "proc.h"
#include "shm.h"
#include "word.h"

enum {
	NS_PER_S = 1000000000,
	AGAIN_NS = 250000000,   /* other stores wake nobody, and so does a removal */
	OFTEN_NS = 10000000,    /* where no call waits for both halves */
	FEW = 4096,             /* bytes: each half of a word is a system call */
	CALL_FUTEX_WAITV = 449, /* of Linux 5.16 */
	HALF = sizeof(uint32_t),
};

void
ipc_word_wake(const void *bytes, size_t length)
{
	const char *end = (const char *)bytes + length;

	for (const char *half = bytes; half < end; half += HALF)
		syscall(SYS_futex, half, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void
ipc_word_wake_written(const struct ipc_memory *memory, uint64_t offset, uint64_t length)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	const uint64_t first = offset - offset % sizeof(uint64_t);
	uint64_t before = first % page;
	char *map = memory->base;

	length += offset - first;
	if (length == 0 || length > FEW)
		return;
	if (map != NULL) {
		ipc_word_wake(map + first, length);
		return;
	}
	map = mmap(NULL, before + length, PROT_READ, MAP_SHARED, memory->fd,
		(off_t)(first - before));
	if (map == MAP_FAILED) /* it may not be read: nobody waits but those who may */
		return;
	ipc_word_wake(map + before, length);
	munmap(map, before + length);
}

/* What futex_waitv(2) takes: linux/futex.h of a newer kernel has it. */
struct half {
	uint64_t value, address;
	uint32_t flags, reserved;
};

/* Whether a futex call did what it is for, be it that it ended at once. */
static bool
has_slept(long result)
{
	return result >= 0 || errno == EAGAIN || errno == EINTR || errno == ETIMEDOUT;
}

/*
 * Sleeps until a half of the word is not what it was, or is woken, or a time comes.  What
 * the kernel lacks, a filter of system calls may also forbid: then we look often.
 */
static void
sleep_on(const uint64_t *at, uint64_t value, const struct timespec *until)
{
	enum { SIZE_32 = 2 };
	const struct timespec often = { .tv_nsec = OFTEN_NS };
	uint32_t was[2];
	struct half halves[2];

	memcpy(was, &value, sizeof(was));
	for (size_t i = 0; i < 2; i++)
		halves[i] = (struct half){
			.value = was[i],
			.address = (uint64_t)(uintptr_t)at + i * HALF,
			.flags = SIZE_32,
		};
	if (!has_slept(
		    syscall(CALL_FUTEX_WAITV, halves, 2, 0, until, CLOCK_MONOTONIC)) &&
		!has_slept(syscall(SYS_futex, at, FUTEX_WAIT, was[0], &often, NULL, 0)))
		nanosleep(&often, NULL);
}

/* Now and a while, but no more than what is left. */
static struct timespec
soon(const struct timespec *left, int64_t ns)
{
	struct timespec until;

	if (left != NULL && left->tv_sec < ns / NS_PER_S + 1 &&
		left->tv_sec * NS_PER_S + left->tv_nsec < ns)
		ns = left->tv_sec * NS_PER_S + left->tv_nsec;
	clock_gettime(CLOCK_MONOTONIC, &until);
	ns += until.tv_nsec;
	until.tv_sec += ns / NS_PER_S;
	until.tv_nsec = ns % NS_PER_S;
	return until;
}

/* No name leads to it any more. */
static bool
is_removed(const struct ipc_memory *memory)
{
	struct shmid_ds ds;
	struct stat st;

	if (memory->fd >= 0)
		return fstat(memory->fd, &st) == 0 && st.st_nlink == 0;
	return ipc_sysv_look(&ipc_shm_sysv_kind, memory->id, &ds) == 0 &&
		(ds.shm_perm.mode & SHM_DEST) != 0;
}

/* A page is there to its end, also where the object ends before that. */
static bool
is_cut(const struct ipc_word *word)
{
	struct stat st;

	return word->memory->fd >= 0 && fstat(word->memory->fd, &st) == 0 &&
		(uint64_t)st.st_size < word->offset + sizeof(uint64_t);
}

static int
fail_removed(const struct ipc_memory *memory, struct ipc_error *err)
{
	return ipc_refuse(err, IPC_NO_OBJECT, ENOENT, "wait for '%s': it was removed",
		ipc_address_text(&memory->address));
}

/* Fails since it did not come to pass: code is EAGAIN, ETIMEDOUT or another. */
static int
waited(const struct ipc_memory *memory, const struct ipc_wait *wait, const char *state,
	int code, struct ipc_error *err)
{
	const char *text = ipc_address_text(&memory->address);
	char span[IPC_SPAN_MAX];

	if (code == EAGAIN)
		return ipc_refuse(
			err, IPC_WOULD_BLOCK, code, "wait for '%s': %s", text, state);
	if (code == ETIMEDOUT)
		return ipc_refuse(err, IPC_TIMED_OUT, code,
			"wait for '%s': %s after %s s", text, state,
			ipc_span_text(wait->limit, span));
	return ipc_fail(err, code, "wait for '%s'", text);
}

int
ipc_word_wait(const struct ipc_word *word, const struct ipc_word_goal *goal,
	const struct ipc_wait *wait, uint64_t *value, struct ipc_error *err)
{
	return ipc_word_wait_looking(word, goal, wait, AGAIN_NS, value, err);
}

int
ipc_word_wait_looking(const struct ipc_word *word, const struct ipc_word_goal *goal,
	const struct ipc_wait *wait, int64_t interval, uint64_t *value,
	struct ipc_error *err)
{
	struct timespec span, until;

	for (;;) {
		const struct timespec *left = ipc_wait_left(wait, &span);
		char state[64];

		if (ipc_word_get(word, value, err) < 0)
			return -1;
		if (*value == goal->value || (goal->at_least && *value > goal->value))
			return 0;
		if (is_removed(word->memory))
			return fail_removed(word->memory, err);
		if (is_cut(word))
			return ipc_word_cut(word, err);
		snprintf(state, sizeof(state), "the word is %ju", (uintmax_t)*value);
		if (left != NULL && left->tv_sec == 0 && left->tv_nsec == 0)
			return waited(word->memory, wait, state,
				wait->limit == 0 ? EAGAIN : ETIMEDOUT, err);
		until = soon(left, interval);
		sleep_on(word->at, *value, &until);
	}
}

/* inotify(7) has limits of its own for each user; that of descriptors hits others, too. */
static int
cannot_watch(const struct ipc_memory *memory, int code, struct ipc_error *err)
{
	const bool too_many = code == ENOSPC;
	autoclose int other = open("/", O_PATH | O_CLOEXEC);

	if (other < 0 || (code != ENOSPC && code != EMFILE))
		return ipc_proc_fail(
			"wait for", ipc_address_text(&memory->address), code, err);
	return ipc_refuse(err, IPC_LIMIT, code,
		"wait for '%s': a user may have %ju inotify %s (sysctl "
		"fs.inotify.max_user_%s)",
		ipc_address_text(&memory->address),
		(uintmax_t)ipc_proc_number(too_many
				? "/proc/sys/fs/inotify/max_user_watches"
				: "/proc/sys/fs/inotify/max_user_instances"),
		too_many ? "watches" : "instances", too_many ? "watches" : "instances");
}

int
ipc_memory_wait(const struct ipc_memory *memory, const struct ipc_wait *wait,
	struct ipc_error *err)
{
	autoclose int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char self[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	struct ipc_memory_info info;
	int code;

	if (memory->fd < 0)
		return ipc_refuse(err, IPC_REFUSED, EOPNOTSUPP,
			"wait for a change of '%s': nothing tells of one in a System V "
			"segment, but of a word (--value)",
			memory->address.text);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", memory->fd);
	if (watch < 0 ||
		inotify_add_watch(watch, self,
			IN_MODIFY | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF) < 0)
		return cannot_watch(memory, errno, err);
	code = is_removed(memory) ? 0 : ipc_wait_for(watch, POLLIN, wait);
	if (code != 0)
		return waited(memory, wait, "nothing has changed", code, err);
	if (is_removed(memory) &&
		ipc_memory_stat(&memory->address, IPC_MEMORY_GLANCE, &info, NULL) < 0)
		return fail_removed(memory, err);
	return 0;
}
