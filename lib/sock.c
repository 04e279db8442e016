/* sock.c - Unix-domain sockets, unix(7): names that are bound, and files that were */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "auto.h"
#include "memory.h"
#include "object.h"
#include "sock.h"
#include "walk.h"

/* By the kernel's interfaces for it, or the older one where those are not built in. */
static int
read_table(struct ipc_sock_table *table)
{
	int code = ipc_sock_table_read(table, IPC_SOCK_DIAG);

	if (code == 0 || code == ENOMEM || code == EMFILE || code == ENFILE)
		return code;
	ipc_sock_table_free(table);
	return ipc_sock_table_read(table, IPC_SOCK_PROC);
}

static const char *
kind_text(int type)
{
	switch (type) {
	case SOCK_STREAM:
		return "stream";
	case SOCK_DGRAM:
		return "dgram";
	case SOCK_SEQPACKET:
		return "seqpacket";
	default:
		return "";
	}
}

struct ipc_object
ipc_sock_object(const struct ipc_sock_info *info)
{
	const bool is_bound = info->bound == IPC_BOUND;

	return (struct ipc_object){
		.type = is_bound ? IPC_SOCKET : IPC_SOCKET_FILE,
		.device = is_bound ? info->socket_device : info->device,
		.number = is_bound ? info->inode : info->file,
		.uid = info->uid,
		.generation = is_bound ? 0 : info->generation,
		.address = info->address,
	};
}

struct ipc_evidence
ipc_sock_evidence(const struct ipc_sock_info *info)
{
	return (struct ipc_evidence){
		.object = ipc_sock_object(info),
		.bound = info->bound,
	};
}

static struct ipc_sock_info
nothing(const struct ipc_address *address)
{
	return (struct ipc_sock_info){
		.address = *address,
		.kind = "",
		.listening = IPC_UNKNOWN,
		.backlog = IPC_UNKNOWN,
		.pending = IPC_UNKNOWN,
		.peers = IPC_UNKNOWN,
		.queued = IPC_UNKNOWN,
		.inode = IPC_UNKNOWN,
		.device = IPC_UNKNOWN,
		.file = IPC_UNKNOWN,
		.mode = (mode_t)-1,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
		.created = IPC_UNKNOWN_TIME,
		.changed = IPC_UNKNOWN_TIME,
	};
}

/* The socket file at a path, which nothing is opened for: 0, or an errno value. */
static int
fill_file(struct ipc_sock_info *info)
{
	autoclose int fd = open(info->address.path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct statx st;

	if (fd < 0 ||
		statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &st) < 0)
		return errno;
	if (!S_ISSOCK(st.stx_mode))
		return ENOTSOCK;
	info->device = makedev(st.stx_dev_major, st.stx_dev_minor);
	info->file = st.stx_ino;
	info->mode = st.stx_mode & 07777;
	info->uid = st.stx_uid;
	info->gid = st.stx_gid;
	info->changed = st.stx_ctime.tv_sec;
	info->generation = ipc_object_generation(fd, "", &st);
	if (st.stx_mask & STATX_BTIME)
		info->created = st.stx_btime.tv_sec;
	return 0;
}

static size_t
count_peers(const struct ipc_sock_table *table, uint64_t inode)
{
	size_t low = 0, high = table->peer_count, count = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->peers[middle] < inode)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + count < table->peer_count && table->peers[low + count] == inode)
		count++;
	return count;
}

/* The entries of one name: those that were accepted have the name of who listens. */
static size_t
length_of_name(const struct ipc_sock_table *table, size_t first)
{
	size_t end = first + 1;

	while (end < table->count &&
		ipc_sock_is_same_name(&table->entries[first], &table->entries[end]))
		end++;
	return end - first;
}

static void
fill_socket(
	struct ipc_sock_info *info, const struct ipc_sock_table *table, size_t first)
{
	const struct ipc_sock_entry *entry = &table->entries[first];
	const size_t length = length_of_name(table, first);

	info->kind = kind_text(entry->type);
	info->listening = entry->listens;
	if (entry->listens) {
		info->backlog = entry->backlog;
		info->pending = entry->queue;
	} else {
		info->queued = entry->queue;
	}
	info->inode = entry->inode;
	info->socket_device = table->device;
	info->bound = IPC_BOUND;
	if (info->uid == (uid_t)-1)
		info->uid = entry->uid;
	if (!table->knows_peers)
		return;
	info->peers = 0;
	for (size_t i = first; i < first + length; i++)
		info->peers += count_peers(table, table->entries[i].inode);
}

