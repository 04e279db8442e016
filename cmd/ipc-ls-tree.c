/* ipc-ls-tree.c - --tree: each process, its objects, and who else has them */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "holding.h"
#include "ipc-ls.h"
#include "text.h"

/* More processes that have an object than these are only counted. */
enum { OTHERS_MAX = 10 };

/* What a branch begins with: one that goes on and the last one; what is below it. */
struct branches {
	const char *next, *last, *below, *below_last;
};

static const struct branches plain = { "|- ", "`- ", "|  ", "   " };
static const struct branches drawn = { "├─ ", "└─ ", "│  ", "   " };

static const struct branches *
branches_of_locale(void)
{
	locale_t user = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool is_utf8 = user != (locale_t)0 &&
		strcmp(nl_langinfo_l(CODESET, user), "UTF-8") == 0;

	if (user != (locale_t)0)
		freelocale(user);
	return is_utf8 ? &drawn : &plain;
}

static bool
put_visible(const char *text)
{
	char *visible = text_visible(text, strlen(text), false);

	if (visible != NULL)
		fputs(visible, stdout);
	free(visible);
	return visible != NULL;
}

static bool
put_process(const struct ipc_holder *holder)
{
	printf("%jd ", (intmax_t)holder->pid);
	return put_visible(holder->command);
}

/* Those that have the object, but for the one above it. */
static bool
put_others(const struct link *link, const struct branches *branches, const char *below)
{
	const struct ipc_evidence *evidence = &link->item->evidence;
	size_t left = evidence->holder_count - 1, put = 0;
	char access[VALUE_MAX];

	for (size_t i = 0; i < evidence->holder_count && put < OTHERS_MAX; i++) {
		const struct ipc_holder *other = &evidence->holders[i];

		if (other == link->holder)
			continue;
		printf("%s%s%s ", below, --left == 0 ? branches->last : branches->next,
			holding_access(other->access, access));
		if (!put_process(other))
			return false;
		putchar('\n');
		put++;
	}
	if (left > 0)
		printf("%s%sand %zu more\n", below, branches->last, left);
	return true;
}

static bool
put_object(const struct link *link, const struct branches *branches, bool is_last)
{
	char access[VALUE_MAX];

	printf("%s%s ", is_last ? branches->last : branches->next,
		holding_access(link->holder->access, access));
	if (!put_visible(link->item->address))
		return false;
	putchar('\n');
	return put_others(
		link, branches, is_last ? branches->below_last : branches->below);
}

int
ls_tree(struct call *call, const struct ipc_inventory *inventory)
{
	const struct ls_args *args = call->args;
	const struct branches *branches = branches_of_locale();
	const struct link *before = NULL;
	size_t count;
	struct link *links = ls_links(inventory, &count, &call->err);
	bool done = true;

	if (links == NULL)
		return -1;
	for (size_t i = 0; i < count && done; i++) {
		const struct link *link = &links[i];
		const bool is_last =
			i + 1 == count || links[i + 1].holder->pid != link->holder->pid;

		if (args->filter.pid != 0 && args->filter.pid != link->holder->pid)
			continue;
		if (before == NULL || before->holder->pid != link->holder->pid) {
			done = put_process(link->holder);
			putchar('\n');
		}
		done = done && put_object(link, branches, is_last);
		before = link;
	}
	free(links);
	return done ? 0 : ipc_fail(&call->err, ENOMEM, "show the tree");
}
