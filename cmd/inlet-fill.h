/* inlet-fill.h - how bytes get into an inlet: private to its files */
#ifndef INLET_FILL_H
#define INLET_FILL_H

#include "inlet.h"

/* Makes sure of room for so many bytes behind those that were read and not yet used. */
int inlet_make_room(struct inlet *in, size_t wanted, struct ipc_error *err);

/* Takes what is there of the next message, no more, and waits for it as in->wait says. */
int inlet_take(struct inlet *in, struct ipc_error *err);

/* The length that stands before a message: FRAME_HEAD bytes, big-endian. */
size_t inlet_length(const char *head);

#endif
