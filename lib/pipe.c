/* pipe.c - pipes, by descriptors of whoever has them */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ipcutil/number.h>
#include <ipcutil/pipe.h>
#include <ipcutil/trust.h>

#include "auto.h"
#include "pipe.h"
#include "proc.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD O_EXCL /* of one thread: since Linux 6.9 */
#endif

/* Longer than any path of a descriptor in /proc. */
enum { FD_PATH_MAX = 48 };

int
ipc_pipe_device(uint64_t *device)
{
	autoclose int ours = -1, others = -1;
	struct stat st;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	ours = ends[0];
	others = ends[1];
	if (fstat(ours, &st) < 0)
		return -1;
	*device = st.st_dev;
	return 0;
}

static void
put_path(char path[FD_PATH_MAX], pid_t pid, int fd)
{
	snprintf(path, FD_PATH_MAX, "/proc/%d/fd/%d", (int)pid, fd);
}

/* A zombie has nothing, and of another user's nothing more is told. */
static bool
has_ended(pid_t pid)
{
	char directory[FD_PATH_MAX];
	struct ipc_proc_stat stat;
	int code;

	snprintf(directory, sizeof(directory), "/proc/%d", (int)pid);
	code = ipc_proc_stat(AT_FDCWD, directory, &stat);
	return code == ENOENT || code == ESRCH ||
		(code == 0 && ipc_proc_has_ended(&stat));
}

static int
no_descriptor(const struct ipc_address *address, const char *action, int code,
	struct ipc_error *err)
{
	if (address->kind == IPC_OWN_FD && code == EBADF)
		return ipc_refuse(err, IPC_NO_OBJECT, code,
			"%s '%s': descriptor %d is not open", action, address->text,
			address->fd);
	if (access("/proc/self", F_OK) < 0)
		return ipc_refuse(err, IPC_FAILED, ENOTSUP,
			"%s '%s': /proc is not there, or not that of our PID namespace",
			action, address->text);
	if (address->kind == IPC_PID_FD && has_ended(address->pid))
		return ipc_refuse(err, IPC_NO_OBJECT, ENOENT,
			"%s '%s': there is no process %d", action, address->text,
			(int)address->pid);
	if (code != ENOENT)
		return ipc_fail(err, code, "%s '%s'", action, address->text);
	return ipc_refuse(err, IPC_NO_OBJECT, code,
		"%s '%s': process %d has no descriptor of that number", action,
		address->text, (int)address->pid);
}

/* Names what is there in place of a pipe. */
static int
no_pipe(const struct ipc_address *address, const char *action, const char *path,
	struct ipc_error *err)
{
	char text[256];
	ssize_t length = readlink(path, text, sizeof(text) - 1);

	text[length < 0 ? 0 : length] = '\0';
	return ipc_refuse(err, IPC_REFUSED, EINVAL, "%s '%s': it is no pipe but '%s'",
		action, address->text, text);
}

int
ipc_pipe_find(const struct ipc_address *address, const char *action,
	struct ipc_object *object, struct ipc_error *err)
{
	const bool is_own = address->kind == IPC_OWN_FD;
	char path[FD_PATH_MAX];
	uint64_t device;
	struct stat st;

	if (ipc_pipe_device(&device) < 0)
		return ipc_fail(err, errno, "%s '%s'", action, address->text);
	*object = (struct ipc_object){
		.type = IPC_PIPE,
		.device = device,
		.number = address->inode,
		.uid = (uid_t)-1,
		.address = *address,
	};
	if (address->kind == IPC_INODE)
		return 0;
	put_path(path, is_own ? getpid() : address->pid, address->fd);
	if ((is_own ? fstat(address->fd, &st) : stat(path, &st)) < 0)
		return no_descriptor(address, action, errno, err);
	if (!S_ISFIFO(st.st_mode))
		return no_pipe(address, action, path, err);
	object->type = st.st_dev == device ? IPC_PIPE : IPC_FIFO;
	object->device = st.st_dev;
	object->number = st.st_ino;
	object->uid = st.st_uid;
	return 0;
}

static bool
is_of(const struct ipc_object *object, int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_dev == object->device &&
		st.st_ino == object->number;
}

/* A copy of the descriptor itself, or -1; flags are those of pidfd_open(2). */
static int
copy_descriptor(pid_t task, unsigned int flags, int fd)
{
	autoclose int pidfd = pidfd_open(task, flags);

	return pidfd < 0 ? -1 : pidfd_getfd(pidfd, fd, 0);
}

