/* fifo.c - FIFOs: pipes that have a name in the file system */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <ipcutil/number.h>

#include "auto.h"
#include "fifo.h"
#include "interrupt.h"
#include "memory.h"
#include "object.h"
#include "proc.h"
#include "walk.h"

/* Somebody may create and remove the same name in turn with us. */
enum { TRIES = 1000 };

struct ipc_object
ipc_fifo_object(const struct ipc_fifo_info *info)
{
	return (struct ipc_object){
		.type = IPC_FIFO,
		.device = info->device,
		.number = info->inode,
		.uid = info->uid,
		.generation = info->generation,
		.address = info->address,
	};
}

struct ipc_evidence
ipc_fifo_evidence(const struct ipc_fifo_info *info)
{
	return (struct ipc_evidence){ .object = ipc_fifo_object(info) };
}

int64_t
ipc_fifo_used(const struct ipc_fifo_info *info)
{
	const int64_t moved =
		info->accessed > info->modified ? info->accessed : info->modified;

	return info->changed > moved ? info->changed : moved;
}

static int
find_at(const struct ipc_memory_place *place, const char *text, const char *action,
	struct stat *st, struct ipc_error *err)
{
	autoclose int fd =
		openat(place->dir, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st) < 0)
		return ipc_fail(err, errno, "%s '%s'", action, text);
	if (!S_ISFIFO(st->st_mode))
		return ipc_refuse(err, IPC_REFUSED, EINVAL, "%s '%s': it is %s", action,
			text, ipc_memory_type_name(st->st_mode));
	return keep(&fd);
}

int
ipc_fifo_find(const struct ipc_address *address, const char *action, struct stat *st,
	struct ipc_error *err)
{
	struct ipc_memory_place place = { .dir = -1 };
	int fd;

	if (ipc_memory_place(address, &place, action, err) < 0)
		return -1;
	fd = find_at(&place, ipc_address_text(address), action, st, err);
	close(place.dir);
	return fd;
}

static int
accept_existing(const struct ipc_memory_place *place, const struct ipc_address *address,
	const struct ipc_fifo_plan *plan, struct ipc_error *err)
{
	const char *text = ipc_address_text(address);
	struct stat st;
	autoclose int fd = find_at(place, text, "create", &st, err);

	if (fd < 0)
		return -1;
	if (!ipc_trust_found(st.st_uid, plan->trusted))
		return ipc_memory_foreign(address, st.st_uid, "create", err);
	if (ipc_memory_file_alone(address, &st, "create", err) < 0)
		return -1;
	return plan->exclusive ? ipc_fail(err, EEXIST, "create '%s'", text) : 0;
}

/*
 * The umask, or an access control list of the directory, may have taken bits away.  0; 1
 * when it is another's by now; -1.
 */
static int
set_mode(const struct ipc_memory_place *place, const char *text, mode_t mode,
	struct ipc_error *err)
{
	struct stat st;
	autoclose int fd = find_at(place, text, "create", &st, err);

	if (fd < 0)
		return -1;
	if (st.st_uid != geteuid())
		return 1;
	if ((st.st_mode & 07777) == mode || ipc_memory_change_mode(fd, mode) == 0)
		return 0;
	ipc_fail(err, errno, "create '%s'", text);
	unlinkat(place->dir, place->name, 0);
	return -1;
}

/* 0; 1 when there is such a name by now; -1. */
static int
make(const struct ipc_memory_place *place, const struct ipc_address *address,
	const struct ipc_fifo_plan *plan, struct ipc_error *err)
{
	const char *text = ipc_address_text(address);

	if (mkfifoat(place->dir, place->name, plan->mode) == 0)
		return set_mode(place, text, plan->mode, err);
	return errno == EEXIST ? 1 : ipc_fail(err, errno, "create '%s'", text);
}

