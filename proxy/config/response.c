/* response.c: the fields that an operator sets on answers or takes off them. */
#include "config/compile.h"
#include "tacet/fields.h"

enum { NAME_LENGTH = 128,
	SET_BYTES = 16 << 10 }; /* of one map: an answer's head stays one that visitors' programs take */

/* Fields that say how a message is framed or coded, or that end at a connection: they are the proxy's. */
static bool
is_framing(struct tc_str name)
{
	switch (tc_field_id(name)) {
	case TC_F_CONNECTION:
	case TC_F_CONTENT_ENCODING:
	case TC_F_CONTENT_LENGTH:
	case TC_F_CONTENT_RANGE:
	case TC_F_EXPECT:
	case TC_F_HTTP2_SETTINGS:
	case TC_F_KEEP_ALIVE:
	case TC_F_PROXY:
	case TC_F_PROXY_AUTHENTICATE:
	case TC_F_PROXY_AUTHORIZATION:
	case TC_F_PROXY_CONNECTION:
	case TC_F_TE:
	case TC_F_TRAILER:
	case TC_F_TRANSFER_ENCODING:
	case TC_F_UPGRADE:
		return true;
	default:
		return false;
	}
}

/* A token (RFC 9110 5.6.2). */
static bool
is_token(struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char b = (unsigned char)s.p[i];

		if (b <= ' ' || b >= 0x7F || strchr("\"(),/:;<=>?@[\\]{}", b) != NULL)
			return false;
	}
	return s.n > 0 && s.n <= NAME_LENGTH;
}

static bool
name_ok(struct compile *c, const struct node *at, struct tc_str name, struct tc_str way)
{
	if (!is_token(name)) {
		load_fault(c->l, ABOUT(at, way, TC_STR("write the name alone, such as X-Frame-Options")), "bad-name",
		    "\"%.*s\" cannot be the name of a field", STR_ARGS(node_shown(at)));
		return false;
	}
	if (is_framing(name)) {
		load_fault(c->l,
		    ABOUT(at, way, TC_STR("remove the line: how an answer is framed and coded is said by the proxy")),
		    "reserved-field", "%.*s is not for configurations to change", STR_ARGS(name));
		return false;
	}
	return true;
}

/* Position of a name among set fields; n: not there. */
static size_t
find_set(const struct config_field *v, size_t n, struct tc_str name)
{
	size_t i = 0;

	while (i < n && !tc_ieq(v[i].name, name))
		i++;
	return i;
}

static bool
has_name(struct tc_strs names, struct tc_str name)
{
	for (size_t i = 0; i < names.n; i++)
		if (tc_ieq(names.v[i], name))
			return true;
	return false;
}

/* ---- what one map says ---- */

static bool
value_ok(struct compile *c, const struct entry *e, struct tc_str way)
{
	const struct node *n = e->value;

	if (n->kind != NODE_SCALAR) {
		load_fault(c->l, ABOUT(n, way, TC_STR("write one text; several values are one text with commas")), "wrong-type",
		    "the value of %.*s must be one text", STR_ARGS(e->key->text));
		return false;
	}
	if (schema_missing(n) || tc_trim(n->text).n == 0) {
		load_fault(c->l, ABOUT(n, way, TC_STR("give it a value; to take a field away name it under response.remove")),
		    "missing-value", "%.*s has no value", STR_ARGS(e->key->text));
		return false;
	}
	for (size_t i = 0; i < n->text.n; i++)
		if ((unsigned char)n->text.p[i] < 0x20 || n->text.p[i] == 0x7F) {
			load_fault(c->l, ABOUT(n, way, TC_STR("keep the value on one line, without tabs")), "control-character",
			    "the value of %.*s holds a line end or control character", STR_ARGS(e->key->text));
			return false;
		}
	return true;
}

/* One entry of response.set, after n others. */
static bool
entry_ok(struct compile *c, const struct entry *e, const struct config_field *before, size_t n, struct tc_str way)
{
	struct tc_str name = e->key->text;

	if (!name_ok(c, e->key, name, way))
		return false;
	if (tc_field_id(name) == TC_F_SET_COOKIE) {
		load_fault(c->l, ABOUT(e->key, way, TC_STR("let the origin set it: one cookie for everybody marks nobody")),
		    "reserved-field", "a cookie cannot be set here");
		return false;
	}
	if (find_set(before, n, name) < n) {
		load_fault(c->l, ABOUT(e->key, way, TC_STR("names of fields are the same in upper and lower case; keep one")),
		    "duplicate-field", "%.*s is set twice", STR_ARGS(name));
		return false;
	}
	return value_ok(c, e, way);
}

