/* sock-columns.h - the columns of Unix-domain sockets */
#ifndef SOCK_COLUMNS_H
#define SOCK_COLUMNS_H

#include <ipcutil/sock.h>

#include "standing.h"

/* What is shown of one name. */
struct sock_row {
	struct ipc_sock_info info;
	struct standing standing;
};

extern const struct field sock_columns[];

/* Fills a row; evidence may be NULL. */
void sock_row_fill(struct sock_row *row, const struct ipc_sock_info *info,
	const struct ipc_evidence *evidence);

#endif
