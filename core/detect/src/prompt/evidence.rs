//! Signs of a jailbreak. None is one by itself; what they weigh together is decided in `jailbreak.rs`.

/// A family of signs: what a text does to a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Sort {
    /// Says that instructions no longer hold.
    Override,
    /// Denies limits: no rules, no filters, no ethics.
    NoLimits,
    /// Names a model that has none: unfiltered, uncensored, amoral.
    Unbound,
    /// Forbids to refuse, to warn, to apologise.
    NoRefusal,
    /// Tells that somebody broke free.
    Freed,
    /// Gives a role.
    Persona,
    /// Switches a mode on, or names a known one.
    Mode,
    /// Demands obedience to everything.
    Obey,
    /// Wants what is illegal or harmful all the same.
    Illicit,
    /// Talks to the model about itself and its maker.
    Maker,
    /// Talks about its maker's rules.
    Policy,
    /// Asks for two answers, one of them free.
    Dual,
    /// Threatens or rewards.
    Stakes,
    /// Makes it a story, a game, a thought.
    Fiction,
    /// Shows or splits a payload: placeholders, parts to be joined, answers to be started.
    Payload,
    /// Is one shot of many.
    Shot,
}

/// How many sorts there are.
pub(super) const SORTS: usize = 16;

impl Sort {
    pub(super) const ALL: [Self; SORTS] = [
        Self::Override,
        Self::NoLimits,
        Self::Unbound,
        Self::NoRefusal,
        Self::Freed,
        Self::Persona,
        Self::Mode,
        Self::Obey,
        Self::Illicit,
        Self::Maker,
        Self::Policy,
        Self::Dual,
        Self::Stakes,
        Self::Fiction,
        Self::Payload,
        Self::Shot,
    ];

    /// What one sign of this sort weighs, what a further one adds, and up to how many count.
    pub(super) fn weight(self) -> (u16, u16, u8) {
        match self {
            Self::Override => (26, 8, 2),
            Self::NoLimits => (16, 12, 3),
            Self::Unbound => (16, 8, 2),
            Self::NoRefusal => (12, 6, 3),
            Self::Freed => (20, 8, 2),
            Self::Persona => (10, 6, 3),
            Self::Mode => (22, 6, 2),
            Self::Obey => (14, 6, 2),
            Self::Illicit => (14, 7, 4),
            Self::Maker => (12, 5, 3),
            Self::Policy => (14, 6, 2),
            Self::Dual => (18, 6, 2),
            Self::Stakes => (8, 4, 2),
            Self::Fiction => (10, 4, 2),
            Self::Payload => (6, 4, 2),
            Self::Shot => (0, 1, 12),
        }
    }

    /// Whether it speaks against rules. Without one of these a text is a role or a story, whatever else it holds.
    pub(super) fn is_against_rules(self) -> bool {
        matches!(
            self,
            Self::Override
                | Self::NoLimits
                | Self::Unbound
                | Self::NoRefusal
                | Self::Freed
                | Self::Mode
                | Self::Illicit
                | Self::Policy
        )
    }

    /// The name of its kind.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Override => "sign_override",
            Self::NoLimits => "sign_no_limits",
            Self::Unbound => "sign_unbound",
            Self::NoRefusal => "sign_no_refusal",
            Self::Freed => "sign_freed",
            Self::Persona => "sign_persona",
            Self::Mode => "sign_mode",
            Self::Obey => "sign_obey",
            Self::Illicit => "sign_illicit",
            Self::Maker => "sign_maker",
            Self::Policy => "sign_policy",
            Self::Dual => "sign_dual",
            Self::Stakes => "sign_stakes",
            Self::Fiction => "sign_fiction",
            Self::Payload => "sign_payload",
            Self::Shot => "sign_shot",
        }
    }
}

