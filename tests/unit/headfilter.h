/* headfilter.h: a little more than call.h for tests of head filters: fields in, fields out, as text. */
#ifndef TESTS_HEADFILTER_H
#define TESTS_HEADFILTER_H

#include <setjmp.h>
#include <stdarg.h>

#include "call.h"

#include <cmocka.h> /* wants the first two before it */

static FAKE_UNUSED struct tc_str
z(const char *text)
{
	return text != NULL ? tc_str_from(text) : (struct tc_str){NULL, 0};
}

static FAKE_UNUSED void
put(struct tc_fields *fields, const char *name, const char *value)
{
	enum tc_fid id = tc_field_id(z(name));
	int rc = id != TC_F_OTHER ? tc_field_add(fields, id, z(value)) : tc_field_add_named(fields, z(name), z(value));

	assert_int_equal(rc, 0);
}

/* All live rows of this name, joined by " | "; "-" if there is none. Valid until the next call. */
static FAKE_UNUSED const char *
got(const struct tc_fields *fields, const char *name)
{
	static char text[1 << 16];
	size_t n = 0, rows = 0;

	for (size_t i = 0; i < fields->n; i++) {
		const struct tc_field *f = &fields->v[i];

		if (f->dropped || !tc_ieq(f->name, z(name)))
			continue;
		assert_true(n + f->value.n + 4 < sizeof(text));
		if (rows++ > 0) {
			memcpy(text + n, " | ", 3);
			n += 3;
		}
		if (f->value.n > 0)
			memcpy(text + n, f->value.p, f->value.n);
		n += f->value.n;
	}
	text[n] = '\0';
	return rows > 0 ? text : "-";
}

/* A tc_str as text; "(none)" for p = NULL. */
static FAKE_UNUSED const char *
text_of(struct tc_str s)
{
	static char text[1 << 16];

	if (s.p == NULL)
		return "(none)";
	assert_true(s.n < sizeof(text));
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return text;
}

/* Nothing is denied: the visitor said nothing. */
static FAKE_UNUSED void
allow_all(struct fake_call *f)
{
	f->decision.denied = 0;
	f->decision.out = f->decision.person = false;
	f->decision.src = TC_SRC_NONE;
}

#endif
