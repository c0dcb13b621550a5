/* signatures.h: names of loaders that give an inline script away where its host cannot be read. For script.c alone. */
#ifndef TACET_HTML_SIGNATURES_H
#define TACET_HTML_SIGNATURES_H

#include "tacet/str.h"

/*
 * Names of loaders that are often put behind a host from elsewhere, or served from a host of the site's own
 * (facts: trackers.tsv). A hit counts when the judge refuses the sample, so that classes and allowed vendors
 * hold. They match behind a byte that is no letter, digit, '_' or '$'. In order of their first byte.
 */
struct signature {
	struct tc_str text, sample;
};

static const struct signature signatures[] = {
	{TC_STR_INIT("aat/amzn.js"),
	    TC_STR_INIT("https://c.amazon-adsystem.com/aat/amzn.js")},
	{TC_STR_INIT("acton/bn/tracker"),
	    TC_STR_INIT("https://ci123.actonsoftware.com/cdnr/93/acton/bn/tracker/123")},
	{TC_STR_INIT("adsbygoogle.js"),
	    TC_STR_INIT("https://pagead2.googlesyndication.com/pagead/js/adsbygoogle.js")},
	{TC_STR_INIT("analytics.js/v1/"),
	    TC_STR_INIT("https://cdn.segment.com/analytics.js/v1/KEY/analytics.min.js")},
	{TC_STR_INIT("bizible.js"),
	    TC_STR_INIT("https://cdn.bizible.com/scripts/bizible.js")},
	{TC_STR_INIT("cdn-cgi/zaraz/s.js"),
	    TC_STR_INIT("https://www.client.example/cdn-cgi/zaraz/s.js")},
	{TC_STR_INIT("conversion_async.js"),
	    TC_STR_INIT("https://www.googleadservices.com/pagead/conversion_async.js")},
	{TC_STR_INIT("elqCfg.min.js"),
	    TC_STR_INIT("https://img.en25.com/i/elqCfg.min.js")},
	{TC_STR_INIT("fbevents.js"),
	    TC_STR_INIT("https://connect.facebook.net/en_US/fbevents.js")},
	{TC_STR_INIT("gtag/js?id="),
	    TC_STR_INIT("https://www.googletagmanager.com/gtag/js?id=G-ABC123")},
	{TC_STR_INIT("gtm.js?id="),
	    TC_STR_INIT("https://www.googletagmanager.com/gtm.js?id=GTM-ABC1234")},
	{TC_STR_INIT("i18n/pixel/events.js"),
	    TC_STR_INIT("https://analytics.tiktok.com/i18n/pixel/events.js")},
	{TC_STR_INIT("insight.min.js"),
	    TC_STR_INIT("https://snap.licdn.com/li.lms-analytics/insight.min.js")},
	{TC_STR_INIT("klaviyo.js?company_id="),
	    TC_STR_INIT("https://static.klaviyo.com/onsite/js/klaviyo.js?company_id=A")},
	{TC_STR_INIT("lftracker_v1_"),
	    TC_STR_INIT("https://sc.lfeeder.com/lftracker_v1_abc.js")},
	{TC_STR_INIT("matomo.js"),
	    TC_STR_INIT("https://matomo.client.example/stats/matomo.js")},
	{TC_STR_INIT("matomo.php"),
	    TC_STR_INIT("https://matomo.client.example/stats/matomo.php?idsite=1&rec=1")},
	{TC_STR_INIT("metrika/tag.js"),
	    TC_STR_INIT("https://mc.yandex.ru/metrika/tag.js")},
	{TC_STR_INIT("munchkin-beta.js"),
	    TC_STR_INIT("https://munchkin.marketo.net/munchkin-beta.js")},
	{TC_STR_INIT("munchkin.js"),
	    TC_STR_INIT("https://munchkin.marketo.net/munchkin.js")},
	{TC_STR_INIT("ns.html?id=GTM-"),
	    TC_STR_INIT("https://www.googletagmanager.com/ns.html?id=GTM-ABC1234")},
	{TC_STR_INIT("piwik.js"),
	    TC_STR_INIT("https://matomo.client.example/stats/piwik.js")},
	{TC_STR_INIT("piwik.php"),
	    TC_STR_INIT("https://matomo.client.example/stats/piwik.php?idsite=1&rec=1")},
	{TC_STR_INIT("scevent.min.js"),
	    TC_STR_INIT("https://sc-static.net/scevent.min.js")},
	{TC_STR_INIT("webTracking/getTrackingCode"),
	    TC_STR_INIT("https://abc.infusionsoft.com/app/webTracking/getTrackingCode")},
	{TC_STR_INIT("zi-tag.js"),
	    TC_STR_INIT("https://js.zi-scripts.com/zi-tag.js")},
};

#endif
