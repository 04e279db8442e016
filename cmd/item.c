/* item.c - the objects of an inventory as records: each by the columns of its program */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fifo-columns.h"
#include "item.h"
#include "memory-columns.h"
#include "mq-columns.h"
#include "pipe-columns.h"
#include "sem-columns.h"
#include "sock-columns.h"

/* A column that every type describes for itself: what is shown is in its own table. */
#define SHARED(k, n, h) \
	{ \
		.kind = k, .name = n, .help = h \
	}
#define EXTRA_SHARED(k, n, h) \
	{ \
		.kind = k, .name = n, .help = h, .extra = true \
	}

const struct field item_columns[] = {
	SHARED(ADDRESS, "ADDRESS", "the object: its type, and its address there"),
	EXTRA_SHARED(TEXT, "TYPE", "kind of object: the word before the address"),
	SHARED(TEXT, "STATE", "in-use, idle, stale or unknown"),
	EXTRA_SHARED(TEXT, "WHY", "the evidence for STATE"),
	SHARED(SIZE, "SIZE", "bytes that it has, or takes"),
	EXTRA_SHARED(SIZE, "USED", "those in use"),
	SHARED(MODE, "MODE", "permissions"),
	SHARED(USER, "USER", "owner"),
	EXTRA_SHARED(GROUP, "GROUP", "group"),
	SHARED(HOLDERS, "HOLDERS", "processes that have it: PID[/FD]:ACCESS:COMMAND"),
	SHARED(SPAN, "AGE", "time since it was last used or set"),
	EXTRA_SHARED(TIME, "CREATED", "when it was made"),
	EXTRA_SHARED(TIME, "MODIFIED", "when its contents changed last"),
	EXTRA_SHARED(NUMBER, "OWNER_PID",
		"process with which it goes (--until-exit); 0: none"),
	EXTRA_SHARED(TEXT, "IDENTITY",
		"what tells it from others of its address, for ipc-rm"),
	END_FIELDS,
};

/* Room for a row of any type. */
union item_row {
	struct mq_row mq;
	struct memory_row memory;
	struct sem_row sem;
	struct fifo_row fifo;
	struct pipe_row pipe;
	struct sock_row sock;
};

static int
fill_mq(struct call *call, union item_row *row, const struct ipc_item *item,
	const struct ipc_address *address)
{
	(void)call;
	mq_row_fill(&row->mq, &item->mq, &item->evidence);
	row->mq.info.address = *address;
	return 0;
}

static int
fill_memory(struct call *call, union item_row *row, const struct ipc_item *item,
	const struct ipc_address *address)
{
	(void)call;
	memory_row_fill(&row->memory, &item->memory, &item->evidence);
	row->memory.info.address = *address;
	return 0;
}

static int
fill_sem(struct call *call, union item_row *row, const struct ipc_item *item,
	const struct ipc_address *address)
{
	(void)call;
	sem_row_fill(&row->sem, &item->sem, &item->evidence);
	row->sem.info.address = *address;
	return 0;
}

static int
fill_sock(struct call *call, union item_row *row, const struct ipc_item *item,
	const struct ipc_address *address)
{
	(void)call;
	sock_row_fill(&row->sock, &item->sock, &item->evidence);
	row->sock.info.address = *address;
	return 0;
}

static int
fill_pipe(struct call *call, union item_row *row, const struct ipc_item *item,
	const struct ipc_address *address)
{
	const int result = pipe_row_fill(call, &row->pipe, &item->evidence);

	row->pipe.address = *address;
	return result;
}

static int
fill_fifo(struct call *call, union item_row *row, const struct ipc_item *item,
	const struct ipc_address *address)
{
	const int result =
		fifo_row_fill(call, &row->fifo, &item->fifo, &item->evidence);

	row->fifo.info.address = *address;
	return result;
}

