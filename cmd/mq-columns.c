/* mq-columns.c - the columns of message queues */
#include "mq-columns.h"

const struct field mq_columns[] = {
	COLUMN(ADDRESS, "ADDRESS", struct mq_row, info.address, "the queue"),
	CONSTANT_COLUMN("TYPE", "mq", "kind of object: mq"),
	STATE_COLUMNS(struct mq_row, standing),
	EXTRA_COLUMN(SIZE, "SIZE", struct mq_row, info.size,
		"bytes that its messages may have together"),
	EXTRA_COLUMN(SIZE, "USED", struct mq_row, info.bytes, "those in use: as BYTES"),
	COLUMN(NUMBER, "MESSAGES", struct mq_row, info.messages, "messages in it"),
	COLUMN(NUMBER, "CAPACITY", struct mq_row, info.capacity, "messages it takes"),
	EXTRA_COLUMN(SIZE, "BYTES", struct mq_row, info.bytes,
		"bytes of the messages in it"),
	COLUMN(SIZE, "MESSAGE_SIZE", struct mq_row, info.message_size,
		"bytes of the longest message it takes"),
	COLUMN(MODE, "MODE", struct mq_row, info.mode, "permissions"),
	COLUMN(USER, "USER", struct mq_row, info.uid, "owner"),
	EXTRA_COLUMN(GROUP, "GROUP", struct mq_row, info.gid, "group"),
	HOLDER_COLUMNS(struct mq_row, standing),
	EXTRA_COLUMN(TIME, "CREATED", struct mq_row, info.created,
		"not kept for message queues"),
	COLUMN(TIME, "MODIFIED", struct mq_row, info.modified,
		"last message in or out"),
	OWNER_COLUMN(struct mq_row, standing),
	EXTRA_COLUMN(TIME, "ACCESSED", struct mq_row, info.accessed,
		"last message in or out, or look at BYTES"),
	EXTRA_COLUMN(TIME, "CHANGED", struct mq_row, info.changed,
		"the same, or last change of mode or owner"),
	EXTRA_COLUMN(NUMBER, "NOTIFY_PID", struct mq_row, info.notify_pid,
		"process that mq_notify(3) will tell of a message; 0 for none"),
	EXTRA_COLUMN(NUMBER, "NOTIFY_SIGNAL", struct mq_row, info.notify_signal,
		"signal it will get; 0 for none"),
	EXTRA_COLUMN(KEY, "KEY", struct mq_row, info.key,
		"key of a System V queue; 0x00000000 for a private one"),
	EXTRA_COLUMN(NUMBER, "ID", struct mq_row, info.id, "id of a System V queue"),
	EXTRA_COLUMN(NUMBER, "SENDER", struct mq_row, info.sender,
		"process that put the last message into a System V queue; 0: none yet"),
	EXTRA_COLUMN(NUMBER, "RECEIVER", struct mq_row, info.receiver,
		"process that took the last message out of it; 0: none yet"),
	EXTRA_COLUMN(NUMBER, "INODE", struct mq_row, info.inode,
		"inode of the queue's file"),
	END_FIELDS,
};

void
mq_row_fill(struct mq_row *row, const struct ipc_mq_info *info,
	const struct ipc_evidence *evidence)
{
	*row = (struct mq_row){ .info = *info };
	standing_fill(&row->standing, evidence, ipc_mq_used(info));
}
