//! Documents from files.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use llm_policy_embed::{Documents, Engine, Error, ErrorCode, Options, Question};

/// A fresh directory.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A document has at least one.
const RULES: &str = r#""rules": [{"id": "r", "when": "true", "actions": [{"type": "audit"}]}]"#;

fn document(name: &str) -> String {
    format!("{{version: '1.0', metadata: {{name: {name}, namespace: n, tags: [{name}]}}, {RULES}}}")
}

fn load(path: &Path) -> Result<usize, Error> {
    let mut documents = Documents::new();
    documents.add_path(path)?;
    let checked = documents.check(Options::default());
    let count = checked.documents;
    checked.into_engine().map(|_| count)
}

const TABLE: &str = "
version: '1.0'
metadata: {name: budgets}
config: {default_action: allow}
tables: {budget: {file: data/budgets.yaml, key: string, value: int}}
rules:
  - {id: over, when: \"lookup('budget', team.id, 0) < 10\", actions: [{type: deny, reason: no money}]}
";

fn allowed(engine: &Engine, context: &str) -> bool {
    engine.evaluate(context.as_bytes(), Question::default()).unwrap().allowed()
}

#[test]
fn a_directory_with_all_that_is_below() {
    let folder = folder("below");
    for name in ["b.yaml", "a.yml", "deep/er/c.json", "deep/D.YAML"] {
        let name_only = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
        let text = document(&name_only);
        write(&folder, name, &if name.ends_with("json") { as_json(&name_only) } else { text });
    }
    for name in [".hidden.yaml", ".git/config.yaml", "notes.txt", "deep/README.md"] {
        write(&folder, name, "not a policy");
    }
    assert_eq!(load(&folder), Ok(4));
    assert_eq!(load(&folder.join("b.yaml")), Ok(1));
}

fn as_json(name: &str) -> String {
    format!(r#"{{"version": "1.0", "metadata": {{"name": "{name}"}}, {RULES}}}"#)
}

#[test]
fn a_table_beside_the_document() {
    let folder = folder("tables");
    write(&folder, "policy.yaml", TABLE);
    write(&folder, "data/budgets.yaml", "{rich: 1000, poor: 1}");
    let mut documents = Documents::new();
    // The table comes first here, and is no document all the same.
    documents.add_path(&folder).unwrap();
    let checked = documents.check(Options::default());
    assert_eq!((checked.documents, checked.rules), (1, 1));
    let engine = checked.into_engine().unwrap();
    assert!(allowed(&engine, r#"{"team": {"id": "rich"}}"#));
    assert!(!allowed(&engine, r#"{"team": {"id": "poor"}}"#));
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out() {
    let folder = folder("links");
    write(&folder, "secret.yaml", "{rich: 1}");
    write(&folder, "inside/policy.yaml", TABLE);
    write(&folder, "inside/data/real.yaml", "{rich: 1000}");
    let link = folder.join("inside/data/budgets.yaml");
    std::os::unix::fs::symlink(folder.join("secret.yaml"), &link).unwrap();
    let policy = folder.join("inside/policy.yaml");
    let error = load(&policy).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidPolicy);
    assert!(error.findings[0].diagnostic.message.contains("leads out"), "{error:?}");
    // One that stays inside is fine, as in a mounted volume.
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("real.yaml", &link).unwrap();
    assert_eq!(load(&policy), Ok(1));
    // A circle ends.
    std::os::unix::fs::symlink(&folder, folder.join("inside/circle")).unwrap();
    fs::remove_file(folder.join("secret.yaml")).unwrap();
    let mut documents = Documents::new();
    documents.add_path(&folder).unwrap();
    assert_eq!(documents.check(Options::default()).rules, 1);
}

#[test]
fn what_is_not_there() {
    let folder = folder("nothing");
    assert_eq!(load(&folder).unwrap_err().code, ErrorCode::NoDocuments);
    assert_eq!(load(&folder.join("a.yaml")).unwrap_err().code, ErrorCode::UnreadableFile);
    assert_eq!(Documents::new().check(Options::default()).into_engine().unwrap_err().code, ErrorCode::NoDocuments);
    write(&folder, "a.yaml", "");
    assert_eq!(load(&folder).unwrap_err().code, ErrorCode::InvalidPolicy);
}

#[test]
fn selection() {
    let read = || {
        let mut documents = Documents::new();
        for name in ["a", "b", "c"] {
            documents.add_bytes(document(name).as_bytes(), name);
        }
        documents
    };
    let select = |namespace: Option<&str>, tags: &[&str]| {
        let mut documents = read();
        let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
        documents.select(namespace, &tags).map(|()| documents.check(Options::default()).documents)
    };
    assert_eq!(select(None, &[]), Ok(3));
    assert_eq!(select(Some("n"), &["a", "c"]), Ok(2));
    assert_eq!(select(Some("m"), &[]).unwrap_err().code, ErrorCode::NoDocuments);
    assert!(select(None, &["x"]).unwrap_err().help.unwrap().contains("n/b (b)"));
}

/// What a refused document declares is known to the others, which are checked all the same.
#[test]
fn the_schema_of_a_refused_document_counts() {
    let good = |when: &str| {
        format!("{{version: '1.0', metadata: {{name: g}}, rules: [{{id: r, when: \"{when}\", actions: [deny]}}]}}")
    };
    let found = |refused: &str, when: &str| -> Vec<(String, &'static str)> {
        let mut documents = Documents::new();
        documents.add_bytes(refused.as_bytes(), "bad");
        documents.add_bytes(good(when).as_bytes(), "good");
        let checked = documents.check(Options::default());
        assert!(checked.engine().is_err());
        checked.findings.iter().map(|f| (f.origin.to_string(), f.diagnostic.code)).collect()
    };
    let bad = |code| ("bad".to_owned(), code);
    let own = |code| ("good".to_owned(), code);
    let typo = "version: '1.0'\nmetadata: {nmae: b, name: c}\nschema: {house.level: {type: int}}\nrules: [{id: r, when: true, actions: [deny]}]";
    assert_eq!(found(typo, "house.level > 1"), [bad("unknown-key")]);
    assert_eq!(found(typo, "house.levle > 1"), [bad("unknown-key"), own("undefined-field")]);
    assert_eq!(found(typo, "house.level > 'x'").len(), 2);
    // The word alone says nothing.
    let word = typo.replace("schema: {house.level: {type: int}}", "# no schema");
    assert_eq!(found(&word, "user.teir == 'x'"), [bad("unknown-key"), own("undefined-field")]);
    // Where nobody can tell what is declared, names are let pass, and nothing else.
    for unknown in [typo.replace("type: int", "type: itn"), typo.replace("schema", "shcema"), "a: [".to_owned()] {
        let names = found(&unknown, "house.level > 1 && user.teir == 'x'");
        assert!(!names.is_empty() && names.iter().all(|(origin, _)| origin == "bad"), "{unknown}: {names:?}");
        assert!(found(&unknown, "user.tier > 1").iter().any(|(origin, _)| origin == "good"), "{unknown}");
    }
}

/// A document that cannot be read is not left out by a selection, because nobody knows what it is.
#[test]
fn refused_documents_stay() {
    let mut documents = Documents::new();
    documents.add_bytes(document("a").as_bytes(), "a");
    documents.add_bytes(b"version: '1.0'\nmetadata: {nmae: b}\nrules: []", "b");
    documents.select(None, &["a".to_owned()]).unwrap();
    assert_eq!(documents.check(Options::default()).into_engine().unwrap_err().code, ErrorCode::InvalidPolicy);
}
