/* charset.h: in which character encoding a page is (html.md 2.2; Encoding Standard; HTML Standard 13.2.3). */
#ifndef TACET_HTML_CHARSET_H
#define TACET_HTML_CHARSET_H

#include "tacet/str.h"

/*
 * The encodings that browsers know. X(ENUM, "name, which is a label too"). In those before UTF_16LE every byte below 0x80
 * that a tokenizer looks for is that character: they are read as they are.
 */
#define CHARSETS(X) \
	X(UTF_8, "utf-8") \
	X(IBM866, "ibm866") \
	X(ISO_8859_2, "iso-8859-2") \
	X(ISO_8859_3, "iso-8859-3") \
	X(ISO_8859_4, "iso-8859-4") \
	X(ISO_8859_5, "iso-8859-5") \
	X(ISO_8859_6, "iso-8859-6") \
	X(ISO_8859_7, "iso-8859-7") \
	X(ISO_8859_8, "iso-8859-8") \
	X(ISO_8859_8_I, "iso-8859-8-i") \
	X(ISO_8859_10, "iso-8859-10") \
	X(ISO_8859_13, "iso-8859-13") \
	X(ISO_8859_14, "iso-8859-14") \
	X(ISO_8859_15, "iso-8859-15") \
	X(ISO_8859_16, "iso-8859-16") \
	X(KOI8_R, "koi8-r") \
	X(KOI8_U, "koi8-u") \
	X(MACINTOSH, "macintosh") \
	X(WINDOWS_874, "windows-874") \
	X(WINDOWS_1250, "windows-1250") \
	X(WINDOWS_1251, "windows-1251") \
	X(WINDOWS_1252, "windows-1252") \
	X(WINDOWS_1253, "windows-1253") \
	X(WINDOWS_1254, "windows-1254") \
	X(WINDOWS_1255, "windows-1255") \
	X(WINDOWS_1256, "windows-1256") \
	X(WINDOWS_1257, "windows-1257") \
	X(WINDOWS_1258, "windows-1258") \
	X(X_MAC_CYRILLIC, "x-mac-cyrillic") \
	X(GBK, "gbk") \
	X(GB18030, "gb18030") \
	X(BIG5, "big5") \
	X(EUC_JP, "euc-jp") \
	X(SHIFT_JIS, "shift_jis") \
	X(EUC_KR, "euc-kr") \
	X(X_USER_DEFINED, "x-user-defined") \
	X(UTF_16LE, "utf-16le") \
	X(UTF_16BE, "utf-16be") \
	X(ISO_2022_JP, "iso-2022-jp") \
	X(REPLACEMENT, "replacement")

enum charset {
	CHARSET_NONE, /* not declared, or by a label that browsers do not know */
#define X(e, name) CHARSET_##e,
	CHARSETS(X)
#undef X
	CHARSET_COUNT
};

enum { CHARSET_PRESCAN = 1024 }; /* bytes that browsers look at for a meta element */

/* By its label, as Content-Type has it. */
enum charset charset_of(struct tc_str label);

struct tc_str charset_name(enum charset c);

/* Whether the bytes can be tokenized as they are. */
static inline bool
charset_is_plain(enum charset c)
{
	return c < CHARSET_UTF_16LE;
}

/* By a byte order mark of *n bytes; CHARSET_NONE: there is none. False: more bytes are needed to say. */
bool charset_bom(struct tc_str in, bool last, enum charset *c, size_t *n);

/* By a meta element or an XML declaration in the first CHARSET_PRESCAN bytes (13.2.3.2). */
enum charset charset_prescan(struct tc_str in);

/* Whether it is UTF-8 for sure: valid, but for a character that the end cuts, and not all ASCII. */
bool charset_is_utf8(struct tc_str in);

/*
 * A URL of a page in this encoding, whose references and escapes are decoded, as UTF-8; out holds 3 * in.n bytes. What is UTF-8
 * already, as references are, stays, unless its bytes could be a host in ASCII. False: only one-byte encodings are read here.
 */
bool charset_to_utf8(enum charset c, struct tc_str in, char *out, size_t *n);

#endif
