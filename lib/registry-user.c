/* registry-user.c - root among the files of another user */
#include <errno.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "registry.h"

int
ipc_registry_become(uid_t uid, struct ipc_registry_user *before, struct ipc_error *err)
{
	if (uid == geteuid())
		return 0;
	before->gid = setfsgid(IPC_NO_GROUP);
	before->uid = setfsuid(uid);
	/* They fail in silence; this call always fails, and tells. */
	if ((uid_t)setfsuid((uid_t)-1) == uid)
		return 0;
	return ipc_refuse(
		err, IPC_DENIED, EPERM, "act as user %u: it needs CAP_SETUID", uid);
}

void
ipc_registry_be_ourselves(const struct ipc_registry_user *before)
{
	if (before->uid == -1)
		return;
	setfsuid((uid_t)before->uid);
	setfsgid((gid_t)before->gid);
}