/*
 * Whether the kernel has another device of the file within than it tells: that of a layer or
 * of a subvolume is told.
 */
static bool
has_another_device(const char *path)
{
	autoclose int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 &&
		(ipc_object_is_on(fd, OVERLAYFS_SUPER_MAGIC) ||
			ipc_object_is_on(fd, BTRFS_SUPER_MAGIC));
}

/* Whether it is bound to that file.  By name, where the device does not tell. */
static bool
is_bound_to(const struct ipc_sock_entry *entry, const struct ipc_sock_info *info)
{
	const bool same_name = strcmp(entry->name, info->address.path) == 0;

	if (!entry->has_file)
		return same_name && entry->name[0] != '@';
	return entry->file == (uint32_t)info->file &&
		(entry->device == info->device ||
			(same_name && has_another_device(entry->name)));
}

/* The first entry that is bound to the file, or table->count. */
static size_t
find_file(const struct ipc_sock_table *table, const struct ipc_sock_info *info)
{
	size_t place = 0;

	while (place < table->count && !is_bound_to(&table->entries[place], info))
		place++;
	return place;
}

static size_t
find_abstract(const struct ipc_sock_table *table, const char *name)
{
	size_t place = 0;

	while (place < table->count &&
		(table->entries[place].has_file ||
			strcmp(table->entries[place].name, name) != 0))
		place++;
	return place;
}

static int
fail(const struct ipc_address *address, int code, const char *action,
	struct ipc_error *err)
{
	if (code == ENOTSOCK)
		return ipc_refuse(err, IPC_REFUSED, code, "%s '%s': it is no socket",
			action, ipc_address_text(address));
	return ipc_fail(err, code, "%s '%s'", action, ipc_address_text(address));
}

int
ipc_sock_stat(const struct ipc_address *address, struct ipc_sock_info *info,
	struct ipc_error *err)
{
	const bool is_abstract = address->kind == IPC_ABSTRACT;
	__attribute__((cleanup(ipc_sock_table_free))) struct ipc_sock_table table;
	size_t place;
	int code = read_table(&table);

	*info = nothing(address);
	if (code == 0 && !is_abstract)
		code = fill_file(info);
	if (code != 0)
		return fail(address, code, "inspect", err);
	place = is_abstract ? find_abstract(&table, address->text)
			    : find_file(&table, info);
	if (place < table.count)
		fill_socket(info, &table, place);
	else if (is_abstract)
		return ipc_refuse(err, IPC_NO_OBJECT, ENOENT,
			"inspect '%s': nobody is bound to it", address->text);
	return 0;
}

/* One look at all: what visit() gets, and which entries it has had. */
struct tour {
	struct ipc_sock_table table;
	bool *seen;
	int (*visit)(const struct ipc_sock_info *info, void *arg);
	void *arg;
};

static void
free_tour(struct tour *tour)
{
	ipc_sock_table_free(&tour->table);
	free(tour->seen);
}

/* The names of all sockets that are bound to a file lead to it. */
static int
visit_file(const char *path, const struct stat *st, void *arg)
{
	struct tour *tour = arg;
	const struct ipc_address address = { .kind = IPC_PATH, .path = path };
	struct ipc_sock_info info = nothing(&address);
	size_t place;

	(void)st;
	if (fill_file(&info) != 0)
		return 0; /* it has gone */
	place = find_file(&tour->table, &info);
	if (place < tour->table.count)
		fill_socket(&info, &tour->table, place);
	for (; place < tour->table.count; place++)
		if (is_bound_to(&tour->table.entries[place], &info))
			tour->seen[place] = true;
	return tour->visit(&info, tour->arg);
}

/*
 * The file of an entry by its name, which may lead to another one by now, or to none: 0, or
 * an errno value.  Only who bound it knows where a relative one begins.
 */
static int
fill_entry_file(const struct ipc_sock_entry *entry, struct ipc_sock_info *info)
{
	int code = entry->name[0] == '/' ? fill_file(info) : EINVAL;

	return code == 0 && !is_bound_to(entry, info) ? ENOENT : code;
}

bool
ipc_sock_is_gone_for(const struct ipc_sock_info *info, pid_t pid)
{
	char path[sizeof(((struct ipc_sock_entry *)0)->name) + 64];
	struct statx st;

	snprintf(path, sizeof(path), "/proc/%d/root%s", (int)pid, info->address.path);
	if (statx(AT_FDCWD, path,
		    AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
		    STATX_TYPE | STATX_INO, &st) < 0)
		return errno == ENOENT || errno == ENOTDIR;
	return !S_ISSOCK(st.stx_mode) || (uint32_t)st.stx_ino != (uint32_t)info->file;
}

