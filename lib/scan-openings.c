/* scan-openings.c - who waits in open(2) for the other end of a FIFO, and of which */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linux/openat2.h>

#include "auto.h"
#include "scan.h"

/* How a call opens: which argument is what.  The path is behind the directory. */
struct opening {
	long number;
	int path;
	enum { IN_FLAGS, IN_MEMORY, WRITES } how; /* behind the path, or by itself */
};

/*
 * open, creat, openat and openat2, of any ABI of the processor: one that is stopped in
 * another call of the same number is taken for one that opens.
 */
static const struct opening openings[] = {
#ifdef SYS_open
	{ SYS_open, 0, IN_FLAGS },
	{ SYS_creat, 0, WRITES },
#endif
	{ SYS_openat, 1, IN_FLAGS },
	{ 437, 1, IN_MEMORY }, /* openat2, of all but Alpha */
#if defined(__x86_64__) || defined(__i386__)
	{ 2, 0, IN_FLAGS }, /* open, creat, openat: x86-64 */
	{ 85, 0, WRITES },
	{ 257, 1, IN_FLAGS },
	{ 5, 0, IN_FLAGS }, /* the same: i386 */
	{ 8, 0, WRITES },
	{ 295, 1, IN_FLAGS },
	{ 0x40000000 + 2, 0, IN_FLAGS }, /* and openat2: x32 */
	{ 0x40000000 + 85, 0, WRITES },
	{ 0x40000000 + 257, 1, IN_FLAGS },
	{ 0x40000000 + 437, 1, IN_MEMORY },
#elif defined(__aarch64__)
	{ 5, 0, IN_FLAGS }, /* 32-bit ARM */
	{ 8, 0, WRITES },
	{ 322, 1, IN_FLAGS },
#endif
};

static const struct opening *
find_opening(long number)
{
	for (size_t i = 0; i < sizeof(openings) / sizeof(*openings); i++)
		if (openings[i].number == number)
			return &openings[i];
	return NULL;
}

/* How it wants to have it: bits of enum ipc_access, 0 when that cannot be told. */
static unsigned int
access_of(int task, const struct opening *opening, const struct ipc_scan_call *call)
{
	uint64_t flags = call->argument[opening->path + 1];

	if (opening->how == WRITES)
		flags = O_WRONLY;
	if (opening->how == IN_MEMORY &&
		ipc_scan_memory(task, flags, &flags, sizeof(flags)) != sizeof(flags))
		return 0;
	return (flags & O_ACCMODE) == O_WRONLY ? IPC_ACCESS_WRITE : IPC_ACCESS_READ;
}

/* Whether the tasks of a directory of /proc have our root directory. */
static bool
has_our_root(int task)
{
	struct statx its, ours;

	return statx(task, "root", AT_STATX_DONT_SYNC, STATX_INO | STATX_MNT_ID,
		       &its) == 0 &&
		statx(AT_FDCWD, "/", AT_STATX_DONT_SYNC, STATX_INO | STATX_MNT_ID,
			&ours) == 0 &&
		its.stx_ino == ours.stx_ino && its.stx_mnt_id == ours.stx_mnt_id &&
		its.stx_dev_major == ours.stx_dev_major &&
		its.stx_dev_minor == ours.stx_dev_minor;
}

/* "/proc/self/fd/3" means one of its own: that path below its directory, or NULL. */
static const char *
own_descriptor(const char *path)
{
	static const char *const prefixes[] = { "/proc/self/", "/proc/thread-self/",
		"/dev/" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		const size_t length = strlen(prefixes[i]);

		if (strncmp(path, prefixes[i], length) == 0 &&
			strncmp(path + length, "fd/", 3) == 0 &&
			strchr(path + length + 3, '/') == NULL)
			return path + length;
	}
	return NULL;
}

/* The descriptor of the directory in which it opens a path that is not absolute. */
static int
directory_of(const struct opening *opening, const struct ipc_scan_call *call)
{
	return opening->path > 0 ? (int)call->argument[0] : AT_FDCWD;
}

/* Where a path begins: a name in the directory of the task. */
static void
put_start(char start[32], int from, const char *path)
{
	if (path[0] == '/' || from == AT_FDCWD)
		snprintf(start, 32, path[0] == '/' ? "root" : "cwd");
	else
		snprintf(start, 32, "fd/%d", from);
}

/*
 * Only what the kernel has at hand: the task itself has looked it up, and no server of a
 * file system is waited for.  Links such as /proc/self/fd/0 would mean our own.
 */
static int
open_path(int task, int from, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_CACHED | RESOLVE_NO_MAGICLINKS,
	};
	autoclose int directory = -1;
	char start[32];

	put_start(start, from, path);
	directory = openat(task, start, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (path[0] == '/')
		how.resolve |= RESOLVE_IN_ROOT;
	else if (!has_our_root(task))
		how.resolve |= RESOLVE_BENEATH;
	return directory < 0
		? -1
		: (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));
}

