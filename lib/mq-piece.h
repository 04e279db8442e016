/* mq-piece.h - messages in pieces: what a piece is, and whose turn it is; private */
#ifndef MQ_PIECE_H
#define MQ_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ipcutil/mq.h>

/*
 * What stands before the bytes of each piece, in the order of the machine: a
 * queue does not leave it.  All pieces but the last are as long as the queue takes.
 */
struct ipc_mq_piece {
	char magic[4];
	uint32_t number; /* from 0 */
	uint64_t id;     /* the same in all pieces of a message, and in no other */
	uint64_t length; /* bytes of the message */
};

/* Bytes of a message that one piece holds. */
size_t ipc_mq_piece_room(const struct ipc_mq *mq);

/* Pieces that a message of length bytes has: at least one. */
uint64_t ipc_mq_piece_count(const struct ipc_mq *mq, uint64_t length);

/* Reads a piece of size bytes at *data; false when it cannot be one. */
bool ipc_mq_piece_read(const struct ipc_mq *mq, const void *data, size_t size,
	struct ipc_mq_piece *piece);

/*
 * Sends the piece of that number of a message by fd, which does not sleep; 0, or
 * an errno value.  buffer has room for mq->piece_size bytes.
 */
int ipc_mq_piece_send(const struct ipc_mq *mq, int fd,
	const struct ipc_message *message, uint64_t id, uint32_t number, char *buffer);

/*
 * Sends a message by fd, in pieces, when it is the writers' turn.  With must_fit it
 * waits until all of them have room; other writers may spoil that.
 */
int ipc_mq_piece_send_all(const struct ipc_mq *mq, int fd,
	const struct ipc_message *message, bool must_fit, const struct ipc_wait *wait,
	struct ipc_error *err);

/*
 * Who may be in the middle of a message, or of putting back pieces of one: one of
 * each.  A writer waits for the end of the latter before it begins.
 */
enum ipc_mq_turn { IPC_MQ_WRITERS, IPC_MQ_READERS, IPC_MQ_RETURNERS };

/*
 * Waits for the turn: an open file description lock, fcntl(2), which ends with its
 * holder however that ends.  fd is open for writing.  0, or an errno value as of
 * ipc_wait_for().
 */
int ipc_mq_turn_take(int fd, enum ipc_mq_turn turn, const struct ipc_wait *wait);
void ipc_mq_turn_give(int fd, enum ipc_mq_turn turn);

/* True when another than fd has the turn. */
bool ipc_mq_turn_is_taken(int fd, enum ipc_mq_turn turn);

#endif
