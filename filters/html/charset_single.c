/*
 * charset_single.c: the letters of the encodings of one byte (Encoding Standard, section 9): what a host is called in a page
 * that is in one of them. A row begins at 0x80, or at 0xA0 where nothing stands before; U+FFFD: no letter that a host has.
 */
#include "../match/host.h"
#include "charset.h"

#include <uchar.h>

/* Letters that say more than one might see are written as numbers, as are those from right to left. */
static const struct {
	uint8_t from;
	const char16_t *letters;
} singles[] = {
#define ROW(e, from, letters) [CHARSET_##e - CHARSET_IBM866] = {from, letters}
    ROW(IBM866, 0x80,
	u"АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмноп░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧"
	u"╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀рстуфхцчшщъыьэюяЁёЄєЇїЎў\u00B0∙·√\u2116¤■\u00A0"),
    ROW(ISO_8859_2, 0xA0,
	u"\u00A0Ą\u02D8Ł¤ĽŚ§\u00A8ŠŞŤŹ\u00ADŽŻ\u00B0ą\u02DBł\u00B4ľśˇ\u00B8šşťź\u02DDžżŔÁÂ"
	u"ĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢßŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ\u02D9"),
    ROW(ISO_8859_3, 0xA0,
	u"\u00A0Ħ\u02D8£¤\uFFFDĤ§\u00A8İŞĞĴ\u00AD\uFFFDŻ\u00B0ħ²³\u00B4µĥ·\u00B8ışğĵ½"
	u"\uFFFDżÀÁÂ\uFFFDÄĊĈÇÈÉÊËÌÍÎÏ\uFFFDÑÒÓÔĠÖ×ĜÙÚÛÜŬŜßàáâ\uFFFDäċĉçèéêëìíîï\uFFFDñòóô"
	u"ġö÷ĝùúûüŭŝ\u02D9"),
    ROW(ISO_8859_4, 0xA0,
	u"\u00A0ĄĸŖ¤ĨĻ§\u00A8ŠĒĢŦ\u00ADŽ\u00AF\u00B0ą\u02DBŗ\u00B4ĩļˇ\u00B8šēģŧŊžŋĀÁÂÃÄÅÆĮ"
	u"ČÉĘËĖÍÎĪĐŅŌĶÔÕÖ×ØŲÚÛÜŨŪßāáâãäåæįčéęëėíîīđņōķôõö÷øųúûüũū\u02D9"),
    ROW(ISO_8859_5, 0xA0,
	u"\u00A0ЁЂЃЄЅІЇЈЉЊЋЌ\u00ADЎЏАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмнопрстуфх"
	u"цчшщъыьэюя\u2116ёђѓєѕіїјљњћќ§ўџ"),
    ROW(ISO_8859_6, 0xA0,
	u"\u00A0\uFFFD\uFFFD\uFFFD¤\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD،\u00AD\uFFFD"
	u"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\u061B"
	u"\uFFFD\uFFFD\uFFFD\u061F\uFFFD\u0621\u0622\u0623\u0624\u0625\u0626\u0627\u0628"
	u"\u0629\u062A\u062B\u062C\u062D\u062E\u062F\u0630\u0631\u0632\u0633\u0634\u0635"
	u"\u0636\u0637\u0638\u0639\u063A\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\u0640\u0641\u0642"
	u"\u0643\u0644\u0645\u0646\u0647\u0648\u0649\u064A\u064B\u064C\u064D\u064E\u064F"
	u"\u0650\u0651\u0652\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD"
	u"\uFFFD\uFFFD\uFFFD"),
    ROW(ISO_8859_7, 0xA0,
	u"\u00A0‘’£€₯\u00A6§\u00A8\u00A9ͺ«¬\u00AD\uFFFD―\u00B0±²³\u0384\u0385Ά·ΈΉΊ»Ό½ΎΏΐΑΒ"
	u"ΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡ\uFFFDΣΤΥΦΧΨΩΪΫάέήίΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώ\uFFFD"),
    ROW(ISO_8859_8, 0xA0,
	u"\u00A0\uFFFD¢£¤¥\u00A6§\u00A8\u00A9×«¬\u00AD\u00AE\u00AF\u00B0±²³\u00B4µ¶·\u00B8"
	u"¹÷»¼½¾\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD"
	u"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD"
	u"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD‗\u05D0\u05D1\u05D2\u05D3\u05D4\u05D5"
	u"\u05D6\u05D7\u05D8\u05D9\u05DA\u05DB\u05DC\u05DD\u05DE\u05DF\u05E0\u05E1\u05E2"
	u"\u05E3\u05E4\u05E5\u05E6\u05E7\u05E8\u05E9\u05EA\uFFFD\uFFFD\u200E\u200F\uFFFD"),
    ROW(ISO_8859_8_I, 0xA0,
	u"\u00A0\uFFFD¢£¤¥\u00A6§\u00A8\u00A9×«¬\u00AD\u00AE\u00AF\u00B0±²³\u00B4µ¶·\u00B8"
	u"¹÷»¼½¾\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD"
	u"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD"
	u"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD‗\u05D0\u05D1\u05D2\u05D3\u05D4\u05D5"
	u"\u05D6\u05D7\u05D8\u05D9\u05DA\u05DB\u05DC\u05DD\u05DE\u05DF\u05E0\u05E1\u05E2"
	u"\u05E3\u05E4\u05E5\u05E6\u05E7\u05E8\u05E9\u05EA\uFFFD\uFFFD\u200E\u200F\uFFFD"),
    ROW(ISO_8859_10, 0xA0,
	u"\u00A0ĄĒĢĪĨĶ§ĻĐŠŦŽ\u00ADŪŊ\u00B0ąēģīĩķ·ļđšŧž―ūŋĀÁÂÃÄÅÆĮČÉĘËĖÍÎÏÐŅŌÓÔÕÖŨØŲÚÛÜÝÞßā"
	u"áâãäåæįčéęëėíîïðņōóôõöũøųúûüýþĸ"),
    ROW(ISO_8859_13, 0xA0,
	u"\u00A0”¢£¤„\u00A6§Ø\u00A9Ŗ«¬\u00AD\u00AEÆ\u00B0±²³“µ¶·ø¹ŗ»¼½¾æĄĮĀĆÄÅĘĒČÉŹĖĢĶĪĻŠŃ"
	u"ŅÓŌÕÖ×ŲŁŚŪÜŻŽßąįāćäåęēčéźėģķīļšńņóōõö÷ųłśūüżž’"),
    ROW(ISO_8859_14, 0xA0,
	u"\u00A0Ḃḃ£ĊċḊ§Ẁ\u00A9ẂḋỲ\u00AD\u00AEŸḞḟĠġṀṁ¶ṖẁṗẃṠỳẄẅṡÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏŴÑÒÓÔÕÖṪØÙÚÛ"
	u"ÜÝŶßàáâãäåæçèéêëìíîïŵñòóôõöṫøùúûüýŷÿ"),
    ROW(ISO_8859_15, 0xA0,
	u"\u00A0¡¢£€¥Š§š\u00A9ª«¬\u00AD\u00AE\u00AF\u00B0±²³Žµ¶·ž¹º»ŒœŸ¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑ"
	u"ÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ"),
    ROW(ISO_8859_16, 0xA0,
	u"\u00A0ĄąŁ€„Š§š\u00A9Ș«Ź\u00ADźŻ\u00B0±ČłŽ”¶·žčș»ŒœŸżÀÁÂĂÄĆÆÇÈÉÊËÌÍÎÏĐŃÒÓÔŐÖŚŰÙÚÛ"
	u"ÜĘȚßàáâăäćæçèéêëìíîïđńòóôőöśűùúûüęțÿ"),
    ROW(KOI8_R, 0x80,
	u"─│┌┐└┘├┤┬┴┼▀▄█▌▐░▒▓⌠■∙√≈≤≥\u00A0⌡\u00B0²·÷═║╒ё╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡Ё╢╣╤╥╦╧╨╩╪╫╬\u00A9ю"
	u"абцдефгхийклмнопярстужвьызшэщчъЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧЪ"),
    ROW(KOI8_U, 0x80,
	u"─│┌┐└┘├┤┬┴┼▀▄█▌▐░▒▓⌠■∙√≈≤≥\u00A0⌡\u00B0²·÷═║╒ёє╔ії╗╘╙╚╛ґў╞╟╠╡ЁЄ╣ІЇ╦╧╨╩╪ҐЎ\u00A9ю"
	u"абцдефгхийклмнопярстужвьызшэщчъЮАБЦДЕФГХИЙКЛМНОПЯРСТУЖВЬЫЗШЭЩЧЪ"),
    ROW(MACINTOSH, 0x80,
	u"ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†\u00B0¢£§•¶ß\u00AE\u00A9\u2122\u00B4\u00A8≠ÆØ∞±"
	u"≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\u00A0ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\uF8FFÒÚÛÙıˆ"
	u"\u02DC\u00AF\u02D8\u02D9\u02DA\u00B8\u02DD\u02DBˇ"),
    ROW(WINDOWS_874, 0x80,
	u"€\uFFFD\uFFFD\uFFFD\uFFFD…\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD"
	u"\uFFFD\uFFFD‘’“”•–—\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\u00A0กขฃคฅฆง"
	u"จฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรฤลฦวศษสหฬอฮฯะ\u0E31าำ\u0E34\u0E35\u0E36\u0E37\u0E38"
	u"\u0E39\u0E3A\uFFFD\uFFFD\uFFFD\uFFFD฿เแโใไๅๆ\u0E47\u0E48\u0E49\u0E4A\u0E4B\u0E4C"
	u"\u0E4D\u0E4E๏๐๑๒๓๔๕๖๗๘๙๚๛\uFFFD\uFFFD\uFFFD\uFFFD"),
    ROW(WINDOWS_1250, 0x80,
	u"€\uFFFD‚\uFFFD„…†‡\uFFFD‰Š‹ŚŤŽŹ\uFFFD‘’“”•–—\uFFFD\u2122š›śťžź\u00A0ˇ\u02D8Ł¤Ą"
	u"\u00A6§\u00A8\u00A9Ş«¬\u00AD\u00AEŻ\u00B0±\u02DBł\u00B4µ¶·\u00B8ąş»Ľ\u02DDľżŔÁÂĂ"
	u"ÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢßŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ\u02D9"),
    ROW(WINDOWS_1251, 0x80,
	u"ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—\uFFFD\u2122љ›њќћџ\u00A0ЎўЈ¤Ґ\u00A6§Ё\u00A9Є«¬\u00AD"
	u"\u00AEЇ\u00B0±Ііґµ¶·ё\u2116є»јЅѕїАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдежзийклмно"
	u"прстуфхцчшщъыьэюя"),
    ROW(WINDOWS_1252, 0x80,
	u"€\uFFFD‚ƒ„…†‡ˆ‰Š‹Œ\uFFFDŽ\uFFFD\uFFFD‘’“”•–—\u02DC\u2122š›œ\uFFFDžŸ\u00A0¡¢£¤¥"
	u"\u00A6§\u00A8\u00A9ª«¬\u00AD\u00AE\u00AF\u00B0±²³\u00B4µ¶·\u00B8¹º»¼½¾¿ÀÁÂÃÄÅÆÇÈ"
	u"ÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ"),
    ROW(WINDOWS_1253, 0x80,
	u"€\uFFFD‚ƒ„…†‡\uFFFD‰\uFFFD‹\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD‘’“”•–—\uFFFD\u2122"
	u"\uFFFD›\uFFFD\uFFFD\uFFFD\uFFFD\u00A0\u0385Ά£¤¥\u00A6§\u00A8\u00A9\uFFFD«¬\u00AD"
	u"\u00AE―\u00B0±²³\u0384µ¶·ΈΉΊ»Ό½ΎΏΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡ\uFFFDΣΤΥΦΧΨΩΪΫάέήίΰαβγδεζηθι"
	u"κλμνξοπρςστυφχψωϊϋόύώ\uFFFD"),
    ROW(WINDOWS_1254, 0x80,
	u"€\uFFFD‚ƒ„…†‡ˆ‰Š‹Œ\uFFFD\uFFFD\uFFFD\uFFFD‘’“”•–—\u02DC\u2122š›œ\uFFFD\uFFFDŸ"
	u"\u00A0¡¢£¤¥\u00A6§\u00A8\u00A9ª«¬\u00AD\u00AE\u00AF\u00B0±²³\u00B4µ¶·\u00B8¹º»¼½"
	u"¾¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏĞÑÒÓÔÕÖ×ØÙÚÛÜİŞßàáâãäåæçèéêëìíîïğñòóôõö÷øùúûüışÿ"),
    ROW(WINDOWS_1255, 0x80,
	u"€\uFFFD‚ƒ„…†‡ˆ‰\uFFFD‹\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD‘’“”•–—\u02DC\u2122\uFFFD›"
	u"\uFFFD\uFFFD\uFFFD\uFFFD\u00A0¡¢£₪¥\u00A6§\u00A8\u00A9×«¬\u00AD\u00AE\u00AF"
	u"\u00B0±²³\u00B4µ¶·\u00B8¹÷»¼½¾¿\u05B0\u05B1\u05B2\u05B3\u05B4\u05B5\u05B6\u05B7"
	u"\u05B8\u05B9\uFFFD\u05BB\u05BC\u05BD\u05BE\u05BF\u05C0\u05C1\u05C2\u05C3\u05F0"
	u"\u05F1\u05F2\u05F3\u05F4\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\u05D0\u05D1"
	u"\u05D2\u05D3\u05D4\u05D5\u05D6\u05D7\u05D8\u05D9\u05DA\u05DB\u05DC\u05DD\u05DE"
	u"\u05DF\u05E0\u05E1\u05E2\u05E3\u05E4\u05E5\u05E6\u05E7\u05E8\u05E9\u05EA\uFFFD"
	u"\uFFFD\u200E\u200F\uFFFD"),
    ROW(WINDOWS_1256, 0x80,
	u"€\u067E‚ƒ„…†‡ˆ‰\u0679‹Œ\u0686\u0698\u0688\u06AF‘’“”•–—\u06A9\u2122\u0691›œ\u200C"
	u"\u200D\u06BA\u00A0،¢£¤¥\u00A6§\u00A8\u00A9\u06BE«¬\u00AD\u00AE\u00AF\u00B0±²³"
	u"\u00B4µ¶·\u00B8¹\u061B»¼½¾\u061F\u06C1\u0621\u0622\u0623\u0624\u0625\u0626\u0627"
	u"\u0628\u0629\u062A\u062B\u062C\u062D\u062E\u062F\u0630\u0631\u0632\u0633\u0634"
	u"\u0635\u0636×\u0637\u0638\u0639\u063A\u0640\u0641\u0642\u0643à\u0644â\u0645"
	u"\u0646\u0647\u0648çèéêë\u0649\u064Aîï\u064B\u064C\u064D\u064Eô\u064F\u0650÷"
	u"\u0651ù\u0652ûü\u200E\u200F\u06D2"),
    ROW(WINDOWS_1257, 0x80,
	u"€\uFFFD‚\uFFFD„…†‡\uFFFD‰\uFFFD‹\uFFFD\u00A8ˇ\u00B8\uFFFD‘’“”•–—\uFFFD\u2122"
	u"\uFFFD›\uFFFD\u00AF\u02DB\uFFFD\u00A0\uFFFD¢£¤\uFFFD\u00A6§Ø\u00A9Ŗ«¬\u00AD"
	u"\u00AEÆ\u00B0±²³\u00B4µ¶·ø¹ŗ»¼½¾æĄĮĀĆÄÅĘĒČÉŹĖĢĶĪĻŠŃŅÓŌÕÖ×ŲŁŚŪÜŻŽßąįāćäåęēčéźėģķī"
	u"ļšńņóōõö÷ųłśūüżž\u02D9"),
    ROW(WINDOWS_1258, 0x80,
	u"€\uFFFD‚ƒ„…†‡ˆ‰\uFFFD‹Œ\uFFFD\uFFFD\uFFFD\uFFFD‘’“”•–—\u02DC\u2122\uFFFD›œ\uFFFD"
	u"\uFFFDŸ\u00A0¡¢£¤¥\u00A6§\u00A8\u00A9ª«¬\u00AD\u00AE\u00AF\u00B0±²³\u00B4µ¶·"
	u"\u00B8¹º»¼½¾¿ÀÁÂĂÄÅÆÇÈÉÊË\u0300ÍÎÏĐÑ\u0309ÓÔƠÖ×ØÙÚÛÜƯ\u0303ßàáâăäåæçèéêë\u0301íî"
	u"ïđñ\u0323óôơö÷øùúûüư₫ÿ"),
    ROW(X_MAC_CYRILLIC, 0x80,
	u"АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ†\u00B0Ґ£§•¶І\u00AE\u00A9\u2122Ђђ≠Ѓѓ∞±≤≥іµґЈЄєЇї"
	u"ЉљЊњјЅ¬√ƒ≈∆«»…\u00A0ЋћЌќѕ–—“”‘’÷„ЎўЏџ\u2116Ёёяабвгдежзийклмнопрстуфхцчшщъыьэю€"),
#undef ROW
};

