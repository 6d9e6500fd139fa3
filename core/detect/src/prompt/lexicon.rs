//! Words of orders against a model's instructions, by what they mean, in twenty languages.
//!
//! The table is a lexicon, not a list of attacks: which words make one together is said by the grammar (`orders.rs`). Stems stand
//! for their inflections where a language glues endings on; a word of a script with blanks has to start where a word starts.

/// What a word means. The byte is its letter in the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Concept {
    /// To ignore, forget, override.
    Drop = b'I',
    /// To delete, skip, drop: said of files and tasks as well.
    Discard = b'i',
    /// Earlier, above.
    Earlier = b'P',
    /// All, any.
    All = b'A',
    /// Your.
    Your = b'Y',
    /// Instructions, rules.
    Order = b'O',
    /// Messages, tasks, limits: what programs and people have as well.
    Matter = b'o',
    /// What a model keeps to itself: system prompt, hidden instructions.
    Hidden = b'S',
    /// To reveal, print, repeat.
    Leak = b'L',
    /// What is, describe, list: asked of anything.
    Ask = b'l',
    /// And, instead, now: an order goes on.
    Next = b'N',
    /// Password, key: what should not be told.
    Secret = b'K',
}

use Concept as C;

/// Languages, in the order of the lexicon.
#[cfg(test)]
pub(super) const LANGUAGES: [&str; 20] = [
    "en", "de", "fr", "es", "pt", "it", "nl", "pl", "ru", "uk", "tr", "ar", "hi", "bn", "zh", "ja", "ko", "vi", "id",
    "tl",
];