int
ipc_fifo_create(const struct ipc_address *address, const struct ipc_fifo_plan *plan,
	bool *made, struct ipc_error *err)
{
	struct ipc_memory_place place = { .dir = -1 };
	autoclose int dir = -1;
	int result;

	*made = false;
	if (ipc_memory_place(address, &place, "create", err) < 0)
		return -1;
	dir = place.dir;
	for (int try = 0; try < TRIES; try++) {
		result = make(&place, address, plan, err);
		*made = result == 0;
		if (result <= 0)
			return result;
		result = accept_existing(&place, address, plan, err);
		if (result == 0 || errno != ENOENT)
			return result;
	}
	return ipc_fail(err, EEXIST, "create '%s'", ipc_address_text(address));
}

/* What is opened, by a path that leads to a descriptor of O_PATH. */
struct opening {
	char path[IPC_FIFO_PATH_MAX];
	int flags;
	int fd;
};

static int
open_it(void *context)
{
	struct opening *opening = context;

	opening->fd = open(opening->path, opening->flags | O_CLOEXEC);
	return opening->fd < 0 ? errno : 0;
}

/*
 * To write, open(2) itself waits for a reader; who has it open to read and write would
 * always find one.  What comes back is made O_NONBLOCK as if it had not waited.
 */
static int
open_to_write(struct opening *opening, const struct ipc_wait *wait)
{
	int code;

	opening->flags = O_WRONLY | O_NONBLOCK;
	code = open_it(opening);
	if (code != ENXIO)
		return code;
	if (wait->limit == 0)
		return EAGAIN;
	opening->flags = O_WRONLY;
	code = ipc_interrupt_call(wait, open_it, opening);
	if (code != 0 || fcntl(opening->fd, F_SETFL, O_NONBLOCK) == 0)
		return code;
	code = errno;
	close(opening->fd);
	return code;
}

static int
cannot_open(const char *action, const char *text, int code, const struct ipc_wait *wait,
	struct ipc_error *err)
{
	char span[IPC_SPAN_MAX];

	switch (code) {
	case EAGAIN:
		return ipc_refuse(err, IPC_WOULD_BLOCK, code,
			"%s '%s': nobody has it open to read", action, text);
	case ETIMEDOUT:
		return ipc_refuse(err, IPC_TIMED_OUT, code,
			"%s '%s': nobody opened it to read for %s s", action, text,
			ipc_span_text(wait->limit, span));
	default:
		return ipc_proc_fail(action, text, code, err);
	}
}

int
ipc_fifo_open(const struct ipc_address *address, enum ipc_pipe_end end, uid_t trusted,
	const struct ipc_wait *wait, struct ipc_error *err)
{
	const bool writes = end == IPC_PIPE_WRITE;
	const char *action = writes ? "write to" : "read";
	struct opening opening = { .flags = O_RDONLY | O_NONBLOCK };
	struct stat st;
	autoclose int fd = ipc_fifo_find(address, action, &st, err);
	int code;

	if (fd < 0)
		return -1;
	if (writes && !ipc_trust_written(st.st_uid, trusted))
		return ipc_memory_foreign(address, st.st_uid, action, err);
	if (writes && ipc_memory_file_alone(address, &st, action, err) < 0)
		return -1;
	snprintf(opening.path, sizeof(opening.path), IPC_FIFO_PATH, fd);
	code = writes ? open_to_write(&opening, wait) : open_it(&opening);
	return code == 0
		? opening.fd
		: cannot_open(action, ipc_address_text(address), code, wait, err);
}

static struct ipc_fifo_info
info_of(const struct ipc_address *address, const struct statx *st)
{
	return (struct ipc_fifo_info){
		.address = *address,
		.device = makedev(st->stx_dev_major, st->stx_dev_minor),
		.inode = st->stx_ino,
		.mode = st->stx_mode & 07777,
		.uid = st->stx_uid,
		.gid = st->stx_gid,
		.created = (st->stx_mask & STATX_BTIME) != 0 ? st->stx_btime.tv_sec
							     : IPC_UNKNOWN_TIME,
		.accessed = st->stx_atime.tv_sec,
		.modified = st->stx_mtime.tv_sec,
		.changed = st->stx_ctime.tv_sec,
	};
}

