/* fifo-hold.c - keeping a FIFO open, so that its users may come and go */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include <ipcutil/fifo.h>

#include "auto.h"
#include "background.h"
#include "fifo.h"
#include "owner.h"
#include "proc.h"

/* What is held, and until when. */
struct hold {
	int fd;
	int pidfd; /* of the process whose end is waited for; -1: for ever */
};

static void
wait_for_end(void *context)
{
	const struct hold *hold = context;
	struct pollfd process = { .fd = hold->pidfd, .events = POLLIN };

	while (poll(&process, 1, -1) < 0)
		if (errno != EINTR && errno != EAGAIN && errno != ENOMEM)
			return;
}

/* Both ends: bytes stay in it while nobody reads, too.  Who fails has nothing open. */
static int
begin(struct hold *hold, const struct ipc_address *address, pid_t until_exit,
	struct ipc_error *err)
{
	char path[IPC_FIFO_PATH_MAX];
	struct ipc_owner_id owner;
	struct stat st;
	autoclose int found = ipc_fifo_find(address, "hold", &st, err), pidfd = -1;

	if (found < 0)
		return -1;
	if (until_exit != 0) {
		pidfd = ipc_owner_open(until_exit, &owner, err);
		if (pidfd < 0)
			return -1;
	}
	snprintf(path, sizeof(path), IPC_FIFO_PATH, found);
	hold->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (hold->fd < 0)
		return ipc_proc_fail("hold", ipc_address_text(address), errno, err);
	hold->pidfd = keep(&pidfd);
	return 0;
}

static void
end(const struct hold *hold)
{
	auto_close(&hold->fd);
	auto_close(&hold->pidfd);
}

int
ipc_fifo_hold(
	const struct ipc_address *address, pid_t until_exit, struct ipc_error *err)
{
	struct hold hold;

	if (begin(&hold, address, until_exit, err) < 0)
		return -1;
	wait_for_end(&hold);
	end(&hold);
	return 0;
}

pid_t
ipc_fifo_hold_in_background(
	const struct ipc_address *address, pid_t until_exit, struct ipc_error *err)
{
	struct hold hold;
	char action[PATH_MAX + 64], title[PATH_MAX + 64];
	const struct ipc_background background = {
		.action = action,
		.name = "ipc-fifo-hold",
		.title = title,
		.uid = geteuid(),
		.is_mortal = true,
		.fds = { &hold.fd, &hold.pidfd },
		.run = wait_for_end,
		.context = &hold,
	};
	pid_t pid;

	if (begin(&hold, address, until_exit, err) < 0)
		return -1;
	snprintf(action, sizeof(action), "start a holder of '%s'",
		ipc_address_text(address));
	snprintf(title, sizeof(title), "ipc-fifo-hold: %s", ipc_address_text(address));
	pid = ipc_background_start(&background, err);
	end(&hold);
	return pid;
}