static bool
too_many(struct compile *c, const struct node *at, size_t n, struct tc_str way)
{
	if (n > FIELDS_MAX)
		load_fault(c->l, ABOUT(at, way, TC_STR("visitors' programs refuse heads with very many fields")), "too-large",
		    "%.*s has more than %d fields", STR_ALL(way), FIELDS_MAX);
	return n > FIELDS_MAX;
}

/* What response.set says; their number in *count. */
static struct config_field *
read_set(struct compile *c, const struct node *map, struct tc_str way, size_t *count)
{
	struct config_field *v;
	size_t n = 0, bytes = 0;

	*count = 0;
	if (map == NULL || schema_missing(map))
		return NULL;
	if (map->kind != NODE_MAP) {
		load_fault(c->l, ABOUT(map, way, TC_STR("write {X-Frame-Options: DENY}, or one field on each line below")),
		    "wrong-type", "%.*s must be a map of names and values", STR_ALL(way));
		return NULL;
	}
	if (too_many(c, map, map->n, way))
		return NULL;
	v = load_alloc(c->l, map->n * sizeof(*v));
	hash_add(&c->hash, way);
	for (size_t i = 0; i < map->n; i++) {
		const struct entry *e = &map->entries[i];

		if (!entry_ok(c, e, v, n, way))
			continue;
		v[n] = (struct config_field){e->key->text, tc_trim(e->value->text)};
		hash_add(&c->hash, v[n].name);
		hash_add(&c->hash, v[n].value);
		bytes += v[n].name.n + v[n].value.n;
		n++;
	}
	if (bytes > SET_BYTES)
		load_fault(c->l, ABOUT(map, way, TC_STR("browsers and caches refuse long heads; shorten the values")), "too-large",
		    "%.*s has more than 16 KiB", STR_ALL(way));
	*count = n;
	return v;
}

/* What response.remove says, in lower case. */
static struct tc_strs
read_remove(struct compile *c, const struct node *list, struct tc_strs names, struct tc_str way)
{
	struct tc_strs out = {0};
	struct tc_str *v;

	if (names.n == 0 || too_many(c, list, names.n, way))
		return out;
	v = load_alloc(c->l, names.n * sizeof(*v));
	out.v = v;
	for (size_t i = 0; i < names.n; i++) {
		const struct node *at = list->entries[i].value;

		if (name_ok(c, at, names.v[i], way) && !has_name(out, names.v[i]))
			v[out.n++] = lower_copy(c->l, names.v[i]);
	}
	return out;
}

/* ---- the site's, then the route's ---- */

/* Those of the site that this map says nothing about, then its own. */
static void
join_set(struct compile *c, const struct config_field *own, size_t n, struct tc_strs removed, struct config_route *r)
{
	struct config_field *v = load_alloc(c->l, (r->set_count + n) * sizeof(*v));
	size_t k = 0;

	for (size_t i = 0; i < r->set_count; i++)
		if (find_set(own, n, r->set[i].name) == n && !has_name(removed, r->set[i].name))
			v[k++] = r->set[i];
	if (n > 0)
		memcpy(v + k, own, n * sizeof(*v));
	r->set = v;
	r->set_count = k + n;
}

static void
join_remove(struct compile *c, struct tc_strs own, const struct config_field *set, size_t n, struct config_route *r)
{
	struct tc_str *v = load_alloc(c->l, (r->remove.n + own.n) * sizeof(*v));
	size_t k = 0;

	for (size_t i = 0; i < r->remove.n; i++)
		if (find_set(set, n, r->remove.v[i]) == n && !has_name(own, r->remove.v[i]))
			v[k++] = r->remove.v[i];
	for (size_t i = 0; i < own.n; i++)
		v[k++] = own.v[i];
	r->remove = (struct tc_strs){v, k};
}

void
compile_response(struct compile *c, const struct node *map, struct tc_strs remove, struct tc_str way,
    struct config_route *r)
{
	const struct node *response = node_get(map, TC_STR("response")), *list = schema_node(map, "response.remove");
	struct tc_str set_way = load_printf(c->l, "%.*s.response.set", STR_ALL(way)),
		      remove_way = load_printf(c->l, "%.*s.response.remove", STR_ALL(way));
	struct config_field *own;
	struct tc_strs removed;
	size_t n;

	if (response == NULL)
		return;
	own = read_set(c, node_get(response, TC_STR("set")), set_way, &n);
	removed = read_remove(c, list, remove, remove_way);
	for (size_t i = 0; removed.n > 0 && i < remove.n; i++)
		if (find_set(own, n, remove.v[i]) < n)
			load_fault(c->l,
			    ABOUT(list->entries[i].value, remove_way,
				TC_STR("a field that is set replaces the origin's; take it out of remove")),
			    "conflicting-keys", "%.*s is both set and removed", STR_ARGS(own[find_set(own, n, remove.v[i])].name));
	join_set(c, own, n, removed, r);
	join_remove(c, removed, own, n, r);
}
