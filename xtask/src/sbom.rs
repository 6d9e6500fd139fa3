//! The bill of materials of what we ship, as CycloneDX 1.6 in JSON.

use serde_json::{Value as Json, json};

use crate::artefact::Part;
use crate::licenses;

/// The bill of the package `purl` (without a version), whose library is made of `parts`, the first of which is the library itself.
///
/// It depends on nothing but the parts and `SOURCE_DATE_EPOCH`, so the same source gives the same bytes.
pub fn render(purl: &str, parts: &[Part]) -> Result<String, String> {
    let [itself, others @ ..] = parts else { return Err(format!("{purl} is made of nothing")) };
    let reference = |part: &Part| format!("pkg:cargo/{}@{}", part.name, part.version);
    let name = purl.rsplit('/').next().unwrap_or(purl);
    let mut metadata = json!({
        "component": {
            "type": "library",
            "bom-ref": reference(itself),
            "name": name,
            "version": itself.version,
            "licenses": [{"expression": licenses::expression(itself)?}],
            "purl": format!("{purl}@{}", itself.version),
        },
    });
    if let Ok(epoch) = std::env::var("SOURCE_DATE_EPOCH") {
        let time = epoch.parse().ok().and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        let time = time.ok_or_else(|| format!("SOURCE_DATE_EPOCH is no number of seconds: {epoch}"))?;
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert("timestamp".to_owned(), json!(time.to_string()));
        }
    }
    let components = others.iter().map(|part| component(part, &reference(part))).collect::<Result<Vec<_>, _>>()?;
    let dependencies: Vec<Json> = parts
        .iter()
        .map(|part| {
            let needs: Vec<String> = part.needs.iter().filter_map(|index| parts.get(*index)).map(reference).collect();
            json!({"ref": reference(part), "dependsOn": needs})
        })
        .collect();
    let document = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": metadata,
        "components": components,
        "dependencies": dependencies,
    });
    serde_json::to_string_pretty(&document).map(|text| text + "\n").map_err(|e| e.to_string())
}

fn component(part: &Part, reference: &str) -> Result<Json, String> {
    let mut component = json!({
        "type": "library",
        "bom-ref": reference,
        "name": part.name,
        "version": part.version,
        "licenses": [{"expression": licenses::expression(part)?}],
        "purl": reference,
    });
    if let Some(fields) = component.as_object_mut() {
        if let Some(checksum) = &part.checksum {
            fields.insert("hashes".to_owned(), json!([{"alg": "SHA-256", "content": checksum}]));
        }
        if let Some(repository) = &part.repository {
            fields.insert("externalReferences".to_owned(), json!([{"type": "vcs", "url": repository}]));
        }
    }
    Ok(component)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::artefact;

    #[test]
    fn the_bill_of_the_c_library_holds_together() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let parts =
            artefact::Workspace::read(root).unwrap().parts("llm-policy-ffi", &["x86_64-unknown-linux-gnu"]).unwrap();
        let names: BTreeSet<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(parts[0].name, "llm-policy-ffi");
        assert!(names.contains("llm-policy-cel") && names.contains("aho-corasick"));
        assert!(
            !names.contains("syn") && !names.contains("proptest"),
            "neither macros nor what tests need are shipped"
        );

        let bill: Json = serde_json::from_str(&render("pkg:generic/llm-policy-engine", &parts).unwrap()).unwrap();
        assert_eq!(bill["components"].as_array().unwrap().len(), parts.len() - 1);
        let known: BTreeSet<&str> =
            bill["dependencies"].as_array().unwrap().iter().map(|entry| entry["ref"].as_str().unwrap()).collect();
        let mut reached = BTreeSet::from([bill["metadata"]["component"]["bom-ref"].as_str().unwrap()]);
        for entry in bill["dependencies"].as_array().unwrap() {
            reached.extend(entry["dependsOn"].as_array().unwrap().iter().map(|needed| needed.as_str().unwrap()));
        }
        assert_eq!(reached, known, "each part is needed by another one, and each that is needed is there");
        for component in bill["components"].as_array().unwrap() {
            let ours = component["name"].as_str().unwrap().starts_with("llm-policy-");
            assert_eq!(component.get("hashes").is_none(), ours, "{component}");
        }
    }

    #[test]
    fn the_licences_of_the_c_library_have_texts() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let parts =
            artefact::Workspace::read(root).unwrap().parts("llm-policy-ffi", &["x86_64-unknown-linux-gnu"]).unwrap();
        let texts = licenses::texts(root, &parts).unwrap();
        for part in parts.iter().filter(|part| !part.is_ours()) {
            assert!(texts.contains(&format!("{} {}", part.name, part.version)), "{}", part.name);
        }
        for line in ["Apache License", "Permission is hereby granted, free of charge", "UNICODE LICENSE V3", "zlib"] {
            assert!(texts.to_lowercase().contains(&line.to_lowercase()), "{line}");
        }
    }
}
