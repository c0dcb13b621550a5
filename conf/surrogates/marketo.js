/* marketo.js: for Marketo Munchkin: Munchkin.init() and the calls that pages make from links and forms. */
var munchkin = w.Munchkin = w.Munchkin || w.MunchkinTracker || {};
w.MunchkinTracker = w.MunchkinTracker || munchkin;
methods(munchkin, "init createTrackingCookie munchkinFunction munchkinClick", function () { callbacks(arguments); });
munchkin.ASSOCIATE_LEAD = munchkin.ASSOCIATE_LEAD || "ASSOCIATE_LEAD";
munchkin.CLICK_LINK = munchkin.CLICK_LINK || "CLICK_LINK";
munchkin.VISIT_WEB_PAGE = munchkin.VISIT_WEB_PAGE || "VISIT_WEB_PAGE";
methods(w, "mktoMunchkin mktoMunchkinFunction mktoClickLink mktoVisitWebPage");
