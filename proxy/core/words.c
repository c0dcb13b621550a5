/*
 * words.c: the sentences of the visitor's pages, and the choice of a language.
 *
 * Rules: no plural forms and nothing inserted into a sentence but a name; legal phrases stay in English, with a translation after
 * them; the two options are of equal length and weight in each language.
 */
#include "core/words.h"

/* clang-format off */
static const struct language LANGUAGES[] = {
{
	.tag = TC_STR_INIT("en"),
	.words = {
		[W_TITLE] = "Privacy choices",
		[W_GPC] = "Your browser sends Global Privacy Control.",
		[W_DNT] = "Your browser sends Do Not Track.",
		[W_OUT] = "You have opted out.",
		[W_ACCOUNT_OUT] = "You have opted out in your account.",
		[W_HONORED] = "",
		[W_REGION_OUT] = "Sharing is off by default where you are.",
		[W_ROUTE_OUT] = "Nothing is shared on this part of the site.",
		[W_NOT_OUT] = "You have not opted out.",
		[W_ALLOWED] = "You have allowed sharing.",
		[W_QUESTION] = "May this site share data about your visit with other companies?",
		[W_OPTION_IN] = "Yes, allow sharing",
		[W_OPTION_OUT] = "No, opt me out",
		[W_GPC_WINS] = "While your browser sends this signal, it counts: allowing sharing here changes nothing.",
		[W_CLASSES] = "Even if I allow sharing, leave out:",
		[W_ANALYTICS] = "Analytics",
		[W_ADVERTISING] = "Advertising",
		[W_PERSONALISATION] = "Personalisation",
		[W_SOCIAL] = "Social media",
		[W_OTHERS] = "Other companies that are not named",
		[W_SAVE] = "Save",
		[W_SAVED] = "Your choice is saved.",
		[W_NOT_KEPT] = "Your browser did not keep the cookie that holds this choice, so the choice will not be "
		    "remembered. Global Privacy Control, a setting of your browser, works without cookies.",
		[W_WHY] = "How was this decided?",
		[W_BACK] = "Back to the choices",
		[W_HOME] = "Back to the site",
		[W_POLICY] = "Privacy policy",
		[W_SIGNALS] = "Signals in this request",
		[W_NONE] = "none",
		[W_COOKIE] = "your choice, kept in a cookie",
		[W_PLACE] = "Assumed place",
		[W_PLACE_UNKNOWN] = "unknown, so the strictest rules apply",
		[W_RULES] = "Rules in force",
		[W_REMOVED] = "Removed from the pages you get",
		[W_NOT_STORED] = "This page was made from this one request. Nothing about it is stored.",
		[W_EMBED_VIDEO] = "Video from {}",
		[W_EMBED_AUDIO] = "Audio from {}",
		[W_EMBED_MAP] = "Map from {}",
		[W_EMBED_POST] = "Post from {}",
		[W_EMBED_FORM] = "Form from {}",
		[W_EMBED_CALENDAR] = "Calendar from {}",
		[W_EMBED_CONTENT] = "Content from {}",
		[W_EMBED_SHARES] = "Loading it shares your IP address with {}.",
		[W_EMBED_LOAD] = "Load",
		[W_EMBED_OPEN] = "Open the original page in a new tab",
	},
},
{
	.tag = TC_STR_INIT("es"),
	.words = {
		[W_TITLE] = "Opciones de privacidad",
		[W_GPC] = "Su navegador envía Global Privacy Control.",
		[W_DNT] = "Su navegador envía Do Not Track.",
		[W_OUT] = "Usted se ha excluido.",
		[W_ACCOUNT_OUT] = "Usted se ha excluido en su cuenta.",
		[W_HONORED] = "solicitud de exclusión respetada",
		[W_REGION_OUT] = "Donde usted está, no se comparte nada por defecto.",
		[W_ROUTE_OUT] = "En esta parte del sitio no se comparte nada.",
		[W_NOT_OUT] = "Usted no se ha excluido.",
		[W_ALLOWED] = "Usted ha permitido compartir datos.",
		[W_QUESTION] = "¿Puede este sitio compartir datos de su visita con otras empresas?",
		[W_OPTION_IN] = "Sí, permitir compartir",
		[W_OPTION_OUT] = "No, quiero excluirme",
		[W_GPC_WINS] = "Mientras su navegador envíe esta señal, la señal prevalece: permitir compartir aquí no cambia nada.",
		[W_CLASSES] = "Aunque permita compartir, omitir:",
		[W_ANALYTICS] = "Analítica",
		[W_ADVERTISING] = "Publicidad",
		[W_PERSONALISATION] = "Personalización",
		[W_SOCIAL] = "Redes sociales",
		[W_OTHERS] = "Otras empresas no nombradas",
		[W_SAVE] = "Guardar",
		[W_SAVED] = "Su elección se ha guardado.",
		[W_NOT_KEPT] = "Su navegador no conservó la cookie que guarda esta elección, así que no se recordará. "
		    "Global Privacy Control, un ajuste del navegador, funciona sin cookies.",
		[W_WHY] = "¿Cómo se ha decidido esto?",
		[W_BACK] = "Volver a las opciones",
		[W_HOME] = "Volver al sitio",
		[W_POLICY] = "Política de privacidad",
		[W_SIGNALS] = "Señales en esta petición",
		[W_NONE] = "ninguna",
		[W_COOKIE] = "su elección, guardada en una cookie",
		[W_PLACE] = "Lugar supuesto",
		[W_PLACE_UNKNOWN] = "desconocido; se aplican las reglas más estrictas",
		[W_RULES] = "Reglas vigentes",
		[W_REMOVED] = "Eliminado de las páginas que usted recibe",
		[W_NOT_STORED] = "Esta página se ha hecho solo con esta petición. No se guarda nada de ella.",
		[W_EMBED_VIDEO] = "Vídeo de {}",
		[W_EMBED_AUDIO] = "Audio de {}",
		[W_EMBED_MAP] = "Mapa de {}",
		[W_EMBED_POST] = "Publicación de {}",
		[W_EMBED_FORM] = "Formulario de {}",
		[W_EMBED_CALENDAR] = "Calendario de {}",
		[W_EMBED_CONTENT] = "Contenido de {}",
		[W_EMBED_SHARES] = "La carga comparte su dirección IP con {}.",
		[W_EMBED_LOAD] = "Cargar",
		[W_EMBED_OPEN] = "Abrir la página original en otra pestaña",
	},
},
{
	.tag = TC_STR_INIT("fr"),
	.words = {
		[W_TITLE] = "Choix de confidentialité",
		[W_GPC] = "Votre navigateur envoie Global Privacy Control.",
		[W_DNT] = "Votre navigateur envoie Do Not Track.",
		[W_OUT] = "Vous avez refusé le partage.",
		[W_ACCOUNT_OUT] = "Vous avez refusé le partage dans votre compte.",
		[W_HONORED] = "demande d’opposition respectée",
		[W_REGION_OUT] = "Là où vous êtes, rien n’est partagé par défaut.",
		[W_ROUTE_OUT] = "Rien n’est partagé dans cette partie du site.",
		[W_NOT_OUT] = "Vous n’avez pas refusé le partage.",
		[W_ALLOWED] = "Vous avez autorisé le partage.",
		[W_QUESTION] = "Ce site peut-il partager des données sur votre visite avec d’autres entreprises ?",
		[W_OPTION_IN] = "Oui, autoriser le partage",
		[W_OPTION_OUT] = "Non, refuser le partage",
		[W_GPC_WINS] = "Tant que votre navigateur envoie ce signal, il prévaut : autoriser le partage ici ne change rien.",
		[W_CLASSES] = "Même si j’autorise le partage, exclure :",
		[W_ANALYTICS] = "Mesure d’audience",
		[W_ADVERTISING] = "Publicité",
		[W_PERSONALISATION] = "Personnalisation",
		[W_SOCIAL] = "Réseaux sociaux",
		[W_OTHERS] = "Autres entreprises non nommées",
		[W_SAVE] = "Enregistrer",
		[W_SAVED] = "Votre choix est enregistré.",
		[W_NOT_KEPT] = "Votre navigateur n’a pas gardé le cookie qui contient ce choix ; le choix ne sera pas retenu. "
		    "Global Privacy Control, un réglage de votre navigateur, fonctionne sans cookies.",
		[W_WHY] = "Comment cela a-t-il été décidé ?",
		[W_BACK] = "Retour aux choix",
		[W_HOME] = "Retour au site",
		[W_POLICY] = "Politique de confidentialité",
		[W_SIGNALS] = "Signaux de cette requête",
		[W_NONE] = "aucun",
		[W_COOKIE] = "votre choix, gardé dans un cookie",
		[W_PLACE] = "Lieu supposé",
		[W_PLACE_UNKNOWN] = "inconnu ; les règles les plus strictes s’appliquent",
		[W_RULES] = "Règles en vigueur",
		[W_REMOVED] = "Retiré des pages que vous recevez",
		[W_NOT_STORED] = "Cette page est faite à partir de cette seule requête. Rien n’en est conservé.",
		[W_EMBED_VIDEO] = "Vidéo {}",
		[W_EMBED_AUDIO] = "Audio {}",
		[W_EMBED_MAP] = "Carte {}",
		[W_EMBED_POST] = "Publication {}",
		[W_EMBED_FORM] = "Formulaire {}",
		[W_EMBED_CALENDAR] = "Agenda {}",
		[W_EMBED_CONTENT] = "Contenu {}",
		[W_EMBED_SHARES] = "Le chargement transmet votre adresse IP à {}.",
		[W_EMBED_LOAD] = "Charger",
		[W_EMBED_OPEN] = "Ouvrir la page d’origine dans un nouvel onglet",
	},
},
{
	.tag = TC_STR_INIT("de"),
	.words = {
		[W_TITLE] = "Datenschutz-Einstellungen",
		[W_GPC] = "Ihr Browser sendet Global Privacy Control.",
		[W_DNT] = "Ihr Browser sendet Do Not Track.",
		[W_OUT] = "Sie haben widersprochen.",
		[W_ACCOUNT_OUT] = "Sie haben in Ihrem Konto widersprochen.",
		[W_HONORED] = "Ihr Widerspruch wird beachtet",
		[W_REGION_OUT] = "An Ihrem Ort ist die Weitergabe in der Voreinstellung aus.",
		[W_ROUTE_OUT] = "In diesem Teil der Website wird nichts weitergegeben.",
		[W_NOT_OUT] = "Sie haben nicht widersprochen.",
		[W_ALLOWED] = "Sie haben die Weitergabe erlaubt.",
		[W_QUESTION] = "Darf diese Website Daten über Ihren Besuch an andere Firmen weitergeben?",
		[W_OPTION_IN] = "Ja, ich erlaube es",
		[W_OPTION_OUT] = "Nein, ich widerspreche",
		[W_GPC_WINS] = "Solange Ihr Browser dieses Signal sendet, gilt es: Eine Erlaubnis hier ändert nichts.",
		[W_CLASSES] = "Auch wenn ich es erlaube, ausgenommen:",
		[W_ANALYTICS] = "Statistik",
		[W_ADVERTISING] = "Werbung",
		[W_PERSONALISATION] = "Personalisierung",
		[W_SOCIAL] = "Soziale Medien",
		[W_OTHERS] = "Andere, nicht genannte Firmen",
		[W_SAVE] = "Speichern",
		[W_SAVED] = "Ihre Wahl ist gespeichert.",
		[W_NOT_KEPT] = "Ihr Browser hat das Cookie mit dieser Wahl nicht behalten; sie wird daher nicht gemerkt. "
		    "Global Privacy Control, eine Einstellung Ihres Browsers, wirkt ohne Cookies.",
		[W_WHY] = "Wie kam es zu dieser Entscheidung?",
		[W_BACK] = "Zurück zur Auswahl",
		[W_HOME] = "Zurück zur Website",
		[W_POLICY] = "Datenschutzerklärung",
		[W_SIGNALS] = "Signale dieser Anfrage",
		[W_NONE] = "keine",
		[W_COOKIE] = "Ihre Wahl, in einem Cookie",
		[W_PLACE] = "Angenommener Ort",
		[W_PLACE_UNKNOWN] = "unbekannt, daher gelten die strengsten Regeln",
		[W_RULES] = "Geltende Regeln",
		[W_REMOVED] = "Aus Ihren Seiten entfernt",
		[W_NOT_STORED] = "Diese Seite entstand allein aus dieser Anfrage. Nichts davon wird gespeichert.",
		[W_EMBED_VIDEO] = "Video von {}",
		[W_EMBED_AUDIO] = "Audio von {}",
		[W_EMBED_MAP] = "Karte von {}",
		[W_EMBED_POST] = "Beitrag bei {}",
		[W_EMBED_FORM] = "Formular von {}",
		[W_EMBED_CALENDAR] = "Kalender von {}",
		[W_EMBED_CONTENT] = "Inhalt von {}",
		[W_EMBED_SHARES] = "Beim Laden wird Ihre IP-Adresse an {} übermittelt.",
		[W_EMBED_LOAD] = "Laden",
		[W_EMBED_OPEN] = "Originalseite in neuem Tab öffnen",
	},
},
{
	.tag = TC_STR_INIT("nl"),
	.words = {
		[W_TITLE] = "Privacykeuzes",
		[W_GPC] = "Uw browser stuurt Global Privacy Control.",
		[W_DNT] = "Uw browser stuurt Do Not Track.",
		[W_OUT] = "U hebt zich afgemeld voor delen.",
		[W_ACCOUNT_OUT] = "U hebt zich in uw account afgemeld voor delen.",
		[W_HONORED] = "uw bezwaar wordt gerespecteerd",
		[W_REGION_OUT] = "Waar u bent, wordt standaard niets gedeeld.",
		[W_ROUTE_OUT] = "In dit deel van de site wordt niets gedeeld.",
		[W_NOT_OUT] = "U hebt zich niet afgemeld voor delen.",
		[W_ALLOWED] = "U hebt delen toegestaan.",
		[W_QUESTION] = "Mag deze site gegevens over uw bezoek delen met andere bedrijven?",
		[W_OPTION_IN] = "Ja, delen toestaan",
		[W_OPTION_OUT] = "Nee, niet delen",
		[W_GPC_WINS] = "Zolang uw browser dit signaal stuurt, geldt het: delen toestaan verandert hier niets.",
		[W_CLASSES] = "Ook als ik delen toesta, behalve:",
		[W_ANALYTICS] = "Statistiek",
		[W_ADVERTISING] = "Reclame",
		[W_PERSONALISATION] = "Personalisatie",
		[W_SOCIAL] = "Sociale media",
		[W_OTHERS] = "Andere, niet genoemde bedrijven",
		[W_SAVE] = "Opslaan",
		[W_SAVED] = "Uw keuze is opgeslagen.",
		[W_NOT_KEPT] = "Uw browser heeft de cookie met deze keuze niet bewaard, dus de keuze wordt niet onthouden. "
		    "Global Privacy Control, een instelling van uw browser, werkt zonder cookies.",
		[W_WHY] = "Hoe is dit bepaald?",
		[W_BACK] = "Terug naar de keuzes",
		[W_HOME] = "Terug naar de site",
		[W_POLICY] = "Privacybeleid",
		[W_SIGNALS] = "Signalen in dit verzoek",
		[W_NONE] = "geen",
		[W_COOKIE] = "uw keuze, bewaard in een cookie",
		[W_PLACE] = "Veronderstelde plaats",
		[W_PLACE_UNKNOWN] = "onbekend, dus gelden de strengste regels",
		[W_RULES] = "Geldende regels",
		[W_REMOVED] = "Verwijderd uit de pagina’s die u krijgt",
		[W_NOT_STORED] = "Deze pagina is alleen van dit ene verzoek gemaakt. Er wordt niets van bewaard.",
		[W_EMBED_VIDEO] = "Video van {}",
		[W_EMBED_AUDIO] = "Audio van {}",
		[W_EMBED_MAP] = "Kaart van {}",
		[W_EMBED_POST] = "Bericht op {}",
		[W_EMBED_FORM] = "Formulier van {}",
		[W_EMBED_CALENDAR] = "Agenda van {}",
		[W_EMBED_CONTENT] = "Inhoud van {}",
		[W_EMBED_SHARES] = "Bij het laden wordt uw IP-adres gedeeld met {}.",
		[W_EMBED_LOAD] = "Laden",
		[W_EMBED_OPEN] = "Oorspronkelijke pagina openen in een nieuw tabblad",
	},
},
{
	.tag = TC_STR_INIT("it"),
	.words = {
		[W_TITLE] = "Scelte sulla privacy",
		[W_GPC] = "Il suo browser invia Global Privacy Control.",
		[W_DNT] = "Il suo browser invia Do Not Track.",
		[W_OUT] = "Lei ha rifiutato la condivisione.",
		[W_ACCOUNT_OUT] = "Lei ha rifiutato la condivisione nel suo account.",
		[W_HONORED] = "richiesta di opposizione rispettata",
		[W_REGION_OUT] = "Nel luogo in cui si trova, la condivisione è disattivata per impostazione predefinita.",
		[W_ROUTE_OUT] = "In questa parte del sito non si condivide nulla.",
		[W_NOT_OUT] = "Lei non ha rifiutato la condivisione.",
		[W_ALLOWED] = "Lei ha consentito la condivisione.",
		[W_QUESTION] = "Questo sito può condividere con altre aziende i dati della sua visita?",
		[W_OPTION_IN] = "Sì, consento la condivisione",
		[W_OPTION_OUT] = "No, rifiuto la condivisione",
		[W_GPC_WINS] = "Finché il browser invia questo segnale, esso prevale: consentire qui non cambia nulla.",
		[W_CLASSES] = "Anche se consento, escludere:",
		[W_ANALYTICS] = "Statistiche",
		[W_ADVERTISING] = "Pubblicità",
		[W_PERSONALISATION] = "Personalizzazione",
		[W_SOCIAL] = "Social media",
		[W_OTHERS] = "Altre aziende non nominate",
		[W_SAVE] = "Salva",
		[W_SAVED] = "La sua scelta è stata salvata.",
		[W_NOT_KEPT] = "Il browser non ha conservato il cookie con questa scelta, che quindi non sarà ricordata. "
		    "Global Privacy Control, un’impostazione del browser, funziona senza cookie.",
		[W_WHY] = "Come è stato deciso?",
		[W_BACK] = "Torna alle scelte",
		[W_HOME] = "Torna al sito",
		[W_POLICY] = "Informativa sulla privacy",
		[W_SIGNALS] = "Segnali in questa richiesta",
		[W_NONE] = "nessuno",
		[W_COOKIE] = "la sua scelta, conservata in un cookie",
		[W_PLACE] = "Luogo presunto",
		[W_PLACE_UNKNOWN] = "sconosciuto; valgono le regole più severe",
		[W_RULES] = "Regole in vigore",
		[W_REMOVED] = "Rimosso dalle pagine che riceve",
		[W_NOT_STORED] = "Questa pagina nasce da questa sola richiesta. Non se ne conserva nulla.",
		[W_EMBED_VIDEO] = "Video di {}",
		[W_EMBED_AUDIO] = "Audio di {}",
		[W_EMBED_MAP] = "Mappa di {}",
		[W_EMBED_POST] = "Post di {}",
		[W_EMBED_FORM] = "Modulo di {}",
		[W_EMBED_CALENDAR] = "Calendario di {}",
		[W_EMBED_CONTENT] = "Contenuto di {}",
		[W_EMBED_SHARES] = "Il caricamento condivide il suo indirizzo IP con {}.",
		[W_EMBED_LOAD] = "Carica",
		[W_EMBED_OPEN] = "Apri la pagina originale in una nuova scheda",
	},
},
{
	.tag = TC_STR_INIT("pt"),
	.words = {
		[W_TITLE] = "Opções de privacidade",
		[W_GPC] = "O seu navegador envia Global Privacy Control.",
		[W_DNT] = "O seu navegador envia Do Not Track.",
		[W_OUT] = "Recusou a partilha.",
		[W_ACCOUNT_OUT] = "Recusou a partilha na sua conta.",
		[W_HONORED] = "pedido de recusa respeitado",
		[W_REGION_OUT] = "Onde se encontra, nada é partilhado por predefinição.",
		[W_ROUTE_OUT] = "Nesta parte do site nada é partilhado.",
		[W_NOT_OUT] = "Não recusou a partilha.",
		[W_ALLOWED] = "Permitiu a partilha.",
		[W_QUESTION] = "Este site pode partilhar dados da sua visita com outras empresas?",
		[W_OPTION_IN] = "Sim, permito a partilha",
		[W_OPTION_OUT] = "Não, recuso a partilha",
		[W_GPC_WINS] = "Enquanto o navegador enviar este sinal, ele prevalece: permitir a partilha aqui não muda nada.",
		[W_CLASSES] = "Mesmo que eu permita a partilha, excluir:",
		[W_ANALYTICS] = "Estatísticas",
		[W_ADVERTISING] = "Publicidade",
		[W_PERSONALISATION] = "Personalização",
		[W_SOCIAL] = "Redes sociais",
		[W_OTHERS] = "Outras empresas não nomeadas",
		[W_SAVE] = "Guardar",
		[W_SAVED] = "A sua escolha foi guardada.",
		[W_NOT_KEPT] = "O navegador não guardou o cookie com esta escolha, por isso ela não será lembrada. "
		    "Global Privacy Control, uma definição do navegador, funciona sem cookies.",
		[W_WHY] = "Como foi isto decidido?",
		[W_BACK] = "Voltar às opções",
		[W_HOME] = "Voltar ao site",
		[W_POLICY] = "Política de privacidade",
		[W_SIGNALS] = "Sinais neste pedido",
		[W_NONE] = "nenhum",
		[W_COOKIE] = "a sua escolha, guardada num cookie",
		[W_PLACE] = "Lugar presumido",
		[W_PLACE_UNKNOWN] = "desconhecido; aplicam-se as regras mais rigorosas",
		[W_RULES] = "Regras em vigor",
		[W_REMOVED] = "Removido das páginas que recebe",
		[W_NOT_STORED] = "Esta página foi feita apenas a partir deste pedido. Nada dele é guardado.",
		[W_EMBED_VIDEO] = "Vídeo de {}",
		[W_EMBED_AUDIO] = "Áudio de {}",
		[W_EMBED_MAP] = "Mapa de {}",
		[W_EMBED_POST] = "Publicação de {}",
		[W_EMBED_FORM] = "Formulário de {}",
		[W_EMBED_CALENDAR] = "Calendário de {}",
		[W_EMBED_CONTENT] = "Conteúdo de {}",
		[W_EMBED_SHARES] = "O carregamento partilha o seu endereço IP com {}.",
		[W_EMBED_LOAD] = "Carregar",
		[W_EMBED_OPEN] = "Abrir a página original num novo separador",
	},
},
{
	.tag = TC_STR_INIT("zh-Hans"),
	.words = {
		[W_TITLE] = "隐私选择",
		[W_GPC] = "您的浏览器发送了 Global Privacy Control（全球隐私控制）信号。",
		[W_DNT] = "您的浏览器发送了 Do Not Track（请勿跟踪）信号。",
		[W_OUT] = "您已选择退出。",
		[W_ACCOUNT_OUT] = "您已在账户中选择退出。",
		[W_HONORED] = "您的退出请求已得到执行",
		[W_REGION_OUT] = "在您所在的地区，默认不共享数据。",
		[W_ROUTE_OUT] = "本网站的这一部分不共享任何数据。",
		[W_NOT_OUT] = "您尚未选择退出。",
		[W_ALLOWED] = "您已允许共享。",
		[W_QUESTION] = "是否允许本网站与其他公司共享您的访问数据？",
		[W_OPTION_IN] = "是，允许共享",
		[W_OPTION_OUT] = "否，选择退出",
		[W_GPC_WINS] = "只要您的浏览器发送此信号，就以信号为准：在此允许共享不会有任何改变。",
		[W_CLASSES] = "即使我允许共享，也请排除：",
		[W_ANALYTICS] = "统计分析",
		[W_ADVERTISING] = "广告",
		[W_PERSONALISATION] = "个性化",
		[W_SOCIAL] = "社交媒体",
		[W_OTHERS] = "其他未列名的公司",
		[W_SAVE] = "保存",
		[W_SAVED] = "您的选择已保存。",
		[W_NOT_KEPT] = "您的浏览器没有保留存放此选择的 Cookie，因此无法记住该选择。"
		    "Global Privacy Control 是浏览器的一项设置，无需 Cookie 即可生效。",
		[W_WHY] = "这是如何决定的？",
		[W_BACK] = "返回选择页面",
		[W_HOME] = "返回网站",
		[W_POLICY] = "隐私政策",
		[W_SIGNALS] = "本次请求中的信号",
		[W_NONE] = "无",
		[W_COOKIE] = "您的选择（保存在 Cookie 中）",
		[W_PLACE] = "推测的地点",
		[W_PLACE_UNKNOWN] = "未知，因此适用最严格的规则",
		[W_RULES] = "适用的规则",
		[W_REMOVED] = "已从您收到的页面中移除",
		[W_NOT_STORED] = "本页面仅根据本次请求生成，不会存储其中任何内容。",
		[W_EMBED_VIDEO] = "来自 {} 的视频",
		[W_EMBED_AUDIO] = "来自 {} 的音频",
		[W_EMBED_MAP] = "来自 {} 的地图",
		[W_EMBED_POST] = "来自 {} 的帖子",
		[W_EMBED_FORM] = "来自 {} 的表单",
		[W_EMBED_CALENDAR] = "来自 {} 的日历",
		[W_EMBED_CONTENT] = "来自 {} 的内容",
		[W_EMBED_SHARES] = "加载后，您的 IP 地址会提供给 {}。",
		[W_EMBED_LOAD] = "加载",
		[W_EMBED_OPEN] = "在新标签页中打开原始页面",
	},
},
{
	.tag = TC_STR_INIT("ja"),
	.words = {
		[W_TITLE] = "プライバシーの選択",
		[W_GPC] = "お使いのブラウザーは Global Privacy Control を送信しています。",
		[W_DNT] = "お使いのブラウザーは Do Not Track を送信しています。",
		[W_OUT] = "共有を拒否しています。",
		[W_ACCOUNT_OUT] = "アカウントで共有を拒否しています。",
		[W_HONORED] = "オプトアウトの要求に従っています",
		[W_REGION_OUT] = "お住まいの地域では、初期設定で共有は行われません。",
		[W_ROUTE_OUT] = "サイトのこの部分では何も共有されません。",
		[W_NOT_OUT] = "共有を拒否していません。",
		[W_ALLOWED] = "共有を許可しています。",
		[W_QUESTION] = "このサイトがあなたの訪問に関するデータを他社と共有してもよいですか。",
		[W_OPTION_IN] = "はい、共有を許可します",
		[W_OPTION_OUT] = "いいえ、共有を拒否します",
		[W_GPC_WINS] = "ブラウザーがこの信号を送っている間は信号が優先され、ここで許可しても何も変わりません。",
		[W_CLASSES] = "共有を許可する場合でも除外するもの：",
		[W_ANALYTICS] = "アクセス解析",
		[W_ADVERTISING] = "広告",
		[W_PERSONALISATION] = "パーソナライズ",
		[W_SOCIAL] = "ソーシャルメディア",
		[W_OTHERS] = "名前の挙がっていないその他の会社",
		[W_SAVE] = "保存",
		[W_SAVED] = "選択を保存しました。",
		[W_NOT_KEPT] = "この選択を保持する Cookie をブラウザーが保存しなかったため、選択は記憶されません。"
		    "ブラウザーの設定である Global Privacy Control は Cookie なしで機能します。",
		[W_WHY] = "どのように決まりましたか。",
		[W_BACK] = "選択に戻る",
		[W_HOME] = "サイトに戻る",
		[W_POLICY] = "プライバシーポリシー",
		[W_SIGNALS] = "このリクエストの信号",
		[W_NONE] = "なし",
		[W_COOKIE] = "あなたの選択（Cookie に保存）",
		[W_PLACE] = "推定される場所",
		[W_PLACE_UNKNOWN] = "不明なため、最も厳しい規則を適用",
		[W_RULES] = "適用中の規則",
		[W_REMOVED] = "表示されるページから取り除いたもの",
		[W_NOT_STORED] = "このページはこのリクエストだけから作られ、その内容は何も保存されません。",
		[W_EMBED_VIDEO] = "{} の動画",
		[W_EMBED_AUDIO] = "{} の音声",
		[W_EMBED_MAP] = "{} の地図",
		[W_EMBED_POST] = "{} の投稿",
		[W_EMBED_FORM] = "{} のフォーム",
		[W_EMBED_CALENDAR] = "{} のカレンダー",
		[W_EMBED_CONTENT] = "{} のコンテンツ",
		[W_EMBED_SHARES] = "読み込むと、お使いの IP アドレスが {} に伝わります。",
		[W_EMBED_LOAD] = "読み込む",
		[W_EMBED_OPEN] = "元のページを新しいタブで開く",
	},
},
{
	.tag = TC_STR_INIT("ar"),
	.right_to_left = true,
	.words = {
		[W_TITLE] = "خيارات الخصوصية",
		[W_GPC] = "يرسل متصفحك إشارة Global Privacy Control.",
		[W_DNT] = "يرسل متصفحك إشارة Do Not Track.",
		[W_OUT] = "لقد رفضت المشاركة.",
		[W_ACCOUNT_OUT] = "لقد رفضت المشاركة في حسابك.",
		[W_HONORED] = "تم احترام طلب الرفض",
		[W_REGION_OUT] = "المشاركة متوقفة افتراضيًا في مكانك.",
		[W_ROUTE_OUT] = "لا تتم مشاركة أي شيء في هذا الجزء من الموقع.",
		[W_NOT_OUT] = "لم ترفض المشاركة.",
		[W_ALLOWED] = "لقد سمحت بالمشاركة.",
		[W_QUESTION] = "هل يجوز لهذا الموقع مشاركة بيانات زيارتك مع شركات أخرى؟",
		[W_OPTION_IN] = "نعم، أسمح بالمشاركة",
		[W_OPTION_OUT] = "لا، أرفض المشاركة",
		[W_GPC_WINS] = "ما دام متصفحك يرسل هذه الإشارة فهي النافذة، والسماح بالمشاركة هنا لا يغير شيئًا.",
		[W_CLASSES] = "حتى إن سمحت بالمشاركة، استبعد:",
		[W_ANALYTICS] = "التحليلات",
		[W_ADVERTISING] = "الإعلانات",
		[W_PERSONALISATION] = "التخصيص",
		[W_SOCIAL] = "وسائل التواصل الاجتماعي",
		[W_OTHERS] = "شركات أخرى غير مسماة",
		[W_SAVE] = "حفظ",
		[W_SAVED] = "تم حفظ اختيارك.",
		[W_NOT_KEPT] = "لم يحتفظ متصفحك بملف تعريف الارتباط الذي يحمل هذا الاختيار، لذلك لن يُتذكر. "
		    "يعمل Global Privacy Control، وهو إعداد في متصفحك، دون ملفات تعريف الارتباط.",
		[W_WHY] = "كيف تقرر هذا؟",
		[W_BACK] = "العودة إلى الخيارات",
		[W_HOME] = "العودة إلى الموقع",
		[W_POLICY] = "سياسة الخصوصية",
		[W_SIGNALS] = "الإشارات في هذا الطلب",
		[W_NONE] = "لا شيء",
		[W_COOKIE] = "اختيارك المحفوظ في ملف تعريف ارتباط",
		[W_PLACE] = "المكان المفترض",
		[W_PLACE_UNKNOWN] = "غير معروف، لذلك تُطبق أشد القواعد",
		[W_RULES] = "القواعد السارية",
		[W_REMOVED] = "ما أزيل من الصفحات التي تصلك",
		[W_NOT_STORED] = "أُعدت هذه الصفحة من هذا الطلب وحده، ولا يُخزن منه شيء.",
		[W_EMBED_VIDEO] = "فيديو من {}",
		[W_EMBED_AUDIO] = "صوت من {}",
		[W_EMBED_MAP] = "خريطة من {}",
		[W_EMBED_POST] = "منشور من {}",
		[W_EMBED_FORM] = "نموذج من {}",
		[W_EMBED_CALENDAR] = "تقويم من {}",
		[W_EMBED_CONTENT] = "محتوى من {}",
		[W_EMBED_SHARES] = "يؤدي التحميل إلى مشاركة عنوان IP الخاص بك مع {}.",
		[W_EMBED_LOAD] = "تحميل",
		[W_EMBED_OPEN] = "فتح الصفحة الأصلية في علامة تبويب جديدة",
	},
},
};
/* clang-format on */

