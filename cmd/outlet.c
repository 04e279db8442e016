/* outlet.c - a stream that messages are written to, made to lose none */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <ipcutil/wait.h>

#include "hold.h"
#include "json.h"
#include "outlet.h"

enum {
	JSON_MEMBERS = 128,   /* bytes of a line besides its data */
	PLENTY = 16 << 20,    /* bytes: nobody fills a disk that fast, */
	UNSEEN = 64 << 10,    /* as to look again after less than that */
	UNSEEN_NS = 10000000, /* and before that time */
};

static const char standard_output[] = "standard output";

static int
cannot_write(const char *name, int code, struct ipc_error *err)
{
	/* Not ipc_fail(): 75 and the like are about the object. */
	return ipc_refuse(err, IPC_FAILED, code, "write to %s: %s", name,
		code == EINTR ? "a signal came" : strerror(code));
}

int
outlet_failed(int code, struct ipc_error *err)
{
	return cannot_write(standard_output, code, err);
}

static enum outlet_kind
kind_of(int fd, mode_t mode)
{
	if (S_ISREG(mode))
		return OUTLET_FILE;
	if (S_ISFIFO(mode))
		return OUTLET_PIPE;
	if (S_ISSOCK(mode))
		return OUTLET_SOCKET;
	return S_ISCHR(mode) && isatty(fd) ? OUTLET_TERMINAL : OUTLET_OTHER;
}

/* Where the next message will be written. */
static off_t
end_of(const struct outlet *out)
{
	struct stat st;

	return out->appends && fstat(out->fd, &st) == 0 ? st.st_size
							: lseek(out->fd, 0, SEEK_CUR);
}

/* RLIMIT_FSIZE: write(2) would write a part. */
static bool
is_beyond_limit(const struct outlet *out, size_t length)
{
	return out->kind == OUTLET_FILE && out->file_limit != RLIM_INFINITY &&
		(rlim_t)end_of(out) + length > out->file_limit;
}

/* Many messages may come at once: not before each of them is the disk looked at. */
static bool
has_plenty(struct outlet *out)
{
	struct statvfs fs;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (out->unseen < UNSEEN && now.tv_sec == out->seen.tv_sec &&
		now.tv_nsec - out->seen.tv_nsec < UNSEEN_NS)
		return true;
	if (fstatvfs(out->fd, &fs) < 0 ||
		fs.f_bavail <= (out->longest + PLENTY) / fs.f_frsize)
		return false;
	out->unseen = 0;
	out->seen = now;
	return true;
}

/*
 * Sees to room for the longest message.  Blocks that are taken and then not needed
 * stay with the file: so only where the disk is nearly full.
 */
static int
reserve(struct outlet *out)
{
	bool is_savable = out->most <= out->file_limit; /* in another file */

	if (is_beyond_limit(out, is_savable ? 1 : out->longest)) {
		errno = EFBIG;
		return -1;
	}
	if (has_plenty(out))
		return 0;
	while (fallocate(out->fd, FALLOC_FL_KEEP_SIZE, end_of(out),
		       (off_t)out->longest) < 0)
		if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
			return -1;
		else if (errno != EINTR)
			break; /* not every file system can */
	return 0;
}

/*
 * The stream's pipe or terminal, opened anew: O_NONBLOCK on ours would also be
 * that of all who share it.  Not all can be had so: a terminal may be of another
 * user, and each opening of a pseudoterminal's master makes a new one.
 */
