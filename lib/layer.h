/* layer.h - files that are those of an overlay, too; private */
#ifndef LAYER_H
#define LAYER_H

#include <stddef.h>

#include <ipcutil/stale.h>

/*
 * Adds IPC_BLIND_LAYER to the evidence of files that nobody was found to have, where they
 * are below the upper directory of an overlay, or that cannot be told.  Processes use such
 * a file by its name in the overlay, where it has another device, and a socket or a FIFO
 * is another one for the kernel as well.  Overlays are sought in the mount namespaces, and
 * by the roots, of all processes that we may look at.
 *
 * Source: "Overlay Filesystem" of the kernel, Documentation/filesystems/overlayfs.rst
 */
void ipc_layer_mark(struct ipc_evidence *const *evidence, size_t count);

#endif
