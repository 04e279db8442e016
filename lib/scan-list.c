/* scan-list.c - directories of /proc whose entries have numbers for names, and passes over them */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <ipcutil/number.h>

#include "auto.h"
#include "scan.h"

int
ipc_scan_list(struct ipc_scan_list *list, int dir, const char *path)
{
	list->length = list->at = 0;
	list->fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return list->fd;
}

void
ipc_scan_try(struct ipc_scan_list *list, uint64_t number)
{
	snprintf(list->buffer, sizeof(list->buffer), "%ju", (uintmax_t)number);
	list->name = list->buffer;
	list->number = number;
}

/* The place of a descriptor is its number, behind those of "." and "..". */
int
ipc_scan_skip(struct ipc_scan_list *list, uint64_t number)
{
	list->length = list->at = 0;
	return lseek(list->fd, (off_t)number + 2, SEEK_SET) < 0 ? -1 : 0;
}

/* A number as the kernel writes them: digits, and no 0 before others. */
static bool
is_number(const char *name, uint64_t *number)
{
	uint64_t value = 0;

	if (name[0] == '0' && name[1] != '\0')
		return false;
	for (const char *digit = name; *digit != '\0'; digit++) {
		if (*digit < '0' || *digit > '9' || value > INT32_MAX)
			return false;
		value = value * 10 + (uint64_t)(*digit - '0');
	}
	*number = value;
	return name[0] != '\0' && value <= INT32_MAX;
}

int
ipc_scan_next(struct ipc_scan_list *list)
{
	for (;;) {
		const struct dirent64 *entry;

		if (list->at == list->length) {
			ssize_t length = getdents64(
				list->fd, list->buffer, sizeof(list->buffer));

			if (length <= 0)
				return (int)length;
			list->length = (size_t)length;
			list->at = 0;
		}
		entry = (const void *)(list->buffer + list->at);
		list->at += entry->d_reclen;
		list->name = entry->d_name;
		list->inode = entry->d_ino;
		if (is_number(entry->d_name, &list->number))
			return 1;
	}
}

static int
by_number(const void *one, const void *other)
{
	const struct ipc_scan_entry *a = one, *b = other;

	return (a->number > b->number) - (a->number < b->number);
}

int
ipc_scan_add(struct ipc_scan_entries *entries, const struct ipc_scan_entry *entry)
{
	struct ipc_scan_entry *more = ipc_scan_room(
		entries->entry, &entries->room, entries->count, sizeof(*more));

	if (more == NULL)
		return -1;
	entries->entry = more;
	more[entries->count++] = *entry;
	return 0;
}

static int
list_all(struct ipc_scan_list *list, struct ipc_scan_entries *now)
{
	int more;

	list->length = list->at = now->count = 0;
	if (lseek(list->fd, 0, SEEK_SET) < 0)
		return -1;
	while ((more = ipc_scan_next(list)) > 0)
		if (ipc_scan_add(now,
			    &(struct ipc_scan_entry){
				    .number = list->number, .inode = list->inode }) < 0)
			return -1;
	if (now->count > 0)
		qsort(now->entry, now->count, sizeof(*now->entry), by_number);
	return more;
}

/* What passes need: entries of this one and of the one before, by turns. */
struct passes {
	struct ipc_scan_entries seen[2], fresh;
	bool some_gone;
};

/* Those of now that were not there before: the others are known from then. */
static int
find_fresh(struct passes *passes, struct ipc_scan_entries *now,
	const struct ipc_scan_entries *before)
{
	size_t old = 0, stayed = 0;

	passes->fresh.count = 0;
	for (size_t i = 0; i < now->count; i++) {
		struct ipc_scan_entry *entry = &now->entry[i];
		const struct ipc_scan_entry *same;

		while (old < before->count && before->entry[old].number < entry->number)
			old++;
		same = old < before->count ? &before->entry[old] : NULL;
		if (same != NULL && same->number == entry->number &&
			same->inode == entry->inode) {
			*entry = *same;
			stayed++;
		} else if (ipc_scan_add(&passes->fresh, entry) < 0)
			return -1;
	}
	passes->some_gone |= stayed < before->count;
	return 0;
}

/* What the look has learned of those that were fresh. */
static void
remember(const struct ipc_scan_entries *fresh, struct ipc_scan_entries *now)
{
	for (size_t i = 0, place = 0; i < fresh->count; i++) {
		while (now->entry[place].number < fresh->entry[i].number)
			place++;
		now->entry[place] = fresh->entry[i];
	}
}

static int
pass_until_none_is_fresh(struct ipc_scan *scan, struct ipc_scan_list *list,
	struct passes *passes, ipc_scan_looker *look, ipc_scan_relooker *again)
{
	unsigned int left = IPC_SCAN_LOOKS;

	for (unsigned int pass = 0; left > 0; pass++, left--) {
		struct ipc_scan_entries *now = &passes->seen[pass % 2];
		int result = 1;

		if (list_all(list, now) < 0 ||
			find_fresh(passes, now, &passes->seen[(pass + 1) % 2]) < 0)
			return 1;
		if (passes->fresh.count > 0) {
			result = look(scan, list->fd, &passes->fresh);
			remember(&passes->fresh, now);
		} else if (again != NULL) {
			result = again(scan, list->fd, now, passes->some_gone);
			again = NULL;
			left = IPC_SCAN_LOOKS;
		}
		if (result != 0)
			return result > 0 ? 0 : -1;
	}
	scan->blind |= IPC_BLIND_RESTLESS;
	return 0;
}

int
ipc_scan_each(struct ipc_scan *scan, struct ipc_scan_list *list, int dir,
	const char *path, ipc_scan_looker *look, ipc_scan_relooker *again)
{
	autoclose int fd = ipc_scan_list(list, dir, path);
	struct passes passes = { .fresh = { .count = 0 } };
	int result;

	if (fd < 0)
		return 1;
	result = pass_until_none_is_fresh(scan, list, &passes, look, again);
	free(passes.seen[0].entry);
	free(passes.seen[1].entry);
	free(passes.fresh.entry);
	return result;
}

ssize_t
ipc_scan_read(int dir, const char *path, char *text, size_t size)
{
	autoclose int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : read(fd, text, size);
}
