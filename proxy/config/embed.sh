#!/bin/sh
# Writes a text as a C file, for consent.c: embed.sh NAME FILE > gen/NAME.c
set -eu
export LC_ALL=C
printf '/* made by embed.sh */\n#include <stddef.h>\n\n'
printf 'extern const char %s[];\nextern const size_t %s_size;\n\nconst char %s[] = {\n' "$1" "$1" "$1"
od -An -v -t d1 "$2" | sed 's/  */,/g; s/^,//; s/$/,/'
printf '};\n\nconst size_t %s_size = sizeof(%s);\n' "$1" "$1"
