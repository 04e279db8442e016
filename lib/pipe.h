/* pipe.h - what the files about pipes share */
#ifndef PIPE_H
#define PIPE_H

#include <stdint.h>

/* Learns the device that all pipes without a name are on: 0, or -1 with errno. */
int ipc_pipe_device(uint64_t *device);

#endif
