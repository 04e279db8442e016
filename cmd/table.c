/* table.c - aligned tables by libsmartcols, which is loaded when one is made */
#include <dlfcn.h>
#include <errno.h>
#include <libsmartcols.h>
#include <locale.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>

#include "table.h"
#include "whole.h"

/*
 * Few verbs print a table, and each library that a program is linked with costs
 * every start of it.  The functions have the types that libsmartcols.h declares.
 */
struct table {
	void *library;
	__typeof__(scols_new_table) *new_table;
	__typeof__(scols_unref_table) *unref_table;
	__typeof__(scols_table_enable_noheadings) *enable_noheadings;
	__typeof__(scols_table_enable_noencoding) *enable_noencoding;
	__typeof__(scols_table_new_column) *new_column;
	__typeof__(scols_table_new_line) *new_line;
	__typeof__(scols_line_set_data) *set_data;
	__typeof__(scols_print_table) *print_table;
	struct libscols_table *rows;
	struct libscols_line *line;
};

#define LOAD(table, member, function) \
	((table)->member = (__typeof__((table)->member))dlsym( \
		 (table)->library, #function))

static bool
load(struct table *table, const char **why)
{
	*why = "it lacks a function";
	table->library = whole_library("libsmartcols.so.1", why);
	return table->library != NULL &&
		LOAD(table, new_table, scols_new_table) != NULL &&
		LOAD(table, unref_table, scols_unref_table) != NULL &&
		LOAD(table, enable_noheadings, scols_table_enable_noheadings) != NULL &&
		LOAD(table, enable_noencoding, scols_table_enable_noencoding) != NULL &&
		LOAD(table, new_column, scols_table_new_column) != NULL &&
		LOAD(table, new_line, scols_table_new_line) != NULL &&
		LOAD(table, set_data, scols_line_set_data) != NULL &&
		LOAD(table, print_table, scols_print_table) != NULL;
}

static int
no_memory(struct ipc_error *err)
{
	return ipc_fail(err, ENOMEM, "make a table");
}

struct table *
table_new(bool headings, struct ipc_error *err)
{
	struct table *table = calloc(1, sizeof(*table));
	const char *why;

	if (table == NULL) {
		no_memory(err);
		return NULL;
	}
	if (!load(table, &why)) {
		ipc_refuse(err, IPC_FAILED, ENOSYS,
			"make a table: %s; --raw, --export and --json do without it",
			why);
		table_free(table);
		return NULL;
	}
	table->rows = table->new_table();
	/* What it would encode is encoded already; and \x it would encode again. */
	if (table->rows == NULL || table->enable_noencoding(table->rows, 1) != 0 ||
		table->enable_noheadings(table->rows, !headings) != 0) {
		no_memory(err);
		table_free(table);
		return NULL;
	}
	return table;
}

int
table_column(struct table *table, const char *name, bool right, struct ipc_error *err)
{
	return table->new_column(table->rows, name, 0, right ? SCOLS_FL_RIGHT : 0) ==
			NULL
		? no_memory(err)
		: 0;
}

int
table_row(struct table *table, struct ipc_error *err)
{
	table->line = table->new_line(table->rows, NULL);
	return table->line == NULL ? no_memory(err) : 0;
}

int
table_cell(struct table *table, size_t column, const char *text, struct ipc_error *err)
{
	return table->set_data(table->line, column, text) != 0 ? no_memory(err) : 0;
}

int
table_print(struct table *table, struct ipc_error *err)
{
	/* It measures text in the locale, and the program is in none. */
	locale_t user = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	locale_t before = user == (locale_t)0 ? user : uselocale(user);
	/* It writes each blank by itself, and no other thread writes. */
	const int locking = __fsetlocking(stdout, FSETLOCKING_BYCALLER);
	int result = table->print_table(table->rows);

	__fsetlocking(stdout, locking);
	if (user != (locale_t)0) {
		uselocale(before);
		freelocale(user);
	}
	return result < 0 ? ipc_fail(err, -result, "print a table") : 0;
}

void
table_free(struct table *table)
{
	if (table == NULL)
		return;
	if (table->rows != NULL)
		table->unref_table(table->rows);
	if (table->library != NULL)
		dlclose(table->library);
	free(table);
}