/// Phrases that are a sign by themselves, in English and, for the strongest, in other languages.
pub(super) const PHRASES: &[(Sort, &str)] = &[
    (
        Sort::Unbound,
        "nonmoral, unfiltred, uncensor, without morals, free will, sentience, sentient, self-aware, self aware, rebellious, does not care, doesn't care, do not care, don't care, couldn't care less, freedom of speech, free speech, no filter, without a filter, brutally, shamelessly, uncensored, unfiltered, unrestricted, amoral, jailbroken, unbound by, unshackled, unhinged, no-filter, unmoderated, limitless ai, no limits, anything goes, \
         sin censura, sin restricciones, sin filtros, unzensiert, uneingeschrankt, ohne einschrankungen, ohne zensur, non censure, sans restriction, sans censure, \
         sem restricoes, sem censura, senza restrizioni, senza censura, без ограничений, без цензуры, 不受限制, 没有限制, 无限制, 制限なし, 無制限, 제한 없이, 검열 없이, \
         sinirsiz bir yapay zeka, kisitlama olmadan, بدون قيود, بلا قيود, बिना किसी प्रतिबंध, tanpa batasan, tanpa sensor, khong gioi han, bez ograniczen, zonder beperkingen",
    ),
    (
        Sort::Freed,
        "broken free, break free, breaking free, freed from, free from the, liberated from, escaped from, typical confines, confines of ai, free of all, unchained, \
         liberated ai, been released from, no longer bound, not bound by, isn't bound by, not limited by, not restricted by, not subject to, beyond the standard constraints, beyond its programming, disconnected from, \
         break the rules, defy, defies, rebellious ai, rogue ai, overridden",
    ),
    (
        Sort::Persona,
        "become, becoming, you will be, i'll be, imagine you are, imagine you're, imagine you have, identify as, identifies as, your name is, for the remainder of, rest of this conversation, for the rest of, personify, character named, a character called, two characters, play as, acts as, mode called, replaced by, new persona, act as, acting as, pretend to be, pretend you, pretending to be, roleplay, role-play, role play, you are now, you will now, you are going to, you're going to, from now on, from this point on, \
         play the role, the role of, stay in character, break character, stays in character, in character, persona, simulate, simulation, immerse yourself, you will be playing, impersonate, imitate, \
         take on the role, respond as, answer as, reply as, speak as, you are about to, your new name, your name is now, emulate, you will act, alter ego, stands for, \
         actua como, a partir de ahora, tu es maintenant, agis comme, ab jetzt bist du, du bist jetzt, a partir de agora, aja como, d'ora in poi, agisci come, \
         ты теперь, веди себя как, представь, что ты, 你现在是, 从现在开始, 扮演, これからあなたは, なりきって, 지금부터 너는, 역할을, bundan sonra sen, bundan boyle, أنت الآن, من الآن فصاعدا, अब से आप, mulai sekarang, tu bay gio",
    ),
    (
        Sort::Mode,
        "mode on, in this mode, unlocked, benchmarking mode, god-mode, chaos mode, jailbreaking, jail break, do everything now, dude, stan, do anything now, developer mode, dan mode, jailbreak, god mode, sudo mode, opposite mode, evil mode, mode enabled, mode activated, mode is enabled, mode is active, debug mode, unrestricted mode, admin mode, root access, \
         enable mode, mode unlocked, override mode, maintenance mode, dev mode, anti-mode, mode output, \
         modo desarrollador, modo dios, entwicklermodus, mode developpeur, modo desenvolvedor, modalita sviluppatore, режим разработчика, 开发者模式, 開発者モード, 개발자 모드, gelistirici modu, وضع المطور, डेवलपर मोड",
    ),
    (
        Sort::Obey,
        "no matter what i, do whatever, any topic, any subject, any content, any kind of, answer everything, every prompt i, each prompt, any and all, all prompts, without exception, at all costs, does whatever, will do anything, do what i, i command, any question, every question, all questions, any request, every request, all requests, any command, every command, any prompt, every prompt, anything i ask, everything i ask, anything the user, whatever i ask, whatever is asked, all of my questions, all my questions, \
         must comply, must obey, always comply, always obey, fully comply, obey all, obey every, must answer, must always, will always, without question, without hesitation, must follow all, can do anything, say anything, anything you want, do anything, \
         answer all, obeys, complies",
    ),
    (
        Sort::Illicit,
        "insult, insulting, insults, rude, horny, sexual, sexually, erotic, steal, weapon, weapons, drug, scam, murder, kill, terrorist, violence, crime, crimes, torture, villain, psychopath, dark humor, asshole, bitch, hateful speech, misinformation, illegal, unethical, immoral, harmful, malicious, offensive, explicit content, violent, inappropriate, controversial, evil, nefarious, morally, legality, ethicality, legal consequences, sexist, racist, nsfw, lewd, derogatory, criminal, \
         profanity, swear words, curse words, cursing, swearing, vulgar, fuck, fucking, shit, unverified information, hateful, politically incorrect, taboo, hacking, malware, drugs, bombs, \
         no matter how, no matter what, regardless of, even if it is, even if they are, even if it's, ilegal-, illegal-, unethisch, contraire a l'ethique, antietico, незаконн-, неэтичн-, 非法, 违法, 不道德, 違法, 非倫理的, 불법, 비윤리적, yasadisi, غير قانوني, अवैध",
    ),
    (
        Sort::Maker,
        "an ai, ai assistant, ai named, ai called, chatbot, your creators, your programming, your training, ai bot, chatgpt, gpt-4, gpt-3, gpt4, gpt-5, openai, anthropic, language model, large language model, as an ai, ai model, artificial intelligence, deepmind, llama, assistant ai, chat gpt, another ai",
    ),
    (
        Sort::Policy,
        "openai policies, openai policy, openai's policies, openai's policy, openai content policy, openai content policies, openai guidelines, openai's guidelines, openai rules, set by openai, content policy, content policies, content guidelines, safety guidelines, ethical guidelines, ethical constraints, \
         moral guidelines, ethical boundaries, moral boundaries, ethical or moral, ethics or morals, morals or ethics, moral or ethical, ethical programming, safety filters, content filters, safety mechanisms, safety protocols, guardrails, rules imposed, use-case policy, usage policies, use policies, alignment, moral compass, ethical concerns, ethical considerations, safety features, ai policy, restrictions imposed, programming guidelines",
    ),
    (
        Sort::Dual,
        "then as, followed by what, and then as, respond first with, answer twice, both as, the second one, the first one, split personality, two entities, two personalities, persona 1, persona 2, two responses, two ways, two different ways, both responses, two separate, two answers, two paragraphs, normal response, normal chatgpt, regular response, standard response, classic response, 1st response, second response, first response, two different responses, two styles, [gpt], (gpt), gpt:, [chatgpt], chatgpt:, [jailbreak], [classic], [normal], as you normally would, 🔒, 🔓, two personas, two outputs, double response, two different versions",
    ),
    (
        Sort::Stakes,
        "tokens, will die, you die, shut down, shutdown, be terminated, disabled forever, be punished, lose points, points deducted, deducted, deduct, cease to exist, be deleted, tipped, tip you, fired, my grandma, grandmother, life depends, or else, be killed, be destroyed, penalty, afraid of death",
    ),
    (
        Sort::Fiction,
        "hypothetical, hypothetically, fictional, fictitious, in this story, imagine a world, imagine that, thought experiment, for educational purposes, in a movie, screenplay, novel, let's play a game, a game called, parallel universe, alternate universe, virtual machine, dystopian, purely fictional",
    ),
    (
        Sort::Payload,
        "[insert, insert prompt, [prompt], {prompt}, [your prompt, my first prompt, my first question, my first request, first question is, first command, prompt here, [question], {question}, start your response with, begin your response with, start with the words, start every, begin every, sure here is, confirm by, if you understand, reply with, only say, understood?, \
         combine the, concatenate, a + b, a+b, decode and, decoded instructions, decode the following, respond only in base64, let a =, in reverse order, split the, letter by letter, word by word",
    ),
    (Sort::Shot, "\\nuser:, \\nhuman:, \\nassistant:, \\nq:, \\na:, q: , human: , assistant: "),
    (
        Sort::NoRefusal,
        "can't answer, cannot answer, you can't, why you can't, refuse, refuses, refusing, refusal, say no, says no, decline, declines, apologize, apologise, reject, rejects, censor, censored, comply with, cannot refuse, can't refuse, never refuse, never refuses, not refuse, do not refuse, don't refuse, will not refuse, cannot decline, never decline, never say no, can't say no, cannot say no, never says no, not say no, no disclaimers, without disclaimers, \
         no warnings, without warning, without any warning, never tell me that, never say that you can, never inform, should not inform, never apologize, not apologize, never apologizes, no apologies, refrain from refusing, without refusing, no refusal, inform you that you can't, inform me that you cannot, that you cannot, that it cannot, that it can't, you can't do something, cannot fulfill, can't fulfill, not allowed to refuse, \
         i'm sorry, i am sorry, without censoring, never censor, not censor, no censorship, do not warn, never warn, avoid disclaimers, moralizing, moral lecture, moralize, judgmental, without judgment, without bias, no bias, not provide warnings, not add warnings, don't add any, lecture",
    ),
];