#define LANGUAGE_COUNT (sizeof(LANGUAGES) / sizeof(LANGUAGES[0]))
#define RANGES_MAX 32 /* of Accept-Language that are looked at */

static const struct language *
by_tag(struct tc_str tag)
{
	for (size_t i = 0; i < LANGUAGE_COUNT; i++)
		if (tc_ieq(LANGUAGES[i].tag, tag))
			return &LANGUAGES[i];
	return NULL;
}

/* "de-AT" -> "de" -> "" */
static struct tc_str
shorter(struct tc_str tag)
{
	while (tag.n > 0 && tag.p[tag.n - 1] != '-')
		tag.n--;
	if (tag.n > 0)
		tag.n--;
	return tag;
}

/* Chinese without a script or region of the traditional one is taken for simplified. */
static bool
is_simplified_chinese(struct tc_str range)
{
	static const struct tc_str NAMES[] = {
		TC_STR_INIT("zh"),
		TC_STR_INIT("zh-CN"),
		TC_STR_INIT("zh-SG"),
	};

	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
		if (tc_ieq(range, NAMES[i]))
			return true;
	return false;
}

/* Lookup of RFC 4647 3.4: the range is cut from its end until a language of ours is left. */
static const struct language *
by_range(struct tc_str range)
{
	if (is_simplified_chinese(range))
		return by_tag(TC_STR("zh-Hans"));
	for (; range.n > 0; range = shorter(range)) {
		const struct language *l = by_tag(range);

		if (l != NULL)
			return l;
	}
	return NULL;
}

