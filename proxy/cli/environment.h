/* environment.h: the last step of `tacet check`: is the machine ready for this configuration? */
#ifndef CLI_ENVIRONMENT_H
#define CLI_ENVIRONMENT_H

#include "config/config.h"

/* Opens what run would open, and changes nothing. Faults and warnings go to m. */
void environment_check(const struct config *c, struct messages *m);

#endif
