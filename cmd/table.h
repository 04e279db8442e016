/* table.h - aligned tables by libsmartcols, which is loaded when one is made */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include <ipcutil/error.h>

struct table;

/* Makes a table without columns; the caller gives it to table_free().  Or NULL. */
struct table *table_new(bool headings, struct ipc_error *err);

/* The calls copy their text; -1 with *err filled when memory runs out. */
int table_column(
	struct table *table, const char *name, bool right, struct ipc_error *err);
int table_cell(
	struct table *table, size_t column, const char *text, struct ipc_error *err);

/* Begins a row: the cells that follow are in it. */
int table_row(struct table *table, struct ipc_error *err);

/* Prints it all on standard output. */
int table_print(struct table *table, struct ipc_error *err);

void table_free(struct table *table);

#endif
