/* expand.c: the environment in values. It happens after parsing, so that a variable can never add structure. */
#include "config/load.h"

enum { VALUE_MAX = 64 << 10,
	NAME_MAX_LENGTH = 100 };

static bool
name_byte(char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (!first && c >= '0' && c <= '9');
}

/* The value of the variable; p = NULL: unset. */
static struct tc_str
lookup(struct tc_str name)
{
	char z[NAME_MAX_LENGTH + 1];
	const char *value;

	memcpy(z, name.p, name.n);
	z[name.n] = '\0';
	value = getenv(z);
	return value != NULL ? tc_str_from(value) : (struct tc_str){NULL, 0};
}

static bool
bad_variable(struct loader *l, const struct node *n)
{
	load_fault(l,
	    ABOUT(n, TC_STR(""), TC_STR("write ${NAME} or ${NAME:-default}; a dollar sign followed by { is $${")),
	    "bad-variable", "this ${...} cannot be read");
	return false;
}

/* Cuts "${NAME}" or "${NAME:-default}" off the front of *rest; false: said so. */
static bool
variable(struct loader *l, const struct node *n, struct tc_str *rest, struct tc_str *out)
{
	size_t end = tc_find_byte(*rest, '}'), k = 2;
	struct tc_str name, other = {NULL, 0}, found;

	if (end == rest->n)
		return bad_variable(l, n);
	while (k < end && name_byte(rest->p[k], k == 2))
		k++;
	name = tc_str_of(rest->p + 2, k - 2);
	if (name.n == 0 || name.n > NAME_MAX_LENGTH)
		return bad_variable(l, n);
	if (end - k >= 2 && rest->p[k] == ':' && rest->p[k + 1] == '-')
		other = tc_str_of(rest->p + k + 2, end - k - 2);
	else if (k != end)
		return bad_variable(l, n);
	if (other.p != NULL && tc_find_byte(other, '$') < other.n)
		return bad_variable(l, n);
	found = lookup(name);
	if (found.p == NULL && other.p == NULL) {
		load_fault(l, ABOUT(n, TC_STR(""), TC_STR("set it, or write ${NAME:-default}")), "unset-variable",
		    "the environment has no %.*s", STR_ARGS(name));
		return false;
	}
	*out = other.p != NULL && found.n == 0 ? other : found;
	tc_skip(rest, end + 1);
	return true;
}

/* Writes the value of text to out and returns its length; with out NULL it only measures. -1: said so. */
static long
expand(struct loader *l, const struct node *n, struct tc_str text, char *out)
{
	size_t at = 0;

	while (text.n > 0) {
		struct tc_str piece = tc_str_of(text.p, tc_find_byte(text, '$'));

		if (piece.n > 0) {
			tc_skip(&text, piece.n);
		} else if (text.n >= 2 && text.p[1] == '{') {
			if (!variable(l, n, &text, &piece))
				return -1;
		} else {
			piece = tc_str_of(text.p, 1);
			tc_skip(&text, text.n >= 2 && text.p[1] == '$' ? 2 : 1);
		}
		if (piece.n > VALUE_MAX - at) {
			load_fault(l, ABOUT(n, TC_STR(""), TC_STR("put long values into a file")), "too-large",
			    "with its variables this value is longer than 64 KiB");
			return -1;
		}
		if (out != NULL && piece.n > 0)
			memcpy(out + at, piece.p, piece.n);
		at += piece.n;
	}
	return (long)at;
}

static void
expand_scalar(struct loader *l, struct node *n)
{
	long length;
	char *out;

	if (tc_find_byte(n->text, '$') == n->text.n)
		return;
	length = expand(l, n, n->text, NULL);
	if (length < 0)
		return;
	l->expansion_bytes += (size_t)length;
	if (l->expansion_bytes > LOAD_EXPANSION_MAX) {
		load_fault(l, ABOUT(n, TC_STR(""), TC_STR("put long values into a file")), "too-large",
		    "variables add more than 1 MiB to the configuration");
		return;
	}
	out = load_alloc(l, (size_t)length + 1);
	n->from_environment = tc_find(n->text, TC_STR("${")) < n->text.n;
	n->quoted = true;
	(void)expand(l, n, n->text, out);
	n->text = tc_str_of(out, (size_t)length);
	if (!utf8_ok(n->text))
		load_fault(l, ABOUT(n, TC_STR(""), TC_STR("set the variable to text in UTF-8")), "invalid-utf8",
		    "what the environment puts here is not UTF-8");
}

void
expand_node(struct loader *l, struct node *n)
{
	if (n->expanded || l->expansion_bytes > LOAD_EXPANSION_MAX)
		return;
	n->expanded = true;
	if (n->kind == NODE_SCALAR)
		expand_scalar(l, n);
	for (size_t i = 0; i < n->n; i++)
		expand_node(l, n->entries[i].value);
}
