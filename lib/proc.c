/* proc.c - the figures of proc(5) */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ipcutil/number.h>

#include "auto.h"
#include "proc.h"

int
ipc_proc_fail(const char *action, const char *text, int code, struct ipc_error *err)
{
	if (code == ENOENT)
		return ipc_refuse(err, IPC_FAILED, ENOTSUP,
			"%s '%s': /proc is not there", action, text);
	return ipc_fail(err, code, "%s '%s'", action, text);
}

uint64_t
ipc_proc_number(const char *path)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint64_t value = IPC_UNKNOWN;
	char text[24];
	ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof(text));

	if (length > 1) {
		text[length - 1] = '\0'; /* in place of the newline */
		ipc_number(text, 10, INT64_MAX, &value);
	}
	return value;
}

int
ipc_proc_stat(int dir, const char *path, struct ipc_proc_stat *stat)
{
	char name[NAME_MAX], text[1024];
	autoclose int fd = -1;
	char *open, *close;
	ssize_t length;

	snprintf(name, sizeof(name), "%s/stat", path);
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (length < 0)
		return errno;
	text[length] = '\0';
	/* "PID (COMMAND) S ...", and the command may hold blanks and brackets. */
	open = memchr(text, '(', (size_t)length);
	close = memrchr(text, ')', (size_t)length);
	if (open == NULL || close == NULL ||
		sscanf(close,
			") %c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d "
			"%*d %*d %u %*d %" SCNu64,
			&stat->state, &stat->flags, &stat->threads, &stat->start) != 4)
		return ESRCH;
	*close = '\0';
	snprintf(stat->command, sizeof(stat->command), "%s", open + 1);
	return 0;
}

/* That is who owns the directory, whatever else of it is root's: proc(5). */
int
ipc_proc_uid(int dir, const char *path, uid_t *uid)
{
	struct stat st;

	if (fstatat(dir, path, &st, 0) < 0)
		return errno;
	*uid = st.st_uid;
	return 0;
}

bool
ipc_proc_has_ended(const struct ipc_proc_stat *stat)
{
	return (stat->state == 'Z' || stat->state == 'X') && stat->threads <= 1;
}

void
ipc_proc_unescape(char *path)
{
	char *to = path;
	unsigned int byte;

	for (; *path != '\0'; *to++ = *path++)
		if (*path == '\\' && sscanf(path + 1, "%3o", &byte) == 1) {
			path += 3;
			*path = (char)byte;
		}
	*to = '\0';
}