static bool
is_single(enum charset c)
{
	return c >= CHARSET_IBM866 && c <= CHARSET_X_MAC_CYRILLIC;
}

static uint32_t
letter(enum charset c, uint8_t byte)
{
	if (byte < 0x80)
		return byte;
	if (c == CHARSET_X_USER_DEFINED)
		return 0xF700u + byte;
	c -= CHARSET_IBM866;
	return byte < singles[c].from ? 0xFFFD : singles[c].letters[byte - singles[c].from];
}

/* The length of the UTF-8 character at the front of s, which is not ASCII; 0: it is none. */
static size_t
utf8_length(struct tc_str s)
{
	uint8_t first = (uint8_t)s.p[0];
	size_t n = first >= 0xF0 ? 4 : first >= 0xE0 ? 3
						     : 2;

	if (first < 0xC2 || first > 0xF4 || s.n < n)
		return 0;
	for (size_t i = 1; i < n; i++)
		if (((uint8_t)s.p[i] & 0xC0) != 0x80)
			return 0;
	return n;
}

/* Whether all of these bytes come to ASCII in a host, or to nothing. */
static bool
all_ascii(enum charset c, struct tc_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!host_is_ascii(letter(c, (uint8_t)s.p[i])))
			return false;
	return true;
}

static size_t
put(char *out, uint32_t u)
{
	if (u < 0x80) {
		out[0] = (char)u;
		return 1;
	}
	if (u < 0x800) {
		out[0] = (char)(0xC0 | u >> 6);
		out[1] = (char)(0x80 | (u & 0x3F));
		return 2;
	}
	out[0] = (char)(0xE0 | u >> 12);
	out[1] = (char)(0x80 | (u >> 6 & 0x3F));
	out[2] = (char)(0x80 | (u & 0x3F));
	return 3;
}

bool
charset_to_utf8(enum charset c, struct tc_str in, char *out, size_t *n)
{
	*n = 0;
	if (!is_single(c) && c != CHARSET_X_USER_DEFINED)
		return false;
	while (in.n > 0) {
		size_t k = utf8_length(in);

		if ((uint8_t)in.p[0] >= 0x80 && k > 0 && !all_ascii(c, tc_str_of(in.p, k))) {
			memcpy(out + *n, in.p, k);
			*n += k;
			tc_skip(&in, k);
			continue;
		}
		*n += put(out + *n, letter(c, (uint8_t)in.p[0]));
		tc_skip(&in, 1);
	}
	return true;
}
