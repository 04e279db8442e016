/* scan-files.c - the descriptors of a task, and those that are nobody's */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "auto.h"
#include "scan.h"

/* No answer of a server is waited for, and nothing is mounted. */
enum { NO_WAIT = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT };

/* What was listed and has gone may have another number now. */
static int
miss(struct ipc_scan *scan)
{
	scan->moved |= errno == ENOENT;
	return ipc_scan_missed(scan);
}

/*
 * The link to a file is readable and writable as the descriptor is; O_PATH is neither.
 * Bits of enum ipc_access, or -1: it has gone.
 */
static int
access_of(int fds, const char *fd)
{
	struct statx link;

	if (statx(fds, fd, NO_WAIT | AT_SYMLINK_NOFOLLOW, STATX_MODE, &link) < 0)
		return -1;
	return (link.stx_mode & S_IRUSR ? IPC_ACCESS_READ : 0) |
		(link.stx_mode & S_IWUSR ? IPC_ACCESS_WRITE : 0);
}

static int
note(struct ipc_scan *scan, int fds, const char *fd, const struct ipc_scan_key *key,
	bool is_fifo)
{
	const int access = access_of(fds, fd);

	if (access <= 0)
		return access < 0 ? miss(scan) : 0;
	return ipc_scan_found(scan, key, (unsigned int)access,
		is_fifo ? (int)scan->descriptors.number : -1);
}

/* Whether a path leads to that file. */
static bool
leads_to(const char *path, const struct statx *st)
{
	struct statx found;

	return statx(AT_FDCWD, path, NO_WAIT, STATX_INO, &found) == 0 &&
		found.stx_ino == st->stx_ino &&
		found.stx_dev_major == st->stx_dev_major &&
		found.stx_dev_minor == st->stx_dev_minor;
}

/* By the path of its descriptor; or by its process, or by the task alone that has it. */
static int
name(struct ipc_scan *scan, ssize_t place, int fds, const char *fd,
	const struct statx *st)
{
	char self[64], path[PATH_MAX], otherwise[PATH_MAX];
	ssize_t length = readlinkat(fds, fd, path, sizeof(path) - 1);

	path[length < 0 ? 0 : length] = '\0';
	snprintf(otherwise, sizeof(otherwise), "/proc/%d/fd/%s", (int)scan->pid, fd);
	if (leads_to(otherwise, st))
		return ipc_scan_name(scan, place, path, otherwise);
	snprintf(self, sizeof(self), "/proc/thread-self/fd/%d", fds);
	length = readlink(self, otherwise, sizeof(otherwise) - NAME_MAX);
	if (length < 0)
		length = 0;
	snprintf(otherwise + length, NAME_MAX, "/%s", fd);
	return ipc_scan_name(scan, place, path, otherwise);
}

/* A pipe or a FIFO that nobody has asked for by itself. */
static int
discover(struct ipc_scan *scan, int fds, const char *fd, const struct statx *st)
{
	const enum ipc_type type =
		makedev(st->stx_dev_major, st->stx_dev_minor) == scan->plan->pipes
		? IPC_PIPE
		: IPC_FIFO;
	int access;
	ssize_t place;

	if (!(scan->plan->discovers & 1U << type))
		return 0;
	access = access_of(fds, fd);
	if (access <= 0)
		return access < 0 ? miss(scan) : 0;
	place = ipc_scan_discover(scan, type, st);
	if (place < 0 ||
		(!ipc_scan_is_named(scan, place) && name(scan, place, fds, fd, st) < 0))
		return -1;
	return ipc_scan_note(scan, (size_t)place, (unsigned int)access,
		(int)scan->descriptors.number);
}

/* What fdinfo tells of a descriptor, in scan->text. */
static int
read_info(struct ipc_scan *scan, int task, const char *fd)
{
	char path[32];
	ssize_t length;

	snprintf(path, sizeof(path), "fdinfo/%s", fd);
	length = ipc_scan_read(task, path, scan->text, sizeof(scan->text) - 1);
	scan->text[length < 0 ? 0 : length] = '\0';
	return length < 0 ? -1 : 0;
}

/* What is behind that word at the beginning of a line, but for the first; or NULL. */
static const char *
behind(const char *text, const char *word)
{
	const char *line = text;

	while ((line = strchr(line, '\n')) != NULL)
		if (strncmp(++line, word, strlen(word)) == 0)
			return line + strlen(word);
	return NULL;
}

/* Descriptors sent through a Unix socket and not received. */
static int
look_at_socket(struct ipc_scan *scan, int task, const char *fd, uint64_t inode)
{
	uint64_t *looked_at = &scan->sockets[inode % IPC_SCAN_SOCKETS];
	const char *on_way;

	if (*looked_at == inode) {
		scan->receives = true;
		return 0;
	}
	if (read_info(scan, task, fd) < 0)
		return miss(scan);
	on_way = behind(scan->text, "scm_fds:");
	if (on_way == NULL) /* a file of that kind may have the inode of a socket */
		return 0;
	*looked_at = inode;
	scan->receives = true;
	if (strtoull(on_way, NULL, 10) > 0)
		scan->blind |= IPC_BLIND_IN_FLIGHT;
	return 0;
}

/*
 * Files registered with an io_uring(7), and those that a request waits for.  The kernel
 * leaves lines out while the ring is being worked on: that there are none has to be told.
 */
