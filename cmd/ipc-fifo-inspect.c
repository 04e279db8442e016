/* ipc-fifo-inspect.c - ipc-fifo inspect and ls: what is known, and who has which end */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ipcutil/holders.h>

#include "fifo-columns.h"
#include "ipc-fifo.h"

static int
show(struct call *call, const void *shown, const struct ipc_evidence *evidence)
{
	struct fifo_row row;
	int result = fifo_row_fill(call, &row, shown, evidence);

	if (result == 0)
		result = record(&call->records, &row, &call->err);
	ends_free(&row.ends);
	return result;
}

static int
keep(void *kept)
{
	struct ipc_fifo_info *info = kept;

	info->address.path = strdup(info->address.path);
	return info->address.path == NULL ? -1 : 0;
}

static void
drop(void *kept)
{
	free((char *)((struct ipc_fifo_info *)kept)->address.path);
}

static struct ipc_evidence
evidence_of(const void *info)
{
	return ipc_fifo_evidence(info);
}

static const struct standing_type fifos = {
	.info_size = sizeof(struct ipc_fifo_info),
	.evidence = evidence_of,
	.show = show,
	.keep = keep,
	.drop = drop,
	.needs_holders = ends_are_wanted,
};

int
fifo_inspect(struct call *call)
{
	struct ipc_fifo_info info;

	return ipc_fifo_stat(&call->address, &info, &call->err) < 0
		? -1
		: standing_show(call, &fifos, &info);
}

/* Those that are open anywhere have been listed when directories are looked at. */
struct listing {
	struct standing_list list;
	const struct ipc_discovery *open;
};

static int
by_path(const void *one, const void *other)
{
	const struct ipc_object *a = one, *b = other;

	return strcmp(a->address.path, b->address.path);
}

static bool
is_open(const struct listing *listing, const struct ipc_fifo_info *info)
{
	for (size_t i = 0; i < listing->open->count; i++)
		if (listing->open->objects[i].device == info->device &&
			listing->open->objects[i].number == info->inode)
			return true;
	return false;
}

static int
add_found(const struct ipc_fifo_info *info, void *arg)
{
	struct listing *listing = arg;

	return is_open(listing, info) ? 0 : standing_add(&listing->list, info);
}

static int
add_open(struct listing *listing)
{
	struct ipc_fifo_info info;
	int result = 0;

	for (size_t i = 0; i < listing->open->count && result == 0; i++)
		if (ipc_fifo_describe(&listing->open->objects[i], &info, NULL) == 0)
			result = standing_add(&listing->list, &info);
	return result;
}

/* Says what may be missing in the list. */
static void
warn(struct call *call, const struct ipc_holders *holders,
	const struct ipc_error *missed)
{
	char reasons[IPC_BLIND_TEXT_MAX], sentence[sizeof(missed->sentence) + 64];

	if (missed->code != 0) {
		snprintf(sentence, sizeof(sentence), "not all may be listed: cannot %s",
			missed->sentence);
		cli_warn(call, sentence);
	}
	if (holders->blind == 0 || call->is_told)
		return;
	call->is_told = true;
	snprintf(sentence, sizeof(sentence), "not all may be listed: %s",
		ipc_blind_text(holders->blind, reasons));
	cli_warn(call, sentence);
}

int
fifo_ls(struct call *call)
{
	struct ipc_discovery open;
	struct listing listing = {
		.list = { .call = call, .type = &fifos },
		.open = &open,
	};
	struct ipc_error missed = { .code = 0 };
	int result;

	if (ipc_holders_discover(1 << IPC_FIFO, &open, &call->err) < 0)
		return -1;
	if (open.count > 0)
		qsort(open.objects, open.count, sizeof(*open.objects), by_path);
	result = add_open(&listing);
	if (result == 0 && *call->operands != NULL)
		result = ipc_fifo_each_in((const char *const *)call->operands,
			add_found, &listing, &missed, &call->err);
	result = standing_end(&listing.list, result);
	if (result == 0)
		warn(call, &open.holders, &missed);
	ipc_discovery_free(&open);
	return result;
}