static int
visit_entry(const struct tour *tour, size_t place)
{
	const struct ipc_sock_entry *entry = &tour->table.entries[place];
	struct ipc_address address = { .kind = IPC_PATH, .path = entry->name };
	struct ipc_sock_info info;
	int code = 0;

	if (entry->name[0] == '@' && !entry->has_file) {
		address = (struct ipc_address){ .kind = IPC_ABSTRACT };
		snprintf(address.text, sizeof(address.text), "%s", entry->name);
	}
	info = nothing(&address);
	if (address.kind == IPC_PATH)
		code = fill_entry_file(entry, &info);
	if (code != 0) {
		info = nothing(&address);
		info.is_gone = code == ENOENT || code == ENOTDIR || code == ENOTSOCK;
		info.device = entry->has_file ? entry->device : IPC_UNKNOWN;
		info.file = entry->has_file ? entry->file : IPC_UNKNOWN;
	}
	fill_socket(&info, &tour->table, place);
	return tour->visit(&info, tour->arg);
}

int
ipc_sock_each(const char *const *dirs,
	int (*visit)(const struct ipc_sock_info *info, void *arg), void *arg,
	struct ipc_error *missed, struct ipc_error *err)
{
	__attribute__((cleanup(free_tour))) struct tour tour = {
		.visit = visit,
		.arg = arg,
	};
	int code = read_table(&tour.table), stop = 0;

	if (code == 0) {
		tour.seen = calloc(tour.table.count + 1, sizeof(*tour.seen));
		code = tour.seen == NULL ? errno : 0;
	}
	if (code != 0)
		return ipc_fail(err, code, "list the sockets");
	if (dirs != NULL)
		stop = ipc_walk(dirs, S_IFSOCK, visit_file, &tour, missed, err);
	for (size_t i = 0; i < tour.table.count && stop == 0;
		i += length_of_name(&tour.table, i))
		if (!tour.seen[i])
			stop = visit_entry(&tour, i);
	return stop;
}

/* The path of a file that is held open, whatever its own is by now. */
static struct sockaddr_un
address_of(int path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	snprintf(name.sun_path, sizeof(name.sun_path), "/proc/self/fd/%d", path);
	return name;
}

int
ipc_sock_probe_file(int path, enum ipc_bound *bound)
{
	const struct sockaddr_un name = address_of(path);
	autoclose int fd =
		socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return errno;
	*bound = IPC_BOUND_UNKNOWN;
	if (connect(fd, (const void *)&name, sizeof(name)) == 0 || errno == EPROTOTYPE)
		*bound = IPC_BOUND;
	else if (errno == ECONNREFUSED)
		*bound = IPC_BOUND_NOBODY;
	return 0;
}

int
ipc_sock_probe(
	const struct ipc_address *address, enum ipc_bound *bound, struct ipc_error *err)
{
	struct ipc_sock_info info = nothing(address);
	autoclose int path = -1;
	struct stat st;
	int code = 0;

	*bound = IPC_BOUND;
	if (address->kind == IPC_ABSTRACT)
		return ipc_sock_stat(address, &info, err);
	path = open(address->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (path < 0 || fstat(path, &st) < 0)
		code = errno;
	else if (!S_ISSOCK(st.st_mode))
		code = ENOTSOCK;
	else
		code = ipc_sock_probe_file(path, bound);
	return code == 0 ? 0 : fail(address, code, "inspect", err);
}

int
ipc_sock_remove(const struct ipc_address *address, struct ipc_error *err)
{
	struct ipc_memory_place place = { .dir = -1 };
	autoclose int dir = -1;
	struct stat st;

	if (address->kind == IPC_ABSTRACT)
		return ipc_refuse(err, IPC_REFUSED, EINVAL,
			"remove '%s': an abstract name goes with its socket",
			address->text);
	if (ipc_memory_place(address, &place, "remove", err) < 0)
		return -1;
	dir = place.dir;
	if (fstatat(dir, place.name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(address, errno, "remove", err);
	if (!S_ISSOCK(st.st_mode))
		return fail(address, ENOTSOCK, "remove", err);
	if (unlinkat(dir, place.name, 0) < 0)
		return fail(address, errno, "remove", err);
	return 0;
}
