/* ipc-ls-dot.c - --dot: a graph of processes and objects, for dot(1) of Graphviz */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc-ls.h"
#include "text.h"

/* A word of text within quotes; what dot(1) would read as more than itself is escaped. */
static bool
put_quoted(const char *text)
{
	char *visible = text_visible(text, strlen(text), false);

	for (const char *p = visible; p != NULL && *p != '\0'; p++)
		switch (*p) {
		case '&':
			fputs("&amp;", stdout);
			break;
		case '"':
		case '\\':
			putchar('\\');
			__attribute__((fallthrough));
		default:
			putchar(*p);
		}
	free(visible);
	return visible != NULL;
}

static bool
put_process(const struct ipc_holder *holder)
{
	bool done;

	printf("\tp%jd [shape=box, label=\"", (intmax_t)holder->pid);
	done = put_quoted(holder->command);
	printf("\\n%jd\"];\n", (intmax_t)holder->pid);
	return done;
}

/* One that is alone with its object talks with nobody, as far as is known. */
static bool
put_object(const struct ipc_item *item, size_t place)
{
	bool done;

	printf("\to%zu [shape=ellipse, fillcolor=\"%s\", label=\"", place,
		item->evidence.holder_count > 1 ? "lightblue" : "white");
	done = put_quoted(item->address);
	puts("\"];");
	return done;
}

/* Memory and semaphores have no direction, also where they are open and no more. */
static bool
has_direction(const struct ipc_item *item)
{
	return item->family != IPC_FAMILY_SHM && item->family != IPC_FAMILY_MMAP &&
		item->family != IPC_FAMILY_SEM;
}

/* An arrow goes where the bytes go. */
static void
put_link(const struct link *link, size_t place)
{
	const unsigned int access = link->holder->access;
	const bool reads = access & IPC_ACCESS_READ, writes = access & IPC_ACCESS_WRITE;
	const bool sleeps = access & (IPC_ACCESS_BLOCKED | IPC_ACCESS_OPENING);
	const char *direction = !has_direction(link->item) || (!reads && !writes)
		? "none"
		: reads && writes ? "both"
		: reads           ? "back"
				  : "forward";

	printf("\tp%jd -> o%zu [dir=%s%s];\n", (intmax_t)link->holder->pid, place,
		direction, sleeps ? ", style=dashed" : "");
}

static bool
put_links(const struct ipc_inventory *inventory, const struct link *links, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || links[i].holder->pid != links[i - 1].holder->pid)
			if (!put_process(links[i].holder))
				return false;
		put_link(&links[i], (size_t)(links[i].item - inventory->items));
	}
	return true;
}

int
ls_dot(struct call *call, const struct ipc_inventory *inventory)
{
	size_t count;
	struct link *links = ls_links(inventory, &count, &call->err);
	bool done = true;

	if (links == NULL)
		return -1;
	/*
	 * What hangs together is drawn by itself, and these in an array.  sfdp(1), which
	 * dot(1) leaves it to, puts objects around their processes: ranks of many would
	 * be a strip.  Lines are below what they pass.
	 */
	puts("digraph ipc {\n"
	     "\tgraph [layout=sfdp, overlap=prism, sep=\"+12\", outputorder=edgesfirst,\n"
	     "\t\tpack=20, packmode=\"array\"];\n"
	     "\tnode [style=filled, fillcolor=white, fontname=\"sans-serif\", fontsize=10];");
	for (size_t i = 0; i < inventory->count && done; i++)
		if (inventory->items[i].evidence.holder_count > 0)
			done = put_object(&inventory->items[i], i);
	done = done && put_links(inventory, links, count);
	puts("}");
	free(links);
	return done ? 0 : ipc_fail(&call->err, ENOMEM, "show the graph");
}
