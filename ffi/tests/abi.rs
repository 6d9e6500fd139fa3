//! The C ABI, called as C calls it.

#![expect(unsafe_code, reason = "C is unsafe")]
#![expect(clippy::unwrap_used, reason = "a test that fails here says where")]
#![expect(
    clippy::undocumented_unsafe_blocks,
    reason = "every call here passes what it should, or tests that it does not"
)]

use std::ffi::CStr;
use std::ptr;

use llm_policy::context::*;
use llm_policy::decision::*;
use llm_policy::detector::*;
use llm_policy::engine::*;
use llm_policy::error::*;
use llm_policy::evaluate::*;
use llm_policy::exchange::*;
use llm_policy::limits::*;
use llm_policy::memory::*;
use llm_policy::prepared::*;
use llm_policy::stream::*;
use llm_policy::version::*;

const POLICY: &str = r#"
version: "1.0"
metadata: {name: models}
config: {default_action: allow}
rules:
  - {id: no-preview, when: request.model.endsWith('-preview'), actions: [{type: deny, reason: not for production, code: preview}]}
  - {id: slow, when: user.tier == 'free', actions: [{type: throttle, delay_ms: 1500}]}
"#;

fn text(text: &str) -> lpe_str {
    lpe_str { ptr: text.as_ptr(), len: text.len() }
}

const NO_TEXT: lpe_str = lpe_str { ptr: ptr::null(), len: 0 };
const EMPTY: lpe_buffer = lpe_buffer { ptr: ptr::null_mut(), len: 0, capacity: 0 };

fn error() -> lpe_error {
    lpe_error { struct_size: size_of::<lpe_error>() as u32, code: 0, message: EMPTY, json: EMPTY }
}

/// A record that a careless caller left full of ones.
fn decision() -> lpe_decision {
    lpe_decision {
        struct_size: size_of::<lpe_decision>() as u32,
        effect: LPE_EFFECT_ALLOW,
        allowed: 1,
        status: 77,
        shadow_effect: 1,
        matched: 1,
        obligations: 1,
        warnings: 1,
        errors: 1,
        routed: 1,
        retry_after_ms: 1,
    }
}

fn taken(mut buffer: lpe_buffer) -> String {
    assert!(!buffer.ptr.is_null());
    let text = unsafe { CStr::from_ptr(buffer.ptr.cast()) }.to_str().unwrap().to_owned();
    assert_eq!(text.len(), buffer.len);
    unsafe { lpe_buffer_free(&raw mut buffer) };
    assert!(buffer.ptr.is_null());
    text
}

fn message(mut error: lpe_error) -> String {
    let json = unsafe { CStr::from_ptr(error.json.ptr.cast()) }.to_str().unwrap();
    assert!(json.starts_with('{'), "{json}");
    let text = unsafe { CStr::from_ptr(error.message.ptr.cast()) }.to_str().unwrap().to_owned();
    unsafe { lpe_error_free(&raw mut error) };
    text
}

fn load(policy: &str) -> Result<lpe_engine, (i32, String)> {
    let document = lpe_document { origin: text("models.yaml"), text: text(policy) };
    let (mut engine, mut error) = (77, error());
    match unsafe { lpe_engine_load(&raw const document, 1, ptr::null(), &raw mut engine, &raw mut error) } {
        LPE_OK => Ok(engine),
        status => {
            assert_eq!((engine, status), (0, error.code));
            Err((status, message(error)))
        }
    }
}

fn evaluate(engine: lpe_engine, input: &str) -> (i32, lpe_decision) {
    let mut decision = decision();
    let status =
        unsafe { lpe_evaluate(engine, ptr::null(), text(input), &raw mut decision, ptr::null_mut(), ptr::null_mut()) };
    (status, decision)
}

