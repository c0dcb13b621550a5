/*
 * grams.h: the commonest four bytes in a row in URLs of pages (behind the scheme, lower case), commonest first.
 * Counted once over the elements of a collection of real pages. Only the choice of a rule's key depends on it,
 * never a verdict.
 */
#ifndef TACET_MATCH_GRAMS_H
#define TACET_MATCH_GRAMS_H

static const char common_grams[] =
    ".comcom//wwwwww.://w//ww.jpge.coimagmage.png/wp-ww.ele.contentenmpleple.exam.exa"
    "xampamplw.exent/cont/imaassesset/js/agestentp-co-conwp-csetsom/sles/ges/://iiles"
    "files.comin.cdn.://c/assom/w.min.js\?ets/n.jsy.comedi.cssload/cdnin.jtpc.c.ch//cd"
    "/202m/wpediasitetes/2022/imgites://dploa/upluploicon//i.://sa.co/theogleooglgoog"
    "ver=efauaultdefafaul/cssthemheme/defult/tylestyl/stycss/es/dmes/om/cemes.goos/st"
    "ress022/om/ajs\?vstat-med\?verscririptcrips\?vees/ss/jspagecss\?s/des/20news/201tion"
    "yleses/publipublads//pubblicr.cop.coom/buginlugiplug_filginsins/ventoads.nett/th"
    "de.cquer0.jpnt/tuerycomp/stajpg\?jqueom/mes/j://a.gifter-minit/up://ler.c/plunt/u"
    "ds/2om/g/jquom/i/pag://pnt/pn.coom/2atioes/at/plhumbthumcon-nterin.cpng\?e.jsm/20"
    "ets.age/g.coimg/tatidia/formaticm/imhtmlom/pn.cses/ter=1poste/imnet/s/jqs/th/pro"
    "s.jsdicas\?v=mentcommess.avicvicofavi/fav/comion.s/al/app/allrontfronner.m/coente"
    "ss\?very.appl-icodia.//imludecluddes/ncluinclts/st.jscoloudescon/mainom/jcatijs/a"
    "/adsads.ppleouchtoucts/jicia2015ple-icaton.cfontmisc/misisc/entsommommon/scres/i"
    "tendglealogos/adgle.lines/cohome/med.php-incis.c.htm/fontic/iente.pnrmatorma/cli"
    "m/jsyndindicsynd//pam/asclielienemenp-inwp-i/frodgetead/geadlesyageaglesesynm/cs"
    "php\?ews/s/fr=1582.pn-prolemem/maightprodo.co/conontscial/libery///asle.jhttpon-1"
    "userelem/respis.apiswidgidgets/f/plam/paserv/uses/soes/le.mieapileap/maibookad2."
    "ead2d2.g2.gow.goww.gs.mijs/jnts.d/jsjs/c-forss.cs/cs2020avatatarvataine.1.jp/sec"
    "://fes.c3a%2k.ne/modch-i/widoversecuecur/icoons/con.2f%2%3a%02200.pn-stats/codul"
    "dulemodu/02/-toule-tuch-h-ice-to-logcure//seipts//fo\?id=eboo%2f%a%2f=httf%2fe.cs"
    "jpeg.jpe&verles.sizeresiembeshowatriend-://ts.goad/jfaceceboacebjsonout.2017-min"
    "lickclicr=1.es/vlaceplacmbedgetsdateportookiadsbdsbybygoygoosbygook.ernaustostom"
    "custociasociajaxamazmazoazon2.jpcookconsokiens/som/hternriesrvicviceervis/asy.mi"
    "/htm/shoner-debaviewc/imd.js-202t.coom%2com%ubleds.g/cus=155a.jp2.js2013archsear"
    "earcdn.cplat.facom/test.etaginteces.braribralibr/tagsionion/arkemarkm%2ftags.dou"
    "ick.ck.n.g.doubls.g.doubleclg.doecliblec/logonales/w/aja.amajs/sside6.pncoreom/f"
    "atesgletletaom/dom/ees/barieecontic.es/cts.gpts/ualisharl/jsic.cs/impart/posstra"
    ".org.wofwofffeed.svg/webent.e.jpery--libl=htersiversrsiotterttonuttobuttons.g.js"
    "handl.pn\?v=2js/itraccionnts/es/fjax/ax/libs/libsm/ajx/lirighr.jsww.aok.cid=1.ico"
    "agerartianalticss/serl=hurl=ttpsmily\?famamils\?faily=famiss\?fl-deharey.jsm/aps/li";

#endif