/* Opens a pipe without a name once more; of a FIFO, others would notice. */
static int
open_again(pid_t task, const struct ipc_holder *holder)
{
	const bool reads = holder->read_fd >= 0;
	char path[FD_PATH_MAX];

	put_path(path, task, reads ? holder->read_fd : holder->write_fd);
	return open(path,
		(reads ? O_RDONLY : O_WRONLY) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* A descriptor of the object by way of a task of one who has it, or -1 with errno. */
static int
borrow_from(const struct ipc_object *object, const struct ipc_holder *holder,
	pid_t task, unsigned int flags)
{
	autoclose int fd = copy_descriptor(
		task, flags, holder->read_fd >= 0 ? holder->read_fd : holder->write_fd);

	if (fd < 0 && object->type == IPC_PIPE)
		fd = open_again(task, holder);
	if (fd < 0)
		return -1;
	if (is_of(object, fd))
		return keep(&fd);
	errno = ENOENT; /* it has another there by now */
	return -1;
}

/* The leading thread may have ended, or have other descriptors than another one. */
static int
borrow(const struct ipc_object *object, const struct ipc_holder *holder)
{
	int fd = borrow_from(object, holder, holder->pid, 0), code = errno;
	autoclosedir DIR *tasks = NULL;
	const struct dirent *entry;
	char path[FD_PATH_MAX];

	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)holder->pid);
	tasks = opendir(path);
	while (fd < 0 && tasks != NULL && (entry = readdir(tasks)) != NULL)
		if (entry->d_name[0] != '.')
			fd = borrow_from(
				object, holder, atoi(entry->d_name), PIDFD_THREAD);
	errno = code;
	return fd;
}

static bool
has_descriptor(const struct ipc_holder *holder)
{
	return holder->read_fd >= 0 || holder->write_fd >= 0;
}

/* ENOENT: none of them has it any more, or yet. */
static int
borrow_any(
	const struct ipc_object *object, const struct ipc_holder *holders, size_t count)
{
	int fd = -1, code = ENOENT;

	for (size_t i = 0; i < count && fd < 0; i++) {
		if (!has_descriptor(&holders[i]))
			continue;
		fd = borrow(object, &holders[i]);
		if (fd < 0 && errno != ESRCH && errno != EBADF && errno != ENOENT)
			code = errno;
	}
	errno = code;
	return fd;
}

int
ipc_pipe_borrow(const struct ipc_object *object, const struct ipc_holder *holders,
	size_t count, const char *action, struct ipc_error *err)
{
	int fd = borrow_any(object, holders, count);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return ipc_fail(err, errno, "%s '%s'", action,
			ipc_address_text(&object->address));
	return ipc_refuse(err, IPC_NO_OBJECT, errno,
		"%s '%s': no process that we may look at has it open", action,
		ipc_address_text(&object->address));
}

/* Whether a process sleeps until it is opened at its other end. */
static bool
is_awaited(const struct ipc_holder *holders, size_t count)
{
	size_t i = 0;

	while (i < count && has_descriptor(&holders[i]))
		i++;
	return i < count;
}

bool
ipc_pipe_measure(const struct ipc_object *object, const struct ipc_holder *holders,
	size_t count, struct ipc_pipe_level *level)
{
	autoclose int fd = borrow_any(object, holders, count);
	int queued, capacity;

	*level = (struct ipc_pipe_level){ IPC_UNKNOWN, IPC_UNKNOWN };
	if (fd < 0)
		return errno != ENOENT || is_awaited(holders, count);
	if (ioctl(fd, FIONREAD, &queued) == 0)
		level->queued = (uint64_t)queued;
	capacity = fcntl(fd, F_GETPIPE_SZ);
	if (capacity >= 0)
		level->capacity = (uint64_t)capacity;
	return true;
}

/* Our own descriptor, if it is one of that end. */
static int
open_own(const struct ipc_address *address, enum ipc_pipe_end end, const char *action,
	struct ipc_error *err)
{
	const int flags = fcntl(address->fd, F_GETFL);
	const int mode = flags & O_ACCMODE;
	int fd;

