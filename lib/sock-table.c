/* sock-table.c - the sockets of our network namespace that have a name */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>

#include "auto.h"
#include "scan.h"
#include "sock.h"

enum { LISTENS = 10, ACCEPTS = 0x10000 }; /* TCP_LISTEN, __SO_ACCEPTCON of the kernel */

static int
add_entry(struct ipc_sock_table *table, const struct ipc_sock_entry *entry)
{
	struct ipc_sock_entry *entries = ipc_scan_room(
		table->entries, &table->room, table->count, sizeof(*entries));

	if (entries == NULL)
		return errno;
	table->entries = entries;
	entries[table->count++] = *entry;
	return 0;
}

static int
add_peer(struct ipc_sock_table *table, uint64_t peer)
{
	uint64_t *peers = ipc_scan_room(
		table->peers, &table->peer_room, table->peer_count, sizeof(*peers));

	if (peers == NULL)
		return errno;
	table->peers = peers;
	peers[table->peer_count++] = peer;
	return 0;
}

/* A name as proc_net(5) has it, too: '@' stands for NUL, which begins an abstract one. */
static void
set_name(struct ipc_sock_entry *entry, const char *name, size_t length)
{
	bool is_abstract = length > 0 && name[0] == '\0';

	if (!is_abstract)
		length = strnlen(name, length);
	if (length > sizeof(entry->name) - 1)
		length = sizeof(entry->name) - 1;
	for (size_t i = 0; i < length; i++)
		entry->name[i] = (char)(name[i] == '\0' ? '@' : name[i]);
	entry->name[length] = '\0';
}

static int
read_attribute(struct ipc_sock_table *table, struct ipc_sock_entry *entry,
	const struct rtattr *attribute)
{
	const void *data = RTA_DATA(attribute);
	const struct unix_diag_vfs *file = data;
	const struct unix_diag_rqlen *lengths = data;

	switch (attribute->rta_type) {
	case UNIX_DIAG_NAME:
		set_name(entry, data, RTA_PAYLOAD(attribute));
		break;
	case UNIX_DIAG_VFS: /* the device as the kernel has it within */
		entry->has_file = true;
		entry->device = makedev(
			file->udiag_vfs_dev >> 20, file->udiag_vfs_dev & 0xfffff);
		entry->file = file->udiag_vfs_ino;
		break;
	case UNIX_DIAG_PEER:
		return add_peer(table, *(const uint32_t *)data);
	case UNIX_DIAG_RQLEN:
		entry->queue = lengths->udiag_rqueue;
		entry->backlog = lengths->udiag_wqueue;
		break;
	case UNIX_DIAG_UID:
		entry->uid = *(const uint32_t *)data;
		break;
	default:
		break;
	}
	return 0;
}

/* What one message of sock_diag(7) tells: 0, or an errno value. */
static int
read_socket(struct ipc_sock_table *table, const struct nlmsghdr *header)
{
	const struct unix_diag_msg *message = NLMSG_DATA(header);
	struct ipc_sock_entry entry = {
		.type = message->udiag_type,
		.listens = message->udiag_state == LISTENS,
		.inode = message->udiag_ino,
		.queue = IPC_UNKNOWN,
		.backlog = IPC_UNKNOWN,
		.uid = (uid_t)-1,
	};
	size_t at = NLMSG_SPACE(sizeof(*message));
	int code = 0;

	while (code == 0 && at + sizeof(struct rtattr) <= header->nlmsg_len) {
		const struct rtattr *attribute =
			(const void *)((const char *)header + at);

		code = read_attribute(table, &entry, attribute);
		at += RTA_ALIGN(attribute->rta_len);
	}
	if (code == 0 && entry.name[0] != '\0')
		code = add_entry(table, &entry);
	return code;
}

