/* trust.c - whether to use what another user made */
#include <unistd.h>

#include <ipcutil/trust.h>

bool
ipc_trust_found(uid_t owner, uid_t trusted)
{
	return owner == geteuid() || owner == 0 || owner == trusted;
}

bool
ipc_trust_written(uid_t owner, uid_t trusted)
{
	return geteuid() != 0 || owner == 0 || owner == trusted;
}
