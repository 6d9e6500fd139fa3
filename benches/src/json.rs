//! Reads JSON straight into a peer's own values, so that no peer pays for a `serde_json::Value` that it does not need.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::contender::Result;

/// A value that JSON can be read into.
pub trait FromJson: Sized {
    /// An object that is being read.
    type Object: Default;

    /// `true` or `false`
    fn flag(flag: bool) -> Self;
    /// A number without a fraction.
    fn integer(number: i64) -> Self;
    /// A number with a fraction.
    fn decimal(number: f64) -> Self;
    /// A string.
    fn text(text: &str) -> Self;
    /// An array.
    fn list(items: Vec<Self>) -> Self;
    /// Adds a member to an object.
    fn insert(object: &mut Self::Object, name: &str, value: Self);
    /// The object, when all members are in.
    fn object(object: Self::Object) -> Self;
}

/// Reads the object in `json`, member by member.
///
/// # Errors
///
/// If `json` is not one JSON object, or holds null or a number beyond 64 bits (the request has neither).
pub fn members<T: FromJson>(json: &[u8]) -> Result<Vec<(String, T)>> {
    let Members(members) = serde_json::from_slice(json)?;
    Ok(members)
}

struct Members<T>(Vec<(String, T)>);

impl<'de, T: FromJson> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

struct MembersVisitor<T>(PhantomData<T>);

impl<'de, T: FromJson> Visitor<'de> for MembersVisitor<T> {
    type Value = Members<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(8);
        while let Some((name, Json(value))) = map.next_entry()? {
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

/// Any JSON value.
struct Json<T>(T);

impl<'de, T: FromJson> Deserialize<'de> for Json<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor(PhantomData)).map(Self)
    }
}

struct JsonVisitor<T>(PhantomData<T>);

impl<'de, T: FromJson> Visitor<'de> for JsonVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON but null")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> std::result::Result<T, E> {
        Ok(T::flag(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> std::result::Result<T, E> {
        Ok(T::integer(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> std::result::Result<T, E> {
        i64::try_from(number).map(T::integer).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, number: f64) -> std::result::Result<T, E> {
        Ok(T::decimal(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> std::result::Result<T, E> {
        Ok(T::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> std::result::Result<T, A::Error> {
        let mut items = Vec::with_capacity(seq.size_hint().unwrap_or(4));
        while let Some(Json(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(T::list(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<T, A::Error> {
        let mut object = T::Object::default();
        while let Some(Name(name)) = map.next_key()? {
            let Json(value) = map.next_value()?;
            T::insert(&mut object, name, value);
        }
        Ok(T::object(object))
    }
}

/// A member's name, borrowed: the request's names have no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] &'a str);
