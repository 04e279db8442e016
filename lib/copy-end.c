/* copy-end.c - what stands behind a descriptor that bytes are copied from or to */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <ipcutil/number.h>

#include "auto.h"
#include "copy-way.h"

bool
ipc_copy_is_in_memory(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
}

/* The same file, opened anew. */
static int
open_again(const struct copy_end *end, int flags)
{
	char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	autoclose int own = -1;
	struct stat one, other;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", end->fd);
	own = open(path, flags | O_NOCTTY | O_CLOEXEC);
	if (own < 0 || fstat(end->fd, &one) < 0 || fstat(own, &other) < 0 ||
		one.st_dev != other.st_dev || one.st_ino != other.st_ino ||
		one.st_rdev != other.st_rdev)
		return -1;
	return keep(&own);
}

/*
 * With O_DIRECT splice(2) copies, and of files in memory that is all it changes.  It
 * cannot be set for ours, which others may share.
 */
static void
lend_no_more(struct copy_end *from, int *own)
{
	*own = open_again(from, O_RDONLY | O_DIRECT);
	if (*own < 0)
		return;
	from->fd = *own;
	from->lends = false;
}

/* O_NONBLOCK for ours would also be that of all who share it. */
static void
sleep_no_more(struct copy_end *to, int *own)
{
	int number;

	if (ioctl(to->fd, TIOCGPTN, &number) == 0)
		return; /* each opening of a master makes another terminal */
	*own = open_again(to, O_WRONLY | O_NONBLOCK);
	if (*own < 0)
		return;
	to->fd = *own;
	to->sleeps = false;
}

static enum copy_kind
kind_of(int fd, mode_t mode)
{
	if (S_ISREG(mode) || S_ISBLK(mode))
		return A_FILE;
	if (S_ISFIFO(mode))
		return A_PIPE;
	if (S_ISSOCK(mode))
		return A_SOCKET;
	return S_ISCHR(mode) && isatty(fd) ? A_TERMINAL : A_DEVICE;
}

/* Fails where reading or writing would: some of the ways tell of it otherwise. */
static int
look_at(struct copy_end *end, int fd, int wrong_mode, int64_t offset)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat st;

	*end = (struct copy_end){
		.fd = fd, .sleeps = (flags & O_NONBLOCK) == 0, .offset = -1
	};
	if (flags < 0 || fstat(fd, &st) < 0)
		return -1;
	errno = EBADF;
	if ((flags & O_ACCMODE) == wrong_mode || (flags & O_PATH) != 0)
		return -1;
	end->kind = kind_of(fd, st.st_mode);
	end->size = S_ISREG(st.st_mode) ? st.st_size : -1;
	end->lends = end->kind == A_FILE;
	end->sleeps &= end->kind != A_FILE;
	if (offset == IPC_COPY_HERE)
		return 0;
	end->offset = (off_t)offset;
	errno = end->kind != A_FILE ? ESPIPE : EINVAL;
	return end->kind == A_FILE && offset >= 0 &&
			!(wrong_mode == O_RDONLY && (flags & O_APPEND) != 0)
		? 0
		: -1;
}

/* A file is read at offsets, so that what fails to be written has not been passed. */
int
ipc_copy_look_at_source(struct copy_transfer *t)
{
	const struct ipc_copy *copy = t->copy;

	t->at = &t->from;
	if (look_at(&t->from, copy->from, O_WRONLY, copy->from_offset) < 0)
		return -1;
	if (t->from.kind != A_FILE)
		return 0;
	if (t->from.offset >= 0)
		t->from.offset += (off_t)t->before;
	else
		t->from.offset = lseek(copy->from, 0, SEEK_CUR);
	if (t->from.offset < 0)
		t->from.kind = A_DEVICE; /* in /proc there are some */
	return 0;
}

int
ipc_copy_look_at_destination(struct copy_transfer *t)
{
	const struct ipc_copy *copy = t->copy;

	t->at = &t->to;
	if (look_at(&t->to, copy->to, O_RDONLY, copy->to_offset) < 0)
		return -1;
	if (t->to.offset >= 0)
		t->to.offset += (off_t)t->before;
	if (t->to.kind == A_TERMINAL && t->to.sleeps)
		sleep_no_more(&t->to, &t->own);
	else if (t->to.kind == A_PIPE && t->from.lends && !copy->by_reference &&
		ipc_copy_is_in_memory(copy->from))
		lend_no_more(&t->from, &t->own);
	return 0;
}

uint64_t
ipc_bytes_left(int fd)
{
	struct stat st;
	off_t at;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
		return IPC_UNKNOWN;
	at = lseek(fd, 0, SEEK_CUR);
	return at < 0 || at > st.st_size ? IPC_UNKNOWN : (uint64_t)(st.st_size - at);
}
