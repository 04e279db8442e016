/* layer.c - files that are those of an overlay, too: such as what containers have */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "auto.h"
#include "layer.h"
#include "proc.h"

struct identity {
	uint64_t device, inode, more;
};

/* No two are the same. */
struct set {
	struct identity *member;
	size_t count, room;
};

/* The upper directories of all overlays. */
struct uppers {
	struct set found;
	char *paths; /* of those that could not be, each behind a '/' and with its NUL */
	size_t length;
	bool is_short; /* of memory or descriptors: some may be missing */
};

/* errno values of what is wrong with us, and not with what was looked at. */
static bool
ran_out(int code)
{
	return code == ENOMEM || code == EMFILE || code == ENFILE;
}

static bool
has(const struct set *set, const struct identity *wanted)
{
	for (size_t i = 0; i < set->count; i++)
		if (memcmp(&set->member[i], wanted, sizeof(*wanted)) == 0)
			return true;
	return false;
}

/* Fails without memory. */
static bool
add(struct set *set, const struct identity *one)
{
	if (has(set, one))
		return true;
	if (set->count == set->room) {
		const size_t room = set->room * 2 + 16;
		struct identity *more = reallocarray(set->member, room, sizeof(*more));

		if (more == NULL)
			return false;
		set->member = more;
		set->room = room;
	}
	set->member[set->count++] = *one;
	return true;
}

/* No server of a file system is waited for.  0, or an errno value. */
static int
identify(int fd, const char *path, int flags, struct statx *st)
{
	return statx(fd, path, flags | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
		       STATX_INO | STATX_MNT_ID, st) == 0
		? 0
		: errno;
}

static struct identity
identity_of(const struct statx *st, uint64_t more)
{
	return (struct identity){
		.device = (uint64_t)st->stx_dev_major << 32 | st->stx_dev_minor,
		.inode = st->stx_ino,
		.more = more,
	};
}

/*
 * Adds a directory by its path from a root.  An overlay keeps its own, and all above it, at
 * hand.  True: it was there.
 */
static bool
add_directory(struct uppers *uppers, int root, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_CACHED | RESOLVE_NO_MAGICLINKS | RESOLVE_IN_ROOT,
	};
	autoclose int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	int code = errno;
	struct identity it;
	struct statx st;

	if (fd >= 0)
		code = identify(fd, "", AT_EMPTY_PATH, &st);
	if (fd >= 0 && code == 0) {
		it = identity_of(&st, 0);
		code = add(&uppers->found, &it) ? 0 : ENOMEM;
	}
	uppers->is_short |= ran_out(code);
	return fd >= 0 && code == 0;
}

/* One that is relative begins where nobody knows who mounted the overlay. */
static void
add_path(struct uppers *uppers, const char *path)
{
	const size_t length = strlen(path) + 1;
	char *more = realloc(uppers->paths, uppers->length + length + 1);

	uppers->is_short |= more == NULL;
	if (more == NULL)
		return;
	uppers->paths = more;
	more += uppers->length;
	*more = '/';
	memcpy(more + (*path != '/'), path, length);
	uppers->length += length + (*path != '/');
}

/* Of an overlay which a process with that root sees: it may be of another root. */
static void
add_upper(struct uppers *uppers, int root, const char *path)
{
	bool is_found = false;

	if (*path == '/') {
		autoclose int ours = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

		is_found = add_directory(uppers, ours, path);
		is_found |= root >= 0 && add_directory(uppers, root, path);
	}
	if (!is_found)
		add_path(uppers, path);
}

/* Some kernels tell it with the backslashes that mount(8) was given: false when it has none. */
static bool
strip_backslashes(char *path)
{
	char *to = path;

	for (; *path != '\0'; *to++ = *path++)
		if (path[0] == '\\' && path[1] != '\0')
			path++;
	*to = '\0';
	return to != path;
}

/* The value of an option of a mount, cut off; or NULL. */
static char *
option(char *options, const char *name)
{
	char *one;

	while ((one = strsep(&options, ",\n")) != NULL)
		if (strncmp(one, name, strlen(name)) == 0)
			return one + strlen(name);
	return NULL;
}

/* Of the overlays in a file of proc_pid_mountinfo(5): 0, or an errno value. */
static int
add_mounts(struct uppers *uppers, const char *mounts, int root)
{
	FILE *file = fopen(mounts, "re");
	autofree char *line = NULL;
	size_t room = 0;
	int code;

	if (file == NULL)
		return errno;
	while (errno = 0, getline(&line, &room, file) > 0) {
		char *path = strstr(line, " - overlay ") == NULL
			? NULL
			: option(strrchr(line, ' ') + 1, "upperdir=");

		if (path == NULL)
			continue;
		ipc_proc_unescape(path);
		add_upper(uppers, root, path);
		if (strip_backslashes(path))
			add_upper(uppers, root, path);
	}
	code = errno;
	fclose(file);
	return code;
}

