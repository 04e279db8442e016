/* scan-list.c - directories of /proc whose entries have numbers for names */
#include <dirent.h>
#include <fcntl.h>
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

ssize_t
ipc_scan_read(int dir, const char *path, char *text, size_t size)
{
	autoclose int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : read(fd, text, size);
}
