/* signals.h - those that a failing call tells of, too */
#ifndef SIGNALS_H
#define SIGNALS_H

/* Ignores PIPE and XFSZ: EPIPE and EFBIG are told by the call that fails. */
void signals_ignore(void);

/* As our caller had them: for what comes in the place of this program. */
void signals_give_back(void);

#endif