static int
look_at_anonymous(struct ipc_scan *scan, int task, int fds, const char *fd)
{
	static const char ring[] = "anon_inode:[io_uring]";
	char link[sizeof(ring)];
	const char *files, *polls;

	if (readlinkat(fds, fd, link, sizeof(link)) != sizeof(ring) - 1 ||
		memcmp(link, ring, sizeof(ring) - 1) != 0)
		return 0;
	scan->receives = true;
	if (read_info(scan, task, fd) < 0)
		return miss(scan);
	files = behind(scan->text, "UserFiles:");
	polls = behind(scan->text, "PollList:\n");
	if (files == NULL || strtoull(files, NULL, 10) > 0 || polls == NULL ||
		polls[0] == ' ')
		scan->blind |= IPC_BLIND_IN_FLIGHT;
	return 0;
}

/* Whether it is the process that we may not look at, and not this file alone. */
static bool
is_refused(int fds, const char *fd)
{
	const int code = errno;
	char link;
	bool refused = (code == EACCES || code == EPERM) &&
		readlinkat(fds, fd, &link, sizeof(link)) < 0 && errno == EACCES;

	errno = code;
	return refused;
}

/*
 * Whether a file that tells nothing, as one of fuse(4) of another user, is on a device
 * that nothing is looked for on: that alone is told when nothing is asked.
 */
static bool
is_elsewhere(const struct ipc_scan *scan, int fds, const char *fd)
{
	const int code = errno;
	struct statx st;
	bool elsewhere = (code == EACCES || code == EPERM) &&
		statx(fds, fd, NO_WAIT, 0, &st) == 0 &&
		!ipc_scan_has_device(
			scan->plan, makedev(st.stx_dev_major, st.stx_dev_minor));

	errno = code;
	return elsewhere;
}

/* What a look at a descriptor comes to; or -1 as ipc_scan_missed(). */
enum {
	LOOKED,
	REFUSED, /* there is no use in looking at others */
	ABSENT,
};

/* At the one that the list tells. */
static int
look_at(struct ipc_scan *scan, int task)
{
	const char *fd = scan->descriptors.name;
	const int fds = scan->descriptors.fd;
	const struct ipc_scan_key *key;
	struct statx st;
	dev_t device;

	if (statx(fds, fd, NO_WAIT, STATX_TYPE | STATX_INO | STATX_UID, &st) < 0) {
		bool refused = is_refused(fds, fd);

		if (!refused && is_elsewhere(scan, fds, fd))
			return LOOKED;
		if (errno == ENOENT)
			return ABSENT;
		return ipc_scan_missed(scan) < 0 ? -1 : refused ? REFUSED : LOOKED;
	}
	device = makedev(st.stx_dev_major, st.stx_dev_minor);
	key = ipc_scan_key(scan->plan, device, st.stx_ino);
	if (key != NULL && note(scan, fds, fd, key, S_ISFIFO(st.stx_mode)) < 0)
		return -1;
	if (key != NULL && !S_ISSOCK(st.stx_mode))
		return LOOKED;
	if (S_ISFIFO(st.stx_mode) && scan->plan->discovers != 0)
		return discover(scan, fds, fd, &st);
	if (!(scan->plan->wants & IPC_SCAN_FLIGHT) || scan->blind & IPC_BLIND_IN_FLIGHT)
		return 0;
	if (S_ISSOCK(st.stx_mode))
		return look_at_socket(scan, task, fd, st.stx_ino);
	if (device == scan->plan->anonymous)
		return look_at_anonymous(scan, task, fds, fd);
	return 0;
}

/* How many there are: the size of the directory, since Linux 6.2; before, 0. */
static uint64_t
count_of(int fds)
{
	struct statx st;

	return statx(fds, "", AT_EMPTY_PATH, STATX_SIZE, &st) == 0 ? st.stx_size : 0;
}

/*
 * Numbers are given from 0 on: up to the first that is not there, so many at most are
 * tried, as to list one takes as long as to look at it.  Counts them; else as look_at().
 */
static int
look_at_first(struct ipc_scan *scan, int task, uint64_t most, uint64_t *count)
{
	int result = LOOKED;

	while (result == LOOKED && *count < most) {
		ipc_scan_try(&scan->descriptors, *count);
		result = look_at(scan, task);
		*count += result == LOOKED;
	}
	return result;
}

/*
 * All that are listed from that number on, however many there were: of those that were
 * counted before, others may have come and gone.  Counts them, too.
 */
static int
look_at_others(struct ipc_scan *scan, int task, uint64_t *count)
{
	int more = ipc_scan_skip(&scan->descriptors, *count);

	while (more >= 0 && (more = ipc_scan_next(&scan->descriptors)) > 0) {
		const int result = look_at(scan, task);

		if (result < 0 || result == REFUSED)
			return result;
		scan->moved |= result == ABSENT;
		*count += result == LOOKED;
	}
	return more < 0 ? ipc_scan_missed(scan) : LOOKED;
}

int
ipc_scan_files(struct ipc_scan *scan, int task)
{
	autoclose int fds = ipc_scan_list(&scan->descriptors, task, "fd");
	uint64_t before, count = 0;
	int result;

	if (fds < 0)
		return miss(scan);
	before = count_of(fds);
	result = look_at_first(scan, task, before, &count);
	if (result == LOOKED || result == ABSENT)
		result = look_at_others(scan, task, &count);
	if (result == LOOKED) /* what came, and what went: where to? */
		scan->moved |= count < before || count < count_of(fds);
	return result < 0 ? -1 : 0;
}
