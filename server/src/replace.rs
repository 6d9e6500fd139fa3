//! Writing a file so that it is never half of one.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use llm_policy_embed::ErrorCode;

use crate::failure::Failure;

/// Who may read what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Whoever may read the file that is there.
    AsBefore,
    /// Its owner only.
    Owner,
}

/// Writes beside the file first: whatever happens, the file is the old one or the new one.
pub fn replace(path: &Path, text: &str, access: Access) -> Result<(), Failure> {
    let failed = |cause: std::io::Error| {
        Failure::invalid(ErrorCode::UnreadableFile, format!("`{}` cannot be written: {cause}", path.display()))
    };
    // What a link names is changed, not the link.
    let path = &match fs::canonicalize(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && access == Access::Owner => path.to_owned(),
        found => found.map_err(failed)?,
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&beside).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        if access == Access::AsBefore {
            file.set_permissions(fs::metadata(path)?.permissions())?;
        }
        file.sync_all()?;
        fs::rename(&beside, path)
    });
    written.map_err(|cause| {
        let _ = fs::remove_file(&beside);
        failed(cause)
    })
}
