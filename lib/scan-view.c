/* scan-view.c - what proc(5) is, and what it does not show */
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

static bool
is_inode(const char *path, ino_t inode)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_ino == inode;
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

/* Of /proc as it is mounted, and of no other one: that has its own options. */
static bool
hides_processes(void)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	autofree char *line = NULL;
	bool hides = mounts == NULL;
	struct statx proc;
	size_t room = 0;

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
	return hides;
}

bool
ipc_scan_is_mounted(uint64_t device)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	autofree char *line = NULL;
	bool mounted = false;
	unsigned int major, minor;
	size_t room = 0;

	while (mounts != NULL && !mounted && getline(&line, &room, mounts) > 0)
		mounted = sscanf(line, "%*s %*s %u:%u", &major, &minor) == 2 &&
			makedev(major, minor) == device;
	if (mounts != NULL)
		fclose(mounts);
	return mounted;
}

unsigned int
ipc_scan_view(void)
{
	static const uint64_t ptrace = UINT64_C(1) << CAP_SYS_PTRACE;
	struct self self = { .numbered = false };
	unsigned int blind = 0;
	struct statfs fs;

	if (statfs("/proc", &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC ||
		!read_self(&self) || !self.numbered)
		return IPC_BLIND_NO_PROC;
	if (!is_inode("/proc/self/ns/pid", first_pid))
		blind |= IPC_BLIND_NAMESPACE;
	/* Elsewhere the capability is over the processes of that namespace alone. */
	if ((!(self.capabilities & ptrace) ||
		    !is_inode("/proc/self/ns/user", first_user)) &&
		hides_processes())
		blind |= IPC_BLIND_HIDDEN;
	return blind;
}
