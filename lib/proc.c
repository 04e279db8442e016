/* proc.c - the figures of proc(5) */
#include <fcntl.h>
#include <unistd.h>

#include <ipcutil/number.h>

#include "auto.h"
#include "proc.h"

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
