/* memory-new.c - objects that get their name when they are complete */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "guard.h"
#include "memory-draft.h"
#include "shm.h"
#include "word.h"

/* Where it is made. */
struct ipc_memory_making {
	struct ipc_memory_place place;
	struct ipc_memory_draft draft;
};

/* A segment has its size from the start: what is to be in it waits elsewhere. */
static int
begin_segment(struct ipc_memory_new *new, struct ipc_error *err)
{
	const char *text = new->memory.address.text;

	if (new->memory.address.kind == IPC_SYSV_ID)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"'%s': an id is the kernel's to choose; create takes 'private'",
			text);
	if (new->memory.address.kind == IPC_SYSV_KEY)
		return ipc_refuse(err, IPC_REFUSED, EOPNOTSUPP,
			"create '%s': others would find a segment with a key before it is "
			"complete; 'private' has none",
			text);
	new->memory.fd = memfd_create("ipcutil", MFD_CLOEXEC);
	return new->memory.fd < 0 ? ipc_fail(err, errno, "create '%s'", text) : 0;
}

static int
begin_file(struct ipc_memory_new *new, struct ipc_error *err)
{
	const struct ipc_address *address = &new->memory.address;
	struct ipc_memory_making *making = calloc(1, sizeof(*making));

	if (making == NULL)
		return ipc_fail(err, errno, "create '%s'", ipc_address_text(address));
	new->making = making;
	making->draft.fd = -1;
	making->place.dir = -1;
	if (ipc_memory_place(address, &making->place, "create", err) < 0)
		return -1;
	if (ipc_memory_draft_begin(&making->draft, &making->place) < 0)
		return ipc_memory_file_full(
			making->place.dir, address, 0, errno, "create", err);
	new->memory.fd = making->draft.fd;
	return 0;
}

int
ipc_memory_new_begin(struct ipc_memory_new *new, const struct ipc_address *address,
	struct ipc_error *err)
{
	*new = (struct ipc_memory_new){
		.memory = {
			.ops = &ipc_memory_file,
			.address = *address,
			.fd = -1,
			.id = -1,
			.action = "write to",
			.extends = true,
			.unseen = true,
		},
	};
	return ipc_memory_kind(address) == &ipc_memory_file ? begin_file(new, err)
							    : begin_segment(new, err);
}

static mode_t
take_mode(mode_t old, const void *arg)
{
	(void)old;
	return *(const mode_t *)arg;
}

/* Fills a segment that was made just now, which nobody else knows yet. */
static int
fill_segment(const struct ipc_memory_new *new, const struct ipc_memory_plan *plan,
	const struct ipc_address *found, struct ipc_error *err)
{
	const struct ipc_memory_change change = {
		.new_mode = take_mode,
		.arg = &plan->mode,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
	};
	const struct ipc_wait wait = IPC_WAIT(IPC_FOREVER);
	struct ipc_memory segment;
	uint64_t moved;
	int result;

	if (ipc_memory_open_for(
		    &segment, found, IPC_MEMORY_BOTH, "create", IPC_NOBODY, err) < 0)
		return -1;
	result = lseek(new->memory.fd, 0, SEEK_SET) < 0
		? ipc_fail(err, errno, "create '%s'", new->memory.address.text)
		: ipc_memory_fill(&segment, 0, new->memory.fd, segment.size, &wait,
			  &moved, err);
	ipc_memory_close(&segment);
	if (result == 0)
		result = ipc_memory_change(found, &change, err);
	return result == 0 ? 0 : -1;
}

static int
create_segment(const struct ipc_memory_new *new, const struct ipc_memory_plan *plan,
	struct ipc_address *found, struct ipc_error *err)
{
	struct ipc_memory_plan private = *plan;
	struct stat st;
	bool made;

	if (fstat(new->memory.fd, &st) < 0)
		return ipc_fail(err, errno, "create '%s'", new->memory.address.text);
	private.size = (uint64_t)st.st_size;
	private.mode = IPC_SHM_MAKING;
	if (ipc_memory_create(&new->memory.address, &private, found, &made, err) < 0)
		return -1;
	if (fill_segment(new, plan, found, err) == 0)
		return 0;
	ipc_memory_remove(found, NULL);
	return -1;
}

int
ipc_memory_new_create(struct ipc_memory_new *new, const struct ipc_memory_plan *plan,
	struct ipc_address *found, struct ipc_error *err)
{
	struct ipc_memory_making *making = new->making;

	*found = new->memory.address;
	if (making == NULL)
		return create_segment(new, plan, found, err);
	if (fchmod(making->draft.fd, plan->mode) < 0 ||
		ipc_memory_draft_publish(&making->draft, &making->place, false) < 0)
		return ipc_fail(err, errno, "create '%s'", ipc_address_text(found));
	return 0;
}

/* The mode and the owner of the one that it replaces. */
static int
take_after(int fd, const struct stat *st)
{
	struct stat now;

	if (fstat(fd, &now) < 0)
		return -1;
	if ((now.st_uid != st->st_uid || now.st_gid != st->st_gid) &&
		fchown(fd, st->st_uid, st->st_gid) < 0)
		return -1;
	return fchmod(fd, st->st_mode & 07777);
}

/* One extended attribute, xattr(7): 0, or -1 with errno. */
static int
copy_attribute(int from, int to, const char *name)
{
	char value[XATTR_SIZE_MAX];
	ssize_t length = fgetxattr(from, name, value, sizeof(value));

	return length < 0 ? -1 : fsetxattr(to, name, value, (size_t)length, 0);
}

