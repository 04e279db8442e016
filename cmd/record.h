/* record.h - records as a table, a list, JSON lines or shell assignments */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include <ipcutil/error.h>

#include "value.h"

enum { COLUMNS_MAX = 128 };

/* Columns that records of one type have beside those of all types. */
struct column_group {
	const char *of; /* "mq"; NULL ends an array of them */
	const struct field *columns;
};

enum form { FORM_TABLE, FORM_LIST, FORM_JSON, FORM_RAW, FORM_EXPORT };

/* How records are shown, and what is kept between the first and the last. */
struct records {
	bool json, raw, export;
	bool bytes;
	bool noheadings;
	const char *chosen; /* --output; NULL: the usual columns */
	enum form form;
	bool all; /* every column that the record has */
	const struct field *columns[COLUMNS_MAX];
	size_t count;        /* of columns */
	size_t shown;        /* records so far */
	struct table *table; /* the rows so far; see table.h */
};

/* The options of every verb that prints records, into a struct records. */
extern const struct field record_options[];

/*
 * Chooses among the columns, and those of groups, which may be NULL, that are not named
 * alike.  0, or -1 with IPC_MISUSE.
 */
int records_begin(struct records *records, const struct field *columns,
	const struct column_group *groups, bool list, struct ipc_error *err);

/* True when the column of that name will be shown. */
bool records_want(const struct records *records, const char *name);

/* True when they are a table, or have names of users: see whole.h. */
bool records_want_whole(const struct records *records);

/* Shows one record, or keeps it for the table.  0, or -1 with *err filled. */
int record(struct records *records, const void *info, struct ipc_error *err);

/* The columns that are shown, as a type has them: NULL for those that it has not. */
struct record_fields {
	const struct field *field[COLUMNS_MAX];
};

void record_fields_find(struct record_fields *fields, const struct records *records,
	const struct field *columns);

/*
 * The same of one record of such a type.  What it has not is unknown, and where all
 * columns are shown it is left out of JSON.
 */
int record_of(struct records *records, const struct record_fields *fields,
	const void *info, struct ipc_error *err);

/* Prints the table, if it is one. */
int records_end(struct records *records, struct ipc_error *err);

/* Gives back what the others took; for a call that failed, too. */
void records_free(struct records *records);

#endif