static int
ask(int fd)
{
	const struct {
		struct nlmsghdr header;
		struct unix_diag_req request;
	} question = {
		.header = {
			.nlmsg_len = sizeof(question),
			.nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.request = {
			.sdiag_family = AF_UNIX,
			.udiag_states = UINT32_MAX,
			.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER |
				UDIAG_SHOW_RQLEN | UDIAG_SHOW_UID,
		},
	};

	return send(fd, &question, sizeof(question), 0) < 0 ? errno : 0;
}

/* What one answer has: 0, an errno value, or -1 when it was the last. */
static int
read_answer(struct ipc_sock_table *table, const char *answer, size_t length)
{
	int code = 0;

	for (size_t at = 0; code == 0 && at + sizeof(struct nlmsghdr) <= length;) {
		const struct nlmsghdr *header = (const void *)(answer + at);

		if (header->nlmsg_type == NLMSG_DONE)
			return -1;
		if (header->nlmsg_type == NLMSG_ERROR)
			code = -((const struct nlmsgerr *)NLMSG_DATA(header))->error;
		else if (header->nlmsg_type == SOCK_DIAG_BY_FAMILY)
			code = read_socket(table, header);
		at += NLMSG_ALIGN(header->nlmsg_len);
	}
	return code;
}

static int
read_diag(struct ipc_sock_table *table)
{
	autoclose int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	_Alignas(struct nlmsghdr) char buf[32768];
	int code = fd < 0 ? errno : ask(fd);

	table->knows_peers = true;
	while (code == 0) {
		ssize_t length = recv(fd, buf, sizeof(buf), 0);

		if (length > 0)
			code = read_answer(table, buf, (size_t)length);
		else if (length == 0 || errno != EINTR)
			code = length == 0 ? EPROTO : errno;
	}
	return code == -1 ? 0 : code;
}

/* One line of /proc/net/unix, "Num: RefCount Protocol Flags Type St Inode Path". */
static int
read_line(struct ipc_sock_table *table, char *line)
{
	struct ipc_sock_entry entry = {
		.queue = IPC_UNKNOWN,
		.backlog = IPC_UNKNOWN,
		.uid = (uid_t)-1,
	};
	unsigned int flags, type;
	int name = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%*x: %*x %*x %x %x %*x %" SCNu64 "%n", &flags, &type,
		    &entry.inode, &name) != 3 ||
		line[name] != ' ')
		return 0;
	entry.type = (int)type;
	entry.listens = (flags & ACCEPTS) != 0;
	set_name(&entry, line + name + 1, strlen(line + name + 1));
	return entry.name[0] == '\0' ? 0 : add_entry(table, &entry);
}

static int
read_proc(struct ipc_sock_table *table)
{
	FILE *file = fopen("/proc/self/net/unix", "re");
	autofree char *line = NULL;
	size_t room = 0;
	int code = file == NULL ? errno : 0;

	while (code == 0 && getline(&line, &room, file) > 0)
		code = read_line(table, line);
	if (file != NULL)
		fclose(file);
	return code;
}

static int
compare(uint64_t one, uint64_t other)
{
	return (one > other) - (one < other);
}

static int
by_file(const struct ipc_sock_entry *one, const struct ipc_sock_entry *other)
{
	int order = compare(one->device, other->device);

	return order != 0 ? order : compare(one->file, other->file);
}

static int
by_name(const void *a, const void *b)
{
	const struct ipc_sock_entry *one = a, *other = b;
	int order = strcmp(one->name, other->name);

	if (order == 0)
		order = by_file(one, other);
	if (order == 0)
		order = other->listens - one->listens;
	return order != 0 ? order : compare(one->inode, other->inode);
}

static int
by_number(const void *a, const void *b)
{
	return compare(*(const uint64_t *)a, *(const uint64_t *)b);
}

bool
ipc_sock_is_same_name(
	const struct ipc_sock_entry *one, const struct ipc_sock_entry *other)
{
	return strcmp(one->name, other->name) == 0 && by_file(one, other) == 0;
}

/* The device of all sockets, by way of a new one. */
static int
learn_device(uint64_t *device)
{
	autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return errno;
	*device = st.st_dev;
	return 0;
}

int
ipc_sock_table_read(struct ipc_sock_table *table, enum ipc_sock_source source)
{
	int code;

	*table = (struct ipc_sock_table){ .count = 0 };
	code = learn_device(&table->device);
	if (code == 0)
		code = source == IPC_SOCK_DIAG ? read_diag(table) : read_proc(table);
	if (table->count > 0)
		qsort(table->entries, table->count, sizeof(*table->entries), by_name);
	if (table->peer_count > 0)
		qsort(table->peers, table->peer_count, sizeof(*table->peers),
			by_number);
	return code;
}

void
ipc_sock_table_free(struct ipc_sock_table *table)
{
	free(table->entries);
	free(table->peers);
}
