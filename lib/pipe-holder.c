/* pipe-holder.c - the process that keeps a pipe, and how it is known for what it is */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ipcutil/number.h>
#include <ipcutil/pipe.h>

#include "auto.h"
#include "background.h"
#include "owner.h"
#include "proc.h"

static const char holder_name[] = "ipc-pipe";

/* What a holder says of itself, in memory that can never be changed. */
struct note {
	int pid;
	uint64_t start, pid_namespace; /* who it is */
	uint64_t device, inode;        /* of the pipe */
	int until_exit;                /* 0: none */
};

static const char note_format[] =
	"ipc-pipe holder %d %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %d\n";
static const char note_scan[] =
	"ipc-pipe holder %d %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %d";

enum {
	NOTE_MAX = 160,
	NOTE_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE,
	END_MS = 2000, /* how long a holder is waited for that was told to end */
};

/* A holder that is one. */
struct life {
	int ends[2]; /* the second is -1 but for --keep-open */
	int note, owner;
	pid_t until_exit;
	const struct ipc_owner_id *here;
};

/* Sealed against execution where the kernel knows that: vm.memfd_noexec may insist. */
static int
make_memory(void)
{
	enum { NOEXEC_SEAL = 0x08 }; /* since Linux 6.3 */
	const unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create(holder_name, flags | NOEXEC_SEAL);

	return fd < 0 && errno == EINVAL ? memfd_create(holder_name, flags) : fd;
}

/* In the new process, which alone knows who it is. */
static int
write_note(void *context)
{
	struct life *life = context;
	struct ipc_proc_stat stat;
	char text[NOTE_MAX];
	struct stat st;
	int length;
	int code = ipc_proc_stat(AT_FDCWD, "/proc/self", &stat);

	if (code != 0) {
		errno = code;
		return -1;
	}
	life->note = make_memory();
	if (life->note < 0 || fstat(life->ends[0], &st) < 0)
		return -1;
	length = snprintf(text, sizeof(text), note_format, (int)getpid(), stat.start,
		life->here->pid_namespace, (uint64_t)st.st_dev, (uint64_t)st.st_ino,
		(int)life->until_exit);
	if (write(life->note, text, (size_t)length) != length)
		return -1;
	return fcntl(life->note, F_ADD_SEALS, NOTE_SEALS);
}

/* Until SIGTERM, or the end of the process that it goes with. */
static void
live(void *context)
{
	const struct life *life = context;
	struct pollfd owner = { .fd = life->owner, .events = POLLIN };

	while (poll(&owner, 1, -1) <= 0)
		if (errno != EINTR && errno != EAGAIN && errno != ENOMEM)
			return;
}

static pid_t
start(struct life *life, struct ipc_error *err)
{
	char title[96];
	const struct ipc_background background = {
		.action = "start the holder of a pipe",
		.name = holder_name,
		.title = title,
		.uid = geteuid(),
		.is_mortal = true,
		.fds = { &life->ends[0], &life->ends[1], &life->note, &life->owner },
		.prepare = write_note,
		.run = live,
		.context = life,
	};
	struct stat st;

	if (fstat(life->ends[0], &st) < 0)
		return ipc_fail(err, errno, "%s", background.action);
	if (life->until_exit == 0)
		snprintf(title, sizeof(title), "ipc-pipe: keeps the pipe inode:%ju",
			(uintmax_t)st.st_ino);
	else
		snprintf(title, sizeof(title),
			"ipc-pipe: keeps the pipe inode:%ju until process %d ends",
			(uintmax_t)st.st_ino, (int)life->until_exit);
	return ipc_background_start(&background, err);
}

int
ipc_pipe_create(const struct ipc_pipe_plan *plan, struct ipc_address *address,
	struct ipc_error *err)
{
	struct ipc_owner_id here;
	int ends[2] = { -1, -1 };
	autoclose int ours = -1, others = -1, owner = -1;
	struct life life = {
		.note = -1, .until_exit = plan->until_exit, .here = &here
	};
	pid_t pid;

	if (ipc_owner_here(&here, err) < 0)
		return -1;
	if (plan->until_exit != 0) {
		struct ipc_owner_id id;

		owner = ipc_owner_open(plan->until_exit, &id, err);
		if (owner < 0)
			return -1;
	}
	if (ipc_pipe_make(ends, plan->size, err) < 0)
		return -1;
	ours = ends[0];
	others = ends[1];
	life.ends[0] = ours;
	life.ends[1] = plan->keep_open ? others : -1;
	life.owner = owner;
	pid = start(&life, err);
	if (pid < 0)
		return -1;
	*address = ipc_address_pid_fd(pid, ours);
	return 0;
}

/* Reads a note that nobody can change any more; who wrote it is of *uid. */
static bool
read_note(int dir, const char *name, struct note *note, uid_t *uid)
{
	static const char prefix[] = "/memfd:ipc-pipe ";
	char text[NOTE_MAX];
	struct stat st;
	autoclose int fd = -1;
	ssize_t length = readlinkat(dir, name, text, sizeof(text));
	int seals;

	/* Nothing else is opened. */
	if (length < (ssize_t)sizeof(prefix) ||
		memcmp(text, prefix, sizeof(prefix) - 1) != 0)
		return false;
	fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	seals = fd < 0 ? -1 : fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & NOTE_SEALS) != NOTE_SEALS || fstat(fd, &st) < 0)
		return false;
	length = read(fd, text, sizeof(text) - 1);
	text[length < 0 ? 0 : length] = '\0';
	*uid = st.st_uid;
	return sscanf(text, note_scan, &note->pid, &note->start, &note->pid_namespace,
		       &note->device, &note->inode, &note->until_exit) == 6;
}