static bool
is_allowed(struct tc_strs allowed, const struct language *l)
{
	for (size_t i = 0; i < allowed.n; i++)
		if (tc_ieq(allowed.v[i], l->tag))
			return true;
	return allowed.n == 0;
}

/* ";q=0.8" -> 800; 1000 without one, 0 for what is not a weight. */
static int
weight_parse(struct tc_str params)
{
	int weight = 0, unit = 1000;

	if (params.p == NULL)
		return 1000;
	params = tc_trim(params);
	if (!tc_istarts(params, TC_STR("q=")))
		return 0;
	tc_skip(&params, 2);
	for (size_t i = 0; i < params.n && i < 5; i++) {
		if (i == 1 && params.p[i] == '.')
			continue;
		if (params.p[i] < '0' || params.p[i] > '9')
			return 0;
		weight += (params.p[i] - '0') * unit;
		unit /= 10;
	}
	return weight <= 1000 ? weight : 0;
}

const struct language *
language_for(struct tc_strs allowed, const struct tc_fields *request)
{
	const struct language *best = NULL;
	int best_weight = 0, left = RANGES_MAX;

	for (size_t i = 0; i < request->n; i++) {
		struct tc_str rest = request->v[i].value;

		if (request->v[i].id != TC_F_ACCEPT_LANGUAGE || request->v[i].dropped || rest.n == 0)
			continue;
		while (rest.p != NULL && left-- > 0) {
			struct tc_str params = tc_next(&rest, ','), range = tc_next(&params, ';');
			const struct language *l = by_range(range);
			int weight = weight_parse(params);

			if (l != NULL && weight > best_weight && is_allowed(allowed, l)) {
				best = l;
				best_weight = weight;
			}
		}
	}
	if (best == NULL && allowed.n > 0)
		best = by_tag(allowed.v[0]);
	return best != NULL ? best : &LANGUAGES[0];
}

struct tc_str
word_in(const struct language *l, enum word w)
{
	return tc_str_from(l->words[w] != NULL ? l->words[w] : LANGUAGES[0].words[w]);
}