/* One that it has of its directory is none of the old one's. */
static int
copy_list(int from, int to)
{
	static const char acl[] = "system.posix_acl_access";

	if (fgetxattr(from, acl, NULL, 0) >= 0)
		return copy_attribute(from, to, acl);
	if (errno != ENODATA && errno != EOPNOTSUPP)
		return -1;
	if (fremovexattr(to, acl) < 0 && errno != ENODATA && errno != EOPNOTSUPP)
		return -1;
	return 0;
}

/* Those that users give files, as far as that is possible. */
static void
copy_user_attributes(int from, int to)
{
	char names[XATTR_LIST_MAX];
	ssize_t length = flistxattr(from, names, sizeof(names));

	for (const char *name = names; name < names + length; name += strlen(name) + 1)
		if (strncmp(name, "user.", strlen("user.")) == 0)
			copy_attribute(from, to, name);
}

/* All but the bytes: they are the old one's. */
static int
take_all_after(int fd, const struct ipc_memory *old, struct ipc_error *err)
{
	const char *text = ipc_address_text(&old->address);
	struct stat st;

	if (fstat(old->fd, &st) < 0 || take_after(fd, &st) < 0)
		return ipc_fail(err, errno, "keep the owner and mode of '%s'", text);
	copy_user_attributes(old->fd, fd);
	if (copy_list(old->fd, fd) < 0)
		return ipc_refuse(err, IPC_REFUSED, errno,
			"replace '%s': its access control list cannot be kept: %s",
			text, strerror(errno));
	return 0;
}

/* Whom the old one belonged to, the new one does, too. */
static int
replace(struct ipc_memory_new *new, const struct ipc_memory *old, struct ipc_error *err)
{
	const struct ipc_address *address = &new->memory.address;
	struct ipc_memory_making *making = new->making;
	struct ipc_guard_renewal renewal;
	struct ipc_address absolute = *address;
	struct ipc_memory_info info;
	struct ipc_object object;
	char path[PATH_MAX];
	int code;

	if (ipc_address_absolute(&absolute, path, err) < 0)
		return -1;
	code = ipc_memory_file_fill(old->fd, "", &absolute, IPC_MEMORY_GLANCE, &info);
	if (code != 0)
		return ipc_fail(err, code, "replace '%s'", ipc_address_text(address));
	object = ipc_memory_object(&info);
	if (ipc_guard_renew_begin(&renewal, &object, err) < 0)
		return -1;
	if (ipc_memory_draft_publish(&making->draft, &making->place, true) < 0)
		code = errno;
	else if (ipc_memory_file_fill(making->draft.fd, "", &absolute,
			 IPC_MEMORY_GLANCE, &info) == 0)
		object = ipc_memory_object(&info);
	ipc_guard_renew_end(&renewal, &object);
	if (code != 0)
		return ipc_fail(err, code, "replace '%s'", ipc_address_text(address));
	return 0;
}

/* Opens the one that is to be replaced. */
static int
open_old(struct ipc_memory *old, const struct ipc_address *address, uid_t trusted,
	struct ipc_error *err)
{
	const uid_t self = geteuid();
	struct stat st;
	int result = 0;

	if (ipc_memory_kind(address) != &ipc_memory_file)
		return ipc_refuse(err, IPC_REFUSED, EOPNOTSUPP,
			"replace '%s': a System V segment has no name to give to another",
			address->text);
	if (ipc_memory_open(old, address, IPC_MEMORY_WRITE, trusted, err) < 0)
		return -1;
	if (fstat(old->fd, &st) < 0)
		result =
			ipc_fail(err, errno, "replace '%s'", ipc_address_text(address));
	else if (self != 0 && self != st.st_uid)
		result = ipc_refuse(err, IPC_DENIED, EPERM,
			"replace '%s': it belongs to user %u, and only that user or root "
			"can make another",
			ipc_address_text(address), st.st_uid);
	if (result < 0)
		ipc_memory_close(old);
	return result;
}

int
ipc_memory_new_may_replace(
	const struct ipc_address *address, uid_t trusted, struct ipc_error *err)
{
	struct ipc_memory old;

	if (open_old(&old, address, trusted, err) < 0)
		return -1;
	ipc_memory_close(&old);
	return 0;
}

int
ipc_memory_new_replace(struct ipc_memory_new *new, uid_t trusted,
	const struct ipc_wait *wait, struct ipc_error *err)
{
	enum { FEW = 4096 }; /* words that somebody may wait for */
	const struct ipc_address *address = &new->memory.address;
	struct ipc_memory old;
	int result;

	if (open_old(&old, address, trusted, err) < 0)
		return -1;
	if (ipc_memory_lock(&old, true, wait, err) < 0 ||
		take_all_after(new->memory.fd, &old, err) < 0)
		result = -1;
	else if (address->kind == IPC_PATH && fsync(new->memory.fd) < 0)
		result =
			ipc_fail(err, errno, "replace '%s'", ipc_address_text(address));
	else
		result = replace(new, &old, err);
	if (result == 0)
		ipc_word_wake_written(&old, 0, old.size < FEW ? old.size : FEW);
	ipc_memory_close(&old);
	return result;
}

void
ipc_memory_new_end(struct ipc_memory_new *new)
{
	struct ipc_memory_making *making = new->making;

	if (making == NULL) {
		ipc_memory_close(&new->memory);
		return;
	}
	ipc_memory_draft_end(&making->draft, &making->place);
	if (making->place.dir >= 0)
		close(making->place.dir);
	free(making);
}
