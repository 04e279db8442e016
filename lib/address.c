/* address.c - text to addresses */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <ipcutil/address.h>

/* Names without a slash that begin like this would change their meaning. */
static bool
is_reserved(const char *text)
{
	static const char *const prefixes[] = { "id:", "key:", "ftok:", "nats://",
		"tls://" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++)
		if (strncmp(text, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return strcmp(text, "private") == 0;
}

int
ipc_address_mq(const char *text, struct ipc_address *address, struct ipc_error *err)
{
	const char *name = *text == '/' ? text + 1 : text;

	if (is_reserved(text))
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"'%s' is not the address of a POSIX queue, such as '/jobs'",
			text);
	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"'%s' is not a queue's name such as '/jobs'", text);
	if (strchr(name, '/') != NULL)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"'%s' has a slash within the name", text);
	if (strlen(name) > NAME_MAX)
		return ipc_refuse(err, IPC_MISUSE, ENAMETOOLONG,
			"'/%.40s...' is a name of %zu bytes; at most %d can be", name,
			strlen(name), NAME_MAX);
	snprintf(address->text, sizeof(address->text), "/%s", name);
	return 0;
}
