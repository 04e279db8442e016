/* remove.c - the verb rm of the programs that have one type of object */
#include "remove.h"

const struct field remove_options[] = {
	OPTION_MEANS(FLAG, 'f', "force", struct remove_args, force, "",
		"one that does not exist is no failure"),
	END_FIELDS,
};

int
remove_by(struct call *call,
	int (*remove)(const struct ipc_address *address, struct ipc_error *err))
{
	const struct remove_args *args = call->args;

	if (remove(&call->address, &call->err) == 0) {
		cli_say(call, "'%s' was removed", ipc_address_text(&call->address));
		return 0;
	}
	return args->force && call->err.fault == IPC_NO_OBJECT ? 0 : -1;
}
