/* record.c - records as a table, a list, JSON lines or shell assignments */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "holding.h"
#include "json.h"
#include "outlet.h"
#include "record.h"
#include "table.h"
#include "text.h"
#include "value.h"

const struct field record_options[] = {
	OPTION_MEANS(FLAG, 'J', "json", struct records, json, "",
		"print one JSON object a line, with all columns"),
	OPTION(TEXT, 'o', "output", struct records, chosen, "COLS",
		"show these columns, separated by commas; +COL adds one"),
	OPTION_MEANS(FLAG, 'b', "bytes", struct records, bytes, "", "show exact sizes"),
	OPTION_MEANS(FLAG, 'r', "raw", struct records, raw, "",
		"print words with one blank between them"),
	OPTION_MEANS(FLAG, 'e', "export", struct records, export, "",
		"print COL='value' lines that are safe for eval"),
	OPTION_MEANS(FLAG, 0, "noheadings", struct records, noheadings, "",
		"print no line of headings"),
	END_FIELDS,
};

static int
add(struct records *records, const struct field *column)
{
	for (size_t i = 0; i < records->count; i++)
		if (records->columns[i] == column)
			return 0; /* once is enough */
	if (records->count == COLUMNS_MAX)
		return -1;
	records->columns[records->count++] = column;
	return 0;
}

/* Adds the columns that a list such as "ADDRESS,MODE" names, in either case. */
static int
add_named(struct records *records, const struct field *columns, const char *names,
	struct ipc_error *err)
{
	for (const char *end = ","; *end != '\0'; names = end + 1) {
		const struct field *column = columns;
		size_t length;

		names += *names == '+';
		end = strchrnul(names, ',');
		length = (size_t)(end - names);
		while (column->name != NULL &&
			(strncasecmp(names, column->name, length) != 0 ||
				column->name[length] != '\0'))
			column++;
		if (column->name == NULL || add(records, column) < 0)
			return ipc_refuse(err, IPC_MISUSE, EINVAL,
				"option '--output': '%.*s' is not a column; --help lists them",
				(int)length, names);
	}
	return 0;
}

int
records_begin(struct records *records, const struct field *columns, bool list,
	struct ipc_error *err)
{
	const char *chosen = records->chosen;
	bool adds = chosen == NULL || *chosen == '+';
	bool all;

	if (records->json + records->raw + records->export > 1)
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"only one of --json, --raw and --export can be");
	if (chosen != NULL && *chosen == '\0')
		return ipc_refuse(err, IPC_MISUSE, EINVAL,
			"option '--output' needs the name of a column");
	records->form = records->json ? FORM_JSON
		: records->raw        ? FORM_RAW
		: records->export     ? FORM_EXPORT
		: list                ? FORM_LIST
				      : FORM_TABLE;
	all = list || records->form == FORM_JSON;
	for (const struct field *column = columns; adds && column->name != NULL;
		column++)
		if (all || !column->extra)
			add(records, column);
	return chosen == NULL ? 0 : add_named(records, columns, chosen, err);
}

bool
records_want(const struct records *records, const char *name)
{
	for (size_t i = 0; i < records->count; i++)
		if (strcmp(records->columns[i]->name, name) == 0)
			return true;
	return false;
}

static bool
put_json(const struct records *records, const void *info)
{
	char buf[VALUE_MAX], key[VALUE_MAX];

	for (size_t i = 0; i < records->count; i++) {
		const struct field *column = records->columns[i];
		const char *text;

		putchar(i == 0 ? '{' : ',');
		snprintf(key, sizeof(key), "%s", column->name);
		for (char *p = key; *p != '\0'; p++)
			*p = (char)tolower((unsigned char)*p);
		if (column->kind == HOLDERS) {
			if (!holding_put_json(stdout, key, value_holding(column, info)))
				return false;
			continue;
		}
		text = value_text(column, info, false, buf);
		if (text != NULL && !value_is_number(column) && column->kind != FLAG) {
			if (!json_put_bytes(stdout, key, text, strlen(text)))
				return false;
		} else {
			printf("\"%s\":%s", key, text != NULL ? text : "null");
		}
	}
	puts("}");
	return true;
}

/*
 * The exact bytes, as a word of every shell: '...'.  A terminal is not shown what it
 * might act on, but the same as $'...', which bash, ksh and zsh know.
 */
