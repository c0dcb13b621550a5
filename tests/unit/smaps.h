/* smaps.h: what the kernel says of a mapping of ours. */
#ifndef TESTS_SMAPS_H
#define TESTS_SMAPS_H

#include <stdio.h>
#include <string.h>

/* The flags that the kernel shows of the mapping at p: "" if it shows none. */
static void
flags_of(const void *p, char out[256])
{
	char line[512], start[32];
	FILE *f = fopen("/proc/self/smaps", "r");
	bool here = false;

	out[0] = '\0';
	assert_non_null(f);
	(void)snprintf(start, sizeof(start), "%lx-", (unsigned long)(uintptr_t)p);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, start, strlen(start)) == 0)
			here = true;
		if (here && strncmp(line, "VmFlags:", 8) == 0) {
			(void)snprintf(out, 256, "%.250s", line);
			break;
		}
	}
	(void)fclose(f);
}

#endif
