/* error_page.c: the pages of the statuses that we answer ourselves (pages.h). */
#include "core/pages.h"

static const struct {
	int status;
	struct tc_str title, text;
} ERRORS[] = {
	{400, TC_STR_INIT("400 Bad Request"), TC_STR_INIT("The request could not be understood.")},
	{403, TC_STR_INIT("403 Forbidden"), TC_STR_INIT("This request was not sent from this site, so nothing was changed.")},
	{404, TC_STR_INIT("404 Not Found"), TC_STR_INIT("There is nothing here.")},
	{405, TC_STR_INIT("405 Method Not Allowed"), TC_STR_INIT("This address does not take that kind of request.")},
	{408, TC_STR_INIT("408 Request Timeout"), TC_STR_INIT("The request took too long to arrive.")},
	{413, TC_STR_INIT("413 Content Too Large"), TC_STR_INIT("The request is too large.")},
	{414, TC_STR_INIT("414 URI Too Long"), TC_STR_INIT("The address is too long.")},
	{417, TC_STR_INIT("417 Expectation Failed"), TC_STR_INIT("The request expects what cannot be given.")},
	{421, TC_STR_INIT("421 Misdirected Request"), TC_STR_INIT("No such site is served here.")},
	{429, TC_STR_INIT("429 Too Many Requests"), TC_STR_INIT("You sent very many requests. Please try again in a moment.")},
	{431, TC_STR_INIT("431 Request Header Fields Too Large"), TC_STR_INIT("The request's header is too large.")},
	{451, TC_STR_INIT("451 Unavailable For Legal Reasons"), TC_STR_INIT("This was not loaded because you opted out.")},
	{500, TC_STR_INIT("500 Internal Server Error"), TC_STR_INIT("Something went wrong.")},
	{502, TC_STR_INIT("502 Bad Gateway"), TC_STR_INIT("The site did not answer as it should. Please try again later.")},
	{503, TC_STR_INIT("503 Service Unavailable"), TC_STR_INIT("The site is busy. Please try again in a moment.")},
	{504, TC_STR_INIT("504 Gateway Timeout"), TC_STR_INIT("The site took too long to answer. Please try again later.")},
	{505, TC_STR_INIT("505 HTTP Version Not Supported"), TC_STR_INIT("This version of HTTP is not spoken here.")},
	{0, TC_STR_INIT("Error"), TC_STR_INIT("The request could not be answered.")},
};

struct tc_str
error_page(int code, struct tc_arena *arena)
{
	size_t i = 0;

	while (ERRORS[i].status != 0 && ERRORS[i].status != code)
		i++;
	return tc_join(arena,
	    (const struct tc_str[]){
		    TC_STR("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>"),
		    ERRORS[i].title,
		    TC_STR("</title>\n</head>\n<body>\n<h1>"),
		    ERRORS[i].title,
		    TC_STR("</h1>\n<p>"),
		    ERRORS[i].text,
		    TC_STR("</p>\n</body>\n</html>\n"),
	    },
	    7);
}
