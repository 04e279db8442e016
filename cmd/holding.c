/* holding.c - the processes that hold an object, as a value of a column */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "holding.h"
#include "json.h"
#include "text.h"
#include "whole.h"

const char *
holding_access(unsigned int access, char buf[VALUE_MAX])
{
	static const struct {
		unsigned int bits;
		const char *text;
	} words[] = {
		{ IPC_ACCESS_READ | IPC_ACCESS_WRITE, "both" },
		{ IPC_ACCESS_READ, "read" },
		{ IPC_ACCESS_WRITE, "write" },
		{ IPC_ACCESS_MAPPED, "mapped" },
		{ IPC_ACCESS_ATTACHED, "attached" },
		{ IPC_ACCESS_BLOCKED, "blocked" },
		{ IPC_ACCESS_OPENING, "opening" },
	};
	size_t length = 0;

	*buf = '\0';
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if ((access & words[i].bits) != words[i].bits)
			continue;
		length += (size_t)snprintf(buf + length, VALUE_MAX - length, "%s%s",
			length > 0 ? "+" : "", words[i].text);
		access &= ~words[i].bits;
	}
	return buf;
}

static bool
put_command(FILE *out, const char *command)
{
	char *visible = text_visible_in_list(command);

	if (visible != NULL)
		fputs(visible, out);
	free(visible);
	return visible != NULL;
}

char *
holding_text(const struct holding *holding, size_t most)
{
	char *text = NULL, access[VALUE_MAX];
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool done = true;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < holding->count && i < most && done; i++) {
		const struct ipc_holder *holder = &holding->holder[i];

		fprintf(out, "%s%jd", i > 0 ? "," : "", (intmax_t)holder->pid);
		if (holder->read_fd >= 0 || holder->write_fd >= 0)
			fprintf(out, "/%d",
				holder->read_fd >= 0 ? holder->read_fd
						     : holder->write_fd);
		fprintf(out, ":%s:", holding_access(holder->access, access));
		done = put_command(out, holder->command);
	}
	if (holding->count > most)
		fprintf(out, ",+%zu", holding->count - most);
	if (fclose(out) != 0 || !done) {
		free(text);
		return NULL;
	}
	return text;
}

static bool
put_holder(FILE *out, const struct ipc_holder *holder)
{
	char text[VALUE_MAX], access[VALUE_MAX];
	const char *user = whole_user(holder->uid, text);

	if (user == NULL) {
		snprintf(text, sizeof(text), "%u", holder->uid);
		user = text;
	}
	fprintf(out, "{\"pid\":%jd,", (intmax_t)holder->pid);
	if (!json_put_bytes(out, "command", holder->command, strlen(holder->command)))
		return false;
	putc(',', out);
	if (!json_put_bytes(out, "user", user, strlen(user)))
		return false;
	fprintf(out, ",\"access\":\"%s\"", holding_access(holder->access, access));
	if (holder->read_fd >= 0)
		fprintf(out, ",\"read_fd\":%d", holder->read_fd);
	if (holder->write_fd >= 0)
		fprintf(out, ",\"write_fd\":%d", holder->write_fd);
	putc('}', out);
	return true;
}

bool
holding_put_json(FILE *out, const char *key, const struct holding *holding)
{
	fprintf(out, "\"%s\":[", key);
	for (size_t i = 0; i < holding->count; i++) {
		if (i > 0)
			putc(',', out);
		if (!put_holder(out, &holding->holder[i]))
			return false;
	}
	putc(']', out);
	return true;
}
