/* auto.h - variables that release what they hold when they leave scope */
#ifndef AUTO_H
#define AUTO_H

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#define autoclose __attribute__((cleanup(auto_close)))       /* int fd */
#define autoclosedir __attribute__((cleanup(auto_closedir))) /* DIR *dir */
#define autofree __attribute__((cleanup(auto_free)))         /* T *memory */

static inline void
auto_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void
auto_closedir(DIR **dir)
{
	if (*dir != NULL)
		closedir(*dir);
}

static inline void
auto_free(void *memory)
{
	free(*(void **)memory);
}

/* Hands the descriptor to the caller: "return keep(&fd);" */
static inline int
keep(int *fd)
{
	int kept = *fd;

	*fd = -1;
	return kept;
}

#endif
