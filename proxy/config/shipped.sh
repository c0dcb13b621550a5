#!/bin/sh
# Writes the packs and profiles below a directory as one C file, for shipped.h: shipped.sh conf > shipped.c
set -eu
export LC_ALL=C
cd "$1"

printf '/* made by shipped.sh */\n#include "shipped.h"\n\n'
rows=
for f in policies/*.yaml regions/*.yaml; do
	test -f "$f" || continue
	name=$(printf '%s' "$f" | tr -c 'a-z0-9' _)
	printf 'static const char %s[] = {\n' "$name"
	od -An -v -t d1 "$f" | sed 's/  */,/g; s/^,//; s/$/,/'
	printf '};\n\n'
	rows="$rows	{\"$f\", $name, sizeof($name)},
"
done
printf 'const struct shipped_file shipped_files[] = {\n%s	{0},\n};\n' "$rows"
