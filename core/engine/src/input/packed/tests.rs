use proptest::prelude::*;
use serde_json::json;

use super::super::tests::show;
use super::*;
use crate::input::json;

fn packed(value: &Json) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(value, &mut bytes);
    bytes
}

fn wanted() -> Paths {
    let mut paths = Paths::default();
    paths.want(["a"], SlotType::Dyn);
    paths.want(["b", "a"], SlotType::String);
    paths.want(["b", "c"], SlotType::StringList);
    paths.want(["c"], SlotType::Map);
    paths.want(["c", "a"], SlotType::Double);
    paths.want(["d"], SlotType::Int);
    paths.want(["d", "b", "a"], SlotType::Dyn);
    paths
}

fn fill(input: &impl Input) -> Result<Vec<String>, InputError> {
    let (paths, arena) = (wanted(), Bump::new());
    let mut slots = vec![Slot::Absent; paths.slots() as usize];
    input.fill(&paths, &mut slots, &arena)?;
    Ok(show(&slots))
}

fn values() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        (-1e3..1e3).prop_map(Json::from),
        (-9_i32..9).prop_map(|n| Json::from(f64::from(n))),
        "[a-cé😀]{0,3}".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::hash_map("[a-dA]", inner, 0..5).prop_map(|m| Json::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    /// The same slots as from JSON, or both refuse with the same words.
    #[test]
    fn packed_values_give_what_json_gives(value in values()) {
        let (bytes, text) = (packed(&value), value.to_string());
        let message = |result: Result<Vec<String>, InputError>| result.map_err(|error| error.message);
        prop_assert_eq!(message(fill(&Packed::new(&bytes))), message(fill(&json::Json::from(&*text))));
        prop_assert_eq!(Packed::new(&bytes).is_object(), value.is_object());
    }

    /// Every beginning of a packed value is refused, and what follows one too.
    #[test]
    fn cut_off_values_are_refused(value in values(), more in any::<u8>()) {
        let mut bytes = packed(&value);
        for end in 0..bytes.len() {
            prop_assert!(fill(&Packed::new(&bytes[..end])).is_err());
            prop_assert!(Packed::new(&bytes[..end]).to_json().is_err());
        }
        bytes.push(more);
        prop_assert!(Packed::new(&bytes).to_json().is_err());
    }

    /// Whatever the bytes are, both readers agree on whether they are a packed value.
    #[test]
    fn garbage_is_refused_alike(bytes in prop::collection::vec(prop_oneof![0_u8..11, any::<u8>()], 0..60)) {
        if Packed::new(&bytes).to_json().is_ok() {
            let again = packed(&Packed::new(&bytes).to_json().unwrap());
            prop_assert_eq!(Packed::new(&again).to_json(), Packed::new(&bytes).to_json());
        }
        let skipped = Packed::new(&bytes).reader().and_then(|mut reader| {
            let token = reader.token()?;
            reader.skip(&token, 0)?;
            reader.end()
        });
        // Going over a value does not look for repeated fields.
        if let Err(error) = Packed::new(&bytes).to_json() && !error.message.contains("repeated") {
            prop_assert!(skipped.is_err());
        }
    }
}

#[test]
fn numbers_are_those_of_json() {
    let double = |double: f64| [&[DOUBLE][..], &double.to_le_bytes()].concat();
    assert_eq!(Packed::new(&double(1.0)).to_json(), Ok(json!(1)));
    assert_eq!(Packed::new(&double(-0.0)).to_json(), Ok(json!(0)));
    assert_eq!(Packed::new(&double(0.5)).to_json(), Ok(json!(0.5)));
    for refused in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(Packed::new(&double(refused)).to_json().unwrap_err().message, "number out of range");
    }
    let small = [&[UINT][..], &7_u64.to_le_bytes()].concat();
    assert_eq!(Packed::new(&small).to_json(), Ok(json!(7)));
}

#[test]
fn depth_is_bounded() {
    for open in [LIST, OBJECT] {
        let level: &[u8] = if open == LIST { &[LIST] } else { &[OBJECT, TEXT, 1, 0, 0, 0, b'z'] };
        let nested = |levels: usize| {
            let mut bytes = level.repeat(levels);
            bytes.push(NULL);
            bytes.extend(std::iter::repeat_n(END, levels));
            bytes
        };
        assert!(Packed::new(&nested(MAX_DEPTH)).to_json().is_ok());
        let deep = Packed::new(&nested(MAX_DEPTH + 1)).to_json().unwrap_err();
        assert_eq!(deep.message, "nested deeper than 128 levels");
        assert!(fill(&Packed::new(&nested(MAX_DEPTH))).is_ok());
        assert!(fill(&Packed::new(&nested(100_000))).is_err());
    }
}

#[test]
fn lengths_and_text_are_checked() {
    for (bytes, message) in [
        (&[TEXT, 255, 255, 255, 255, b'a'][..], "the packed value is cut off"),
        (&[TEXT, 1, 0, 0, 0, 0xff], "not valid UTF-8"),
        (&[10], "unknown tag in the packed value"),
        (&[END], "an end where a value is expected in the packed value"),
        (&[OBJECT, NULL], "expected the name of a field in the packed value"),
        (&[NULL, NULL], "expected nothing after the packed value"),
        (&[], "the packed value is cut off"),
    ] {
        assert_eq!(Packed::new(bytes).to_json().unwrap_err().message, message);
        assert_eq!(fill(&Packed::new(bytes)).unwrap_err().message, message);
    }
}

#[test]
fn repeated_and_variant_fields_are_refused() {
    let field = |name: u8| vec![TEXT, 1, 0, 0, 0, name, TRUE];
    let object = |names: &[u8]| {
        let mut bytes = vec![OBJECT];
        names.iter().for_each(|name| bytes.extend(field(*name)));
        bytes.push(END);
        bytes
    };
    assert_eq!(fill(&Packed::new(&object(b"aa"))).unwrap_err().message, "field `a` is repeated");
    assert_eq!(Packed::new(&object(b"zz")).to_json().unwrap_err().message, "field `z` is repeated");
    assert!(fill(&Packed::new(&object(b"zz"))).is_ok(), "nobody asks for it");
    assert_eq!(fill(&Packed::new(&object(b"A"))).unwrap_err().message, "field `A` differs from `a` only in case");
}
