/* mq-piece.c - messages in pieces: what a piece is, and whose turn it is */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <string.h>

#include "lock.h"
#include "mq-piece.h"

static const char magic[4] = { 'i', 'p', 'c', '\x1e' };

size_t
ipc_mq_piece_room(const struct ipc_mq *mq)
{
	return mq->piece_size - sizeof(struct ipc_mq_piece);
}

uint64_t
ipc_mq_piece_count(const struct ipc_mq *mq, uint64_t length)
{
	size_t room = ipc_mq_piece_room(mq);

	return length == 0 ? 1 : length / room + (length % room != 0);
}

/* Bytes of the message that a piece holds. */
static size_t
bytes_of(const struct ipc_mq *mq, uint64_t length, uint32_t number)
{
	size_t room = ipc_mq_piece_room(mq);
	uint64_t left = length - (uint64_t)number * room;

	return left < room ? (size_t)left : room;
}

bool
ipc_mq_piece_read(const struct ipc_mq *mq, const void *data, size_t size,
	struct ipc_mq_piece *piece)
{
	if (size < sizeof(*piece))
		return false;
	memcpy(piece, data, sizeof(*piece));
	return memcmp(piece->magic, magic, sizeof(magic)) == 0 &&
		piece->length <= IPC_MQ_SPLIT_MAX &&
		piece->number < ipc_mq_piece_count(mq, piece->length) &&
		size == sizeof(*piece) + bytes_of(mq, piece->length, piece->number);
}

int
ipc_mq_piece_send(const struct ipc_mq *mq, int fd, const struct ipc_message *message,
	uint64_t id, uint32_t number, char *buffer)
{
	struct ipc_mq_piece piece = {
		.number = number,
		.id = id,
		.length = message->length,
	};
	size_t bytes = bytes_of(mq, message->length, number);

	memcpy(piece.magic, magic, sizeof(magic));
	memcpy(buffer, &piece, sizeof(piece));
	if (bytes > 0)
		memcpy(buffer + sizeof(piece),
			message->data + (size_t)number * ipc_mq_piece_room(mq), bytes);
	return mq_send(fd, buffer, sizeof(piece) + bytes, message->priority) < 0 ? errno
										 : 0;
}

/* One byte for each of the turns. */
static struct flock
lock_of(enum ipc_mq_turn turn, short type)
{
	return (struct flock){
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = turn,
		.l_len = 1,
	};
}

int
ipc_mq_turn_take(int fd, enum ipc_mq_turn turn, const struct ipc_wait *wait)
{
	const struct flock lock = lock_of(turn, F_WRLCK);

	return ipc_lock_take(fd, &lock, wait);
}

void
ipc_mq_turn_give(int fd, enum ipc_mq_turn turn)
{
	struct flock lock = lock_of(turn, F_UNLCK);

	fcntl(fd, F_OFD_SETLK, &lock);
}

bool
ipc_mq_turn_is_taken(int fd, enum ipc_mq_turn turn)
{
	struct flock lock = lock_of(turn, F_WRLCK);

	return fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type != F_UNLCK;
}
