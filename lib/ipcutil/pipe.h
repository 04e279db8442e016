/* pipe.h - pipes, with or without a name */
#ifndef IPCUTIL_PIPE_H
#define IPCUTIL_PIPE_H

#include <sys/cdefs.h>

#include <ipcutil/error.h>

__BEGIN_DECLS

enum ipc_pipe_end { IPC_PIPE_READ, IPC_PIPE_WRITE };

__END_DECLS

#endif
