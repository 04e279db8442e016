/* sock-columns.c - the columns of Unix-domain sockets */
#include "sock-columns.h"

const struct field sock_columns[] = {
	COLUMN(ADDRESS, "ADDRESS", struct sock_row, info.address,
		"the file, or the abstract name"),
	CONSTANT_COLUMN("TYPE", "sock", "kind of object: sock"),
	STATE_COLUMNS(struct sock_row, standing),
	COLUMN(TEXT, "KIND", struct sock_row, info.kind, "stream, dgram or seqpacket"),
	COLUMN(NUMBER, "LISTENING", struct sock_row, info.listening,
		"1 when it takes connections"),
	EXTRA_COLUMN(NUMBER, "BACKLOG", struct sock_row, info.backlog,
		"connections that may wait to be accepted"),
	EXTRA_COLUMN(NUMBER, "PENDING", struct sock_row, info.pending,
		"connections that do"),
	COLUMN(NUMBER, "PEERS", struct sock_row, info.peers,
		"sockets that are connected to it"),
	EXTRA_COLUMN(SIZE, "USED", struct sock_row, info.queued,
		"bytes that wait to be read, where it does not listen"),
	COLUMN(MODE, "MODE", struct sock_row, info.mode, "permissions of the file"),
	COLUMN(USER, "USER", struct sock_row, info.uid,
		"owner of the file, or of the socket"),
	EXTRA_COLUMN(GROUP, "GROUP", struct sock_row, info.gid, "group"),
	HOLDER_COLUMNS(struct sock_row, standing),
	EXTRA_COLUMN(TIME, "CREATED", struct sock_row, info.created,
		"when the file was made"),
	OWNER_COLUMN(struct sock_row, standing),
	EXTRA_COLUMN(TIME, "CHANGED", struct sock_row, info.changed,
		"the same, or last change of its mode or owner"),
	EXTRA_COLUMN(NUMBER, "INODE", struct sock_row, info.inode,
		"inode of the socket that is bound"),
	END_FIELDS,
};

void
sock_row_fill(struct sock_row *row, const struct ipc_sock_info *info,
	const struct ipc_evidence *evidence)
{
	*row = (struct sock_row){ .info = *info };
	standing_fill(&row->standing, evidence, info->changed);
}
