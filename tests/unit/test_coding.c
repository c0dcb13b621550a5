/* test_coding.c: which codings are asked for, read and written; what is broken or absurd is cut. */
#include "../../filters/coding/coding.c"
#include "../../filters/coding/decode.c"
#include "../../filters/coding/encode.c"

#include "edge.h"
#include "headfilter.h"
#include "zip.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const char *const all_codings[] = {"gzip", "deflate", "raw", "br", "zstd"};

/* What Content-Encoding says of zip_named(). */
static const char *
said(const char *coding)
{
	return strcmp(coding, "raw") == 0 ? "deflate" : coding;
}

/* ---- heads towards the origin ---- */

static void
test_accept_encoding(void **state)
{
	static const struct {
		const char *value, *asked;
	} cases[] = {
		{"gzip", "gzip"},
		{"gzip, deflate, br, zstd", "gzip, deflate, br, zstd"},
		{"zstd, br, gzip", "gzip, br, zstd"},
		{"gzip, br, dcb, dcz", "gzip, br"},
		{"br;q=1, x-GZIP;q=0.2", "gzip;q=0.200, br"},
		{"*", "gzip"},
		{"*;q=0", "identity"},
		{"*, gzip;q=0", "identity"},
		{"*;q=0, gzip", "gzip, identity;q=0"},
		{"gzip, identity;q=0", "gzip, identity;q=0"},
		{"gzip, identity;q=0.5, *;q=0", "gzip"},
		{"gzip;q=0.000", "identity"},
		{"gzip;q=0.001", "gzip;q=0.001"},
		{"gzip ; q=0", "identity"},
		{"gzip;Q=0", "identity"},
		{"gzip;q=1.000", "gzip"},
		{"gzip;q=nonsense", "identity"},
		{"gzip;q=", "identity"},
		{"gzip;q=-1", "identity"},
		{"gzip;q=0.0000", "identity"},
		{"gzip;a=b;q=0", "identity"},
		{"gzip, gzip;q=0", "identity"},
		{"br", "br"},
		{"deflate", "deflate"},
		{"identity", "identity"},
		{"compress, exi", "identity"},
		{"", "identity"},
		{",,", "identity"},
		{"gzipp", "identity"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fake_call *f = fake_new(&filter_decode);

		put(&f->req.fields, "Accept-Encoding", cases[i].value);
		assert_int_equal(fake_request(f), 0); /* no page expected: as it was */
		assert_string_equal(got(&f->req.fields, "Accept-Encoding"), cases[i].value);
		f->expect_page = true;
		assert_int_equal(fake_request(f), 0);
		assert_string_equal(got(&f->req.fields, "Accept-Encoding"), cases[i].asked);
		fake_free(&f);
	}
}

static void
test_two_accept_rows(void **state)
{
	struct fake_call *f = fake_new(&filter_decode);

	(void)state;
	f->expect_page = true;
	put(&f->req.fields, "Accept-Encoding", "br");
	put(&f->req.fields, "Accept-Encoding", "gzip;q=0.5");
	assert_int_equal(fake_request(f), 0);
	assert_string_equal(got(&f->req.fields, "Accept-Encoding"), "gzip;q=0.500, br");
	fake_free(&f);
}

static void
test_no_accept_encoding(void **state)
{
	struct fake_call *f = fake_new(&filter_decode);

	(void)state;
	f->expect_page = true;
	assert_int_equal(fake_request(f), 0);
	assert_string_equal(got(&f->req.fields, "Accept-Encoding"), "identity");
	fake_free(&f);
}

/* ---- heads from the origin, to be unpacked ---- */

static void
test_content_encoding(void **state)
{
	static const struct {
		const char *value;
		int status;
		bool dropped;
	} cases[] = {
		{"gzip", 0, true},
		{"x-gzip", 0, true},
		{"GZip", 0, true},
		{"deflate", 0, true},
		{"br", 0, true},
		{"zstd", 0, true},
		{"identity", 0, false},
		{"", 0, false},
		{"gzip, identity", 0, true},
		{"gzip, gzip", 0, true},
		{"br, gzip", 0, true},
		{"gzip, deflate, br", 0, true},
		{"gzip, gzip, gzip, gzip", 502, false},
		{"dcb", 502, false},
		{"dcz", 502, false},
		{"compress", 502, false},
		{"gzip, dcb", 502, false},
		{"gzip;q=1", 502, false},
		{"gzipx", 502, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fake_call *f = fake_new(&filter_decode);

		f->want_body = true;
		put(&f->res.fields, "Content-Encoding", cases[i].value);
		assert_int_equal(fake_response(f), cases[i].status);
		assert_string_equal(got(&f->res.fields, "Content-Encoding"), cases[i].dropped ? "-" : cases[i].value);
		assert_int_equal(f->bypassed[TC_BYPASS_CODING], cases[i].status == 502);
		fake_free(&f);
	}
}

static void
test_nobody_wants_the_body(void **state)
{
	struct fake_call *f = fake_new(&filter_decode);

	(void)state;
	put(&f->res.fields, "Content-Encoding", "dcb");
	assert_int_equal(fake_response(f), 0);
	assert_string_equal(got(&f->res.fields, "Content-Encoding"), "dcb");
	f->want_body = true;
	f->res.status = 304;
	assert_int_equal(fake_response(f), 0);
	assert_string_equal(got(&f->res.fields, "Content-Encoding"), "dcb");
	fake_free(&f);
}

/* ---- heads to the visitor ---- */

/* decode and then encode over one response head. */
static struct fake_call *
through_heads(uint32_t compress, const char *accept, const char *coding, const char *vary)
{
	struct fake_call *f = fake_new(&filter_decode), *g;

	f->want_body = true;
	put(&f->res.fields, "Content-Encoding", coding);
	assert_int_equal(fake_response(f), 0);
	g = fake_new(&filter_encode);
	g->want_body = true;
	g->site.compress = compress;
	if (accept != NULL)
		put(&g->req.fields, "Accept-Encoding", accept);
	put(&g->res.fields, "Content-Encoding", coding);
	g->res.fields.v[0].dropped = f->res.fields.v[0].dropped;
	if (vary != NULL)
		put(&g->res.fields, "Vary", vary);
	assert_int_equal(fake_response(g), 0);
	fake_free(&f);
	return g;
}

static void
test_packed_again(void **state)
{
	static const struct {
		uint32_t compress;
		const char *accept, *coding, *vary, *out_coding, *out_vary;
	} cases[] = {
		{0, "gzip", "gzip", NULL, "gzip", "Accept-Encoding"},
		{0, "gzip", "deflate", "Cookie", "gzip", "Cookie, Accept-Encoding"},
		{0, "gzip", "gzip", "Sec-GPC, accept-encoding", "gzip", "Sec-GPC, accept-encoding"},
		{0, "gzip", "gzip", "*", "gzip", "*"},
		{0, "br", "gzip", NULL, "-", "Accept-Encoding"},
		{0, NULL, "gzip", NULL, "-", "Accept-Encoding"},
		{0, "gzip, br, zstd", "gzip", NULL, "gzip", "Accept-Encoding"},
		{0, "gzip, br, zstd", "br", NULL, "br", "Accept-Encoding"},
		{0, "gzip, br, zstd", "zstd", NULL, "zstd", "Accept-Encoding"},
		{0, "gzip, br, zstd", "gzip, br", NULL, "br", "Accept-Encoding"},
		{0, "gzip, zstd", "br", NULL, "gzip", "Accept-Encoding"},
		{TC_CODING_ZSTD, "gzip, br, zstd", "br", NULL, "zstd", "Accept-Encoding"},
		{TC_CODING_ZSTD, "gzip, br", "br", NULL, "gzip", "Accept-Encoding"},
		{0, "gzip", "identity", NULL, "identity", "-"},
		{TC_CODING_GZIP, "gzip", "identity", NULL, "gzip", "Accept-Encoding"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fake_call *f = through_heads(cases[i].compress, cases[i].accept, cases[i].coding, cases[i].vary);

		assert_string_equal(got(&f->res.fields, "Content-Encoding"), cases[i].out_coding);
		assert_string_equal(got(&f->res.fields, "Vary"), cases[i].out_vary);
		fake_free(&f);
	}
}

#define ALL (TC_CODING_GZIP | TC_CODING_BR | TC_CODING_ZSTD)

static void
test_choice(void **state)
{
	static const struct {
		uint32_t compress;
		const char *accept, *out;
	} cases[] = {
		{ALL, "gzip, deflate, br, zstd", "zstd"},
		{ALL, "gzip, deflate, br", "br"},
		{ALL, "gzip, deflate", "gzip"},
		{TC_CODING_GZIP | TC_CODING_BR, "gzip, br, zstd", "br"},
		{TC_CODING_GZIP, "gzip, br, zstd", "gzip"},
		{TC_CODING_BR, "gzip", "-"},
		{ALL, "gzip;q=0.9, br;q=0.8, zstd;q=0.1", "gzip"},
		{ALL, "gzip;q=0.9, br;q=0.95", "br"},
		{ALL, "zstd;q=0, br;q=0, gzip", "gzip"},
		{ALL, "identity, gzip;q=0.5", "-"},
		{ALL, "identity;q=0.5, gzip;q=0.5", "gzip"},
		{ALL, "gzip;q=0.1", "gzip"},
		{ALL, "identity;q=0, br", "br"},
		{ALL, "*;q=0", "-"},
		{ALL, "*;q=0, br", "br"},
		{ALL, "*", "gzip"},
		{ALL, "*, gzip;q=0", "-"},
		{ALL, "x-gzip", "gzip"},
		{ALL, "deflate", "-"},
		{ALL, "identity", "-"},
		{ALL, "", "-"},
		{ALL, NULL, "-"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fake_call *f = fake_new(&filter_encode);

		f->site.compress = cases[i].compress;
		if (cases[i].accept != NULL)
			put(&f->req.fields, "Accept-Encoding", cases[i].accept);
		assert_int_equal(fake_response(f), 0);
		assert_string_equal(got(&f->res.fields, "Content-Encoding"), cases[i].out);
		assert_string_equal(got(&f->res.fields, "Vary"), "Accept-Encoding"); /* on the plain variant too */
		assert_int_equal(f->want_body, cases[i].out[0] != '-');
		fake_free(&f);
	}
}

static void
test_types(void **state)
{
	static const char *const packed[] = {"text/html", "text/css", "text/plain", "text/javascript", "text/xml",
	    "application/json", "application/javascript", "application/ld+json", "application/manifest+json",
	    "application/xml", "application/xhtml+xml", "application/rss+xml", "image/svg+xml", "image/x-icon", "font/ttf",
	    "application/wasm", "application/problem+json"};
	static const char *const plain[] = {"text/event-stream", "image/png", "image/jpeg", "image/webp", "video/mp4",
	    "font/woff2", "font/woff", "application/octet-stream", "application/zip", "application/pdf",
	    "application/grpc", "application/grpc+proto", "application/grpc-web+json", "multipart/x-mixed-replace", "",
	    "application/jsonx"};

	(void)state;
	for (size_t i = 0; i < COUNT(packed) + COUNT(plain); i++) {
		bool yes = i < COUNT(packed);
		struct fake_call *f = fake_new(&filter_encode);

		f->site.compress = TC_CODING_GZIP;
		put(&f->req.fields, "Accept-Encoding", "gzip");
		f->res.type = z(yes ? packed[i] : plain[i - COUNT(packed)]);
		assert_int_equal(fake_response(f), 0);
		assert_string_equal(got(&f->res.fields, "Content-Encoding"), yes ? "gzip" : "-");
		assert_string_equal(got(&f->res.fields, "Vary"), yes ? "Accept-Encoding" : "-");
		fake_free(&f);
	}
}

static void
test_worth(void **state)
{
	static const struct {
		int status;
		const char *field, *value;
		bool packs;
	} cases[] = {
		{200, NULL, NULL, true},
		{201, NULL, NULL, true},
		{203, NULL, NULL, true},
		{403, NULL, NULL, true},
		{404, NULL, NULL, true},
		{410, NULL, NULL, true},
		{101, NULL, NULL, false},
		{204, NULL, NULL, false},
		{205, NULL, NULL, false},
		{206, NULL, NULL, false},
		{301, NULL, NULL, false},
		{304, NULL, NULL, false},
		{500, NULL, NULL, false},
		{200, "Content-Range", "bytes 0-2000/3000", false},
		{200, "Content-Encoding", "br", false},
		{200, "Content-Encoding", "dcb", false},
		{200, "Content-Encoding", "identity", true},
		{200, "Cache-Control", "no-transform", false},
		{200, "Cache-Control", "max-age=3, No-Transform", false},
		{200, "Cache-Control", "max-age=3", true},
		{200, "Content-Length", "0", false},
		{200, "Content-Length", "1023", false},
		{200, "Content-Length", "1024", true},
		{200, "Content-Length", "0001024", true},
		{200, "Content-Length", "99999999999999999", true},
		{200, "X-Accel-Buffering", "no", false},
		{200, "X-Accel-Buffering", "NO", false},
		{200, "X-Accel-Buffering", "yes", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fake_call *f = fake_new(&filter_encode);
		const char *now;

		f->site.compress = TC_CODING_GZIP;
		put(&f->req.fields, "Accept-Encoding", "gzip");
		f->res.status = cases[i].status;
		if (cases[i].field != NULL)
			put(&f->res.fields, cases[i].field, cases[i].value);
		if (cases[i].field != NULL && strcmp(cases[i].field, "Content-Length") == 0)
			f->res.fields.v[0].dropped = i % 2 == 0; /* by the core */
		assert_int_equal(fake_response(f), 0);
		assert_int_equal(f->want_body, cases[i].packs);
		now = got(&f->res.fields, "Content-Encoding");
		assert_int_equal(strcmp(now, "gzip") == 0, cases[i].packs);
		assert_string_equal(got(&f->res.fields, "X-Accel-Buffering"), "-");
		fake_free(&f);
	}
}

/* Without the option nothing changes but the field that was for us. */
static void
test_off(void **state)
{
	struct fake_call *f = fake_new(&filter_encode);

	(void)state;
	put(&f->req.fields, "Accept-Encoding", "gzip, br, zstd");
	put(&f->res.fields, "X-Accel-Buffering", "yes");
	assert_int_equal(fake_response(f), 0);
	assert_false(f->want_body);
	assert_string_equal(got(&f->res.fields, "Vary"), "-");
	assert_string_equal(got(&f->res.fields, "Content-Encoding"), "-");
	assert_string_equal(got(&f->res.fields, "X-Accel-Buffering"), "-");
	f->res.status = 304;
	f->res.type = TC_STR("");
	assert_int_equal(fake_response(f), 0);
	assert_string_equal(got(&f->res.fields, "Vary"), "-");
	fake_free(&f);
}

static void
test_not_modified_varies(void **state)
{
	static const struct {
		const char *type, *vary;
	} cases[] = {{"", "Accept-Encoding"}, {"text/css", "Accept-Encoding"}, {"image/png", "-"}};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fake_call *f = fake_new(&filter_encode);

		f->site.compress = TC_CODING_BR;
		f->res.status = 304;
		f->res.head_only = true;
		f->res.type = z(cases[i].type);
		put(&f->req.fields, "Accept-Encoding", "br");
		assert_int_equal(fake_response(f), 0);
		assert_string_equal(got(&f->res.fields, "Vary"), cases[i].vary);
		assert_string_equal(got(&f->res.fields, "Content-Encoding"), "-");
		assert_false(f->want_body);
		fake_free(&f);
	}
}

/* ---- unpacking ---- */

static struct fake_call *
unpacking(const char *codings)
{
	struct fake_call *f = fake_new(&filter_decode);

	f->want_body = true;
	put(&f->res.fields, "Content-Encoding", said(codings));
	assert_int_equal(fake_response(f), 0);
	return f;
}

static void
expect_text(const char *codings, struct tc_str in, const char *text)
{
	struct fake_call *f = unpacking(codings);

	assert_int_equal(fake_feed(f, in, NULL, 0), 0);
	assert_string_equal(text_of(fake_out(f)), text);
	fake_free(&f);
}

static void
expect_broken(const char *codings, struct tc_str in, enum tc_bypass why)
{
	struct fake_call *f = unpacking(codings);

	assert_int_equal(fake_feed(f, in, NULL, 0), -1);
	assert_int_equal(f->bypassed[why], 1);
	fake_free(&f);
}

static void
test_unpacks(void **state)
{
	struct tc_str text = TC_STR("<p>hello, hello, hello</p>"), gz = zip(text, 31);

	(void)state;
	for (size_t i = 0; i < COUNT(all_codings); i++) {
		expect_text(all_codings[i], zip_named(text, all_codings[i]), text.p);
		expect_text(all_codings[i], zip_named(TC_STR(""), all_codings[i]), "");
		expect_text(all_codings[i], TC_STR(""), "");
	}
	expect_text("gzip", zip_join(zip(TC_STR("one "), 31), zip(TC_STR("two"), 31)), "one two");
	expect_text("gzip", zip_join(gz, TC_STR("\0\0\0\0garbage\x1f")), text.p);
	expect_text("gzip", zip_join(gz, TC_STR("\x1f")), text.p);
	expect_text("gzip", zip_join(gz, TC_STR("\x1f\x1f\x8b")), text.p);
	expect_text("gzip", zip_join(zip(TC_STR(""), 31), gz), text.p);
	expect_text("deflate", zip_join(zip(text, 15), TC_STR("x")), text.p);
	expect_text("br", zip_join(zip_br(text), TC_STR("\0\0")), text.p);
	zip_free();
}

static void
test_zstd_frames(void **state)
{
	struct tc_str one = zip_zstd(TC_STR("one ")), two = zip_zstd(TC_STR("two")), skip = TC_STR("\x5e\x2a\x4d\x18\3\0\0\0abc");
	struct tc_str old = TC_STR("\x27\xb5\x2f\xfd\0\0\0\0\0\0\0\0"); /* version 0.7: never of the standard */

	(void)state;
	expect_text("zstd", zip_join(one, two), "one two");
	expect_text("zstd", zip_join(skip, zip_join(one, zip_join(skip, two))), "one two");
	expect_text("zstd", zip_join(one, skip), "one ");
	expect_text("zstd", skip, "");
	expect_broken("zstd", zip_join(one, TC_STR("\0\0\0\0")), TC_BYPASS_CORRUPT);
	expect_broken("zstd", zip_join(one, tc_str_of(two.p, 3)), TC_BYPASS_CORRUPT);
	expect_broken("zstd", tc_str_of(skip.p, skip.n - 1), TC_BYPASS_CORRUPT);
	expect_broken("zstd", old, TC_BYPASS_CORRUPT);
	zip_free();
}

/*
 * Windows up to 8 MiB, as browsers have them. Brotli's 4 MiB are met by what is longer and was packed for more, never by
 * what only could have been; its large ones are never read.
 */
static void
test_windows(void **state)
{
	struct tc_str text = zip_noise_plain(3000), large = TC_STR("\x11\x19\3\0\0\0\0");
	struct fake_call *f = unpacking("zstd");

	(void)state;
	assert_int_equal(fake_feed(f, zip_zstd_window(text, 23), NULL, 0), 0);
	assert_int_equal(f->out_n, text.n);
	fake_free(&f);
	expect_broken("zstd", zip_zstd_window(text, 24), TC_BYPASS_CORRUPT);
	expect_broken("br", large, TC_BYPASS_CORRUPT);
	text = zip_noise_plain((size_t)9 << 20);
	for (int log = 22; log <= 24; log += 2)
		for (int much = 0; much < 2; much++) {
			struct tc_str in = tc_str_of(text.p, much ? text.n : 200000);

			f = unpacking("br");
			assert_int_equal(fake_feed_by(f, zip_br_window(in, 1, log), 65536), log > 22 && much ? -1 : 0);
			fake_free(&f);
		}
	zip_free();
}

static void
test_lists(void **state)
{
	struct tc_str text = TC_STR("<p>over and over and over</p>"), in;

	(void)state;
	for (size_t i = 0; i < COUNT(all_codings); i++)
		for (size_t j = 0; j < COUNT(all_codings); j++) {
			char list[64];

			in = zip_named(zip_named(text, all_codings[i]), all_codings[j]);
			(void)snprintf(list, sizeof(list), "%s, %s", said(all_codings[i]), said(all_codings[j]));
			expect_text(list, in, text.p);
			expect_broken(list, tc_str_of(in.p, in.n - 1), TC_BYPASS_CORRUPT);
		}
	in = zip_named(zip_named(zip_named(text, "gzip"), "br"), "zstd");
	expect_text("gzip, br, zstd", in, text.p);
	in = zip_named(tc_str_of(zip(text, 31).p, zip(text, 31).n - 1), "br"); /* whole around what is not */
	expect_broken("gzip, br", in, TC_BYPASS_CORRUPT);
	zip_free();
}

static void
test_broken(void **state)
{
	struct tc_str text = TC_STR("<p>hello, hello, hello</p>"), gz = zip(text, 31), zlib = zip(TC_STR("hello"), 15);
	struct tc_str frame = zip_zstd(text);

	(void)state;
	for (size_t i = 0; i < COUNT(all_codings); i++) {
		struct tc_str in = zip_named(text, all_codings[i]);

		for (size_t n = 1; n < in.n; n++)
			expect_broken(all_codings[i], tc_str_of(in.p, n), TC_BYPASS_CORRUPT);
	}
	expect_broken("gzip", TC_STR("<p>not packed at all</p>"), TC_BYPASS_CORRUPT);
	expect_broken("br", TC_STR("<p>not packed at all</p>"), TC_BYPASS_CORRUPT);
	expect_broken("zstd", TC_STR("<p>not packed at all</p>"), TC_BYPASS_CORRUPT);
	expect_broken("deflate", TC_STR("\x78"), TC_BYPASS_CORRUPT);
	expect_broken("deflate", zip_flip(zlib, zlib.n - 1), TC_BYPASS_CORRUPT);
	expect_broken("gzip", zip_flip(gz, gz.n - 6), TC_BYPASS_CORRUPT); /* its checksum */
	expect_broken("zstd", zip_flip(frame, frame.n - 1), TC_BYPASS_CORRUPT);
	expect_broken("gzip", zip_join(gz, TC_STR("\x1f\x8b\x08")), TC_BYPASS_CORRUPT);
	zip_free();
}

/* Hundreds of megabytes come of a little: as far as the limit, and no further. */
static void
test_bomb(void **state)
{
	static const char *const codings[] = {"gzip", "deflate", "br", "zstd"};

	(void)state;
	for (size_t i = 0; i < COUNT(codings); i++) {
		struct tc_str in = zip_named(zip_zeros_plain((size_t)100 << 20), codings[i]);

		for (int by = 0; by < 2; by++) {
			struct fake_call *f = unpacking(codings[i]);

			f->discard = true;
			assert_int_equal(by == 0 ? fake_feed(f, in, NULL, 0) : fake_feed_by(f, in, 100), -1);
			assert_int_equal(f->bypassed[TC_BYPASS_BOMB], 1);
			assert_true(f->out_n <= BOMB_FREE + (by == 0 ? OUT_SIZE + BOMB_RATIO * in.n : (size_t)9 << 20));
			fake_free(&f);
		}
		struct fake_call *f = unpacking(codings[i]);

		in = zip_named(zip_zeros_plain(BOMB_FREE), codings[i]);
		assert_int_equal(fake_feed(f, in, NULL, 0), 0); /* so much may come of anything */
		assert_int_equal(f->out_n, BOMB_FREE);
		fake_free(&f);
		zip_free();
	}
}

/* What is in the middle counts as well: a little that becomes much and then a little again. */
static void
test_bomb_inside(void **state)
{
	struct tc_str in = zip_br(zip_zeros((size_t)100 << 20));
	struct fake_call *f = unpacking("gzip, br");

	(void)state;
	f->discard = true;
	assert_int_equal(fake_feed(f, in, NULL, 0), -1);
	assert_int_equal(f->bypassed[TC_BYPASS_BOMB], 1);
	assert_true(f->out_n <= BOMB_FREE + OUT_SIZE);
	fake_free(&f);

	f = unpacking("gzip, zstd");
	in = zip_zstd(zip_join(zip(TC_STR("little"), 31), zip_zeros_plain((size_t)8 << 20)));
	assert_int_equal(fake_feed(f, in, NULL, 0), -1);
	assert_int_equal(f->bypassed[TC_BYPASS_BOMB], 1);
	fake_free(&f);
	zip_free();
}

/* More than 64 MiB is refused even if it was honestly packed. */
static void
test_too_much(void **state)
{
	static const char *const codings[] = {"gzip", "zstd"};

	(void)state;
	for (size_t i = 0; i < COUNT(codings); i++) {
		struct fake_call *f = unpacking(codings[i]);

		f->discard = true;
		assert_int_equal(fake_feed_by(f, zip_named(zip_noise_plain((size_t)65 << 20), codings[i]), 1 << 20), -1);
		assert_int_equal(f->bypassed[TC_BYPASS_BOMB], 1);
		assert_true(f->out_n <= BOMB_MAX);
		fake_free(&f);
		zip_free();
	}
}

/* The next filter says when it is full: what is left then comes later, and input is kept alive for it. */
static void
test_room(void **state)
{
	static const char *const lists[] = {"gzip", "deflate", "br", "zstd", "gzip, br"};
	struct tc_str text = zip_zeros_plain(300000);

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++)
		for (size_t room = 1; room < 100000; room = room * 7 + 1) {
			struct tc_str in = i < 4 ? zip_named(text, lists[i]) : zip_br(zip(text, 31));
			struct fake_call *f = unpacking(lists[i]);

			f->room = room;
			f->late_end = room % 2 == 0;
			assert_int_equal(fake_feed(f, in, NULL, 0), 0);
			assert_int_equal(f->out_n, 300000);
			fake_free(&f);
		}
	zip_free();
}

static void
test_next_filter_gives_up(void **state)
{
	struct fake_call *f = unpacking("gzip");

	(void)state;
	f->emit_max = 100;
	assert_int_equal(fake_feed(f, zip_zeros(1000), NULL, 0), -1);
	fake_free(&f);
	zip_free();
}

/* No byte behind the input is looked at, whole and cut. */
static void
test_edge(void **state)
{
	struct tc_str text = TC_STR("<p>hello, hello, hello</p>");

	(void)state;
	for (size_t i = 0; i < COUNT(all_codings); i++) {
		struct tc_str packed = zip_named(text, all_codings[i]);

		for (size_t n = 0; n <= packed.n; n++) {
			struct fake_call *f = unpacking(all_codings[i]);
			char *p = edge_copy(packed.p, n);
			struct tc_str in = tc_str_of(p, n);

			assert_int_equal(filter_decode.body(&f->call, &in, true), n == 0 || n == packed.n ? 0 : -1);
			edge_free(p, n);
			fake_free(&f);
		}
	}
	zip_free();
}

/* ---- packing ---- */

static struct fake_call *
packing(const char *coding)
{
	struct fake_call *f = fake_new(&filter_encode);

	f->site.compress = ALL;
	put(&f->req.fields, "Accept-Encoding", coding);
	assert_int_equal(fake_response(f), 0);
	assert_string_equal(got(&f->res.fields, "Content-Encoding"), coding);
	return f;
}

static const char *const packed_codings[] = {"gzip", "br", "zstd"};

static void
expect_packed(const char *coding, const struct fake_call *f, struct tc_str text)
{
	struct fake_call *back = unpacking(coding);

	assert_int_equal(fake_feed(back, fake_out(f), NULL, 0), 0);
	assert_int_equal(back->out_n, text.n);
	if (text.n > 0)
		assert_memory_equal(back->out, text.p, text.n);
	fake_free(&back);
}

static void
test_packs(void **state)
{
	struct tc_str noise = zip_noise_plain(200000), zeros = zip_zeros_plain(3 << 20);

	(void)state;
	for (size_t i = 0; i < COUNT(packed_codings); i++)
		for (size_t n = 0; n <= noise.n; n = n * 5 + 1)
			for (int way = 0; way < 4; way++) {
				struct tc_str in = tc_str_of(way < 2 ? noise.p : zeros.p, n);
				struct fake_call *f = packing(packed_codings[i]);

				f->late_end = way % 2 == 0;
				assert_int_equal(way % 2 == 0 ? fake_feed(f, in, NULL, 0) : fake_feed_by(f, in, 7777), 0);
				expect_packed(packed_codings[i], f, in);
				fake_free(&f);
			}
	for (size_t i = 0; i < COUNT(packed_codings); i++) { /* much more than a window, in one piece */
		struct fake_call *f = packing(packed_codings[i]);

		assert_int_equal(fake_feed(f, zip_noise_plain(1 << 20), NULL, 0), 0);
		expect_packed(packed_codings[i], f, tc_str_of(zip_kept[zip_count - 1], 1 << 20));
		fake_free(&f);
	}
	zip_free();
}

/* A page that drips must drip: what came so far can be read as soon as nothing more is at hand. */
static void
test_packs_at_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(packed_codings); i++) {
		struct fake_call *f = packing(packed_codings[i]), *back = unpacking(packed_codings[i]);
		struct tc_str in = TC_STR("<p>first</p>"), none = TC_STR("");
		size_t before;

		f->call.res = &f->res;
		assert_int_equal(filter_encode.body(&f->call, &in, false), 0);
		assert_int_equal(f->out_n, 0); /* it may be whole in a moment */
		assert_int_equal(in.n, 12);
		f->flushing = true;
		assert_int_equal(filter_encode.body(&f->call, &in, false), 0);
		assert_int_equal(in.n, 0);
		back->late_end = true;
		(void)fake_feed(back, fake_out(f), NULL, 0); /* incomplete, so it fails in the end */
		assert_string_equal(text_of(fake_out(back)), "<p>first</p>");
		before = f->out_n;
		assert_int_equal(filter_encode.body(&f->call, &none, false), 0);
		assert_int_equal(f->out_n, before); /* nothing new: nothing to flush */
		f->flushing = false;
		in = TC_STR("<p>second</p>");
		assert_int_equal(filter_encode.body(&f->call, &in, false), 0);
		assert_int_equal(in.n, 0);
		f->flushing = true;
		assert_int_equal(filter_encode.body(&f->call, &none, false), 0);
		assert_true(f->out_n > before); /* given earlier, out now */
		fake_free(&back);
		fake_free(&f);
	}
}

/* What is there as a whole, however many pieces it came in, costs not a byte for flushes. */
static void
test_whole_is_one(void **state)
{
	static char text[30000];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i * i % 19);
	for (size_t i = 0; i < COUNT(packed_codings); i++) {
		struct fake_call *one = packing(packed_codings[i]), *many = packing(packed_codings[i]);

		assert_int_equal(fake_feed(one, tc_str_of(text, sizeof(text)), NULL, 0), 0);
		assert_int_equal(fake_feed_by(many, tc_str_of(text, sizeof(text)), 1000), 0);
		assert_true(tc_eq(fake_out(one), fake_out(many)));
		fake_free(&one);
		fake_free(&many);
	}
}

static void
test_packing_gives_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(packed_codings); i++)
		for (int late = 0; late < 2; late++) {
			struct fake_call *f = packing(packed_codings[i]);

			f->emit_max = 10;
			f->flushing = late;
			assert_int_equal(fake_feed_by(f, zip_noise_plain(100000), late ? 50000 : 100000), -1);
			fake_free(&f);
			zip_free();
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accept_encoding),
		cmocka_unit_test(test_two_accept_rows),
		cmocka_unit_test(test_no_accept_encoding),
		cmocka_unit_test(test_content_encoding),
		cmocka_unit_test(test_nobody_wants_the_body),
		cmocka_unit_test(test_packed_again),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_worth),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_not_modified_varies),
		cmocka_unit_test(test_unpacks),
		cmocka_unit_test(test_zstd_frames),
		cmocka_unit_test(test_windows),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_bomb_inside),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_next_filter_gives_up),
		cmocka_unit_test(test_edge),
		cmocka_unit_test(test_packs),
		cmocka_unit_test(test_packs_at_once),
		cmocka_unit_test(test_whole_is_one),
		cmocka_unit_test(test_packing_gives_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
