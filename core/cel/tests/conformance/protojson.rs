//! Values and types as the data writes them: protobuf's messages `cel.expr.Value` and `cel.expr.Type` in JSON.

use base64::Engine as _;
use llm_policy_cel::function::Overload;
use llm_policy_cel::types::Type;
use llm_policy_cel::value::{Duration, OwnedMap, Timestamp, Val, Value};
use serde_json::Value as Json;

/// What cannot be said without message types.
pub type Unsupported = String;

/// Reads a value.
pub fn value(json: &Json) -> Result<Value, Unsupported> {
    let object = json.as_object().ok_or_else(|| format!("{json} is no value"))?;
    let (kind, json) = object.iter().next().ok_or("a value without a kind")?;
    let text = || json.as_str().ok_or_else(|| format!("{json} is no text"));
    Ok(match kind.as_str() {
        "nullValue" => Value::Null,
        "boolValue" => Value::Bool(json.as_bool().ok_or("no bool")?),
        "int64Value" => Value::Int(text()?.parse().map_err(|e| format!("{json}: {e}"))?),
        "uint64Value" => Value::Uint(text()?.parse().map_err(|e| format!("{json}: {e}"))?),
        "doubleValue" => Value::Double(match json.as_f64() {
            Some(number) => number,
            None => text()?.parse().map_err(|e| format!("{json}: {e}"))?,
        }),
        "stringValue" => Value::String(text()?.into()),
        "bytesValue" => {
            let bytes =
                base64::engine::general_purpose::STANDARD.decode(text()?).map_err(|e| format!("{json}: {e}"))?;
            Value::Bytes(bytes.into())
        }
        "typeValue" => Value::Type(text()?.into()),
        "listValue" => Value::List(items(&json["values"]).map(value).collect::<Result<_, _>>()?),
        "mapValue" => {
            let entries = items(&json["entries"]).map(|entry| Ok((value(&entry["key"])?, value(&entry["value"])?)));
            Value::Map(OwnedMap::new(entries.collect::<Result<_, Unsupported>>()?).into())
        }
        "objectValue" => message(json)?,
        other => return Err(format!("a value of kind {other}")),
    })
}

fn items(json: &Json) -> impl Iterator<Item = &Json> {
    json.as_array().into_iter().flatten()
}

/// The well-known messages that are values of CEL.
fn message(json: &Json) -> Result<Value, Unsupported> {
    let name = json["@type"].as_str().and_then(|url| url.rsplit('/').next()).unwrap_or_default();
    match (name, json["value"].as_str()) {
        ("google.protobuf.Duration", Some(text)) => {
            let seconds = text.strip_suffix('s').ok_or("no duration")?;
            let (whole, nanos) = fraction(seconds)?;
            let whole: i64 = whole.parse().map_err(|e| format!("{text}: {e}"))?;
            let nanos = if text.starts_with('-') { -nanos } else { nanos };
            Ok(Value::Duration(Duration { nanos: whole * 1_000_000_000 + nanos }))
        }
        ("google.protobuf.Timestamp", Some(text)) => {
            let time: jiff::Timestamp = text.parse().map_err(|e| format!("{text}: {e}"))?;
            let nanos = time.as_nanosecond();
            Ok(Value::Timestamp(Timestamp {
                seconds: i64::try_from(nanos.div_euclid(1_000_000_000)).unwrap(),
                nanos: i32::try_from(nanos.rem_euclid(1_000_000_000)).unwrap(),
            }))
        }
        _ => Err(format!("a message {name}")),
    }
}

/// `12.5` as `12` and the nanoseconds of the rest.
fn fraction(text: &str) -> Result<(&str, i64), Unsupported> {
    let Some((whole, digits)) = text.split_once('.') else { return Ok((text, 0)) };
    let nanos = format!("{digits:0<9}").parse().map_err(|e| format!("{text}: {e}"))?;
    Ok((whole, nanos))
}

/// Reads a type.
pub fn cel_type(json: &Json) -> Result<Type, Unsupported> {
    let object = json.as_object().ok_or_else(|| format!("{json} is no type"))?;
    let (kind, json) = object.iter().next().ok_or("a type without a kind")?;
    let parameters = || items(&json["parameterTypes"]).map(cel_type).collect::<Result<Vec<_>, _>>();
    Ok(match (kind.as_str(), json.as_str().unwrap_or_default()) {
        ("dyn", _) => Type::Dyn,
        ("null", _) => Type::Null,
        ("primitive", "BOOL") => Type::Bool,
        ("primitive", "INT64") => Type::Int,
        ("primitive", "UINT64") => Type::Uint,
        ("primitive", "DOUBLE") => Type::Double,
        ("primitive", "STRING") => Type::String,
        ("primitive", "BYTES") => Type::Bytes,
        ("wellKnown", "TIMESTAMP") | ("messageType", "google.protobuf.Timestamp") => Type::Timestamp,
        ("wellKnown", "DURATION") | ("messageType", "google.protobuf.Duration") => Type::Duration,
        ("typeParam", name) => Type::param(name),
        ("type", _) if json.as_object().is_some_and(serde_json::Map::is_empty) => Type::Type(None),
        ("type", _) => Type::Type(Some(cel_type(json)?.into())),
        ("listType", _) => Type::list(cel_type(&json["elemType"])?),
        ("mapType", _) => Type::map(cel_type(&json["keyType"])?, cel_type(&json["valueType"])?),
        ("abstractType", _) => match (json["name"].as_str(), parameters()?.as_slice()) {
            (Some("optional_type"), [inner]) => Type::optional(inner.clone()),
            (name, _) => return Err(format!("an abstract type {}", name.unwrap_or_default())),
        },
        (kind, name) => return Err(format!("a type of kind {kind} {name}")),
    })
}

/// Reads an overload.
pub fn overload(json: &Json) -> Result<Overload, Unsupported> {
    let params = items(&json["params"]).map(cel_type).collect::<Result<_, _>>()?;
    let result = cel_type(&json["resultType"])?;
    let id = json["overloadId"].as_str().unwrap_or_default();
    Ok(if json["isInstanceFunction"] == true {
        Overload::member(id, params, result)
    } else {
        Overload::global(id, params, result)
    })
}

/// Whether two values are the same to a test: of the same types all through, NaN being itself, and maps in any order.
pub fn same(a: Val<'_>, b: Val<'_>) -> bool {
    match (a, b) {
        (Val::Double(a), Val::Double(b)) => a == b || (a.is_nan() && b.is_nan()),
        (Val::Int(_), Val::Int(_)) | (Val::Uint(_), Val::Uint(_)) => a.equals(b),
        (Val::Int(_) | Val::Uint(_) | Val::Double(_), _) => false,
        (Val::List(a), Val::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Val::Map(a), Val::Map(b)) => {
            a.len() == b.len() && a.iter().all(|(k, v)| b.iter().any(|(l, w)| same(k, l) && same(v, w)))
        }
        (Val::Optional(a), Val::Optional(b)) => match (a.get(), b.get()) {
            (Some(a), Some(b)) => same(a, b),
            (a, b) => a.is_none() && b.is_none(),
        },
        _ => a.equals(b),
    }
}