/* Looks up what the call opens, by what path: 0, or -1. */
static int
look_up(int task, const struct opening *opening, const struct ipc_scan_call *call,
	char path[PATH_MAX], struct statx *st)
{
	const char *own;
	ssize_t length =
		ipc_scan_memory(task, call->argument[opening->path], path, PATH_MAX);
	autoclose int fd = -1;

	if (length <= 0 || memchr(path, '\0', (size_t)length) == NULL)
		return -1;
	own = own_descriptor(path);
	if (own != NULL)
		return statx(task, own, AT_STATX_DONT_SYNC,
			STATX_TYPE | STATX_INO | STATX_UID, st);
	fd = open_path(task, directory_of(opening, call), path);
	return fd < 0 ? -1
		      : statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
				STATX_TYPE | STATX_INO | STATX_UID, st);
}

/* The path of what it opens as the kernel has it, through no links; or "". */
static void
read_path(int task, int from, const char *path, char real[PATH_MAX])
{
	autoclose int fd = open_path(task, from, path);
	char self[64];
	ssize_t length;

	snprintf(self, sizeof(self), "/proc/thread-self/fd/%d", fd);
	length = readlink(self, real, PATH_MAX - 1);
	real[length < 0 ? 0 : length] = '\0';
}

/* Names it from the root without links, as far as that goes, and by way of the process. */
static int
name(struct ipc_scan *scan, ssize_t place, int task, int from, const char *path)
{
	const char *own = own_descriptor(path), *rest = own != NULL ? "" : path;
	const char *slash = *rest == '\0' || *rest == '/' ? "" : "/";
	char start[32], absolute[2 * PATH_MAX + 1], otherwise[PATH_MAX + 64];
	char real[PATH_MAX];
	ssize_t length = 0;

	if (own != NULL)
		snprintf(start, sizeof(start), "%s", own);
	else
		put_start(start, from, path);
	if (*rest != '/')
		length = readlinkat(task, start, absolute, PATH_MAX);
	snprintf(absolute + (length > 0 ? length : 0), PATH_MAX + 1, "%s%s", slash,
		rest);
	snprintf(otherwise, sizeof(otherwise), "/proc/%d/%s%s%s", (int)scan->pid, start,
		slash, rest);
	read_path(task, from, path, real);
	return ipc_scan_name(scan, place, absolute, otherwise) < 0
		? -1
		: ipc_scan_name(scan, place, real, otherwise);
}

/* As note(), of one that nobody has asked for by itself. */
static int
discover(struct ipc_scan *scan, int task, int from, const char *path,
	const struct statx *st, unsigned int access)
{
	ssize_t place;

	if (!(scan->plan->discovers & 1U << IPC_FIFO))
		return 1;
	place = ipc_scan_discover(scan, IPC_FIFO, st);
	if (place < 0 ||
		(!ipc_scan_is_named(scan, place) &&
			name(scan, place, task, from, path) < 0))
		return -1;
	access |= IPC_ACCESS_OPENING;
	return ipc_scan_note(scan, (size_t)place, access, -1) < 0 ? -1 : 1;
}

/*
 * Notes which FIFO it is: 1; 0 when that cannot be told; -1 as ipc_scan_found().  One
 * that does not wait for sure may be opening any other file.
 */
static int
note(struct ipc_scan *scan, int task, const struct ipc_scan_call *call, bool waits)
{
	const struct opening *opening = find_opening(call->number);
	const struct ipc_scan_key *key;
	char path[PATH_MAX];
	unsigned int access;
	struct statx st;

	if (opening == NULL || look_up(task, opening, call, path, &st) < 0)
		return 0;
	if (!S_ISFIFO(st.stx_mode))
		return waits ? 0 : 1;
	access = access_of(task, opening, call);
	key = ipc_scan_key(
		scan->plan, makedev(st.stx_dev_major, st.stx_dev_minor), st.stx_ino);
	if (access == 0)
		return 0;
	if (key == NULL)
		return discover(
			scan, task, directory_of(opening, call), path, &st, access);
	return ipc_scan_found(scan, key, access | IPC_ACCESS_OPENING, -1) < 0 ? -1 : 1;
}

static bool
waits_for_partner(const char *function)
{
	return strncmp(function, "wait_for_partner", 16) == 0 ||
		strncmp(function, "fifo_open", 9) == 0;
}

int
ipc_scan_openings(struct ipc_scan *scan, int task)
{
	struct ipc_scan_call call;
	char function[64];
	bool waits, is_telling;
	int result;

	if (ipc_scan_function(task, "wchan", function) < 0)
		return ipc_scan_missed(scan);
	waits = waits_for_partner(function);
	is_telling = ipc_scan_is_telling(function);
	if (is_telling && !waits)
		return 0;
	result = ipc_scan_call(scan, task, &call);
	if (call.is_forgotten)
		scan->blind |= IPC_BLIND_STOPPED;
	if (result < 0 ||
		(!waits && (result == 0 || find_opening(call.number) == NULL)))
		return result < 0 ? -1 : 0;
	if (result > 0)
		result = note(scan, task, &call, waits);
	if (result == 0)
		scan->blind |= IPC_BLIND_OPENING;
	return result < 0 ? -1 : 0;
}
