/* scan-view.c - what proc(5) is, and what it does not show */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/magic.h>

#include "auto.h"
#include "scan.h"

/* What the first namespaces have for inodes: PROC_PID_INIT_INO, PROC_USER_INIT_INO. */
static const ino_t first_pid = 0xEFFFFFFC, first_user = 0xEFFFFFFD;

bool
ipc_scan_ran_out(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOMEM;
}

/* In place of a result that was had with errno being 0 before. */
static int
unless_ran_out(int result)
{
	return ipc_scan_ran_out(errno) ? -1 : result;
}

static bool
is_inode(const char *path, ino_t inode)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_ino == inode;
}

bool
ipc_scan_is_first_namespace(void)
{
	return is_inode("/proc/self/ns/pid", first_pid);
}

/* What proc_pid_status(5) tells of ourselves. */
struct self {
	uint64_t capabilities; /* effective */
	bool numbered;         /* by one PID namespace alone, with our own number */
};

static bool
read_self(struct self *self)
{
	FILE *status = fopen("/proc/self/status", "re");
	autofree char *line = NULL;
	size_t room = 0;
	char rest;
	int pid;

	if (status == NULL)
		return false;
	while (getline(&line, &room, status) > 0) {
		sscanf(line, "CapEff: %" SCNx64, &self->capabilities);
		if (sscanf(line, "NSpid: %d %c", &pid, &rest) == 1)
			self->numbered = pid == getpid();
	}
	fclose(status);
	return true;
}

/* Of /proc as it is mounted, and of no other one: that has its own options.  1, 0, -1. */
static int
hides_processes(void)
{
	FILE *mounts;
	autofree char *line = NULL;
	bool hides;
	struct statx proc;
	size_t room = 0;

	errno = 0;
	mounts = fopen("/proc/self/mountinfo", "re");
	hides = mounts == NULL;
	if (statx(AT_FDCWD, "/proc", AT_NO_AUTOMOUNT, STATX_MNT_ID, &proc) < 0)
		hides = true;
	while (!hides && getline(&line, &room, mounts) > 0) {
		const char *options = strstr(line, " - proc ");
		const char *hidepid =
			options != NULL ? strstr(options, "hidepid=") : NULL;
		bool is_other = proc.stx_mask & STATX_MNT_ID &&
			strtoull(line, NULL, 10) != proc.stx_mnt_id;

		/* 1, "noaccess": they are there, and may not be looked at. */
		hides = hidepid != NULL && !is_other &&
			strncmp(hidepid, "hidepid=noaccess", 16) != 0 &&
			strchr("01o", hidepid[8]) == NULL;
	}
	if (mounts != NULL)
		fclose(mounts);
	return unless_ran_out(hides);
}

int
ipc_scan_is_mounted(uint64_t device)
{
	FILE *mounts;
	autofree char *line = NULL;
	bool mounted = false;
	unsigned int major, minor;
	size_t room = 0;

	errno = 0;
	mounts = fopen("/proc/self/mountinfo", "re");
	while (mounts != NULL && !mounted && getline(&line, &room, mounts) > 0)
		mounted = sscanf(line, "%*s %*s %u:%u", &major, &minor) == 2 &&
			makedev(major, minor) == device;
	if (mounts != NULL)
		fclose(mounts);
	return unless_ran_out(mounted);
}

int
ipc_scan_view(unsigned int *blind)
{
	static const uint64_t ptrace = UINT64_C(1) << CAP_SYS_PTRACE;
	struct self self = { .numbered = false };
	struct statfs fs;
	int hidden;

	errno = 0;
	if (statfs("/proc", &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC ||
		!read_self(&self) || !self.numbered) {
		*blind |= IPC_BLIND_NO_PROC;
		return unless_ran_out(0);
	}
	if (!ipc_scan_is_first_namespace())
		*blind |= IPC_BLIND_NAMESPACE;
	/* Elsewhere the capability is over the processes of that namespace alone. */
	if (self.capabilities & ptrace && is_inode("/proc/self/ns/user", first_user))
		return 0;
	hidden = hides_processes();
	if (hidden > 0)
		*blind |= IPC_BLIND_HIDDEN;
	return hidden < 0 ? -1 : 0;
}