/* By family: the columns of its program... */
const struct column_group item_groups[] = {
	[IPC_FAMILY_MQ] = { "mq", mq_columns },
	[IPC_FAMILY_SHM] = { "shm", shm_columns },
	[IPC_FAMILY_SEM] = { "sem", sem_columns },
	[IPC_FAMILY_FIFO] = { "fifo", fifo_columns },
	[IPC_FAMILY_MMAP] = { "mmap", mmap_columns },
	[IPC_FAMILY_PIPE] = { "pipe", pipe_columns },
	[IPC_FAMILY_SOCK] = { "sock", sock_columns },
	[IPC_FAMILIES] = { NULL, NULL },
};

/* ...and how to fill their row. */
static int (*const fills[IPC_FAMILIES])(struct call *call, union item_row *row,
	const struct ipc_item *item, const struct ipc_address *address) = {
	[IPC_FAMILY_MQ] = fill_mq,
	[IPC_FAMILY_SHM] = fill_memory,
	[IPC_FAMILY_SEM] = fill_sem,
	[IPC_FAMILY_FIFO] = fill_fifo,
	[IPC_FAMILY_MMAP] = fill_memory,
	[IPC_FAMILY_PIPE] = fill_pipe,
	[IPC_FAMILY_SOCK] = fill_sock,
};

/* For release() in the end, also when it fails. */
static int
fill(struct call *call, union item_row *row, const struct ipc_item *item)
{
	const struct ipc_address address = { .kind = IPC_PATH, .path = item->address };

	return fills[item->family](call, row, item, &address);
}

static void
release(union item_row *row, enum ipc_family family)
{
	if (family == IPC_FAMILY_PIPE)
		ends_free(&row->pipe.ends);
	else if (family == IPC_FAMILY_FIFO)
		ends_free(&row->fifo.ends);
}

void
item_view_begin(struct item_view *view, struct call *call, struct records *records)
{
	view->call = call;
	view->records = records;
	for (size_t i = 0; i < IPC_FAMILIES; i++)
		record_fields_find(&view->fields[i], records, item_groups[i].columns);
}

int
item_show(const struct item_view *view, const struct ipc_item *item)
{
	union item_row row;
	int result = fill(view->call, &row, item);

	if (result == 0)
		result = record_of(view->records, &view->fields[item->family], &row,
			&view->call->err);
	release(&row, item->family);
	return result;
}

static char *
value_of(const struct field *field, const union item_row *row)
{
	struct field exact = *field;
	char buf[VALUE_MAX];
	const char *text;

	if (field->kind == KEY) /* whose digits are hexadecimal */
		exact.kind = NUMBER;
	if (field->kind == HOLDERS) {
		snprintf(buf, sizeof(buf), "%zu", value_holding(field, row)->count);
		return strdup(buf);
	}
	text = value_text(&exact, row, false, buf);
	return text == NULL ? NULL : strdup(text);
}

char *
item_value(const struct item_view *view, const struct ipc_item *item)
{
	const struct field *field = view->fields[item->family].field[0];
	struct call call = { .records = *view->records }; /* what the view wants */
	union item_row row;
	char *value = NULL;

	if (field == NULL)
		return NULL;
	if (fill(&call, &row, item) == 0)
		value = value_of(field, &row);
	release(&row, item->family);
	return value;
}

bool
item_missing(const struct ipc_inventory *inventory, const char *done,
	char sentence[ITEM_MISSING_MAX])
{
	const struct ipc_error *missed = &inventory->missed;
	char families[128];
	size_t length = 0;

	for (unsigned int i = 0; i < IPC_FAMILIES; i++)
		if (inventory->incomplete & 1U << i)
			length += (size_t)snprintf(families + length,
				sizeof(families) - length, "%s%s",
				length > 0 ? ", " : "", ipc_family_name(i));
	if (length == 0)
		return false;
	snprintf(sentence, ITEM_MISSING_MAX, "not all may be %s of: %s%s%s", done,
		families, missed->code != 0 ? "; cannot " : "",
		missed->code != 0 ? missed->sentence : "");
	return true;
}