#[test]
fn decides_and_tells_on_demand() {
    let engine = load(POLICY).unwrap();
    let (mut made, mut detail) = (decision(), 0);
    let input = text(r#"{"request": {"model": "gpt-5-preview"}, "user": {"tier": "gold"}}"#);
    let status = unsafe { lpe_evaluate(engine, ptr::null(), input, &raw mut made, &raw mut detail, ptr::null_mut()) };
    assert_eq!((status, made.effect, made.allowed, made.status), (LPE_OK, LPE_EFFECT_DENY, 0, LPE_OK));
    assert_eq!((made.matched, made.errors, made.retry_after_ms), (1, 0, 0));
    let tell = |which| {
        let mut buffer = EMPTY;
        assert_eq!(unsafe { lpe_detail_text(detail, which, &raw mut buffer, ptr::null_mut()) }, LPE_OK);
        taken(buffer)
    };
    assert_eq!(tell(LPE_TEXT_REASON), "not for production");
    assert_eq!(tell(LPE_TEXT_CODE), "preview");
    assert_eq!(tell(LPE_TEXT_RULE), "no-preview");
    assert_eq!(tell(LPE_TEXT_POLICY), "default/models");
    assert_eq!(tell(LPE_TEXT_PUBLIC_MESSAGE), "");
    assert!(tell(LPE_TEXT_CANONICAL).starts_with(r#"{"allowed":false,"#));
    let mut buffer = EMPTY;
    assert_eq!(unsafe { lpe_detail_text(detail, 99, &raw mut buffer, ptr::null_mut()) }, LPE_INVALID_ARGUMENT);
    assert_eq!(unsafe { lpe_detail_free(detail, ptr::null_mut()) }, LPE_OK);
    assert_eq!(unsafe { lpe_detail_free(detail, ptr::null_mut()) }, LPE_INVALID_HANDLE);
    assert_eq!(unsafe { lpe_detail_text(detail, 1, &raw mut buffer, ptr::null_mut()) }, LPE_INVALID_HANDLE);

    let (status, made) = evaluate(engine, r#"{"request": {"model": "gpt-5"}, "user": {"tier": "free"}}"#);
    assert_eq!((status, made.effect, made.retry_after_ms), (LPE_OK, LPE_EFFECT_THROTTLE, 1500));
    let (status, made) = evaluate(engine, r#"{"request": {"model": "gpt-5"}, "user": {"tier": "gold"}}"#);
    assert_eq!((status, made.effect, made.allowed), (LPE_OK, LPE_EFFECT_ALLOW, 1));
    assert_eq!(unsafe { lpe_engine_close(engine, ptr::null_mut()) }, LPE_OK);
}

#[test]
fn what_fails_is_a_deny() {
    let engine = load(POLICY).unwrap();
    for input in ["", "nonsense", "[]", r#"{"request": {"model": 1, "model": 2}}"#, "{\"request\": "] {
        let (status, made) = evaluate(engine, input);
        assert_eq!((status, made.effect, made.allowed, made.status), (LPE_INVALID_INPUT, LPE_EFFECT_DENY, 0, status));
    }
    // Who asks for the detail of an input that is refused gets it.
    let (mut made, mut detail, mut buffer) = (decision(), 0, EMPTY);
    unsafe {
        lpe_evaluate(engine, ptr::null(), text("{"), &raw mut made, &raw mut detail, ptr::null_mut());
        assert_eq!(lpe_detail_text(detail, LPE_TEXT_CANONICAL, &raw mut buffer, ptr::null_mut()), LPE_OK);
    }
    assert!(taken(buffer).contains(r#""code":"invalid_input","#));
    assert_eq!(unsafe { lpe_detail_free(detail, ptr::null_mut()) }, LPE_OK);

    for engine in [0, 1, u64::MAX, engine + 1, engine | 1 << 60] {
        let (status, made) = evaluate(engine, "{}");
        assert_eq!((status, made.effect, made.status), (LPE_INVALID_HANDLE, LPE_EFFECT_DENY, LPE_INVALID_HANDLE));
    }
    for (stage, now_us) in [(0, LPE_NOW), (5, LPE_NOW), (-1, LPE_NOW), (1, i64::MAX)] {
        let question = lpe_question { struct_size: size_of::<lpe_question>() as u32, stage, now_us };
        let mut made = decision();
        let none = ptr::null_mut();
        let status =
            unsafe { lpe_evaluate(engine, &raw const question, text("{}"), &raw mut made, ptr::null_mut(), none) };
        assert_eq!((status, made.effect), (LPE_INVALID_ARGUMENT, LPE_EFFECT_DENY));
    }
    assert_eq!(unsafe { lpe_engine_close(engine, ptr::null_mut()) }, LPE_OK);
    assert_eq!(evaluate(engine, "{}").0, LPE_INVALID_HANDLE);
    assert_eq!(unsafe { lpe_engine_close(engine, ptr::null_mut()) }, LPE_INVALID_HANDLE);
}

#[test]
fn null_pointers_and_small_records_are_told() {
    let engine = load(POLICY).unwrap();
    unsafe {
        let (null_decision, null_detail, null_error) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        assert_eq!(
            lpe_evaluate(engine, ptr::null(), text("{}"), null_decision, null_detail, null_error),
            LPE_INVALID_ARGUMENT
        );
        let mut small = lpe_decision { struct_size: 8, ..decision() };
        assert_eq!(
            lpe_evaluate(engine, ptr::null(), text("{}"), &raw mut small, null_detail, null_error),
            LPE_INVALID_ARGUMENT
        );
        let broken = lpe_str { ptr: ptr::null(), len: 5 };
        let mut made = decision();
        assert_eq!(
            lpe_evaluate(engine, ptr::null(), broken, &raw mut made, null_detail, null_error),
            LPE_INVALID_ARGUMENT
        );
        assert_eq!(made.effect, LPE_EFFECT_DENY);
        let mut error = error();
        assert_eq!(lpe_engine_open(NO_TEXT, ptr::null(), ptr::null_mut(), &raw mut error), LPE_INVALID_ARGUMENT);
        assert!(message(error).contains("null pointer"));
        let mut number = 7;
        assert_eq!(
            lpe_engine_load(ptr::null(), 3, ptr::null(), &raw mut number, ptr::null_mut()),
            LPE_INVALID_ARGUMENT
        );
        assert_eq!(number, 0);
        let options = lpe_options { struct_size: 4, handles: 0, allow_without_policy: 0, store: text("") };
        assert_eq!(
            lpe_engine_load(ptr::null(), 0, &raw const options, &raw mut number, ptr::null_mut()),
            LPE_INVALID_ARGUMENT
        );
        lpe_buffer_free(ptr::null_mut());
        lpe_error_free(ptr::null_mut());
        assert_eq!(lpe_engine_close(engine, ptr::null_mut()), LPE_OK);
    }
}

#[test]
fn refused_documents_are_shown() {
    let (status, message) = load(&POLICY.replace("rules:", "ruels:")).unwrap_err();
    assert_eq!(status, LPE_INVALID_POLICY);
    assert!(message.contains("models.yaml:5:1") && message.contains("`rules`"), "{message}");
    let mut report = EMPTY;
    let document = lpe_document { origin: text("a.yaml"), text: text("version: '2.0'") };
    assert_eq!(unsafe { lpe_validate(&raw const document, 1, &raw mut report, ptr::null_mut()) }, LPE_OK);
    let report = taken(report);
    assert!(report.contains(r#""valid":false"#) && report.contains(r#""file":"a.yaml""#), "{report}");
}

#[test]
fn reload_is_one_step_and_stales_what_was_prepared() {
    let engine = load(POLICY).unwrap();
    let input = text(r#"{"request": {"model": "gpt-5"}, "user": {"tier": "gold"}}"#);
    let mut prepared = 0;
    assert_eq!(unsafe { lpe_prepare(engine, input, &raw mut prepared, ptr::null_mut()) }, LPE_OK);
    let ask = || {
        let mut made = decision();
        let no_error = ptr::null_mut();
        let status =
            unsafe { lpe_evaluate_prepared(engine, ptr::null(), prepared, &raw mut made, ptr::null_mut(), no_error) };
        (status, made.effect)
    };
    assert_eq!(ask(), (LPE_OK, LPE_EFFECT_ALLOW));
    let reload = |policy: &str| {
        let document = lpe_document { origin: text("models.yaml"), text: text(policy) };
        unsafe { lpe_engine_reload(engine, &raw const document, 1, ptr::null_mut()) }
    };
    assert_eq!(reload("nonsense: true"), LPE_INVALID_POLICY);
    assert_eq!(ask(), (LPE_OK, LPE_EFFECT_ALLOW), "a reload that fails changes nothing");
    assert_eq!(reload(&POLICY.replace("default_action: allow", "default_action: deny")), LPE_OK);
    assert_eq!(ask(), (LPE_STALE_INPUT, LPE_EFFECT_DENY));
    assert_eq!(unsafe { lpe_prepared_free(prepared, ptr::null_mut()) }, LPE_OK);
    assert_eq!(ask(), (LPE_INVALID_HANDLE, LPE_EFFECT_DENY));
    assert_eq!(unsafe { lpe_engine_close(engine, ptr::null_mut()) }, LPE_OK);
}

#[test]
fn contexts_are_built_field_by_field() {
    let engine = load(POLICY).unwrap();
    let (mut context, no_error) = (0, ptr::null_mut());
    unsafe {
        assert_eq!(lpe_context_new(&raw mut context, no_error), LPE_OK);
        let ask = || {
            let mut made = decision();
            let none = ptr::null_mut();
            let status = lpe_evaluate_context(engine, ptr::null(), context, &raw mut made, none, ptr::null_mut());
            (status, made.effect)
        };
        assert_eq!(lpe_context_string(context, text("request.model"), text("gpt-5"), no_error), LPE_OK);
        assert_eq!(lpe_context_string(context, text("user.tier"), text("gold"), no_error), LPE_OK);
        let roles = [text("a"), text("ü")];
        assert_eq!(lpe_context_strings(context, text("user.roles"), roles.as_ptr(), 2, no_error), LPE_OK);
        assert_eq!(lpe_context_int(context, text("request.max_tokens"), 5, no_error), LPE_OK);
        assert_eq!(lpe_context_bool(context, text("request.stream"), 1, no_error), LPE_OK);
        assert_eq!(ask(), (LPE_OK, LPE_EFFECT_ALLOW));
        assert_eq!(lpe_context_string(context, text("request.model"), text("x-preview"), no_error), LPE_OK);
        assert_eq!(ask(), (LPE_OK, LPE_EFFECT_DENY));
        let broken = [0xff_u8];
        let broken = lpe_str { ptr: broken.as_ptr(), len: 1 };
        assert_eq!(lpe_context_string(context, text("request.model"), broken, no_error), LPE_INVALID_ARGUMENT);
        assert_eq!(lpe_context_double(context, text("request.temperature"), f64::NAN, no_error), LPE_OK);
        assert_eq!(ask(), (LPE_INVALID_INPUT, LPE_EFFECT_DENY));
        assert_eq!(lpe_context_free(context, no_error), LPE_OK);
        assert_eq!(lpe_context_free(context, no_error), LPE_INVALID_HANDLE);
        assert_eq!(ask(), (LPE_INVALID_HANDLE, LPE_EFFECT_DENY));
        assert_eq!(lpe_engine_close(engine, no_error), LPE_OK);
    }
}

#[test]
fn a_batch_has_a_status_for_each() {
    let engine = load(POLICY).unwrap();
    let inputs = [
        text(r#"{"request": {"model": "gpt-5"}, "user": {"tier": "gold"}}"#),
        text("broken"),
        text(r#"{"request": {"model": "a-preview"}}"#),
    ];
    let mut made = [decision(); 3];
    let no_error = ptr::null_mut();
    let status = unsafe { lpe_evaluate_batch(engine, ptr::null(), inputs.as_ptr(), made.as_mut_ptr(), 3, no_error) };
    assert_eq!(status, LPE_OK);
    let seen: Vec<_> = made.iter().map(|d| (d.effect, d.status)).collect();
    assert_eq!(seen, [(LPE_EFFECT_ALLOW, LPE_OK), (LPE_EFFECT_DENY, LPE_INVALID_INPUT), (LPE_EFFECT_DENY, LPE_OK)]);
    made = [decision(); 3];
    let status = unsafe { lpe_evaluate_batch(77, ptr::null(), inputs.as_ptr(), made.as_mut_ptr(), 3, no_error) };
    assert_eq!((status, made[2].effect), (LPE_INVALID_HANDLE, LPE_EFFECT_DENY));
    assert_eq!(unsafe { lpe_engine_close(engine, ptr::null_mut()) }, LPE_OK);
}

#[test]
fn explains_as_json() {
    let engine = load(POLICY).unwrap();
    let mut explanation = EMPTY;
    let input = text(r#"{"request": {"model": "gpt-5"}, "user": {"tier": "gold"}}"#);
    let status = unsafe { lpe_explain(engine, ptr::null(), input, &raw mut explanation, ptr::null_mut()) };
    assert_eq!(status, LPE_OK);
    assert!(taken(explanation).contains(r#""clauses""#));
    let mut digest = EMPTY;
    assert_eq!(unsafe { lpe_engine_bundle(engine, &raw mut digest, ptr::null_mut()) }, LPE_OK);
    assert_eq!(taken(digest).len(), 64);
    assert_eq!(unsafe { lpe_engine_close(engine, ptr::null_mut()) }, LPE_OK);
}

#[test]
fn a_panic_stays_inside() {
    let mut error = error();
    assert_eq!(unsafe { lpe_self_test_panic(&raw mut error) }, LPE_INTERNAL_ERROR);
    assert!(message(error).contains("internal error"));
    assert_eq!(lpe_abi_version(), LPE_ABI_VERSION);
    for code in 0..=8 {
        assert!(lpe_error_name(code).len > 1);
    }
    assert_eq!(lpe_error_name(-1).len, 0);
}

#[test]
fn closing_during_calls_is_safe() {
    for _ in 0..20 {
        let engine = load(POLICY).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let (status, made) = evaluate(engine, r#"{"request": {"model": "a-preview"}}"#);
                        assert!(status == LPE_OK || status == LPE_INVALID_HANDLE);
                        assert_eq!(made.effect, LPE_EFFECT_DENY);
                    }
                });
            }
            scope.spawn(|| assert_eq!(unsafe { lpe_engine_close(engine, ptr::null_mut()) }, LPE_OK));
        });
    }
}

#[test]
fn texts_that_are_kept_are_those_of_the_decision() {
    use llm_policy_embed::{Documents, Engine, Options, Question};

    fn policies(reason: &str) -> String {
        let rule = |n| {
            format!("{{id: r{n}, when: request.model == 'm{n}', actions: [{{type: deny, reason: '{reason} {n}'}}]}}")
        };
        let asked =
            "{id: asked, when: request.stream, actions: [{type: warn, message: '{{ request.model }} streams'}]}";
        let rules: Vec<String> = (0..300).map(rule).collect();
        format!("{{version: '1.0', metadata: {{name: a}}, rules: [{asked}, {}]}}", rules.join(", "))
    }
    fn oracle(text: &str) -> Engine {
        let mut documents = Documents::new();
        documents.add_bytes(text.as_bytes(), "a.yaml");
        documents.check(Options::default()).into_engine().unwrap()
    }

    let (before, after) = (policies("before"), policies("after"));
    let engine = load(&before).unwrap();
    // More than are kept, each twice, and in between some that are made for their input.
    let round = |oracle: &Engine| {
        for n in (0..300).chain(0..300) {
            let input = format!(r#"{{"request": {{"model": "m{n}", "stream": {}}}}}"#, n % 7 == 0);
            let (mut made, mut detail, mut buffer) = (decision(), 0, EMPTY);
            unsafe {
                lpe_evaluate(engine, ptr::null(), text(&input), &raw mut made, &raw mut detail, ptr::null_mut());
                assert_eq!(lpe_detail_text(detail, LPE_TEXT_CANONICAL, &raw mut buffer, ptr::null_mut()), LPE_OK);
                assert_eq!(lpe_detail_free(detail, ptr::null_mut()), LPE_OK);
            }
            let wanted = oracle.evaluate(input.as_bytes(), Question::default()).unwrap();
            assert_eq!(taken(buffer), wanted.to_canonical_json());
        }
    };
    round(&oracle(&before));
    let document = lpe_document { origin: text("a.yaml"), text: text(&after) };
    assert_eq!(unsafe { lpe_engine_reload(engine, &raw const document, 1, ptr::null_mut()) }, LPE_OK);
    round(&oracle(&after));
    assert_eq!(unsafe { lpe_engine_close(engine, ptr::null_mut()) }, LPE_OK);
}

/// One request a day, whatever it costs.
const LIMITED: &str = r#"
version: "1.0"
metadata: {name: limited}
config: {default_action: allow}
limits:
  day: {kind: budget, key: user.id, amount: 5 USD, window: {fixed: 1d}}
"#;

const DEAR: &str = r#"{"user": {"id": "ann"}, "request": {"model": "gpt-4o", "estimated_cost": 4.0}}"#;

/// Decides, and gives the effect and two texts of the decision.
fn limited(engine: lpe_engine, dry_run: bool) -> (i32, String, String) {
    let (mut decision, mut detail) = (decision(), 0);
    let ask = if dry_run { lpe_dry_run } else { lpe_evaluate };
    assert_eq!(
        unsafe { ask(engine, ptr::null(), text(DEAR), &raw mut decision, &raw mut detail, ptr::null_mut()) },
        LPE_OK
    );
    let said = |which| {
        let mut buffer = EMPTY;
        assert_eq!(unsafe { lpe_detail_text(detail, which, &raw mut buffer, ptr::null_mut()) }, LPE_OK);
        if buffer.ptr.is_null() { String::new() } else { taken(buffer) }
    };
    let found = (decision.effect, said(LPE_TEXT_HOLD), said(LPE_TEXT_LIMITS));
    assert_eq!(said(LPE_TEXT_LIMIT), if decision.effect == LPE_EFFECT_DENY { "day" } else { "" });
    assert_eq!(unsafe { lpe_detail_free(detail, ptr::null_mut()) }, LPE_OK);
    found
}

#[test]
fn engines_share_a_store() {
    let file = std::env::temp_dir().join(format!("llm-policy-abi-{}.db", std::process::id()));
    let url = format!("sqlite:{}", file.display());
    let document = lpe_document { origin: text("limited.yaml"), text: text(LIMITED) };
    let load = |url: &str, engine: &mut lpe_engine, error: &mut lpe_error| {
        let size = u32::try_from(size_of::<lpe_options>()).unwrap();
        let options = lpe_options { struct_size: size, handles: 0, allow_without_policy: 0, store: text(url) };
        unsafe { lpe_engine_load(&raw const document, 1, &raw const options, engine, error) }
    };
    let (mut first, mut second) = (0, 0);
    assert_eq!(load(&url, &mut first, &mut error()), LPE_OK);
    assert_eq!(load(&url, &mut second, &mut error()), LPE_OK);
    let (effect, hold, _) = limited(first, false);
    assert_eq!(effect, LPE_EFFECT_ALLOW);
    assert_eq!(limited(second, false).0, LPE_EFFECT_DENY);
    let mut closed = 0;
    assert_eq!(unsafe { lpe_release(second, text(&hold), &raw mut closed, ptr::null_mut()) }, LPE_OK);
    assert_eq!(closed, LPE_CLOSED_DONE);
    assert_eq!(limited(first, false).0, LPE_EFFECT_ALLOW);
    for engine in [first, second] {
        assert_eq!(unsafe { lpe_engine_close(engine, ptr::null_mut()) }, LPE_OK);
    }

    let mut failure = error();
    assert_eq!(load("limits.db", &mut first, &mut failure), LPE_INVALID_ARGUMENT);
    assert_eq!(first, 0);
    assert!(message(failure).contains("sqlite:"));
    let mut failure = error();
    assert_eq!(load("sqlite:/not/there/limits.db", &mut first, &mut failure), LPE_LIMITS_UNAVAILABLE);
    assert!(message(failure).contains("/not/there"));
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", file.display()));
    }
}

#[test]
fn limits_are_taken_settled_released_and_tried() {
    let mut engine = 0;
    let document = lpe_document { origin: text("limited.yaml"), text: text(LIMITED) };
    assert_eq!(
        unsafe { lpe_engine_load(&raw const document, 1, ptr::null(), &raw mut engine, ptr::null_mut()) },
        LPE_OK
    );
    let (effect, hold, limits) = limited(engine, true);
    assert_eq!((effect, hold.as_str()), (LPE_EFFECT_ALLOW, ""));
    assert!(limits.contains(r#""used":4"#), "{limits}");
    let (effect, hold, _) = limited(engine, false);
    assert_eq!(effect, LPE_EFFECT_ALLOW);
    assert_eq!(limited(engine, false).0, LPE_EFFECT_DENY);

    // Options of the first version end before the store.
    let short = lpe_options { struct_size: 12, handles: 0, allow_without_policy: 0, store: text("nonsense") };
    let mut other = 0;
    assert_eq!(
        unsafe { lpe_engine_load(&raw const document, 1, &raw const short, &raw mut other, ptr::null_mut()) },
        LPE_OK
    );
    assert_eq!(unsafe { lpe_engine_close(other, ptr::null_mut()) }, LPE_OK);

    let mut closed = 77;
    let settle =
        |used: &str, closed: &mut i32| unsafe { lpe_settle(engine, text(&hold), text(used), closed, ptr::null_mut()) };
    for wrong in ["[]", "{\"tokens\": 5}", "{\"cost\": -1}", "{\"usage\": {}}", "{\"model\": 5}"] {
        assert_eq!(settle(wrong, &mut closed), LPE_INVALID_ARGUMENT, "{wrong}");
        assert_eq!(closed, 0);
    }
    assert_eq!((settle("{\"cost\": 1.0}", &mut closed), closed), (LPE_OK, LPE_CLOSED_DONE));
    assert_eq!((settle("{\"cost\": 1.0}", &mut closed), closed), (LPE_OK, LPE_CLOSED_ALREADY_SETTLED));
    let (effect, hold, _) = limited(engine, false);
    assert_eq!(effect, LPE_EFFECT_ALLOW);
    assert_eq!(unsafe { lpe_extend(engine, text(&hold), &raw mut closed, ptr::null_mut()) }, LPE_OK);
    assert_eq!(closed, LPE_CLOSED_DONE);
    assert_eq!(unsafe { lpe_release(engine, text(&hold), &raw mut closed, ptr::null_mut()) }, LPE_OK);
    assert_eq!(closed, LPE_CLOSED_DONE);
    assert_eq!(unsafe { lpe_release(engine, text("no hold"), &raw mut closed, ptr::null_mut()) }, LPE_INVALID_ARGUMENT);
    assert_eq!(closed, 0);

    let mut exchange = 0;
    let host = r#"{"user": {"id": "ann"}, "request": {"estimated_cost": 4.0}}"#;
    assert_eq!(unsafe { lpe_exchange_begin(engine, text(host), &raw mut exchange, ptr::null_mut()) }, LPE_OK);
    let mut found = decision();
    let body = text(r#"{"request": {"model": "gpt-4o"}}"#);
    let asked =
        unsafe { lpe_exchange_evaluate(exchange, ptr::null(), body, &raw mut found, ptr::null_mut(), ptr::null_mut()) };
    assert_eq!((asked, found.effect), (LPE_OK, LPE_EFFECT_ALLOW));
    let mut held = EMPTY;
    assert_eq!(unsafe { lpe_exchange_hold(exchange, &raw mut held, ptr::null_mut()) }, LPE_OK);
    assert!(taken(held).starts_with("1.4000000."));
    assert_eq!(limited(engine, false).0, LPE_EFFECT_DENY);
    assert_eq!(
        unsafe { lpe_exchange_settle(exchange, text("{\"cost\": 0}"), &raw mut closed, ptr::null_mut()) },
        LPE_OK
    );
    assert_eq!(closed, LPE_CLOSED_DONE);
    assert_eq!(unsafe { lpe_exchange_settle(exchange, NO_TEXT, &raw mut closed, ptr::null_mut()) }, LPE_OK);
    assert_eq!(closed, LPE_CLOSED_NOTHING);
    let asked =
        unsafe { lpe_exchange_evaluate(exchange, ptr::null(), body, &raw mut found, ptr::null_mut(), ptr::null_mut()) };
    assert_eq!((asked, found.effect), (LPE_OK, LPE_EFFECT_ALLOW));
    let answer = r#"{"model": "gpt-4o", "choices": [], "usage": {"prompt_tokens": 0, "completion_tokens": 0}}"#;
    let mut settle = |format, answer| unsafe {
        lpe_exchange_settle_body(exchange, text(format), text(answer), &raw mut closed, ptr::null_mut())
    };
    assert_eq!(settle("openai", answer), LPE_INVALID_ARGUMENT);
    assert_eq!(settle("openai-chat", "{"), LPE_INVALID_INPUT);
    assert_eq!(settle("openai-chat", answer), LPE_OK);
    assert_eq!(closed, LPE_CLOSED_DONE);
    assert_eq!(unsafe { lpe_exchange_release(exchange, &raw mut closed, ptr::null_mut()) }, LPE_OK);
    assert_eq!(closed, LPE_CLOSED_NOTHING);
    assert_eq!(limited(engine, false).0, LPE_EFFECT_ALLOW);
    assert_eq!(unsafe { lpe_exchange_free(exchange, ptr::null_mut()) }, LPE_OK);
    assert_eq!(unsafe { lpe_engine_close(engine, ptr::null_mut()) }, LPE_OK);
}

#[test]
fn detectors_find_and_take_out() {
    let (mut detector, mut out, mut failed) = (77, EMPTY, error());
    let options = text(r#"{"families": ["pii"], "key": "k"}"#);
    assert_eq!(unsafe { lpe_detector_new(options, &raw mut detector, ptr::null_mut()) }, LPE_OK);
    assert_eq!(
        unsafe { lpe_detector_scan(detector, text("an ada@example.org"), &raw mut out, ptr::null_mut()) },
        LPE_OK
    );
    let found = taken(std::mem::replace(&mut out, EMPTY));
    assert!(found.contains(r#""bytes":[3,18]"#) && !found.contains("ada"), "{found}");
    let redact = |form, style, input, out: &mut lpe_buffer, error| unsafe {
        lpe_detector_redact(detector, text(form), text(style), text(input), out, error)
    };
    assert_eq!(redact("", "label", "an ada@example.org", &mut out, ptr::null_mut()), LPE_OK);
    assert_eq!(taken(std::mem::replace(&mut out, EMPTY)), "an [EMAIL]");
    assert_eq!(redact("", "reversible", "x", &mut out, &raw mut failed), LPE_INVALID_ARGUMENT);
    assert!(message(failed).contains("an exchange redacts reversibly") && out.ptr.is_null());
    assert_eq!(redact("json", "label", "{", &mut out, ptr::null_mut()), LPE_INVALID_INPUT);
    failed = error();
    let status = unsafe { lpe_detector_new(text(r#"{"colour": 1}"#), &raw mut detector, &raw mut failed) };
    assert_eq!((status, detector), (LPE_INVALID_ARGUMENT, 0));
    assert!(message(failed).contains("no option `colour`"));
    assert_eq!(unsafe { lpe_detector_scan(detector, text("x"), &raw mut out, ptr::null_mut()) }, LPE_INVALID_HANDLE);
    assert_eq!(unsafe { lpe_detector_free(0, ptr::null_mut()) }, LPE_INVALID_HANDLE);
}

#[test]
fn answers_stream() {
    let policy = r#"
version: "1.0"
metadata: {name: answers}
config: {default_action: allow, stages: [request, response]}
rules:
  - {id: keys, stages: [response], when: contains_secret(response.text), actions: [{type: deny, reason: a key}]}
"#;
    let engine = load(policy).unwrap();
    let (mut exchange, mut stream) = (0, 77);
    unsafe {
        assert_eq!(lpe_exchange_begin(engine, text("{}"), &raw mut exchange, ptr::null_mut()), LPE_OK);
        let begin = |format, stream: &mut lpe_stream| {
            lpe_stream_begin(exchange, ptr::null(), text(format), stream, ptr::null_mut())
        };
        assert_eq!(begin("gemini", &mut stream), LPE_INVALID_ARGUMENT);
        assert_eq!((stream, begin("", &mut stream)), (0, LPE_OK));
        let (mut out, mut stopped, mut made, mut detail) = (EMPTY, 77, decision(), 0);
        let push = |chunk, out: &mut lpe_buffer, stopped: &mut i32| {
            lpe_stream_push(stream, text(chunk), out, stopped, ptr::null_mut())
        };
        assert_eq!(push("Hello, ", &mut out, &mut stopped), LPE_OK);
        assert_eq!((taken(std::mem::replace(&mut out, EMPTY)), stopped), (String::new(), 0));
        let rest = "the key is ghp_16C7e42F292c6912E7710c838347Ae178B4a, and so on and so forth. ".repeat(20);
        assert_eq!(push(&rest, &mut out, &mut stopped), LPE_OK);
        assert_eq!((taken(std::mem::replace(&mut out, EMPTY)).as_str(), stopped), ("Hello, the key is ", 1));
        let finish = |out: &mut lpe_buffer, made: &mut lpe_decision, detail: *mut lpe_detail| {
            lpe_stream_finish(stream, out, made, detail, ptr::null_mut())
        };
        assert_eq!(finish(&mut out, &mut made, &raw mut detail), LPE_OK);
        assert_eq!(
            (taken(std::mem::replace(&mut out, EMPTY)).as_str(), made.allowed, made.effect),
            ("", 0, LPE_EFFECT_DENY)
        );
        assert_eq!(lpe_detail_text(detail, LPE_TEXT_REASON, &raw mut out, ptr::null_mut()), LPE_OK);
        assert_eq!(taken(std::mem::replace(&mut out, EMPTY)), "a key");
        lpe_detail_free(detail, ptr::null_mut());
        assert_eq!(lpe_stream_free(stream, ptr::null_mut()), LPE_OK);
        // What is gone is a stop and a deny.
        (stopped, made) = (77, decision());
        assert_eq!((push("x", &mut out, &mut stopped), stopped), (LPE_INVALID_HANDLE, 1));
        assert_eq!((finish(&mut out, &mut made, ptr::null_mut()), made.allowed), (LPE_INVALID_HANDLE, 0));
        assert_eq!(lpe_stream_abort(stream, ptr::null_mut()), LPE_INVALID_HANDLE);
        // Without a request, there is nothing to take out of.
        let status = lpe_exchange_redact(exchange, text(""), text("{}"), &raw mut out, ptr::null_mut());
        assert_eq!((status, out.ptr.is_null()), (LPE_INVALID_ARGUMENT, true));
        assert_eq!(lpe_exchange_restore(exchange, text("as it is"), &raw mut out, ptr::null_mut()), LPE_OK);
        assert_eq!(taken(std::mem::replace(&mut out, EMPTY)), "as it is");
        lpe_exchange_free(exchange, ptr::null_mut());
        lpe_engine_close(engine, ptr::null_mut());
    }
}