static int
open_sleepless(int fd, int flags, const struct stat *st)
{
	char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	struct stat found;
	int number, own;

	if (S_ISCHR(st->st_mode) && ioctl(fd, TIOCGPTN, &number) == 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = open(path,
		O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (flags & O_DIRECT));
	if (own < 0 ||
		(fstat(own, &found) == 0 && found.st_dev == st->st_dev &&
			found.st_ino == st->st_ino && found.st_rdev == st->st_rdev))
		return own;
	close(own);
	return -1;
}

/*
 * Sees to it that writing never sleeps, and that a sleep ends when a signal comes.
 * This also makes sure of a descriptor for outlet_end() to free.
 */
static int
prepare_waits(struct outlet *out, int flags, const struct stat *st)
{
	struct sockaddr peer;
	socklen_t length = sizeof(peer);

	if (out->wait.signals != NULL) {
		out->signals = hold_watch(out->wait.signals);
		if (out->signals < 0)
			return -1;
	}
	if (out->kind == OUTLET_FILE || out->kind == OUTLET_OTHER)
		return 0;
	out->wait.watched = out->fd;
	if (out->kind == OUTLET_SOCKET)
		return getpeername(out->fd, &peer, &length);
	out->own = open_sleepless(out->fd, flags, st);
	if (out->own >= 0 || out->kind == OUTLET_TERMINAL)
		return 0;
	return pipe2(out->relay, O_CLOEXEC | O_NONBLOCK);
}

int
outlet_open(struct outlet *out, int fd, const struct framing *framing, size_t most,
	const sigset_t *before, struct ipc_error *err)
{
	struct rlimit limit;
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	*out = (struct outlet){
		.fd = fd,
		.name = standard_output,
		.framing = framing,
		.wait = IPC_WAIT(IPC_FOREVER),
		.own = -1,
		.relay = { -1, -1 },
		.signals = -1,
		.file_limit = RLIM_INFINITY,
	};
	out->wait.signals = before;
	if (flags < 0 || fstat(fd, &st) < 0)
		return cannot_write(out->name, errno, err);
	out->kind = kind_of(fd, st.st_mode);
	/* poll(2) knows neither /dev/full nor a descriptor that is not for writing. */
	if ((flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH) != 0)
		return cannot_write(out->name, EBADF, err);
	if (out->kind == OUTLET_OTHER && write(fd, "", 0) < 0)
		return cannot_write(out->name, errno, err);
	out->appends = (flags & O_APPEND) != 0;
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0)
		out->file_limit = limit.rlim_cur;
	if (prepare_waits(out, flags, &st) < 0)
		return cannot_write(out->name, errno, err);
	return outlet_grow(out, most, err);
}

int
outlet_grow(struct outlet *out, size_t most, struct ipc_error *err)
{
	size_t room = FRAME_HEAD + most + FRAME_TAIL;
	bool is_larger = out->buffer != NULL;
	char *buffer;

	if (is_larger && most <= out->most)
		return 0;
	buffer = realloc(out->buffer, room);
	if (buffer == NULL)
		return ipc_fail(
			err, errno, "make room for a message of %zu bytes", most);
	out->buffer = buffer;
	out->most = most;
	out->longest = out->framing->json ? 8 * most + JSON_MEMBERS : room;
	return is_larger && out->kind == OUTLET_FILE && reserve(out) < 0
		? cannot_write(out->name, errno, err)
		: 0;
}

static void
drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void
outlet_end(struct outlet *out)
{
	drop(&out->own);
	drop(&out->relay[0]);
	drop(&out->relay[1]);
	drop(&out->signals);
}

void
outlet_close(struct outlet *out)
{
	outlet_end(out);
	free(out->buffer);
}

char *
outlet_room(const struct outlet *out)
{
	return out->buffer + FRAME_HEAD;
}

/* Fails because the stream cannot be written to now, with the errno value code. */
static int
not_ready(const struct outlet *out, int code, struct ipc_error *err)
{
	char span[IPC_SPAN_MAX];

	switch (code) {
	case EAGAIN:
		return ipc_refuse(err, IPC_WOULD_BLOCK, code, "write to %s: it is full",
			out->name);
	case ETIMEDOUT:
		return ipc_refuse(err, IPC_TIMED_OUT, code,
			"write to %s: it stayed full for %s s", out->name,
			ipc_span_text(out->wait.limit, span));
	default:
		return cannot_write(out->name, code, err);
	}
}

/*
 * The terminal stops a background process that may not write to it: here, where
 * signals act and no message is in hand.
 */
static void
ask_terminal(const struct outlet *out)
{
	sigset_t now;

	if (out->wait.signals == NULL || tcgetpgrp(out->fd) == getpgrp())
		return;
	sigprocmask(SIG_SETMASK, out->wait.signals, &now);
	(void)!write(out->own >= 0 ? out->own : out->fd, "", 0);
	sigprocmask(SIG_SETMASK, &now, NULL);
}

int
outlet_ready(struct outlet *out, struct ipc_error *err)
{
	int code;

	if (out->kind == OUTLET_FILE)
		return reserve(out) < 0 ? cannot_write(out->name, errno, err) : 0;
	if (out->kind == OUTLET_OTHER)
		return 0;
	if (out->kind == OUTLET_TERMINAL)
		ask_terminal(out);
	code = ipc_wait_for(out->fd, POLLOUT, &out->wait);
	return code == 0 ? 0 : not_ready(out, code, err);
}

bool
outlet_has_room(int fd)
{
	struct pollfd polled = { .fd = fd, .events = POLLOUT };

	return poll(&polled, 1, 0) != 0;
}

/*
 * Writes to a pipe that could not be opened anew, and whose room another writer may
 * take after poll(2) has told of it: splice(2) alone does not sleep there.
 */
