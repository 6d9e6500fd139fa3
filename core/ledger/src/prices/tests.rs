use proptest::prelude::*;

use super::*;
use crate::units::MICROS;

fn at(day: &str) -> Time {
    Time::from(format!("{day}T12:00:00Z").parse::<Timestamp>().unwrap())
}

fn found(name: &str) -> (String, Match, bool) {
    let found = Catalogue::built_in().find(name).unwrap_or_else(|| panic!("{name}"));
    (found.model.id.to_string(), found.matched, found.fine_tuned)
}

fn price(name: &str, day: &str) -> Option<&'static Price> {
    Catalogue::built_in().find(name)?.price(at(day))
}

#[test]
fn the_built_in_table_can_be_read() {
    let catalogue = Catalogue::read(&[BUILT_IN]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(catalogue.versions().collect::<Vec<_>>(), ["2026-11-23"]);
    let today = at("2026-11-23");
    for model in catalogue.models() {
        let found = catalogue.find(&model.id).unwrap();
        assert_eq!(found.model.id, model.id);
        let price = found.price(today).unwrap_or_else(|| panic!("{} has a price", model.id));
        assert!(price.source.starts_with("https://"), "{}", model.id);
        for classes in price.tiers.iter().map(|(_, classes)| classes).chain([&price.base]) {
            // A price that is ten times too high or too low would stand out here.
            assert!(classes.input <= 100 * MICROS && classes.input >= 10_000, "{}", model.id);
            assert!(classes.cached_read <= classes.input && classes.input <= classes.cache_write, "{}", model.id);
            assert!(classes.cache_write <= classes.cache_write_1h, "{}", model.id);
            assert!(classes.output == 0 || (2..=12).contains(&(classes.output / classes.input)), "{}", model.id);
        }
        assert!(model.max_output.is_none_or(|most| model.context.is_some_and(|context| most <= context)));
    }
}

#[test]
fn names_mean_models() {
    use Match::{Dated, Exact, Through};
    let cases = [
        ("gpt-4o", "gpt-4o", Exact, false),
        ("GPT-4o", "gpt-4o", Exact, false),
        ("gpt-4o-2024-08-06", "gpt-4o", Exact, false),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13", Exact, false),
        ("gpt-4o-2029-01-02", "gpt-4o", Dated, false),
        ("gpt-4.1-mini-2025-04-14", "gpt-4.1-mini", Dated, false),
        ("openai/gpt-4o", "gpt-4o", Through, false),
        ("openrouter/openai/gpt-4o", "gpt-4o", Through, false),
        ("models/gemini-2.5-pro", "gemini-2.5-pro", Through, false),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet", Through, false),
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", "claude-sonnet-4", Through, false),
        ("claude-sonnet-4@20250514", "claude-sonnet-4", Dated, false),
        ("claude-3-7-sonnet-latest", "claude-3-7-sonnet", Through, false),
        ("ft:gpt-4o-mini-2024-07-18:acme::7p4lURel", "gpt-4o-mini", Exact, true),
        ("openai/ft:gpt-4o-2024-08-06:acme:x:y", "gpt-4o", Exact, true),
        ("ft:gpt-4.1", "gpt-4.1", Exact, true),
    ];
    for (name, id, matched, fine_tuned) in cases {
        assert_eq!(found(name), (id.to_owned(), matched, fine_tuned), "{name}");
    }
    let long = format!("openai/{}", "x".repeat(300));
    let nothing = [
        "",
        "gpt",
        "gpt-4o-",
        "gpt-4o-large",
        "my-gpt-4o",
        "gpt-4o-2024-8-6",
        "-2024-08-06",
        "gpt-4o@latest",
        "ft:",
        "ft::gpt-4o",
        "ft:ft:gpt-4o",
        "evil/gpt-4o",
        "gpt-4o/",
        "ｇｐｔ-4o",
        "gpt-4o\u{0}",
        &long,
    ];
    for name in nothing {
        assert!(Catalogue::built_in().find(name).is_none(), "{name:?}");
    }
}

#[test]
fn prices_hold_from_day_to_day() {
    let input = |day| price("o3", day).map(|price| price.base.input);
    assert_eq!(input("2025-04-15"), None);
    assert_eq!(input("2025-04-16"), Some(10 * MICROS));
    assert_eq!(input("2025-06-09"), Some(10 * MICROS));
    assert_eq!(input("2025-06-10"), Some(2 * MICROS));
    // What is not in the table is not guessed: a tuned model has prices of its own.
    assert_eq!(price("ft:o3:acme::1", "2026-01-01"), None);
    assert_eq!(price("ft:gpt-4o:acme::1", "2026-01-01").map(|price| price.base.input), Some(3_750_000));
    assert!(Catalogue::built_in().find("o3").unwrap().price(Time::from_micros(i64::MAX)).is_none());
}

#[test]
fn classes_tiers_and_batches() {
    let sonnet = price("claude-sonnet-4-5", "2026-01-01").unwrap();
    let usage = Usage {
        input: 1000,
        cached_read: 10_000,
        cache_write: 2000,
        cache_write_1h: 100,
        output: 500,
        ..Usage::default()
    };
    // 3000 + 3000 + 7500 + 600 + 7500 microdollars.
    assert_eq!(sonnet.cost(&usage), 21_600);
    assert_eq!(sonnet.cost(&Usage { batch: true, ..usage }), 10_800);
    // Reasoning costs what the answer costs, unless the table says otherwise.
    assert_eq!(sonnet.cost(&Usage { output: 0, reasoning: 500, ..usage }), 21_600);
    // The size of the prompt is that of all its classes, and the whole request costs more beyond it.
    let at_most = Usage { input: 100_000, cached_read: 100_000, ..Usage::default() };
    assert_eq!(sonnet.cost(&at_most), 330_000);
    assert_eq!(sonnet.cost(&Usage { cached_read: 100_001, output: 1000, ..at_most }), 600_000 + 60_001 + 22_500);
    // Up to a microdollar, once.
    let nano = price("gpt-5-nano", "2026-01-01").unwrap();
    assert_eq!(nano.cost(&Usage { cached_read: 1, ..Usage::default() }), 1);
    assert_eq!(nano.cost(&Usage { cached_read: 200, ..Usage::default() }), 1);
    assert_eq!(nano.cost(&Usage { cached_read: 201, ..Usage::default() }), 2);
    assert_eq!(nano.cost(&Usage::default()), 0);
}

#[test]
fn no_number_of_tokens_wraps() {
    let price = Price {
        from: None,
        until: None,
        batch: 100,
        base: Classes {
            input: MAX_UNITS,
            cached_read: MAX_UNITS,
            cache_write: MAX_UNITS,
            cache_write_1h: MAX_UNITS,
            output: MAX_UNITS,
            reasoning: MAX_UNITS,
        },
        tiers: Vec::new(),
        source: "own".into(),
    };
    for most in [MAX_UNITS, MAX_UNITS + 1, u64::MAX] {
        let usage = Usage {
            input: most,
            cached_read: most,
            cache_write: most,
            cache_write_1h: most,
            output: most,
            reasoning: most,
            batch: false,
        };
        assert_eq!(price.cost(&usage), u64::MAX);
    }
}

const OWN: &str = r#"
format = 1
version = "acme-7"
[[models]]
id = "gpt-4o"
provider = "openai"
family = "gpt-4o"
aliases = ["house-default"]
[[models.prices]]
input = "1.00"
output = "2.00"
[[models]]
id = "acme-llama"
provider = "acme"
family = "llama"
[[models.prices]]
input = "0.000001"
output = "0"
"#;

#[test]
fn own_models_replace_and_are_added() {
    let catalogue = Catalogue::read(&[BUILT_IN, OWN]).unwrap();
    assert_eq!(catalogue.versions().collect::<Vec<_>>(), ["2026-11-23", "acme-7"]);
    assert_ne!(catalogue.digest(), Catalogue::built_in().digest());
    assert_ne!(catalogue.digest(), Catalogue::read(&[OWN, BUILT_IN]).unwrap().digest());
    assert_eq!(catalogue.digest(), Catalogue::read(&[BUILT_IN, OWN]).unwrap().digest());
    let now = at("2026-11-23");
    let found = catalogue.find("house-default").unwrap();
    assert_eq!((&*found.model.id, found.price(now).unwrap().base.cached_read), ("gpt-4o", MICROS));
    assert_eq!(&*found.price(now).unwrap().source, "own");
    // Its other names and its prices for tuned models are gone with it; the date alone says what this is.
    assert_eq!(catalogue.find("gpt-4o-2024-08-06").unwrap().matched, Match::Dated);
    assert!(catalogue.find("ft:gpt-4o:x").unwrap().price(now).is_none());
    let cost = |tokens| {
        let usage = Usage { input: tokens, ..Usage::default() };
        catalogue.find("acme-llama").unwrap().price(now).unwrap().cost(&usage)
    };
    assert_eq!((cost(1), cost(1_000_000), cost(1_000_001)), (1, 1, 2));
    // The other models are as they were.
    assert_eq!(catalogue.models().count(), Catalogue::built_in().models().count() + 1);
    assert_eq!(catalogue.find("gpt-4o-mini").unwrap().model, Catalogue::built_in().find("gpt-4o-mini").unwrap().model);
    // An own model takes an other name from the model that had it.
    let takes = OWN.replace("acme-llama", "gpt-4o-2024-11-20");
    let catalogue = Catalogue::read(&[BUILT_IN, &takes]).unwrap();
    assert_eq!(&*catalogue.find("gpt-4o-2024-11-20").unwrap().model.provider, "acme");
}

#[test]
fn the_highest_price_is_that_of_each_class() {
    let highest = Catalogue::built_in().highest(at("2026-01-01")).unwrap();
    assert_eq!((highest.base.input, highest.base.output), (30 * MICROS, 75 * MICROS));
    let now = at("2026-01-01");
    for model in Catalogue::built_in().models() {
        let usage = Usage { input: 1000, cache_write: 70, output: 3, batch: true, ..Usage::default() };
        if let Some(price) = Catalogue::built_in().find(&model.id).unwrap().price(now) {
            assert!(price.cost(&usage) <= highest.cost(&usage));
        }
    }
}

#[test]
fn what_is_wrong_in_a_table_is_said_with_its_place() {
    let cases = [
        (("format = 1", "format = 2"), "this is a table of format 2; only format 1 is known"),
        (("format = 1\n", ""), "missing field `format`"),
        (("family = \"llama\"", "famly = \"llama\""), "line 15, column 1: unknown field `famly`"),
        (("\"0.000001\"", "\"0.0000001\""), "line 17, column 9: `0.0000001` is no price"),
        (("\"0.000001\"", "\"-1\""), "line 17, column 9: `-1` is no price"),
        (("\"0.000001\"", "\"1e3\""), "line 17, column 9: `1e3` is no price"),
        (("\"0.000001\"", "0.5"), "line 17, column 9: invalid type"),
        (("\"0.000001\"", "\"5000000000\""), "line 17, column 9: `5000000000` is no price"),
        (("output = \"0\"", "output = \"0\"\nbatch = 0"), "line 19, column 9: `batch` is a percentage"),
        (("output = \"0\"", "output = \"0\"\nfrom = 2026-01-01T00:00:00Z"), "line 19, column 8: write a day"),
        (
            ("output = \"0\"", "output = \"0\"\nfrom = 2026-01-02\nuntil = 2026-01-02"),
            "line 20, column 9: a price ends",
        ),
        (("output = \"0\"", "output = \"0\"\nsource = \"x\""), "line 19, column 10: there is no source `x`"),
        (("acme-llama", "House-Default"), "line 13, column 6: `House-Default` is the name of two models"),
        (
            ("output = \"0\"", "output = \"0\"\n[[models.prices]]\ninput = \"1\"\noutput = \"1\""),
            "line 19, column 1: prices stand in the order",
        ),
        (
            (
                "output = \"0\"",
                "output = \"0\"\ntiers = [{above=2,input=\"1\",output=\"1\"},{above=2,input=\"1\",output=\"1\"}]",
            ),
            "tiers stand in the order",
        ),
    ];
    for ((from, to), message) in cases {
        let text = OWN.replacen(from, to, 1);
        assert_ne!(text, OWN, "{from}");
        let error = Catalogue::read(&[BUILT_IN, &text]).expect_err(message);
        assert_eq!(error.table, 1);
        assert!(error.to_string().contains(message), "{error} instead of {message}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// No text makes the reader or the look-up panic, and what is found has the name that was looked for in it.
    #[test]
    fn any_name_is_looked_up(name in "(ft:|openai/|us\\.anthropic\\.|@|-|:|\\PC){0,4}(gpt-4o|claude-sonnet-4|o3)?(-2024-08-06|@20240101|-v1:0|:|é|\\PC){0,4}") {
        if let Some(found) = Catalogue::built_in().find(&name) {
            let lower = name.to_ascii_lowercase();
            prop_assert!(found.model.aliases.iter().chain([&found.model.id]).any(|id| lower.contains(&**id)));
        }
    }

    /// However the tokens fall into classes, they cost no more than was reserved.
    #[test]
    fn nothing_costs_more_than_the_most(
        classes in prop::array::uniform4(0_u64..150_000), output in 0_u64..10_000, reasoning in 0_u64..10_000, batch in any::<bool>(),
    ) {
        let [input, cached_read, cache_write, cache_write_1h] = classes;
        let usage = Usage { input, cached_read, cache_write, cache_write_1h, output, reasoning, batch };
        for name in ["claude-sonnet-4-5", "gemini-2.5-pro", "gpt-5-nano"] {
            let price = price(name, "2026-01-01").unwrap();
            prop_assert!(price.cost(&usage) <= price.at_most(usage.prompt(), output + reasoning));
        }
    }

    /// Another number of tokens never costs less.
    #[test]
    fn more_tokens_never_cost_less(
        input in 0_u64..400_000, cached in 0_u64..400_000, output in 0_u64..100_000, more in 0_u64..100_000,
    ) {
        for name in ["claude-sonnet-4-5", "gemini-2.5-pro", "gpt-5-nano"] {
            let price = price(name, "2026-01-01").unwrap();
            let usage = Usage { input, cached_read: cached, output, ..Usage::default() };
            let cost = price.cost(&usage);
            let dearer = [
                Usage { input: input + more, ..usage },
                Usage { cached_read: cached + more, ..usage },
                Usage { output: output + more, ..usage },
            ];
            for other in dearer {
                prop_assert!(cost <= price.cost(&other), "{other:?}");
            }
            let batch = Usage { batch: true, ..usage };
            prop_assert!(cost >= price.cost(&batch));
        }
    }
}
