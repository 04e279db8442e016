/* layer.c - files that are those of an overlay, too: such as what containers have */
#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "auto.h"
#include "layer.h"

/* Longer than what the kernel takes as the options of a mount, a page, as it tells them. */
enum { LINE_MAX_BYTES = 1 << 17 };

struct identity {
	dev_t device;
	ino_t inode;
};

/* No two are the same. */
struct set {
	struct identity *member;
	size_t count, room;
	bool is_short; /* of memory */
};

static bool
has(const struct set *set, const struct stat *st)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->member[i].inode == st->st_ino &&
			set->member[i].device == st->st_dev)
			return true;
	return false;
}

/* Adds what path leads to, if anything.  True: it was not there. */
static bool
add(struct set *set, const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0 || has(set, &st))
		return false;
	if (set->count == set->room) {
		const size_t room = set->room * 2 + 16;
		struct identity *more = reallocarray(set->member, room, sizeof(*more));

		set->is_short |= more == NULL;
		if (more == NULL)
			return false;
		set->member = more;
		set->room = room;
	}
	set->member[set->count++] =
		(struct identity){ .device = st.st_dev, .inode = st.st_ino };
	return true;
}

/* Those of an option such as lowerdir=ONE:OTHER, where a backslash is before what counts. */
static void
add_option(struct set *layers, const struct mntent *mount, const char *name)
{
	char path[PATH_MAX];
	size_t length = 0;
	const char *at = hasmntopt(mount, name);

	if (at == NULL)
		return;
	at += strlen(name) + 1;
	for (bool is_end = false; !is_end; at++) {
		is_end = *at == '\0' || *at == ',';
		if (is_end || *at == ':') {
			path[length] = '\0';
			add(layers, path);
			length = 0;
			continue;
		}
		if (*at == '\\' && at[1] != '\0')
			at++;
		if (length < sizeof(path) - 1)
			path[length++] = *at;
	}
}

/* Those of the overlays in a file of proc_pid_mounts(5). */
static void
add_layers(struct set *layers, const char *mounts)
{
	autofree char *line = malloc(LINE_MAX_BYTES);
	FILE *file = line == NULL ? NULL : setmntent(mounts, "re");
	struct mntent mount;

	layers->is_short |= line == NULL;
	if (file == NULL)
		return;
	while (getmntent_r(file, &mount, line, LINE_MAX_BYTES) != NULL)
		if (strcmp(mount.mnt_type, "overlay") == 0) {
			add_option(layers, &mount, "upperdir");
			add_option(layers, &mount, "lowerdir");
		}
	endmntent(file);
}

/* In each mount namespace once. */
static void
find_layers(struct set *layers)
{
	autoclosedir DIR *processes = opendir("/proc");
	struct set namespaces = { .count = 0 };
	const struct dirent *entry;
	char path[sizeof("/proc//ns/mnt") + sizeof(entry->d_name)];

	add(&namespaces, "/proc/self/ns/mnt");
	add_layers(layers, "/proc/self/mounts");
	while (processes != NULL && (entry = readdir(processes)) != NULL) {
		snprintf(path, sizeof(path), "/proc/%s/ns/mnt", entry->d_name);
		if (!isdigit((unsigned char)*entry->d_name) || !add(&namespaces, path))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/mounts", entry->d_name);
		add_layers(layers, path);
	}
	layers->is_short |= namespaces.is_short;
	free(namespaces.member);
}

/* Whether one of the directories above it is a layer. */
static bool
is_below(const struct set *layers, const char *path)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int dir, above;
	struct stat st, last = { .st_ino = 0 };
	bool found = false;

	snprintf(parent, sizeof(parent), "%.*s",
		slash == NULL ? 1 : (int)(slash - path + 1),
		slash == NULL ? "." : path);
	for (dir = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
		dir >= 0 && !found && fstat(dir, &st) == 0; dir = above) {
		found = has(layers, &st);
		/* The root is above itself. */
		above = st.st_ino == last.st_ino && st.st_dev == last.st_dev
			? -1
			: openat(dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(dir);
		last = st;
	}
	if (dir >= 0)
		close(dir);
	return found;
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
	struct set layers = { .count = 0 };
	bool is_known = false;

	for (size_t i = 0; i < count; i++) {
		if (!is_in_question(evidence[i]))
			continue;
		if (!is_known)
			find_layers(&layers);
		is_known = true;
		if (layers.is_short ||
			(layers.count > 0 &&
				is_below(&layers, evidence[i]->object.address.path)))
			evidence[i]->blind |= IPC_BLIND_LAYER;
	}
	free(layers.member);
}
