//! `evaluate --state`, `settle`, `release`, `limits`, `prices`

use std::path::PathBuf;

use serde_json::Value as Json;

use super::common::{data, run};
use crate::servers::Server;

/// A place for limits that goes when this does.
struct State {
    folder: PathBuf,
    name: String,
    server: Option<Server>,
}

impl State {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("llm-policy-cli-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let name = folder.join("limits.db").display().to_string();
        Self { folder, name, server: None }
    }

    fn on_a_server(name: &str) -> Self {
        let server = Server::start(&[]);
        let mut begin = redis::cmd("HSETNX");
        begin.arg("{llm-policy}:books").arg("incarnation").arg("1").exec(&mut server.client()).unwrap();
        let mut state = Self::new(name);
        (state.name, state.server) = (server.url(), Some(server));
        state
    }

    fn option(&self) -> String {
        format!("--state {}", self.name)
    }

    fn evaluate(&self, rest: &str) -> super::common::Ran {
        run(&format!("evaluate -p limits.yaml -c contexts/costly.json {} {rest}", self.option()))
    }

    fn limits(&self) -> Json {
        let ran = run(&format!("limits {} --output json", self.option()));
        assert_eq!(ran.code, 0, "{}", ran.err);
        serde_json::from_str(&ran.out).unwrap()
    }
}

impl Drop for State {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_budget_in_a_file_runs_out_and_what_is_closed_is_free_again() {
    a_budget_runs_out(&State::new("runs-out"));
}

#[test]
fn a_budget_on_a_server_runs_out_and_what_is_closed_is_free_again() {
    let mut state = State::on_a_server("runs-out-on-a-server");
    a_budget_runs_out(&state);
    state.server = None;
    let ran = run(&format!("limits {}", state.option()));
    assert_eq!((ran.code, ran.err.contains("Connection refused")), (3, true), "{}", ran.err);
}

fn a_budget_runs_out(state: &State) {
    let held = |ran: &super::common::Ran| {
        let json: Json = serde_json::from_str(&ran.out).unwrap();
        json["hold"].as_str().unwrap_or_default().to_owned()
    };
    // A dry run takes nothing, however often; neither does a question about the policies alone.
    for _ in 0..3 {
        assert_eq!(state.evaluate("--dry-run").code, 0);
    }
    assert_eq!(held(&state.evaluate("--dry-run --output json")), "");
    let first = state.evaluate("--output json");
    assert_eq!(first.code, 0, "{}", first.err);
    let second = state.evaluate("");
    assert_eq!(second.code, 0);
    assert!(second.out.contains("84 %  4.20 of 5 USD, 4.20 reserved"), "{}", second.out);
    assert!(second.out.contains("policy-engine settle --state"));
    let third = state.evaluate("");
    assert_eq!(third.code, 10);
    assert!(third.out.contains("user-day") && !third.out.contains("policy-engine settle"), "{}", third.out);

    let shown = state.limits();
    let limit = &shown["limits"][0];
    assert_eq!((&limit["limit"], &limit["key"][0]), (&Json::from("shop/spend/user-day"), &Json::from("ann")));
    assert_eq!(
        (limit["used"].as_f64(), limit["reserved"].as_f64(), limit["open"].as_u64()),
        (Some(4.2), Some(4.2), Some(2))
    );
    assert_eq!(shown["reservations"].as_array().unwrap().len(), 2);

    let hold = held(&first);
    let settle = |used: &str| run(&format!("settle {} {hold} --used {used}", state.option()));
    assert_eq!(settle("{\"cost\":-1}").code, 3);
    let settled = settle("{\"cost\":0.5}");
    assert_eq!((settled.code, settled.out.contains("closed")), (0, true), "{}{}", settled.out, settled.err);
    assert_eq!(settle("{\"cost\":0.5}").code, 1);
    assert_eq!(run(&format!("release {} {hold}", state.option())).code, 1);
    assert_eq!(run(&format!("settle {} nonsense", state.option())).code, 3);
    let limit = &state.limits()["limits"][0];
    assert_eq!((limit["settled"].as_f64(), limit["used"].as_f64()), (Some(0.5), Some(2.6)));
    assert_eq!(state.evaluate("").code, 0);

    let people = run(&format!("limits {} ann", state.option()));
    assert!(people.out.contains("2 requests under way") && people.out.contains("4.70 of 5 USD"), "{}", people.out);
    assert!(run(&format!("limits {} bob", state.option())).out.contains("nothing is counted"));
}

#[test]
fn what_is_no_state_is_told() {
    let state = State::new("none");
    let ran = run(&format!("limits {}", state.option()));
    assert_eq!((ran.code, ran.err.contains("there is no such file")), (3, true));
    assert!(!state.folder.join("limits.db").exists());
    for wrong in ["limits.yaml", "postgres:x", "nowhere/limits.db"] {
        let ran = run(&format!("evaluate -p limits.yaml -c contexts/costly.json --state {wrong}"));
        assert_eq!((ran.code, ran.out.is_empty()), (3, true), "{wrong}: {}", ran.err);
    }
    assert_eq!(run("evaluate -p limits.yaml -c contexts/costly.json --dry-run").code, 2);
}

#[test]
fn prices_are_shown_and_checked() {
    let all = run("prices");
    assert!(all.code == 0 && all.out.contains("gpt-4o-mini") && all.out.contains("source: https://"));
    let one = run("prices us.anthropic.claude-sonnet-4-5-20250929-v1:0 --output json");
    let json: Json = serde_json::from_str(&one.out).unwrap();
    assert_eq!(json["models"].as_array().unwrap().len(), 1);
    assert_eq!(json["models"][0]["model"], "claude-sonnet-4-5");
    assert_eq!(json["models"][0]["prices"][0]["tiers"][0]["above"], 200_000);
    assert_eq!(run("prices no-such-model").code, 1);

    let table = data().join("../../../core/ledger/data/prices.toml");
    let built_in = run(&format!("prices --check {}", table.display()));
    assert_eq!((built_in.code, built_in.out.contains("✓ valid")), (0, true), "{}", built_in.err);
    let state = State::new("prices");
    let file = state.folder.join("own.toml");
    let own = "format = 1\nversion = \"x\"\n[[models]]\nid = \"ä\"\nprovider = \"p\"\nfamily = \"f\"\n[[models.prices]]\ninput = \"1,5\"\noutput = \"2\"\n";
    std::fs::write(&file, own).unwrap();
    let wrong = run(&format!("prices --check {}", file.display()));
    assert!(wrong.code == 3 && wrong.err.contains("own.toml:8:9"), "{}", wrong.err);
    std::fs::write(&file, own.replace("1,5", "1.5")).unwrap();
    assert!(run(&format!("prices --check {}", file.display())).out.contains("1.50"));
}