/* What a process sees, unless another was seen with its root in its mount namespace. */
static void
add_process(struct uppers *uppers, struct set *seen, int proc, const char *pid)
{
	char path[PATH_MAX];
	autoclose int root = -1;
	struct statx namespace, directory;
	struct identity one;

	snprintf(path, sizeof(path), "%s/root", pid);
	root = openat(proc, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/ns/mnt", pid);
	if (root >= 0 && identify(proc, path, 0, &namespace) == 0 &&
		identify(root, "", AT_EMPTY_PATH, &directory) == 0) {
		one = identity_of(&directory, namespace.stx_ino);
		if (has(seen, &one))
			return;
		uppers->is_short |= !add(seen, &one);
	}
	snprintf(path, sizeof(path), "/proc/%s/mountinfo", pid);
	uppers->is_short |= ran_out(add_mounts(uppers, path, root));
}

static void
find_uppers(struct uppers *uppers)
{
	autoclosedir DIR *processes = opendir("/proc");
	struct set seen = { .count = 0 };
	const struct dirent *entry;

	uppers->is_short = processes == NULL ||
		add_mounts(uppers, "/proc/self/mountinfo", -1) != 0;
	while (processes != NULL && (entry = readdir(processes)) != NULL)
		if (isdigit((unsigned char)*entry->d_name))
			add_process(uppers, &seen, dirfd(processes), entry->d_name);
	free(seen.member);
}

/* Whether a directory, or one above it, ends as one of those that could not be found. */
static bool
ends_alike(const struct uppers *uppers, int dir)
{
	char self[64], path[PATH_MAX + 1];
	const char *upper, *at;
	ssize_t length;

	if (uppers->length == 0)
		return false;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", dir);
	length = readlink(self, path, sizeof(path) - 1);
	if (length < 0)
		return true;
	path[length] = '\0';
	for (upper = uppers->paths; upper < uppers->paths + uppers->length;
		upper += strlen(upper) + 1)
		for (at = path; (at = strstr(at, upper)) != NULL; at++)
			if (at[strlen(upper)] == '/' || at[strlen(upper)] == '\0')
				return true;
	return false;
}

/* Whether a directory, or one above it, is one of them; also where that is not known. */
static bool
is_within(const struct uppers *uppers, int dir)
{
	autoclose int at = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	struct statx st, below = { .stx_ino = 0 };

	for (bool is_root = false; !is_root; below = st) {
		struct identity it;
		int above;

		if (at < 0 || identify(at, "", AT_EMPTY_PATH, &st) != 0)
			return true;
		it = identity_of(&st, 0);
		if (has(&uppers->found, &it))
			return true;
		/* The root is above itself; another mount of a directory may be, too. */
		is_root = st.stx_ino == below.stx_ino &&
			st.stx_mnt_id == below.stx_mnt_id &&
			st.stx_dev_major == below.stx_dev_major &&
			st.stx_dev_minor == below.stx_dev_minor;
		above = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = above;
	}
	return false;
}

static bool
is_upper(const struct uppers *uppers, const char *path)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');
	autoclose int dir = -1;

	snprintf(parent, sizeof(parent), "%.*s",
		slash == NULL ? 1 : (int)(slash - path + 1),
		slash == NULL ? "." : path);
	dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 || ends_alike(uppers, dir) || is_within(uppers, dir);
}

/* Of a socket it counts once the kernel has said that nobody is bound. */
static bool
is_in_question(const struct ipc_evidence *evidence)
{
	const enum ipc_type type = evidence->object.type;

	return evidence->object.address.kind == IPC_PATH &&
		evidence->holder_count == 0 &&
		(type == IPC_FIFO || type == IPC_MAPPED_FILE ||
			(type == IPC_SOCKET_FILE &&
				evidence->bound == IPC_BOUND_NOBODY));
}

void
ipc_layer_mark(struct ipc_evidence *const *evidence, size_t count)
{
	struct uppers uppers = { .paths = NULL };
	bool is_known = false;

	for (size_t i = 0; i < count; i++) {
		if (!is_in_question(evidence[i]))
			continue;
		if (!is_known)
			find_uppers(&uppers);
		is_known = true;
		if (uppers.is_short ||
			((uppers.found.count > 0 || uppers.length > 0) &&
				is_upper(&uppers, evidence[i]->object.address.path)))
			evidence[i]->blind |= IPC_BLIND_LAYER;
	}
	free(uppers.found.member);
	free(uppers.paths);
}
