/* mq-columns.h - the columns of message queues */
#ifndef MQ_COLUMNS_H
#define MQ_COLUMNS_H

#include <ipcutil/mq.h>

#include "standing.h"

/* What is shown of one queue. */
struct mq_row {
	struct ipc_mq_info info;
	struct standing standing;
};

extern const struct field mq_columns[];

/* Fills a row; evidence may be NULL. */
void mq_row_fill(struct mq_row *row, const struct ipc_mq_info *info,
	const struct ipc_evidence *evidence);

#endif
