/* address.c - text to addresses */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/un.h>

#include <ipcutil/address.h>
#include <ipcutil/number.h>

#include "auto.h"

static int
misuse(struct ipc_error *err, const char *text, const char *wanted)
{
	return ipc_refuse(err, IPC_MISUSE, EINVAL, "'%s' is not %s", text, wanted);
}

struct ipc_address
ipc_address_id(int id)
{
	struct ipc_address address = { .kind = IPC_SYSV_ID, .number = (uint32_t)id };

	snprintf(address.text, sizeof(address.text), "id:%d", id);
	return address;
}

struct ipc_address
ipc_address_pid_fd(pid_t pid, int fd)
{
	struct ipc_address address = { .kind = IPC_PID_FD, .pid = pid, .fd = fd };

	snprintf(address.text, sizeof(address.text), "%d/%d", (int)pid, fd);
	return address;
}

struct ipc_address
ipc_address_inode(uint64_t inode)
{
	struct ipc_address address = { .kind = IPC_INODE, .inode = inode };

	snprintf(address.text, sizeof(address.text), "inode:%" PRIu64, inode);
	return address;
}

static void
set_key(struct ipc_address *address, uint32_t key)
{
	*address = (struct ipc_address){ .kind = IPC_SYSV_KEY, .number = key };
	snprintf(address->text, sizeof(address->text), "key:0x%08x", key);
}

static int
read_id(const char *text, struct ipc_address *address, struct ipc_error *err)
{
	uint64_t id;

	if (!ipc_number(text + strlen("id:"), 10, INT32_MAX, &id))
		return misuse(err, text, "an id such as 'id:42'");
	*address = ipc_address_id((int)id);
	return 0;
}

static int
read_key(const char *text, struct ipc_address *address, struct ipc_error *err)
{
	uint64_t key;

	/* Key 0 is IPC_PRIVATE: it would find nothing and make a new one each time. */
	if (!ipc_number(text + strlen("key:"), 0, UINT32_MAX, &key) || key == 0)
		return misuse(err, text, "a key of 1 to 32 bits such as 'key:0x1234'");
	set_key(address, (uint32_t)key);
	return 0;
}

/* ftok:PATH or ftok:PATH:PROJECT; a path may have colons, if a project follows. */
static int
read_ftok(const char *text, struct ipc_address *address, struct ipc_error *err)
{
	autofree char *path = strdup(text + strlen("ftok:"));
	char *colon = path == NULL ? NULL : strrchr(path, ':');
	uint64_t project = 1;
	key_t key;

	if (path == NULL)
		return ipc_fail(err, errno, "read '%s'", text);
	if (*path == '\0' || colon == path)
		return misuse(err, text, "ftok:PATH[:PROJECT]");
	if (colon != NULL) {
		if (!ipc_number(colon + 1, 0, 255, &project) || project == 0)
			return misuse(
				err, text, "ftok:PATH[:PROJECT], a number to 255");
		*colon = '\0';
	}
	key = ftok(path, (int)project);
	if (key == -1)
		return ipc_fail(err, errno, "make a key of '%s'", path);
	set_key(address, (uint32_t)key);
	return 0;
}

const char *
ipc_address_text(const struct ipc_address *address)
{
	return address->kind == IPC_PATH ? address->path : address->text;
}

static int
read_server(const char *text, struct ipc_address *address, struct ipc_error *err)
{
	(void)address;
	return misuse(err, text, "the address of a queue of this machine");
}

static int
read_name(const char *text, const char *wanted, struct ipc_address *address,
	struct ipc_error *err)
{
	const char *name = *text == '/' ? text + 1 : text;

	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return misuse(err, text, wanted);
	if (strchr(name, '/') != NULL)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"'%s' has a slash within the name", text);
	if (strlen(name) > NAME_MAX)
		return ipc_refuse(err, IPC_MISUSE, ENAMETOOLONG,
			"'/%.40s...' is a name of %zu bytes; at most %d can be", name,
			strlen(name), NAME_MAX);
	*address = (struct ipc_address){ .kind = IPC_POSIX_NAME };
	address->text[0] = '/';
	strcpy(address->text + 1, name); /* one-shot calls need no page of printf(3) */
	return 0;
}

struct prefix {
	const char *text;
	int (*read)(
		const char *text, struct ipc_address *address, struct ipc_error *err);
};

static const struct prefix prefixes[] = {
	{ "id:", read_id },
	{ "key:", read_key },
	{ "ftok:", read_ftok },
	{ "nats://", read_server }, /* queues alone: the last two */
	{ "tls://", read_server },
};

enum { PREFIXES = sizeof(prefixes) / sizeof(*prefixes), SERVERS = 2 };

static int
read_address(const char *text, size_t count, const char *wanted,
	struct ipc_address *address, struct ipc_error *err)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(text, prefixes[i].text, strlen(prefixes[i].text)) == 0)
			return prefixes[i].read(text, address, err);
	if (strcmp(text, "private") != 0)
		return read_name(text, wanted, address, err);
	*address = (struct ipc_address){ .kind = IPC_SYSV_PRIVATE, .text = "private" };
	return 0;
}