/*
 * Whether the note is of that process itself, and of that pipe.  One that has become
 * another user's by execve(2) could have been given it before.
 */
static bool
is_true(const struct note *note, uid_t uid, pid_t pid, const struct ipc_object *object)
{
	struct ipc_owner_id here;
	struct ipc_proc_stat stat;
	char path[32];
	uid_t its;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	return ipc_owner_here(&here, NULL) == 0 &&
		ipc_proc_uid(AT_FDCWD, path, &its) == 0 && its == uid &&
		ipc_proc_stat(AT_FDCWD, path, &stat) == 0 && note->pid == pid &&
		note->start == stat.start &&
		note->pid_namespace == here.pid_namespace &&
		note->device == object->device && note->inode == object->number;
}

/* Proves that a process is the holder of a pipe. */
static bool
find_note(pid_t pid, const struct ipc_object *object, struct note *note)
{
	autoclosedir DIR *fds = NULL;
	const struct dirent *entry;
	char path[32];
	bool found = false;
	uid_t uid;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	fds = opendir(path);
	while (!found && fds != NULL && (entry = readdir(fds)) != NULL)
		found = read_note(dirfd(fds), entry->d_name, note, &uid) &&
			is_true(note, uid, pid, object);
	return found;
}

pid_t
ipc_pipe_until_exit(pid_t pid, const struct ipc_object *object)
{
	struct note note;

	return find_note(pid, object, &note) ? note.until_exit : 0;
}

/*
 * Ends it, and waits a little for that; or only looks whether it may be ended.  The proof
 * comes after the descriptor.
 */
static int
end_holder(pid_t pid, const struct ipc_object *object, bool only_looks,
	struct ipc_error *err)
{
	const char *text = object->address.text;
	autoclose int pidfd = pidfd_open(pid, 0);
	struct pollfd process = { .fd = pidfd, .events = POLLIN };
	struct note note;

	if (pidfd < 0)
		return ipc_fail(
			err, errno == ESRCH ? ENOENT : errno, "remove '%s'", text);
	if (!find_note(pid, object, &note))
		return ipc_refuse(err, IPC_REFUSED, EBUSY,
			"remove '%s': process %d is no holder that 'ipc-pipe create' "
			"made, and goes on",
			text, (int)pid);
	/* It has nothing to tidy up, and may be stopped. */
	if (pidfd_send_signal(pidfd, only_looks ? 0 : SIGKILL, NULL, 0) < 0 &&
		errno != ESRCH)
		return ipc_fail(err, errno, "remove '%s'", text);
	if (only_looks || poll(&process, 1, END_MS) > 0)
		return 0;
	return ipc_refuse(err, IPC_FAILED, ETIMEDOUT,
		"remove '%s': its holder, process %d, did not end within %d ms", text,
		(int)pid, END_MS);
}

/* The one of those who have it that is its holder, or -1. */
static pid_t
find_holder(const struct ipc_object *object, size_t *count, struct ipc_error *err)
{
	struct ipc_holders holders;
	struct note note;
	pid_t pid = -1;

	if (ipc_holders_find(object, 1, &holders, err) < 0)
		return -1;
	*count = holders.count;
	for (size_t i = 0; i < holders.count && pid < 0; i++)
		if (find_note(holders.holder[i].pid, object, &note))
			pid = holders.holder[i].pid;
	ipc_holders_free(&holders);
	return pid;
}

static int
end_pipe(const struct ipc_object *object, bool only_looks, struct ipc_error *err)
{
	const struct ipc_address *address = &object->address;
	size_t count = 0;
	pid_t pid;

	if (address->kind == IPC_PID_FD)
		return end_holder(address->pid, object, only_looks, err);
	pid = find_holder(object, &count, err);
	if (pid >= 0)
		return end_holder(pid, object, only_looks, err);
	if (count == 0)
		return ipc_refuse(err, IPC_NO_OBJECT, ENOENT,
			"remove '%s': no process that we may look at has it open",
			address->text);
	return ipc_refuse(err, IPC_REFUSED, EBUSY,
		"remove '%s': none of the %zu processes that have it is a holder that "
		"'ipc-pipe create' made",
		address->text, count);
}

int
ipc_pipe_end(const struct ipc_object *object, struct ipc_error *err)
{
	return end_pipe(object, false, err);
}

int
ipc_pipe_may_end(const struct ipc_object *object, struct ipc_error *err)
{
	return end_pipe(object, true, err);
}

int
ipc_pipe_remove(const struct ipc_address *address, struct ipc_error *err)
{
	struct ipc_object object;

	return ipc_pipe_find(address, "remove", &object, err) < 0
		? -1
		: ipc_pipe_end(&object, err);
}