static ssize_t
write_by_relay(const struct outlet *out, const char *data, size_t length)
{
	char rest[PIPE_BUF];
	ssize_t step;
	int code;

	if (length > PIPE_BUF)
		length = PIPE_BUF;
	if (write(out->relay[1], data, length) < 0)
		return -1;
	step = splice(out->relay[0], NULL, out->fd, NULL, length, SPLICE_F_NONBLOCK);
	code = errno;
	if (step < (ssize_t)length) /* the rest is written anew */
		(void)!read(out->relay[0], rest, sizeof(rest));
	errno = code;
	return step;
}

/*
 * write(2) that does not sleep, so that the held signals are noticed.  A terminal that
 * could not be opened anew takes one byte where poll(2) finds room.
 */
static ssize_t
write_some(const struct outlet *out, const char *data, size_t length)
{
	if (out->kind == OUTLET_SOCKET)
		return send(out->fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (out->own >= 0)
		return write(out->own, data, length);
	if (out->kind == OUTLET_PIPE && length > 0)
		return write_by_relay(out, data, length);
	if (out->kind != OUTLET_TERMINAL)
		return write(out->fd, data, length);
	if (!outlet_has_room(out->fd)) {
		errno = EAGAIN;
		return -1;
	}
	return write(out->fd, data, length > 0);
}

static int
write_all(struct outlet *out, const char *data, size_t length, struct ipc_error *err)
{
	struct ipc_wait wait = out->wait;

	wait.signals = NULL;
	wait.watched = -1;
	if (out->signals >= 0)
		wait.interrupt = out->signals;
	if (!out->is_refusing) {
		if (wait.limit == 0)
			wait.limit = IPC_FOREVER;
		ipc_wait_start(&wait);
	}
	if (is_beyond_limit(out, length))
		return cannot_write(out->name, EFBIG, err);
	out->unseen += length;
	do { /* for some sockets a message of no bytes is one, too */
		ssize_t step = write_some(out, data, length);
		int code = step >= 0 || errno == EINTR ? 0
			: errno == EAGAIN ? ipc_wait_for(out->fd, POLLOUT, &wait)
					  : errno;

		if (code != 0)
			return not_ready(out, code, err);
		if (step > 0) {
			data += step;
			length -= (size_t)step;
			out->bytes += (uint64_t)step;
			if (wait.limit == 0)
				wait.limit = IPC_FOREVER;
			ipc_wait_start(&wait);
		}
	} while (length > 0);
	return 0;
}

static int
write_json(struct outlet *out, const struct ipc_message *message, struct ipc_error *err)
{
	char *line = NULL;
	size_t length = 0;
	FILE *text = open_memstream(&line, &length);
	bool whole = text != NULL;
	int result;

	if (whole) {
		if (message->type == 0)
			fprintf(text, "{\"priority\":%u,\"type\":null,",
				message->priority);
		else
			fprintf(text, "{\"priority\":null,\"type\":%ld,",
				message->type);
		whole = json_put_bytes(text, "data", message->data, message->length);
		fputs("}\n", text);
		whole = fclose(text) == 0 && whole;
	}
	result = whole ? write_all(out, line, length, err)
		       : cannot_write(out->name, ENOMEM, err);
	free(line);
	return result;
}

/* Puts the frame around the data, where they are, and writes it all. */
static int
write_framed(
	struct outlet *out, const struct ipc_message *message, struct ipc_error *err)
{
	char *from = message->data;
	size_t length = message->length;

	if (out->framing->lines || out->framing->null)
		from[length++] = out->framing->lines ? '\n' : '\0';
	if (out->framing->length_prefixed) {
		for (size_t i = 0; i < FRAME_HEAD; i++)
			*--from = (char)(message->length >> (8 * i) & 255);
		length += FRAME_HEAD;
	}
	return write_all(out, from, length, err);
}

int
outlet_write(
	struct outlet *out, const struct ipc_message *message, struct ipc_error *err)
{
	const char *cannot = framing_cannot(out->framing, message);
	int result = out->framing->json ? write_json(out, message, err)
					: write_framed(out, message, err);

	out->number += result == 0;
	if (result < 0 || cannot == NULL)
		return result;
	ipc_refuse(err, IPC_FAILED, EBADMSG,
		"frame message %ju so that it can be told apart: %s",
		(uintmax_t)out->number, cannot);
	return 1;
}

int
outlet_put(struct outlet *out, const struct ipc_message *message, struct ipc_error *err)
{
	struct ipc_message copy = *message;

	if (outlet_grow(out, message->length, err) < 0)
		return -1;
	copy.data = outlet_room(out);
	memcpy(copy.data, message->data, message->length);
	return outlet_write(out, &copy, err);
}
