/* sem-columns.h - the columns of semaphores */
#ifndef SEM_COLUMNS_H
#define SEM_COLUMNS_H

#include <ipcutil/sem.h>

#include "standing.h"

/* What is shown of one semaphore or set. */
struct sem_row {
	struct ipc_sem_info info;
	struct standing standing;
};

extern const struct field sem_columns[];

/* Fills a row; evidence may be NULL. */
void sem_row_fill(struct sem_row *row, const struct ipc_sem_info *info,
	const struct ipc_evidence *evidence);

#endif
