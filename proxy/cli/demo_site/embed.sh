#!/bin/sh
# Writes the files of the demo's site as one C file, for demo_site.h: embed.sh DIRECTORY > demo_site.c
set -eu
export LC_ALL=C
cd "$1"

printf '/* made by embed.sh */\n#include "demo_site.h"\n\n'
rows=
for f in *.html *.css *.js *.svg; do
	case $f in
	*.html) type="text/html; charset=utf-8" ;;
	*.css) type="text/css; charset=utf-8" ;;
	*.js) type="text/javascript; charset=utf-8" ;;
	*.svg) type="image/svg+xml" ;;
	esac
	name=$(printf '%s' "$f" | tr -c 'a-z0-9' _)
	printf 'static const char %s[] = {\n' "$name"
	od -An -v -t d1 "$f" | sed 's/  */,/g; s/^,//; s/$/,/'
	printf '};\n\n'
	rows="$rows	{\"/$f\", \"$type\", {$name, sizeof($name)}},
"
done
printf 'const struct demo_file demo_files[] = {\n%s};\n' "$rows"
printf 'const size_t demo_file_count = sizeof(demo_files) / sizeof(*demo_files);\n'
