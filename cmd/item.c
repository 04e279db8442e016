/* item.c - the objects of an inventory as records: each by the columns of its program */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "item.h"
#include "memory-columns.h"
#include "mq-columns.h"
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
	SHARED(HOLDERS, "HOLDERS", "processes that have it: PID:ACCESS:COMMAND"),
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
	struct sock_row sock;
};

static void
fill_mq(union item_row *row, const struct ipc_item *item,
	const struct ipc_address *address)
{
	mq_row_fill(&row->mq, &item->mq, &item->evidence);
	row->mq.info.address = *address;
}

static void
fill_memory(union item_row *row, const struct ipc_item *item,
	const struct ipc_address *address)
{
	memory_row_fill(&row->memory, &item->memory, &item->evidence);
	row->memory.info.address = *address;
}

static void
fill_sem(union item_row *row, const struct ipc_item *item,
	const struct ipc_address *address)
{
	sem_row_fill(&row->sem, &item->sem, &item->evidence);
	row->sem.info.address = *address;
}

static void
fill_sock(union item_row *row, const struct ipc_item *item,
	const struct ipc_address *address)
{
	sock_row_fill(&row->sock, &item->sock, &item->evidence);
	row->sock.info.address = *address;
}

/* By family: the columns of its program... */
const struct column_group item_groups[] = {
	[IPC_FAMILY_MQ] = { "mq", mq_columns },
	[IPC_FAMILY_SHM] = { "shm", shm_columns },
	[IPC_FAMILY_SEM] = { "sem", sem_columns },
	[IPC_FAMILY_MMAP] = { "mmap", mmap_columns },
	[IPC_FAMILY_SOCK] = { "sock", sock_columns },
	[IPC_FAMILIES] = { NULL, NULL },
};

/* ...and how to fill their row. */
static void (*const fills[IPC_FAMILIES])(union item_row *row,
	const struct ipc_item *item, const struct ipc_address *address) = {
	[IPC_FAMILY_MQ] = fill_mq,
	[IPC_FAMILY_SHM] = fill_memory,
	[IPC_FAMILY_SEM] = fill_sem,
	[IPC_FAMILY_MMAP] = fill_memory,
	[IPC_FAMILY_SOCK] = fill_sock,
};

static void
fill(union item_row *row, const struct ipc_item *item)
{
	const struct ipc_address address = { .kind = IPC_PATH, .path = item->address };

	fills[item->family](row, item, &address);
}

void
item_view_begin(struct item_view *view, struct records *records)
{
	view->records = records;
	for (size_t i = 0; i < IPC_FAMILIES; i++)
		record_fields_find(&view->fields[i], records, item_groups[i].columns);
}

int
item_show(const struct item_view *view, const struct ipc_item *item,
	struct ipc_error *err)
{
	union item_row row;

	fill(&row, item);
	return record_of(view->records, &view->fields[item->family], &row, err);
}

char *
item_value(const struct item_view *view, const struct ipc_item *item)
{
	const struct field *field = view->fields[item->family].field[0];
	union item_row row;
	char buf[VALUE_MAX];
	const char *text;

	if (field == NULL)
		return NULL;
	fill(&row, item);
	if (field->kind == HOLDERS) {
		snprintf(buf, sizeof(buf), "%zu", value_holding(field, &row)->count);
		return strdup(buf);
	}
	text = value_text(field, &row, false, buf);
	return text == NULL ? NULL : strdup(text);
}
