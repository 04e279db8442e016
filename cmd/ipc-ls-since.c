/* ipc-ls-since.c - --save and --new-since: what was not there before */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc-ls.h"

/* What the first line of every file of --save begins with. */
static const char title[] = "ipc-ls ";

/* The last one: a file without it was cut. */
static const char last_line[] = "end\n";

/* Room for any line. */
enum { LINE_SIZE = 160 };

/*
 * What tells an object from others for as long as it lives: a line of the file.  A socket
 * with a file is that, also when nobody is bound to it any more.  One of System V has an
 * id that tells enough: what it was made with looks otherwise from other namespaces.
 */
static void
put_line(const struct ipc_item *item, char line[LINE_SIZE])
{
	const struct ipc_object *object = &item->evidence.object;
	const bool is_file =
		item->family == IPC_FAMILY_SOCK && item->sock.file != IPC_UNKNOWN;

	snprintf(line, LINE_SIZE, "%s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
		ipc_family_name(item->family),
		is_file ? item->sock.device : object->device,
		is_file ? item->sock.file : object->number,
		is_file                              ? item->sock.generation
			: ipc_object_is_sysv(object) ? 0
						     : object->generation);
}

/* That line: after a boot, and in another IPC namespace, the numbers mean other objects. */
static void
put_heading(char heading[LINE_SIZE])
{
	char boot[64] = "-", namespace[64] = "-";
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (file != NULL) {
		if (fscanf(file, "%63s", boot) != 1)
			strcpy(boot, "-");
		fclose(file);
	}
	if (readlink("/proc/self/ns/ipc", namespace, sizeof(namespace) - 1) < 0)
		strcpy(namespace, "-");
	snprintf(heading, LINE_SIZE, "%s3 %s %s\n", title, boot, namespace);
}

static int
by_text(const void *one, const void *other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

void
ls_saved_free(struct ls_saved *saved)
{
	for (size_t i = 0; i < saved->count; i++)
		free(saved->line[i]);
	free(saved->line);
}

static int
add(struct ls_saved *saved, const char *line)
{
	if (saved->count == saved->room) {
		size_t room = saved->room * 2 + 64;
		char **more = reallocarray(saved->line, room, sizeof(*more));

		if (more == NULL)
			return -1;
		saved->line = more;
		saved->room = room;
	}
	saved->line[saved->count] = strdup(line);
	if (saved->line[saved->count] == NULL)
		return -1;
	saved->count++;
	return 0;
}

/*
 * 0, or an errno value; EBADMSG: the file is none of --save, ESTALE: not one of here,
 * ENODATA: it was cut.
 */
static int
read_lines(FILE *file, struct ls_saved *saved)
{
	char line[LINE_SIZE], heading[LINE_SIZE];

	put_heading(heading);
	if (fgets(line, sizeof(line), file) == NULL)
		return ferror(file) ? errno : EBADMSG;
	if (strcmp(line, heading) != 0)
		return strncmp(line, title, strlen(title)) == 0 ? ESTALE : EBADMSG;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strcmp(line, last_line) == 0)
			return 0;
		if (strchr(line, '\n') == NULL)
			return feof(file) ? ENODATA : EBADMSG;
		if (add(saved, line) < 0)
			return ENOMEM;
	}
	return ferror(file) ? errno : ENODATA;
}

int
ls_saved_read(struct call *call, struct ls_saved *saved)
{
	const struct ls_args *args = call->args;
	const char *name = args->new_since;
	FILE *file;
	int code;

	if (name == NULL)
		return 0;
	file = fopen(name, "re");
	code = file == NULL ? errno : read_lines(file, saved);
	if (file != NULL)
		fclose(file);
	if (code == EBADMSG)
		return ipc_refuse(&call->err, IPC_FAILED, code,
			"read '%s': it is no file that --save has made", name);
	if (code == ESTALE)
		return ipc_refuse(&call->err, IPC_FAILED, code,
			"read '%s': it was saved before this boot, in another IPC "
			"namespace, or by another version of ipc-ls",
			name);
	if (code == ENODATA)
		return ipc_refuse(&call->err, IPC_FAILED, code,
			"read '%s': it was cut: its last line is missing", name);
	if (code != 0)
		return ipc_fail(&call->err, code, "read '%s'", name);
	if (saved->count > 0)
		qsort(saved->line, saved->count, sizeof(*saved->line), by_text);
	return 0;
}

/* What goes by itself is no leak, unless --since-all is given. */
static bool
is_new(const struct ipc_item *item, const void *arg)
{
	const struct ls_saved *saved = arg;
	char text[LINE_SIZE];
	const char *line = text;

	put_line(item, text);
	return saved->count == 0 ||
		bsearch(&line, saved->line, saved->count, sizeof(*saved->line),
			by_text) == NULL;
}

static bool
is_lasting(const struct ipc_item *item, const void *arg)
{
	(void)arg;
	return !item->is_passing;
}

void
ls_keep_new(const struct call *call, const struct ls_saved *saved,
	struct ipc_inventory *inventory)
{
	const struct ls_args *args = call->args;

	if (args->new_since == NULL)
		return;
	ipc_inventory_keep(inventory, is_new, saved);
	if (!args->since_all)
		ipc_inventory_keep(inventory, is_lasting, NULL);
}

int
ls_save(struct call *call, const struct ipc_inventory *inventory)
{
	const struct ls_args *args = call->args;
	FILE *file = fopen(args->save, "we");
	char line[LINE_SIZE];

	if (file == NULL)
		return ipc_fail(&call->err, errno, "write '%s'", args->save);
	put_heading(line);
	fputs(line, file);
	for (size_t i = 0; i < inventory->count && !ferror(file); i++) {
		put_line(&inventory->items[i], line);
		fputs(line, file);
	}
	fputs(last_line, file);
	if (ferror(file) | fclose(file))
		return ipc_fail(&call->err, errno, "write '%s'", args->save);
	return 0;
}
