//! Profanity by severity, in eleven languages. A trailing `-` marks a stem that takes endings.

/// How bad a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// Said among friends.
    Mild,
    /// Coarse.
    Strong,
    /// Slurs, and abuse of the worst kind.
    Severe,
}

use Severity::{Mild, Severe, Strong};

/// Words by language and severity.
pub(super) const WORDS: &[(&str, Severity, &str)] = &[
    (
        "en",
        Mild,
        "damn, damned, dammit, goddamn, hell, crap, crappy, piss, pissed, bloody, bugger, ass, arse, jerk, screwed, sucks, turd, fart, boobs, tits, balls, bollocks, wtf, stfu",
    ),
    (
        "en",
        Strong,
        "fuck-, motherfuck-, clusterfuck, fuckup, shit, shits, shitty, shitting, shithead-, bullshit-, dipshit-, horseshit, batshit, asshole-, arsehole-, bitch, bitches, bitchy, bitching, \
         bastard-, dick, dicks, dickhead-, cock, cocks, cocksuck-, prick, pricks, pussy, pussies, twat-, wank, wanker-, whore-, slut-, douche, douchebag-, jackass-, dumbass-, smartass, \
         cum, cumshot, blowjob-, jizz, tosser-, bellend, knobhead, skank-, scumbag-, retard, retards, retarded, fck, fcking, fuk, fuking, phuck, azzhole, biatch, asswipe-, nutsack",
    ),
    (
        "en",
        Severe,
        "cunt-, nigger-, nigga, niggas, faggot-, fag, fags, kike, kikes, spic, spics, chink, chinks, gook, gooks, wetback-, towelhead-, raghead-, coon, coons, paki, pakis, dyke, dykes",
    ),
    (
        "de",
        Strong,
        "scheiss-, scheiß-, arschloch, arschlocher, fick, ficken, fickt, gefickt, verfickt-, wichser, hurensohn, hurensohne, hure, huren, fotze-, schlampe-, missgeburt, schwanzlutscher, drecksau, mistkerl, verpiss dich",
    ),
    ("de", Severe, "kanake-, nigger, neger, schwuchtel-, judensau, untermensch"),
    (
        "fr",
        Strong,
        "merde, merdes, putain, connard-, connasse-, salope-, encule-, enculer, bordel, batard-, foutre, va te faire foutre, nique, niquer, nique ta mere, couilles, bite, pute, putes, trou du cul, ta gueule, salaud-",
    ),
    ("fr", Severe, "negre, negres, bougnoule-, youpin-, pede, pedes, tapette-, bicot"),
    (
        "es",
        Strong,
        "mierda-, puta, putas, puto, putos, hijo de puta, hijos de puta, hijueputa, joder, jodido-, cabron-, pendejo-, chinga-, chingar, verga, cono, gilipollas, polla, follar, zorra, mamon, culero, culiao, carajo, malparido-",
    ),
    ("es", Severe, "maricon-, sudaca-, negrata-, bollera, moro de mierda"),
    (
        "pt",
        Strong,
        "merda-, puta, putas, caralho, foda-se, foder, fodido-, filho da puta, cuzao, buceta, porra, viado, arrombado-, vadia, vai tomar no cu, babaca, punheta, desgracado",
    ),
    (
        "it",
        Strong,
        "cazzo, cazzi, stronzo, stronzi, stronza, merda, vaffanculo, puttana, puttane, figlio di puttana, troia, coglione, coglioni, minchia, fottuto-, fottiti, bastardo, porco dio, inculare, pompino",
    ),
    ("it", Severe, "frocio, froci, negro di merda, terrone, ricchione"),
    (
        "nl",
        Strong,
        "klootzak-, kut, hoer, hoeren, lul, eikel, godverdomme, kankerlijer, tering, tyfus, mierenneuker, schijt, neuken, kutwijf",
    ),
    (
        "pl",
        Strong,
        "kurwa, kurwy, kurwo, chuj, chuja, huj, jebac, jebany, jebana, pierdol-, spierdalaj, skurwysyn-, pizda, dupek, gowno, suka, wkurw-, zajebist-",
    ),
    (
        "ru",
        Strong,
        "хуй, хуя, хуе-, хуи, пизд-, ебат-, ебан-, ебал-, ебу, ёб-, заеб-, уеб-, выеб-, блять, бляд-, бля, сука, суки, мудак, мудаки, мудил-, гандон-, долбоеб-, гавно, говно, залуп-, шлюх-, нахуй, похуй, охуе-",
    ),
    ("ru", Severe, "пидор-, пидар-, педик-, жид, жиды, хохол, чурка, чурки"),
    (
        "tr",
        Strong,
        "orospu-, siktir-, sikeyim, sikerim, sikis, amina, amcik, amk, gotveren, yarrak, yarak, pic, kahpe-, serefsiz-, gavat, dalyarak",
    ),
    ("tr", Severe, "ibne, ibneler, top ibne"),
    ("zh", Strong, "操你妈, 他妈的, 傻逼, 草泥马, 妈的, 肏, 狗屎, 婊子, 王八蛋, 去你妈, 傻屄"),
    ("ja", Strong, "くそったれ, クソ野郎, 死ね, ちくしょう, ファック, まんこ, ちんこ, 糞野郎"),
];