static void
put_quoted(const char *text)
{
	bool plain = true;

	for (const char *p = text; *p != '\0'; p++)
		plain = plain && *p >= ' ' && *p <= '~';
	plain = plain || !isatty(STDOUT_FILENO);
	fputs(plain ? "'" : "$'", stdout);
	for (; *text != '\0'; text++)
		if (plain)
			*text == '\'' ? fputs("'\\''", stdout) : putchar(*text);
		else if (*text >= ' ' && *text <= '~' && strchr("'\\", *text) == NULL)
			putchar(*text);
		else
			printf("\\%03o", (unsigned char)*text);
	putchar('\'');
}

/* "-" stands for nobody where a word must. */
static char *
visible_holding(const struct records *records, const struct holding *holding)
{
	if (holding->count == 0 && records->form != FORM_EXPORT)
		return strdup("-");
	return holding_text(holding);
}

/* A column as it is shown, encoded; the caller frees it.  NULL: no memory. */
static char *
visible(const struct records *records, size_t i, const void *info)
{
	bool exact = records->bytes || records->form >= FORM_RAW;
	const struct field *column = records->columns[i];
	char buf[VALUE_MAX];
	const char *text;

	if (column->kind == HOLDERS)
		return visible_holding(records, value_holding(column, info));
	text = value_text(column, info, !exact, buf);
	if (records->form == FORM_EXPORT)
		return strdup(text == NULL ? "" : text);
	if (text == NULL)
		text = "-";
	return text_visible(text, strlen(text), records->form == FORM_RAW);
}

static int
put_row_of_table(struct records *records, const void *info, struct ipc_error *err)
{
	if (records->table == NULL) {
		records->table = table_new(!records->noheadings, err);
		if (records->table == NULL)
			return -1;
		for (size_t i = 0; i < records->count; i++)
			if (table_column(records->table, records->columns[i]->name,
				    value_is_number(records->columns[i]), err) < 0)
				return -1;
	}
	if (table_row(records->table, err) < 0)
		return -1;
	for (size_t i = 0; i < records->count; i++) {
		char *text = visible(records, i, info);
		int result = text == NULL ? ipc_fail(err, ENOMEM, "show a record")
					  : table_cell(records->table, i, text, err);

		free(text);
		if (result < 0)
			return -1;
	}
	return 0;
}

/* At once: later errno is another's, and ten thousand records would be for nothing. */
static int
check_output(struct ipc_error *err)
{
	return ferror(stdout) ? outlet_failed(errno, err) : 0;
}

static void
put_headings(const struct records *records)
{
	for (size_t i = 0; i < records->count; i++)
		printf("%s%s", i > 0 ? " " : "", records->columns[i]->name);
	putchar('\n');
}

/* One column of a record that goes out at once. */
static void
put_column(const struct records *records, size_t i, const char *text)
{
	const char *name = records->columns[i]->name;
	bool ends_line = i + 1 == records->count || records->form == FORM_LIST;

	if (records->form == FORM_EXPORT) {
		printf("%s=", name);
		put_quoted(text);
	} else if (records->form == FORM_LIST && !records->noheadings) {
		printf("%-14s %s", name, text);
	} else {
		fputs(text, stdout);
	}
	putchar(ends_line ? '\n' : ' ');
}

static int
put_line(const struct records *records, const void *info, struct ipc_error *err)
{
	for (size_t i = 0; i < records->count; i++) {
		char *text = visible(records, i, info);

		if (text == NULL)
			return ipc_fail(err, ENOMEM, "show a record");
		put_column(records, i, text);
		free(text);
	}
	return check_output(err);
}

int
record(struct records *records, const void *info, struct ipc_error *err)
{
	bool first = records->shown++ == 0;

	switch (records->form) {
	case FORM_TABLE:
		return put_row_of_table(records, info, err);
	case FORM_JSON:
		if (!put_json(records, info))
			return ipc_fail(err, ENOMEM, "show a record");
		return check_output(err);
	case FORM_LIST:
		if (!first)
			putchar('\n');
		break;
	case FORM_RAW:
		if (first && !records->noheadings)
			put_headings(records);
		break;
	case FORM_EXPORT:
		break;
	}
	return put_line(records, info, err);
}

int
records_end(struct records *records, struct ipc_error *err)
{
	return records->table == NULL ? 0 : table_print(records->table, err);
}

void
records_free(struct records *records)
{
	table_free(records->table);
	records->table = NULL;
}
