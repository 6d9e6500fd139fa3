//! `schedule`.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use llm_policy_cel::diagnostic::{Diagnostic, did_you_mean};

use super::{Fields, Reader, short};
use crate::document::model::{Constant, List, Spanned, Text};
use crate::document::schedule::{Days, Hours, Schedule, Window};
use crate::document::tree::{Kind, Node};

pub(super) const SCHEDULE: &[&str] = &["timezone", "during", "except"];
pub(super) const WINDOW: &[&str] = &["days", "hours"];

impl Reader<'_> {
    pub(super) fn schedule(&mut self, node: &Node<'_>, lists: &[List]) -> Option<Schedule> {
        let fields = self.fields(node, "`schedule`", SCHEDULE)?;
        let timezone = self.timezone(&fields);
        let mut during = Vec::new();
        if let Some(node) = fields.get("during") {
            let items = self.some_items("during", node).unwrap_or_default();
            during.extend(items.iter().filter_map(|item| self.window(item)));
        }
        let mut except = Vec::new();
        if let Some(node) = fields.get("except") {
            for item in self.items("except", node).unwrap_or_default() {
                self.excepted(item, lists, &mut except);
            }
        }
        if fields.get("during").is_none() && fields.get("except").is_none() && fields.reported.is_empty() {
            self.error("missing-key", "`schedule` needs `during` or `except`", fields.at);
        }
        except.sort_unstable();
        except.dedup();
        let (timezone, zone) = timezone?;
        Some(Schedule { timezone, zone, during, except })
    }

    /// The key `timezone`; UTC without it.
    pub(super) fn timezone(&mut self, fields: &Fields<'_, '_>) -> Option<(Text, TimeZone)> {
        let name = match fields.get("timezone") {
            Some(node) => self.some_text("timezone", node)?,
            None => Spanned::new(Arc::from("UTC"), fields.at),
        };
        let zone = TimeZone::get(&name.value).ok();
        if zone.is_none() {
            let message = format!("there is no time zone `{}`", short(&name.value));
            let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
            let help = match did_you_mean(&name.value, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "use a name such as `Europe/Berlin` or `UTC`".to_owned(),
            };
            self.push(Diagnostic::error("unknown-timezone", message, name.span).with_help(help));
        }
        Some((name, zone?))
    }

    fn window(&mut self, node: &Node<'_>) -> Option<Window> {
        let fields = self.fields(node, "an item of `during`", WINDOW)?;
        let days = fields.get("days").map(|node| self.days(node));
        let hours = fields.get("hours").map(|node| self.hours(node));
        if days.is_none() && hours.is_none() && fields.reported.is_empty() {
            self.error("missing-key", "an item of `during` needs `days` or `hours`", fields.at);
        }
        let days = match days {
            Some(days) => days?,
            None => Days::ALL,
        };
        let hours = match hours {
            Some(hours) => Some(hours?),
            None => None,
        };
        Some(Window { days, hours })
    }

    fn days(&mut self, node: &Node<'_>) -> Option<Days> {
        if matches!(node.kind, Kind::Scalar(..)) {
            return self.day_range(node);
        }
        let mut days = Days::NONE;
        for item in self.some_items("days", node)? {
            days = days.union(self.day_range(item)?);
        }
        Some(days)
    }

    fn day_range(&mut self, node: &Node<'_>) -> Option<Days> {
        let text = self.text("days", node)?;
        let found = Days::parse(&text);
        if found.is_none() {
            let message = format!("`days` cannot be `{}`", short(&text));
            self.push(
                Diagnostic::error("wrong-time", message, node.span)
                    .with_help("write `mon-fri`, `sat`, `weekdays`, `weekends`, or a list of them"),
            );
        }
        found
    }

    fn hours(&mut self, node: &Node<'_>) -> Option<Hours> {
        let text = self.text("hours", node)?;
        let found = Hours::parse(&text);
        if found.is_none() {
            let message = format!("`hours` cannot be `{}`", short(&text));
            self.push(
                Diagnostic::error("wrong-time", message, node.span)
                    .with_help("write `\"09:00-17:00\"`; `\"22:00-06:00\"` ends on the next day"),
            );
        }
        found
    }

    /// A date, or the name of a list of dates.
    fn excepted(&mut self, node: &Node<'_>, lists: &[List], except: &mut Vec<Date>) {
        let Some(text) = self.some_text("except", node) else { return };
        if let Some(date) = date(&text.value) {
            except.push(date);
            return;
        }
        let Some(list) = lists.iter().find(|list| list.name.value == text.value) else {
            let message = format!("`{}` is neither a date nor one of this document's lists", short(&text.value));
            let help = match did_you_mean(&text.value, lists.iter().map(|list| &*list.name.value)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write a date like `2026-12-25`, or name an entry of `lists` that holds dates".to_owned(),
            };
            self.push(Diagnostic::error("wrong-time", message, node.span).with_help(help));
            return;
        };
        for item in &list.items {
            let found = match &item.value {
                Constant::String(text) => date(text),
                _ => None,
            };
            match found {
                Some(date) => except.push(date),
                None => {
                    let message = format!("the list `{}` is used as dates, but this is none", list.name.value);
                    self.push(
                        Diagnostic::error("wrong-time", message, item.span).with_help("write a date like `2026-12-25`"),
                    );
                }
            }
        }
    }
}

/// `2026-12-25` and no other way to write it.
fn date(text: &str) -> Option<Date> {
    let shape: Vec<usize> = text.split('-').map(str::len).collect();
    let written = shape == [4, 2, 2] && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if written { text.parse().ok() } else { None }
}
