/* record.c - records as a table, a list, JSON lines or shell assignments */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
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

/* Holders that a table shows of one object; the others are counted. */
enum { HOLDERS_SHORT = 3 };

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

static void
add(struct records *records, const struct field *column)
{
	for (size_t i = 0; i < records->count; i++)
		if (strcmp(records->columns[i]->name, column->name) == 0)
			return; /* once is enough */
	assert(records->count < COLUMNS_MAX);
	records->columns[records->count++] = column;
}

/* Adds the usual columns, or all. */
static void
add_usual(struct records *records, const struct field *columns)
{
	for (; columns->name != NULL; columns++)
		if (records->all || !columns->extra)
			add(records, columns);
}

/* The column whose name, in either case, has that length; or NULL. */
static const struct field *
find(const struct field *columns, const char *name, size_t length)
{
	for (; columns->name != NULL; columns++)
		if (strncasecmp(name, columns->name, length) == 0 &&
			columns->name[length] == '\0')
			return columns;
	return NULL;
}

/* Adds the columns that a list such as "ADDRESS,MODE" names, in either case. */
static int
add_named(struct records *records, const struct field *columns,
	const struct column_group *groups, const char *names, struct ipc_error *err)
{
	for (const char *end = ","; *end != '\0'; names = end + 1) {
		const struct column_group *group = groups;
		const struct field *column;
		size_t length;

		names += *names == '+';
		end = strchrnul(names, ',');
		length = (size_t)(end - names);
		column = find(columns, names, length);
		for (; column == NULL && group != NULL && group->of != NULL; group++)
			column = find(group->columns, names, length);
		if (column == NULL)
			return ipc_refuse(err, IPC_MISUSE, EINVAL,
				"option '--output': '%.*s' is not a column; --help lists them",
				(int)length, names);
		add(records, column);
	}
	return 0;
}

int
records_begin(struct records *records, const struct field *columns,
	const struct column_group *groups, bool list, struct ipc_error *err)
{
	const char *chosen = records->chosen;
	const bool adds = chosen == NULL || *chosen == '+';

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
	records->all = adds && (list || records->form == FORM_JSON);
	if (adds)
		add_usual(records, columns);
	for (const struct column_group *group = groups;
		records->all && group != NULL && group->of != NULL; group++)
		add_usual(records, group->columns);
	return chosen == NULL ? 0 : add_named(records, columns, groups, chosen, err);
}

bool
records_want(const struct records *records, const char *name)
{
	for (size_t i = 0; i < records->count; i++)
		if (strcmp(records->columns[i]->name, name) == 0)
			return true;
	return false;
}

bool
records_want_whole(const struct records *records)
{
	if (records->count > 0 && records->form == FORM_TABLE)
		return true;
	for (size_t i = 0; i < records->count; i++)
		if (value_is_name(records->columns[i]))
			return true;
	return false;
}

/* One member of an object; field is NULL for what it has not. */
static bool
put_member(const char *name, const struct field *field, const void *info)
{
	char buf[VALUE_MAX], key[VALUE_MAX];
	const char *text;

	snprintf(key, sizeof(key), "%s", name);
	for (char *p = key; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	if (field != NULL && field->kind == HOLDERS)
		return holding_put_json(stdout, key, value_holding(field, info));
	text = field == NULL ? NULL : value_text(field, info, false, buf);
	if (text != NULL && !value_is_number(field) && field->kind != FLAG)
		return json_put_bytes(stdout, key, text, strlen(text));
	printf("\"%s\":%s", key, text != NULL ? text : "null");
	return true;
}

static bool
put_json(const struct records *records, const struct record_fields *fields,
	const void *info)
{
	char before = '{';

	for (size_t i = 0; i < records->count; i++) {
		if (fields->field[i] == NULL && records->all)
			continue;
		putchar(before);
		before = ',';
		if (!put_member(records->columns[i]->name, fields->field[i], info))
			return false;
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

/* "-" stands for nobody where a word must; people are told a few, and how many more. */
static char *
visible_holding(const struct records *records, const struct holding *holding)
{
	const bool is_short = records->form == FORM_TABLE && !records->bytes;

	if (holding->count == 0 && records->form != FORM_EXPORT)
		return strdup("-");
	return holding_text(holding, is_short ? HOLDERS_SHORT : SIZE_MAX);
}

/* A value as it is shown, encoded; the caller frees it.  NULL: no memory. */
static char *
visible(const struct records *records, const struct field *field, const void *info)
{
	bool exact = records->bytes || records->form >= FORM_RAW;
	char buf[VALUE_MAX];
	const char *text;

	if (field != NULL && field->kind == HOLDERS)
		return visible_holding(records, value_holding(field, info));
	text = field == NULL ? NULL : value_text(field, info, !exact, buf);
	if (records->form == FORM_EXPORT)
		return strdup(text == NULL ? "" : text);
	if (text == NULL)
		text = "-";
	return text_visible(text, strlen(text), records->form == FORM_RAW);
}

static int
put_row_of_table(struct records *records, const struct record_fields *fields,
	const void *info, struct ipc_error *err)
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
		char *text = visible(records, fields->field[i], info);
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
put_line(const struct records *records, const struct record_fields *fields,
	const void *info, struct ipc_error *err)
{
	for (size_t i = 0; i < records->count; i++) {
		char *text = visible(records, fields->field[i], info);

		if (text == NULL)
			return ipc_fail(err, ENOMEM, "show a record");
		put_column(records, i, text);
		free(text);
	}
	return check_output(err);
}

void
record_fields_find(struct record_fields *fields, const struct records *records,
	const struct field *columns)
{
	for (size_t i = 0; i < records->count; i++)
		fields->field[i] = find(columns, records->columns[i]->name,
			strlen(records->columns[i]->name));
}

int
record(struct records *records, const void *info, struct ipc_error *err)
{
	struct record_fields fields;

	memcpy(fields.field, records->columns,
		records->count * sizeof(*records->columns));
	return record_of(records, &fields, info, err);
}

int
record_of(struct records *records, const struct record_fields *fields, const void *info,
	struct ipc_error *err)
{
	bool first = records->shown++ == 0;

	switch (records->form) {
	case FORM_TABLE:
		return put_row_of_table(records, fields, info, err);
	case FORM_JSON:
		if (!put_json(records, fields, info))
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
	return put_line(records, fields, info, err);
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
