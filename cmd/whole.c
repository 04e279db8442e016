/* whole.c - a whole program: names from nsswitch.conf(5), libraries when needed */
#include <dlfcn.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>

#include <bsd/grp.h>
#include <bsd/pwd.h>

#include "whole.h"

void
whole_instead(char **argv)
{
	(void)argv;
}

const char *
whole_user(uid_t uid, char buf[VALUE_MAX])
{
	(void)buf;
	return user_from_uid(uid, 1);
}

const char *
whole_group(gid_t gid, char buf[VALUE_MAX])
{
	(void)buf;
	return group_from_gid(gid, 1);
}

bool
whole_find_user(const char *name, uid_t *uid)
{
	const struct passwd *user = getpwnam(name);

	if (user != NULL)
		*uid = user->pw_uid;
	return user != NULL;
}

bool
whole_find_group(const char *name, gid_t *gid)
{
	const struct group *group = getgrnam(name);

	if (group != NULL)
		*gid = group->gr_gid;
	return group != NULL;
}

void *
whole_library(const char *library, const char **why)
{
	void *loaded = dlopen(library, RTLD_LAZY | RTLD_LOCAL);

	if (loaded == NULL)
		*why = dlerror();
	return loaded;
}