	if (mode != O_RDWR && mode != (end == IPC_PIPE_READ ? O_RDONLY : O_WRONLY))
		return ipc_refuse(err, IPC_FAILED, EBADF,
			"%s '%s': that descriptor is open to %s alone", action,
			address->text, end == IPC_PIPE_READ ? "write" : "read");
	fd = fcntl(address->fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return fd >= 0 ? fd : ipc_fail(err, errno, "%s '%s'", action, address->text);
}

/*
 * Where nobody can write, a pipe that was opened once more is at its end from the start.
 * Edge-triggered, epoll(7) tells so once, and then when a writer has written, or gone.
 */
static int
wait_for_writer(int fd, const struct ipc_wait *wait)
{
	autoclose int arrivals = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int code;

	if (arrivals < 0 || epoll_ctl(arrivals, EPOLL_CTL_ADD, fd, &event) < 0)
		return errno;
	if (epoll_wait(arrivals, &event, 1, 0) == 0 || event.events & EPOLLIN)
		return 0;
	do {
		code = ipc_wait_for(arrivals, POLLIN, wait);
		if (code != 0)
			return code;
	} while (epoll_wait(arrivals, &event, 1, 0) == 0);
	return 0;
}

/* Without sleeping; then it is as others expect it. */
static int
open_descriptor(
	const struct ipc_object *object, pid_t pid, int number, enum ipc_pipe_end end)
{
	const int mode = end == IPC_PIPE_READ ? O_RDONLY : O_WRONLY;
	char path[FD_PATH_MAX];
	autoclose int fd = -1;
	int flags;

	put_path(path, pid, number);
	fd = open(path, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (!is_of(object, fd)) {
		errno = ENOENT; /* it has another there by now */
		return -1;
	}
	flags = fcntl(fd, F_GETFL);
	return flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 ? -1
									: keep(&fd);
}

/* By way of those who have it: any descriptor of a pipe leads to both ends. */
static int
open_by_holders(const struct ipc_object *object, enum ipc_pipe_end end)
{
	struct ipc_holders holders;
	int fd = -1, code = ENOENT;

	if (ipc_holders_find(object, 1, &holders, NULL) < 0)
		return -1;
	for (size_t i = 0; i < holders.count && fd < 0; i++) {
		const struct ipc_holder *holder = &holders.holder[i];

		fd = open_descriptor(object, holder->pid,
			holder->read_fd >= 0 ? holder->read_fd : holder->write_fd, end);
		if (fd < 0 && errno != ENOENT)
			code = errno;
	}
	ipc_holders_free(&holders);
	errno = code;
	return fd;
}

static int
open_other(const struct ipc_address *address, const struct ipc_object *object,
	enum ipc_pipe_end end, const char *action, struct ipc_error *err)
{
	int fd = address->kind == IPC_INODE
		? open_by_holders(object, end)
		: open_descriptor(object, address->pid, address->fd, end);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT && address->kind == IPC_INODE)
		return ipc_refuse(err, IPC_NO_OBJECT, ENOENT,
			"%s '%s': no process that we may look at has it open", action,
			address->text);
	return ipc_fail(err, errno, "%s '%s'", action, address->text);
}

/* Who made it is known of the open pipe at last. */
static int
check_trust(
	int fd, const struct ipc_address *address, uid_t trusted, struct ipc_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return ipc_fail(err, errno, "write to '%s'", address->text);
	if (ipc_trust_written(st.st_uid, trusted))
		return 0;
	return ipc_refuse(err, IPC_REFUSED, EPERM,
		"write to '%s': it belongs to user %u; --trust-owner=%u allows it",
		address->text, st.st_uid, st.st_uid);
}

/* A pipe of which all readers have gone takes nothing, and gets no new ones by itself. */
static int
check_readers(int fd, const struct ipc_address *address, struct ipc_error *err)
{
	struct pollfd polled = { .fd = fd };

	if (poll(&polled, 1, 0) <= 0 || !(polled.revents & POLLERR))
		return 0;
	return ipc_refuse(err, IPC_FAILED, ENXIO,
		"write to '%s': nobody has it open to read", address->text);
}

/* The end that was asked for, as far as it can be used. */
static int
open_end(const struct ipc_address *address, const struct ipc_object *object,
	enum ipc_pipe_end end, uid_t trusted, struct ipc_error *err)
{
	const char *action = end == IPC_PIPE_READ ? "read" : "write to";
	autoclose int fd = -1;

	if (address->kind == IPC_OWN_FD)
		fd = open_own(address, end, action, err);
	else
		fd = open_other(address, object, end, action, err);
	if (fd < 0)
		return -1;
	if (end == IPC_PIPE_WRITE &&
		((address->kind != IPC_OWN_FD &&
			 check_trust(fd, address, trusted, err) < 0) ||
			check_readers(fd, address, err) < 0))
		return -1;
	return keep(&fd);
}

static int
no_writer(const struct ipc_address *address, int code, const struct ipc_wait *wait,
	struct ipc_error *err)
{
	char span[IPC_SPAN_MAX];

	if (code == EAGAIN)
		return ipc_refuse(err, IPC_WOULD_BLOCK, code,
			"read '%s': it is empty, and nobody has it open to write",
			address->text);
	if (code == ETIMEDOUT)
		return ipc_refuse(err, IPC_TIMED_OUT, code,
			"read '%s': nobody wrote to it for %s s", address->text,
			ipc_span_text(wait->limit, span));
	return ipc_fail(err, code, "read '%s'", address->text);
}

int
ipc_pipe_open(const struct ipc_address *address, enum ipc_pipe_end end, uid_t trusted,
	const struct ipc_wait *wait, struct ipc_error *err)
{
	struct ipc_object object;
	autoclose int fd = -1;
	int code = 0;

	if (ipc_pipe_find(address, end == IPC_PIPE_READ ? "read" : "write to", &object,
		    err) < 0)
		return -1;
	fd = open_end(address, &object, end, trusted, err);
	if (fd < 0)
		return -1;
	if (end == IPC_PIPE_READ && object.type == IPC_PIPE &&
		address->kind != IPC_OWN_FD)
		code = wait_for_writer(fd, wait);
	return code == 0 ? keep(&fd) : no_writer(address, code, wait, err);
}
