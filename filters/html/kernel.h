/*
 * kernel.h: the loops that look at every byte, 64 at a time: with AVX2 where the processor has it, else with SSE2, else in
 * plain C. All give the same bits; the choice is made at run time.
 */
#ifndef TACET_HTML_KERNEL_H
#define TACET_HTML_KERNEL_H

#include <stdint.h>

/*
 * Anchors in the 64 bytes of a script at p, a bit each: where text that names a host may begin. These are
 *
 *	a quote behind which, before any byte that ends a name, comes a dot, slash, backslash or '%'
 *	a slash before a slash, backslash or dot
 *	a backslash before anything but a quote
 *	a '}' before a dot or slash: the end of "${...}"
 *
 * and those of which that cannot be seen, since the 64 bytes end.
 */
uint64_t kernel_script_anchors(const char *p);

#endif
