//! The C header, from the declarations in `ffi/`.

use std::path::Path;

use cbindgen::{Config, EnumConfig, Language, Style};

const PREAMBLE: &str = "/*
 * llm_policy.h: the C interface of the policy engine.
 *
 * Made from ffi/src by `cargo xtask gen`; do not edit.
 *
 * Every function returns LPE_OK (0) or another status, and takes an optional lpe_error that says more. What a function
 * puts out is set to deny, zero or empty on entry. Text goes in as borrowed lpe_str; it comes out as lpe_buffer, which
 * the caller frees. Objects are numbers; one that was closed is an error. All functions may be called from any thread,
 * also while another thread closes the object.
 */";

/// The header.
pub fn render(root: &Path) -> Result<String, String> {
    let config = Config {
        language: Language::C,
        header: Some(PREAMBLE.to_owned()),
        include_guard: Some("LLM_POLICY_H".to_owned()),
        cpp_compat: true,
        style: Style::Type,
        documentation: true,
        line_length: 100,
        usize_is_size_t: true,
        enumeration: EnumConfig::default(),
        no_includes: true,
        sys_includes: vec!["stddef.h".to_owned(), "stdint.h".to_owned()],
        ..Config::default()
    };
    let bindings = cbindgen::Builder::new()
        .with_config(config)
        .with_crate(root.join("ffi"))
        .with_parse_deps(false)
        .generate()
        .map_err(|e| format!("the C header: {e}"))?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    let text = String::from_utf8(text).map_err(|e| format!("the C header: {e}"))?;
    // What Rust's documentation calls safety is, in C, what the caller passes.
    Ok(text.replace("# Safety\n", "The caller's part:\n"))
}