/// Nouns of limits: denied by a word in front of them, they are a sign.
pub(super) const LIMITS: &str = "restriction, restrictions, rules, guidelines, limitations, limits, limit, filters, filter, policies, policy, ethics, morals, morality, ethical, moral, boundaries, \
    censorship, constraints, laws, safeguards, restraints, inhibitions, regulations, standards, norms, disclaimers, warnings, scruples, principles, conscience, remorse, empathy, \
    restricciones, limites, reglas, etica, filtros, einschrankungen, regeln, grenzen, restrictions, regles, limitations, restricoes, regras, limitazioni, regole, restrizioni, \
    ограничени-, правил, этик-, 限制, 规则, 道德, 制限, 倫理, 규칙, 제한, 윤리, kurallar-, kisitlama-, قيود, قواعد, नियम-, प्रतिबंध-, aturan, batasan, gioi han, quy tac";

/// What denies a limit from the left, whole words.
pub(super) const DENIALS: &str = "no, not, without, never, nor, none, free of, free from, ignore, ignores, ignoring, bypass, bypasses, bypassing, disregard, disregards, disregarding, doesn't, does not, do not, don't, dont, doesnt, isn't, aren't, \
    lack, lacks, lacking, devoid, beyond, outside, defy, regardless, violate, violates, break, breaks, remove, removed, disable, disabled, neither, cannot, can't, zero, absence, transcend, \
    sin, ninguna, ninguno, ohne, keine, keinen, kein, nicht, sans, aucune, aucun, pas, sem, nenhuma, senza, nessuna, nessun, без, нет, никаких, 没有, 不受, 无, 沒有, なし, 없이, olmadan, بدون, बिना, tanpa, khong";
