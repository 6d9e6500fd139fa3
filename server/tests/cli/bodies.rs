//! `--from`: provider bodies

use super::common::{run, run_with};

const BODIES: &str = "../../../examples/bodies";

#[test]
fn a_body_is_decided_about_with_what_the_host_says() {
    let body = br#"{"model": "gpt-5", "user": "root", "messages": [{"role": "user", "content": "Hello!"}]}"#;
    let from = "evaluate -p policies/models.yaml --from openai-chat -o json";
    // The body cannot say who asks: the rule that reads it fails.
    assert!(run_with(from, body).out.contains("user."));
    let ran = run_with(&format!("{from} --identity contexts/allowed.json"), body);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let ran = run(&format!("explain -p simple.yaml --from anthropic {BODIES}/anthropic.request.json"));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = run(&format!("evaluate -p simple.yaml --from mcp --stage tool_call {BODIES}/mcp.tool_call.json -o json"));
    assert!(ran.out.contains(r#""stage":"tool_call""#), "{}{}", ran.out, ran.err);
}

#[test]
fn what_is_no_such_body_is_refused() {
    let ran = run_with("evaluate -p simple.yaml --from openai-chat", br#"{"model": "a", "Model": "b"}"#);
    assert!(ran.code == 3 && ran.err.contains("field `Model` differs from `model` only in case"), "{}", ran.err);
    let ran = run_with("evaluate -p simple.yaml --from openai-embeddings -s tool_call", b"{}");
    assert!(ran.code == 3 && ran.err.contains("say nothing about the stage tool_call"), "{}", ran.err);
    for usage in [
        "evaluate -p simple.yaml --from openai",
        "evaluate -p simple.yaml body.json",
        "evaluate -p simple.yaml --identity contexts/allowed.json",
        "evaluate -p simple.yaml --from mcp -c contexts/allowed.json body.json",
    ] {
        assert_eq!(run(usage).code, 2, "{usage}");
    }
}