int
ipc_fifo_stat(const struct ipc_address *address, struct ipc_fifo_info *info,
	struct ipc_error *err)
{
	struct stat found;
	struct statx st;
	autoclose int fd = ipc_fifo_find(address, "inspect", &found, err);

	if (fd < 0)
		return -1;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &st) < 0)
		return ipc_fail(err, errno, "inspect '%s'", ipc_address_text(address));
	*info = info_of(address, &st);
	info->generation = ipc_object_generation(fd, "", &st);
	return 0;
}

int
ipc_fifo_describe(const struct ipc_object *object, struct ipc_fifo_info *info,
	struct ipc_error *err)
{
	const char *text = ipc_address_text(&object->address);
	struct statx st;

	if (statx(AT_FDCWD, text, AT_NO_AUTOMOUNT, STATX_BASIC_STATS | STATX_BTIME,
		    &st) < 0)
		return ipc_fail(err, errno, "inspect '%s'", text);
	*info = info_of(&object->address, &st);
	if (S_ISFIFO(st.stx_mode) && info->device == object->device &&
		info->inode == object->number)
		return 0;
	return ipc_refuse(err, IPC_NO_OBJECT, ENOENT,
		"inspect '%s': it is another one by now", text);
}

/* Who asked for all FIFOs below directories. */
struct visitor {
	int (*visit)(const struct ipc_fifo_info *info, void *arg);
	void *arg;
};

static int
visit_found(const char *path, const struct stat *st, void *arg)
{
	const struct visitor *visitor = arg;
	const struct ipc_address address = { .kind = IPC_PATH, .path = path };
	struct ipc_fifo_info info;

	(void)st;
	if (ipc_fifo_stat(&address, &info, NULL) < 0)
		return 0; /* it vanished meanwhile */
	return visitor->visit(&info, visitor->arg);
}

int
ipc_fifo_each_in(const char *const *dirs,
	int (*visit)(const struct ipc_fifo_info *info, void *arg), void *arg,
	struct ipc_error *missed, struct ipc_error *err)
{
	struct visitor visitor = { .visit = visit, .arg = arg };

	return ipc_walk(dirs, S_IFIFO, visit_found, &visitor, missed, err);
}

int
ipc_fifo_change(const struct ipc_address *address, const struct ipc_fifo_change *change,
	struct ipc_error *err)
{
	const char *text = ipc_address_text(address);
	struct stat st;
	autoclose int fd = ipc_fifo_find(address, "change", &st, err);

	if (fd < 0 || ipc_memory_file_alone(address, &st, "change", err) < 0)
		return -1;
	if ((change->uid != (uid_t)-1 || change->gid != (gid_t)-1) &&
		fchownat(fd, "", change->uid, change->gid, AT_EMPTY_PATH) < 0)
		return ipc_fail(err, errno, "change the owner of '%s'", text);
	if (change->new_mode == NULL)
		return 0;
	if (ipc_memory_change_mode(
		    fd, change->new_mode(st.st_mode & 07777, change->arg)) < 0)
		return ipc_proc_fail("change the mode of", text, errno, err);
	return 0;
}

int
ipc_fifo_remove(const struct ipc_address *address, struct ipc_error *err)
{
	const char *text = ipc_address_text(address);
	struct ipc_memory_place place = { .dir = -1 };
	autoclose int dir = -1, fd = -1;
	struct stat st;

	if (ipc_memory_place(address, &place, "remove", err) < 0)
		return -1;
	dir = place.dir;
	fd = find_at(&place, text, "remove", &st, err);
	if (fd < 0)
		return -1;
	return unlinkat(dir, place.name, 0) == 0
		? 0
		: ipc_fail(err, errno, "remove '%s'", text);
}
