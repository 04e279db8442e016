/* pipe-make.c - new pipes, and how large they are */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <ipcutil/number.h>
#include <ipcutil/pipe.h>

#include "auto.h"
#include "proc.h"

/* Above 2: who becomes a command has those for itself. */
static int
lift(int *fd)
{
	int higher;

	if (*fd > STDERR_FILENO)
		return 0;
	higher = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (higher < 0)
		return -1;
	close(*fd);
	*fd = higher;
	return 0;
}

int
ipc_pipe_make(int ends[2], uint64_t size, struct ipc_error *err)
{
	autoclose int reader = -1, writer = -1;
	int made[2];

	if (pipe2(made, O_CLOEXEC) < 0)
		return ipc_fail(err, errno, "create a pipe");
	reader = made[0];
	writer = made[1];
	if (lift(&reader) < 0 || lift(&writer) < 0)
		return ipc_fail(err, errno, "create a pipe");
	if (size != IPC_UNKNOWN &&
		ipc_pipe_resize(reader, size, "the new pipe", err) < 0)
		return -1;
	ends[0] = keep(&reader);
	ends[1] = keep(&writer);
	return 0;
}

void
ipc_pipe_enlarge(int fd)
{
	const uint64_t most = ipc_proc_number("/proc/sys/fs/pipe-max-size");
	const int now = fcntl(fd, F_GETPIPE_SZ);

	for (int64_t size = most > INT32_MAX ? INT32_MAX : (int64_t)most; size > now;
		size /= 2)
		if (fcntl(fd, F_SETPIPE_SZ, (int)size) >= 0)
			return;
}

/* What F_SETPIPE_SZ means by EPERM depends on the size. */
static int
beyond_limit(uint64_t size, const char *name, int code, struct ipc_error *err)
{
	const uint64_t most = ipc_proc_number("/proc/sys/fs/pipe-max-size");
	const uint64_t soft = ipc_proc_number("/proc/sys/fs/pipe-user-pages-soft");
	const uint64_t hard = ipc_proc_number("/proc/sys/fs/pipe-user-pages-hard");

	if (size > most)
		return ipc_refuse(err, IPC_LIMIT, code,
			"resize '%s' to %ju bytes: /proc/sys/fs/pipe-max-size allows "
			"%ju without CAP_SYS_RESOURCE",
			name, (uintmax_t)size, (uintmax_t)most);
	return ipc_refuse(err, IPC_LIMIT, code,
		"resize '%s' to %ju bytes: all pipes of a user may have %ju pages of "
		"memory: /proc/sys/fs/pipe-user-pages-soft (and %ju: "
		"pipe-user-pages-hard; 0 is none)",
		name, (uintmax_t)size, (uintmax_t)soft, (uintmax_t)hard);
}

int64_t
ipc_pipe_resize(int fd, uint64_t size, const char *name, struct ipc_error *err)
{
	const uint64_t most = UINT64_C(1) << 31;
	int capacity, queued = 0;

	if (size > most)
		return ipc_refuse(err, IPC_LIMIT, EINVAL,
			"resize '%s' to %ju bytes: no pipe holds more than %ju", name,
			(uintmax_t)size, (uintmax_t)most);
	capacity = fcntl(fd, F_SETPIPE_SZ, (unsigned int)size);
	if (capacity >= 0)
		return capacity;
	if (errno == EPERM)
		return beyond_limit(size, name, errno, err);
	if (errno != EBUSY)
		return ipc_fail(err, errno, "resize '%s'", name);
	ioctl(fd, FIONREAD, &queued);
	return ipc_refuse(err, IPC_REFUSED, EBUSY,
		"resize '%s' to %ju bytes: it has %d bytes in it, which need more room",
		name, (uintmax_t)size, queued);
}