int
ipc_address_mq(const char *text, struct ipc_address *address, struct ipc_error *err)
{
	return read_address(
		text, PREFIXES, "a queue's name such as '/jobs'", address, err);
}

int
ipc_address_shm(const char *text, struct ipc_address *address, struct ipc_error *err)
{
	if (read_address(text, PREFIXES - SERVERS, "a name such as '/counters'",
		    address, err) < 0)
		return -1;
	if (strncmp(address->text, "/sem.", strlen("/sem.")) == 0)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"'%s' is the name of a semaphore", text);
	return 0;
}

int
ipc_address_sem(const char *text, struct ipc_address *address, struct ipc_error *err)
{
	const size_t most =
		NAME_MAX - strlen("sem."); /* its file is /dev/shm/sem.NAME */

	if (read_address(text, PREFIXES - SERVERS, "a semaphore's name such as '/gate'",
		    address, err) < 0)
		return -1;
	if (address->kind == IPC_POSIX_NAME && strlen(address->text) - 1 > most)
		return ipc_refuse(err, IPC_MISUSE, ENAMETOOLONG,
			"'%.40s...' is a name of %zu bytes; at most %zu can be",
			address->text, strlen(address->text) - 1, most);
	return 0;
}

static int
read_pid_fd(const char *text, struct ipc_address *address, struct ipc_error *err)
{
	static const char wanted[] =
		"a pipe such as '4711/3' (PID/FD), 'inode:57' or 'fd:3'";
	const char *slash = strchr(text, '/');
	char pid_text[16];
	uint64_t pid, fd;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(pid_text))
		return misuse(err, text, wanted);
	snprintf(pid_text, sizeof(pid_text), "%.*s", (int)(slash - text), text);
	if (!ipc_number(pid_text, 10, INT32_MAX, &pid) || pid == 0 ||
		!ipc_number(slash + 1, 10, INT32_MAX, &fd))
		return misuse(err, text, wanted);
	*address = ipc_address_pid_fd((pid_t)pid, (int)fd);
	return 0;
}

int
ipc_address_pipe(const char *text, struct ipc_address *address, struct ipc_error *err)
{
	uint64_t number;

	if (strncmp(text, "inode:", strlen("inode:")) == 0) {
		if (!ipc_number(text + strlen("inode:"), 10, INT64_MAX, &number))
			return misuse(err, text, "an inode such as 'inode:57'");
		*address = ipc_address_inode(number);
		return 0;
	}
	if (strncmp(text, "fd:", strlen("fd:")) != 0)
		return read_pid_fd(text, address, err);
	if (!ipc_number(text + strlen("fd:"), 10, INT32_MAX, &number))
		return misuse(err, text, "a descriptor such as 'fd:3'");
	*address = (struct ipc_address){ .kind = IPC_OWN_FD, .fd = (int)number };
	snprintf(address->text, sizeof(address->text), "fd:%d", address->fd);
	return 0;
}

int
ipc_address_path(const char *text, struct ipc_address *address, struct ipc_error *err)
{
	const char *slash = strrchr(text, '/');
	const char *name = slash == NULL ? text : slash + 1;

	if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return misuse(err, text, "the path of a file");
	if (strlen(name) > NAME_MAX || strlen(text) >= PATH_MAX)
		return ipc_refuse(err, IPC_MISUSE, ENAMETOOLONG,
			"'%.40s...' is a path of %zu bytes; at most %d can be, %d of them "
			"behind the last slash",
			text, strlen(text), PATH_MAX - 1, NAME_MAX);
	*address = (struct ipc_address){ .kind = IPC_PATH, .path = text };
	return 0;
}

int
ipc_address_sock(const char *text, struct ipc_address *address, struct ipc_error *err)
{
	const size_t most = sizeof(((struct sockaddr_un *)0)->sun_path);

	if (*text != '@')
		return ipc_address_path(text, address, err);
	if (strlen(text) > most)
		return ipc_refuse(err, IPC_MISUSE, ENAMETOOLONG,
			"'%.40s...' is an abstract name of %zu bytes; at most %zu can be",
			text, strlen(text) - 1, most - 1);
	*address = (struct ipc_address){ .kind = IPC_ABSTRACT };
	strcpy(address->text, text);
	return 0;
}

int
ipc_address_absolute(
	struct ipc_address *address, char text[PATH_MAX], struct ipc_error *err)
{
	char parent[PATH_MAX] = ".", real[PATH_MAX];
	const char *slash, *name;
	int length;

	if (address->kind != IPC_PATH)
		return 0;
	slash = strrchr(address->path, '/');
	name = slash == NULL ? address->path : slash + 1;
	if (slash != NULL)
		snprintf(parent, sizeof(parent), "%.*s", (int)(name - address->path),
			address->path);
	if (realpath(parent, real) == NULL)
		return ipc_fail(err, errno, "find '%s'", address->path);
	length = snprintf(
		text, PATH_MAX, "%s/%s", strcmp(real, "/") == 0 ? "" : real, name);
	if (length >= PATH_MAX)
		return ipc_fail(err, ENAMETOOLONG, "find '%s'", address->path);
	address->path = text;
	return 0;
}
