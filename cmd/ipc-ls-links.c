/* ipc-ls-links.c - which process has which object, by process */
#include <errno.h>
#include <stdlib.h>

#include "ipc-ls.h"

/* One process has its objects in the order in which they are listed. */
static int
by_process(const void *one, const void *other)
{
	const struct link *a = one, *b = other;

	if (a->holder->pid != b->holder->pid)
		return a->holder->pid < b->holder->pid ? -1 : 1;
	return (a->item > b->item) - (a->item < b->item);
}

struct link *
ls_links(const struct ipc_inventory *inventory, size_t *count, struct ipc_error *err)
{
	struct link *links = calloc(inventory->holders.count + 1, sizeof(*links));

	*count = 0;
	if (links == NULL) {
		ipc_fail(err, errno, "list the processes");
		return NULL;
	}
	for (size_t i = 0; i < inventory->count; i++) {
		const struct ipc_item *item = &inventory->items[i];

		for (size_t k = 0; k < item->evidence.holder_count; k++)
			links[(*count)++] =
				(struct link){ item, &item->evidence.holders[k] };
	}
	qsort(links, *count, sizeof(*links), by_process);
	return links;
}
