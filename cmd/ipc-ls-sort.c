/* ipc-ls-sort.c - the objects by the values of one column */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipc-ls.h"
#include "item.h"

/* An object, and the value it is sorted by. */
struct sorted {
	struct ipc_item item;
	char *value;  /* NULL: not known */
	size_t place; /* before */
};

/* Unknown ones are the last; numbers within texts count as such. */
static int
by_value(const void *one, const void *other)
{
	const struct sorted *a = one, *b = other;
	int order = (a->value == NULL) - (b->value == NULL);

	if (order == 0 && a->value != NULL)
		order = strverscmp(a->value, b->value);
	return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}

static int
begin(struct call *call, struct records *records)
{
	const struct ls_args *args = call->args;

	*records = (struct records){ .chosen = args->sort };
	if (strchr(args->sort, ',') != NULL || *args->sort == '+' ||
		records_begin(records, call->verb->columns, call->verb->groups, false,
			NULL) < 0)
		return cli_misuse(call,
			"option '--sort': '%s' is not a column; --help lists them",
			args->sort);
	return 0;
}

int
ls_sort_check(struct call *call)
{
	const struct ls_args *args = call->args;
	struct records records;

	return args->sort == NULL ? 0 : begin(call, &records);
}

static void
reverse(struct ipc_inventory *inventory)
{
	for (size_t i = 0, j = inventory->count; i + 1 < j; i++) {
		struct ipc_item item = inventory->items[i];

		inventory->items[i] = inventory->items[--j];
		inventory->items[j] = item;
	}
}

static int
sort(struct call *call, struct ipc_inventory *inventory, const struct item_view *view)
{
	struct sorted *sorted = calloc(inventory->count + 1, sizeof(*sorted));

	if (sorted == NULL)
		return ipc_fail(&call->err, errno, "sort the objects");
	for (size_t i = 0; i < inventory->count; i++)
		sorted[i] = (struct sorted){
			.item = inventory->items[i],
			.value = item_value(view, &inventory->items[i]),
			.place = i,
		};
	qsort(sorted, inventory->count, sizeof(*sorted), by_value);
	for (size_t i = 0; i < inventory->count; i++) {
		inventory->items[i] = sorted[i].item;
		free(sorted[i].value);
	}
	free(sorted);
	return 0;
}

int
ls_sort(struct call *call, struct ipc_inventory *inventory)
{
	const struct ls_args *args = call->args;
	struct item_view view;
	struct records records;

	if (args->sort != NULL) {
		if (begin(call, &records) < 0)
			return -1;
		item_view_begin(&view, call, &records);
		if (sort(call, inventory, &view) < 0)
			return -1;
	}
	if (args->reverse)
		reverse(inventory);
	return 0;
}
