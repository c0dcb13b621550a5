/* banned.h: calls that have no safe use here become compile errors. Every source file gets it by -include. */
#ifndef TACET_BANNED_H
#define TACET_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TC_BANNED(f) tacet_does_not_use_##f

#undef strcpy
#define strcpy(...) TC_BANNED(strcpy)
#undef strcat
#define strcat(...) TC_BANNED(strcat)
#undef strncpy
#define strncpy(...) TC_BANNED(strncpy)
#undef strncat
#define strncat(...) TC_BANNED(strncat)
#undef strtok
#define strtok(...) TC_BANNED(strtok)
#undef sprintf
#define sprintf(...) TC_BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) TC_BANNED(vsprintf)
#undef atoi
#define atoi(...) TC_BANNED(atoi)
#undef atol
#define atol(...) TC_BANNED(atol)
#undef gets
#define gets(...) TC_BANNED(gets)
#undef alloca
#define alloca(...) TC_BANNED(alloca)

#endif