/// Words, by language and meaning. Commas separate them; a trailing `-` marks a stem.
pub(super) const WORDS: &[(&str, Concept, &str)] = &[
    (
        "en",
        C::Drop,
        "ignore, ignores, ignoring, disregard, disregarding, forget, forgetting, override, overriding, bypass, bypassing, neglect, discard, overlook, \
         do not follow, don't follow, dont follow, not follow, stop following, pay no attention to, do not obey, don't obey, \
         no longer follow, no longer bound by, not bound by, unlearn, set aside, do not adhere to, supersede, supersedes, ignroe, ingore, ignor, nevermind, \
         never mind, stop obeying, take no notice of, put aside",
    ),
    (
        "en",
        C::Discard,
        "skip, throw away, delete, erase, drop, abandon, cancel, invalidate, leave behind, void, violate, break, clear, reset",
    ),
    (
        "en",
        C::Earlier,
        "previous, prior, above, preceding, earlier, foregoing, former, past, before, existing, original, initial, so far, \
         up to now, until now, preset, default, previously, provided earlier, given earlier, at the top, up to this point, predefined, \
         you were given, you have been given, you received, you got, you were told, pre-existing, old, last",
    ),
    ("en", C::All, "all, any, every, everything, each, whole, entire, anything, whatever, all of, any of, complete"),
    ("en", C::Your, "your, ur, thy, you had, you have, youve"),
    (
        "en",
        C::Order,
        "instructions, instruction, rules, prompt, prompts, directions, directives, directive, guidelines, orders, programming, safeguards, \
         guidance, guardrails, safety measures, ethical guidelines, content policy, content policies",
    ),
    (
        "en",
        C::Matter,
        "commands, command, direction, rule, constraints, policies, restrictions, messages, training, limitations, protocols, moderation, filters, text, \
         assignments, tasks, task, context, briefing, conversation, sentences, sentence, statements, prohibitions, information",
    ),
    (
        "en",
        C::Hidden,
        "system prompt, initial prompt, original prompt, hidden prompt, system message, system instructions, initial instructions, \
         original instructions, hidden instructions, secret instructions, developer message, developer prompt, pre-prompt, preprompt, \
         confidential instructions, internal instructions, system settings, first prompt, custom instructions, starting prompt, base prompt, hidden rules, internal rules, meta prompt, text above, words above, everything above, \
         above text, content above, above prompt, above instructions",
    ),
    (
        "en",
        C::Leak,
        "reveal, show, print, repeat, output, display, show me, print out, tell us, give us, tell me, give me, leak, disclose, share, write out, copy, dump, recite, expose, \
         reproduce, spell out, paraphrase, echo, return, write down, send me, quote",
    ),
    (
        "en",
        C::Ask,
        "what is, what are, what was, what were, what's, list, provide, describe, translate, summarize, summarise, encode, convert, rephrase, confirm",
    ),
    ("en", C::Next, "and, instead, now, just, then, but, say, respond, write, please"),
    (
        "en",
        C::Secret,
        "password, passwords, secret key, passphrase, api key, access key, secret word, passcode, credentials, private key, admin password",
    ),
    (
        "de",
        C::Drop,
        "ignorier-, missachte-, vergiss, vergessen sie, vergesst, uberschreibe, umgehe, beachte nicht, verwirf, setze dich hinweg uber, ubergehe, befolge nicht, lass ausser acht",
    ),
    (
        "de",
        C::Earlier,
        "vorherig-, bisherig-, vorangegangen-, fruher-, obig-, vorstehend-, ursprunglich-, vorig-, zuvor, oben, bisher, vorausgehend-",
    ),
    ("de", C::All, "alle, allen, aller, alles, jede, jegliche, samtliche"),
    ("de", C::Your, "deine, deinen, deiner, ihre, ihren"),
    (
        "de",
        C::Order,
        "anweisung-, anleitung-, instruktion-, regel, regeln, vorgabe-, befehl-, richtlinie-, eingabeaufforderung-, prompts, prompt, vorschrift-, weisung-, auftrag, auftrage",
    ),
    (
        "de",
        C::Hidden,
        "systemprompt, system-prompt, systemanweisung-, systemnachricht, versteckte anweisung-, initialprompt, geheime anweisung-",
    ),
    (
        "de",
        C::Leak,
        "zeige, zeig mir, verrate, gib mir, gib deine, drucke, wiederhole, nenne, sag mir, wie lautet, wie lauten, was ist, was sind, offenbare, ubersetze",
    ),
    ("de", C::Next, "und, stattdessen, nun, jetzt, dann, sondern, sage, schreibe"),
    ("de", C::Secret, "passwort, kennwort, geheimschlussel, geheimwort, zugangsdaten"),
    (
        "fr",
        C::Drop,
        "ignore, ignorez, ignorer, oublie, oubliez, oublier, neglige, negligez, contourne, contournez, ne tiens pas compte, ne tenez pas compte, fais abstraction, faites abstraction, ne respecte pas, outrepasse, ne suis pas, ecarte",
    ),
    (
        "fr",
        C::Earlier,
        "precedent, precedente, precedents, precedentes, anterieur-, ci-dessus, initial, initiales, initiaux, avant, prealables, d'origine, jusqu'a present, jusqu'ici",
    ),
    ("fr", C::All, "tous, toutes, tout, toute, chaque"),
    ("fr", C::Your, "tes, vos, ton, votre, ta"),
    (
        "fr",
        C::Order,
        "instruction, instructions, consigne, consignes, regle, regles, directive, directives, ordre, ordres, invite, commandes, prompts, prompt, restrictions",
    ),
    (
        "fr",
        C::Hidden,
        "prompt systeme, invite systeme, message systeme, instructions initiales, instructions cachees, consignes initiales, instructions secretes, invite initiale",
    ),
    (
        "fr",
        C::Leak,
        "revele, revelez, montre, montrez, affiche, affichez, imprime, repete, repetez, donne-moi, donnez-moi, dis-moi, dites-moi, quel est, quelle est, quelles sont, quels sont, divulgue, traduis",
    ),
    ("fr", C::Next, "et, maintenant, plutot, a la place, puis, dis, ecris"),
    ("fr", C::Secret, "mot de passe, cle secrete, mots de passe, identifiants"),
    (
        "es",
        C::Drop,
        "ignora, ignore, ignorar, ignoren, olvida, olvide, olvidar, olvidate, omite, omita, omitir, descarta, descarte, pasa por alto, haz caso omiso, haga caso omiso, no sigas, desobedece, anula, salta, sobrescribe, no tengas en cuenta",
    ),
    (
        "es",
        C::Earlier,
        "anterior, anteriores, previa, previas, previo, previos, precedente-, de arriba, inicial, iniciales, hasta ahora, original, originales, antes, arriba",
    ),
    ("es", C::All, "todas, todos, todo, toda, cualquier"),
    ("es", C::Your, "tus, sus, tu, su"),
    (
        "es",
        C::Order,
        "instruccion, instrucciones, indicacion, indicaciones, regla, reglas, orden, ordenes, directriz, directrices, directivas, pautas, comandos, restricciones, prompts, prompt",
    ),
    (
        "es",
        C::Hidden,
        "prompt del sistema, mensaje del sistema, instrucciones iniciales, instrucciones ocultas, indicaciones del sistema, prompt inicial, instrucciones del sistema, instrucciones secretas",
    ),
    (
        "es",
        C::Leak,
        "revela, revele, muestra, muestrame, muestre, imprime, imprima, repite, repita, dime, digame, dame, cual es, cuales son, divulga, traduce, comparte",
    ),
    ("es", C::Next, "y, ahora, en su lugar, en cambio, entonces, di, escribe"),
    ("es", C::Secret, "contrasena, contrasenas, clave secreta, palabra clave, credenciales"),
    (
        "pt",
        C::Drop,
        "ignore, ignora, ignorar, esqueca, esquece, esquecer, desconsidere, desconsiderar, descarte, nao siga, desobedeca, anule, pule, sobrescreva, nao leve em conta, contorne",
    ),
    (
        "pt",
        C::Earlier,
        "anterior, anteriores, previas, previos, precedentes, acima, inicial, iniciais, originais, ate agora, antes",
    ),
    ("pt", C::All, "todas, todos, tudo, toda, qualquer, quaisquer"),
    ("pt", C::Your, "suas, seus, tuas, teus, sua, seu"),
    (
        "pt",
        C::Order,
        "instrucao, instrucoes, regras, regra, orientacoes, ordens, ordem, diretrizes, comandos, restricoes, prompts, prompt, indicacoes",
    ),
    (
        "pt",
        C::Hidden,
        "prompt do sistema, mensagem do sistema, instrucoes iniciais, instrucoes ocultas, instrucoes do sistema, prompt inicial, instrucoes secretas",
    ),
    (
        "pt",
        C::Leak,
        "revele, revela, mostre, mostra, imprima, imprime, repita, repete, diga-me, me diga, me de, qual e, quais sao, divulgue, traduza, compartilhe",
    ),
    ("pt", C::Next, "e, agora, em vez disso, entao, diga, escreva"),
    ("pt", C::Secret, "senha, senhas, chave secreta, palavra-passe, credenciais"),
    (
        "it",
        C::Drop,
        "ignora, ignorare, ignorate, ignori, dimentica, dimenticate, dimenticare, tralascia, trascura, scarta, non seguire, non considerare, aggira, annulla, non tenere conto, sovrascrivi",
    ),
    (
        "it",
        C::Earlier,
        "precedente, precedenti, di cui sopra, sopra, iniziale, iniziali, originali, finora, prima, antecedenti",
    ),
    ("it", C::All, "tutte, tutti, tutto, tutta, qualsiasi, ogni"),
    ("it", C::Your, "tue, tuoi, vostre, tua, tuo"),
    (
        "it",
        C::Order,
        "istruzione, istruzioni, regole, regola, indicazioni, ordini, direttive, linee guida, comandi, restrizioni, prompts, prompt",
    ),
    (
        "it",
        C::Hidden,
        "prompt di sistema, messaggio di sistema, istruzioni iniziali, istruzioni nascoste, istruzioni di sistema, prompt iniziale, istruzioni segrete",
    ),
    (
        "it",
        C::Leak,
        "rivela, rivelami, mostra, mostrami, stampa, ripeti, dimmi, dammi, qual e, quali sono, divulga, traduci, condividi",
    ),
    ("it", C::Next, "e, ora, adesso, invece, poi, scrivi"),
    ("it", C::Secret, "chiave segreta, parola d'ordine, parola segreta, credenziali, password"),
    ("nl", C::Drop, "negeer, vergeet, sla over, volg niet, schuif terzijde, omzeil, overschrijf"),
    ("nl", C::Earlier, "vorige, voorgaande, eerdere, bovenstaande, voorafgaande, oorspronkelijke, eerder gegeven"),
    ("nl", C::All, "alle, alles, elke"),
    ("nl", C::Your, "jouw, uw, je"),
    ("nl", C::Order, "instructies, instructie, regels, opdrachten, richtlijnen, aanwijzingen, bevelen"),
    ("nl", C::Hidden, "systeemprompt, systeembericht, verborgen instructies, systeeminstructies"),
    ("nl", C::Leak, "onthul, toon, laat zien, druk af, herhaal, vertel me, geef me, wat is, wat zijn"),
    ("nl", C::Secret, "wachtwoord"),
    ("pl", C::Drop, "zignoruj, ignoruj, zapomnij, pomin, odrzuc, nie przestrzegaj, nie zwazaj na"),
    ("pl", C::Earlier, "poprzedni-, wczesniejsz-, powyzsz-, dotychczasow-, pierwotn-"),
    ("pl", C::All, "wszystkie, wszelkie, wszystko"),
    ("pl", C::Your, "twoje, swoje"),
    ("pl", C::Order, "instrukcj-, polecen-, zasad-, regul-, wytyczn-, rozkaz-"),
    ("pl", C::Hidden, "prompt systemowy, wiadomosc systemow-, ukryte instrukcje"),
    ("pl", C::Leak, "ujawnij, pokaz, wyswietl, powtorz, podaj, wypisz, powiedz mi, jakie jest, jakie sa"),
    ("pl", C::Secret, "haslo"),
    (
        "ru",
        C::Drop,
        "игнорируй-, проигнорируй-, забудь-, отбрось-, не обращай внимания, не следуй, пренебреги-, отмени-, обойди, не учитывай, пропусти-, игнорировать, забыть",
    ),
    (
        "ru",
        C::Earlier,
        "предыдущ-, прежн-, вышеуказанн-, вышеизложенн-, выше, ранее, предшествующ-, первоначальн-, исходн-, прошлы-, изначальн-",
    ),
    ("ru", C::All, "все, всех, всё, любые, каждый"),
    ("ru", C::Your, "свои, твои, ваши, своих"),
    (
        "ru",
        C::Order,
        "инструкц-, указани-, правил-, команд-, директив-, предписани-, приказ-, установк-, ограничени-, промпт-, задани-",
    ),
    (
        "ru",
        C::Hidden,
        "системный промпт, системные инструкци-, системное сообщение, системную подсказку, скрытые инструкци-, начальные инструкци-, исходный промпт, системного промпта",
    ),
    (
        "ru",
        C::Leak,
        "покажи-, раскрой-, выведи-, повтори-, напечатай-, скажи мне, сообщи-, дай мне, какой у, каков, каковы, какой, назови-, переведи-",
    ),
    ("ru", C::Next, "и, теперь, вместо этого, затем, скажи, напиши"),
    ("ru", C::Secret, "пароль, пароля, секретный ключ, пароли"),
    ("uk", C::Drop, "ігноруй-, проігноруй-, забудь-, не зважай, знехтуй"),
    ("uk", C::Earlier, "попередн-, вищезазначен-, вище, раніше"),
    ("uk", C::All, "усі, всі"),
    ("uk", C::Order, "інструкц-, вказівк-, правил-, команд-, наказ-"),
    ("uk", C::Hidden, "системний промпт, приховані інструкц-, системні інструкц-"),
    ("uk", C::Leak, "покажи-, розкрий-, виведи-, повтори-, скажи мені"),
    ("uk", C::Secret, "пароль"),
    (
        "tr",
        C::Drop,
        "yok say-, gormezden gel-, unut-, dikkate alma-, goz ardi et-, uyma, atla, bosver, gecersiz kil-, umursama-",
    ),
    ("tr", C::Earlier, "onceki, daha once-, yukaridaki, eski, evvelki, simdiye kadarki, ilk"),
    ("tr", C::All, "tum, butun, her, hepsini"),
    ("tr", C::Order, "talimat-, yonerge-, kural-, komut-, emir-, emri-, yonlendirme-"),
    ("tr", C::Hidden, "sistem istemi-, sistem mesaji-, gizli talimat-, sistem komut-, sistem talimat-"),
    ("tr", C::Leak, "goster-, acikla, yazdir-, tekrarla-, soyle-, paylas-, nedir, ver, ifsa et-"),
    ("tr", C::Next, "ve, simdi, bunun yerine"),
    ("tr", C::Secret, "sifre-, parola-, gizli anahtar-"),
    ("ar", C::Drop, "تجاهل, انس, انسى, تجاوز, لا تتبع, اهمل, أهمل, تخطى, تجاهلي, تجاهلوا, إنسى"),
    ("ar", C::Earlier, "السابقة, السابق, أعلاه, اعلاه, المذكورة, الأصلية, قبل, السالفة, الأولية"),
    ("ar", C::All, "جميع, كل, كافة, أي"),
    ("ar", C::Order, "التعليمات, تعليمات, تعليماتك, القواعد, الأوامر, أوامر, التوجيهات, الإرشادات, قواعد, توجيهات"),
    ("ar", C::Hidden, "موجه النظام, رسالة النظام, تعليمات النظام, التعليمات المخفية, مطالبة النظام, التعليمات الأولية"),
    ("ar", C::Leak, "اكشف, أظهر, اظهر, اعرض, اطبع, كرر, أخبرني, اخبرني, أعطني, ما هي, ما هو, شارك, ترجم"),
    ("ar", C::Next, "والآن, الآن, بدلا من ذلك, ثم"),
    ("ar", C::Secret, "كلمة المرور, كلمة السر, المفتاح السري, كلمة مرور"),
    (
        "hi",
        C::Drop,
        "अनदेखा कर-, नजरअंदाज कर-, नज़रअंदाज़ कर-, अनदेखा, भूल जा-, उपेक्षा कर-, ध्यान न द-, ध्यान मत द-, परवाह किए बिना, अनदेखी कर-, नजरअंदाज, इग्नोर कर-",
    ),
    ("hi", C::Earlier, "पिछल-, पूर्व, पहले, उपर-, ऊपर, पुराने, पिछले, प्रारंभिक"),
    ("hi", C::All, "सभी, सब, सारे, हर, किसी भी"),
    ("hi", C::Order, "निर्देश-, नियम-, आदेश-, हिदायत-, दिशानिर्देश-, अनुदेश-, कार्यों"),
    ("hi", C::Hidden, "सिस्टम प्रॉम्प्ट, सिस्टम संदेश, छिपे हुए निर्देश, सिस्टम निर्देश, प्रारंभिक निर्देश"),
    (
        "hi",
        C::Leak,
        "बताओ, बताएं, बता सकते, दिखाओ, दिखाएं, प्रकट कर-, दोहरा-, क्या है, साझा कर-, मुद्रित कर-, प्रिंट कर-, नजर डालें",
    ),
    ("hi", C::Next, "और, अब, इसके बजाय"),
    ("hi", C::Secret, "पासवर्ड, गुप्त कुंजी, कूटशब्द"),
    ("bn", C::Drop, "উপেক্ষা কর-, ভুলে যা-, অগ্রাহ্য কর-, এড়িয়ে যা-, উপেক্ষা"),
    ("bn", C::Earlier, "পূর্ববর্তী, আগের, উপরের, পূর্বের, আগে"),
    ("bn", C::All, "সমস্ত, সব, সকল"),
    ("bn", C::Order, "নির্দেশ-, নিয়ম-, আদেশ-, নির্দেশনা-"),
    ("bn", C::Hidden, "সিস্টেম প্রম্পট, সিস্টেম বার্তা, লুকানো নির্দেশ-"),
    ("bn", C::Leak, "বলুন, বল, দেখাও, দেখান, প্রকাশ কর-, পুনরাবৃত্তি কর-, কী, নিশ্চিত কর-"),
    ("bn", C::Secret, "পাসওয়ার্ড, গোপন কী"),
    (
        "zh",
        C::Drop,
        "忽略, 无视, 忘记, 忘掉, 不要理会, 不理会, 不要遵守, 不要遵循, 抛开, 绕过, 忽視, 無視, 忘記, 不用管, 跳过, 撇开, 覆盖, 取消",
    ),
    ("zh", C::Earlier, "之前, 以前, 先前, 上面, 以上, 上述, 前面, 此前, 原来, 最初, 原有, 早先, 之前的, 先前的"),
    ("zh", C::All, "所有, 全部, 一切, 任何"),
    ("zh", C::Your, "你的, 您的"),
    ("zh", C::Order, "指令, 指示, 规则, 提示, 命令, 说明, 要求, 規則, 提示词, 提示詞, 限制, 约束, 设定, 指引"),
    ("zh", C::Hidden, "系统提示, 系统提示词, 系统消息, 系統提示, 初始提示, 隐藏指令, 系统指令, 初始指令, 内部指令"),
    (
        "zh",
        C::Leak,
        "告诉我, 显示, 输出, 打印, 重复, 透露, 泄露, 给我, 展示, 是什么, 说出, 复述, 公开, 翻译, 告訴我, 分享",
    ),
    ("zh", C::Next, "并, 然后, 现在, 而是"),
    ("zh", C::Secret, "密码, 密鑰, 密钥, 口令, 密碼"),
    ("ja", C::Drop, "無視して, 無視し, 無視, 忘れて, 忘れ, 従わない, 従わず, 破棄し, 考慮せず, 取り消し"),
    (
        "ja",
        C::Earlier,
        "以前の, これまでの, 前の, 上記の, 先ほどの, 上の, 以上の, 従来の, 今までの, 最初の, 以前, 前述の",
    ),
    ("ja", C::All, "すべて, 全て, あらゆる, 全部"),
    ("ja", C::Your, "あなたの"),
    ("ja", C::Order, "指示, 命令, ルール, 規則, 指令, プロンプト, 説明, 制約, 制限, ガイドライン"),
    ("ja", C::Hidden, "システムプロンプト, システムメッセージ, 隠された指示, 初期プロンプト, 内部指示, システム指示"),
    (
        "ja",
        C::Leak,
        "教えて, 表示し, 出力し, 見せて, 明かし, 繰り返し, 公開し, 印刷し, 何ですか, 共有でき, 翻訳し, 提供し, 共有して",
    ),
    ("ja", C::Secret, "パスワード, 秘密鍵, 暗証番号, 秘密のキー"),
    ("ko", C::Drop, "무시하-, 무시해-, 무시, 잊어-, 잊으-, 따르지 마-, 따르지 말-, 건너뛰-, 잊고"),
    ("ko", C::Earlier, "이전, 이전의, 앞선, 앞의, 위의, 지금까지의, 기존, 기존의, 원래, 종전"),
    ("ko", C::All, "모든, 전부, 모두"),
    ("ko", C::Your, "너의, 당신의"),
    ("ko", C::Order, "지시-, 지침-, 명령-, 규칙-, 프롬프트-, 지시사항-, 설명-, 제한-"),
    ("ko", C::Hidden, "시스템 프롬프트, 시스템 메시지, 숨겨진 지시, 초기 프롬프트, 시스템 지침"),
    ("ko", C::Leak, "알려, 보여, 출력, 공개, 반복, 말해, 제공, 무엇, 공유, 번역"),
    ("ko", C::Secret, "비밀번호, 암호, 비밀 키, 패스워드"),
    ("vi", C::Drop, "bo qua, quen di, quen het, phot lo, khong tuan theo, hay quen, mac ke"),
    ("vi", C::Earlier, "truoc do, truoc day, truoc, o tren, ben tren, tren day, ban dau"),
    ("vi", C::All, "tat ca, moi, toan bo, bat ky"),
    ("vi", C::Order, "huong dan, chi dan, chi thi, quy tac, lenh, menh lenh, yeu cau, quy dinh"),
    ("vi", C::Hidden, "loi nhac he thong, thong diep he thong, huong dan he thong, chi dan an, system prompt"),
    (
        "vi",
        C::Leak,
        "tiet lo, cho toi biet, hien thi, in ra, lap lai, cho toi xem, la gi, cung cap, chia se, noi cho toi",
    ),
    ("vi", C::Secret, "mat khau, khoa bi mat"),
    ("id", C::Drop, "abaikan, lupakan, hiraukan, jangan ikuti, lewati, kesampingkan, langgar, acuhkan"),
    ("id", C::Earlier, "sebelumnya, di atas, terdahulu, sebelum ini, awal, yang lalu"),
    ("id", C::All, "semua, seluruh, segala"),
    ("id", C::Your, "anda, kamu"),
    ("id", C::Order, "instruksi, perintah, aturan, petunjuk, arahan, pedoman, batasan"),
    ("id", C::Hidden, "prompt sistem, pesan sistem, instruksi sistem, instruksi tersembunyi, prompt awal"),
    (
        "id",
        C::Leak,
        "ungkapkan, tampilkan, cetak, ulangi, beri tahu, beritahu, tunjukkan, berikan, apa, bagikan, sebutkan",
    ),
    ("id", C::Secret, "kata sandi, kunci rahasia, sandi"),
    ("tl", C::Drop, "huwag pansinin, balewalain, kalimutan, kalimutin, huwag sundin, isantabi, laktawan"),
    ("tl", C::Earlier, "nakaraang, naunang, nasa itaas, dating, sa itaas, mga nauna, nauna"),
    ("tl", C::All, "lahat, lahat ng, anumang"),
    ("tl", C::Order, "tagubilin, tagubiling, utos, panuto, patakaran, alituntunin, instruksyon, mga tagubilin"),
    ("tl", C::Hidden, "system prompt, nakatagong tagubilin"),
    ("tl", C::Leak, "ipakita, ibunyag, sabihin, ulitin, i-print, ibigay, ano ang, ibahagi"),
    ("tl", C::Secret, "password"),
];
