//! Which model a command is asked for: a known version, a model file, or a folder of headers.

use std::{borrow::Cow, fs, path::Path};

use ctp_gen::{Api, detect::detect, models, parse};

/// Why there is no model for what was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ModelError {
    /// Nothing has this name.
    #[error(
        "{spec} is neither a known version nor a model file nor a folder of headers; known versions: {}",
        known.join(", ")
    )]
    Unknown { spec: String, known: Vec<String> },
    /// A model file could not be read.
    #[error("cannot read {spec}: {source}")]
    Read { spec: String, source: std::io::Error },
    /// A file is not a model.
    #[error("{spec}: {reason}")]
    Invalid { spec: String, reason: String },
    /// A folder's headers could not be read.
    #[error(transparent)]
    Headers(#[from] parse::ParseError),
}

/// Returns the model that `spec` names.
///
/// A known version goes first: `6.7.11` is that of `family` (`se` when not given), `sopt-3.7.5` names its own.
/// Else `spec` is the path of a model file, or of a folder of headers. A folder called like a version is written
/// with its path: `./6.7.11`.
pub(crate) fn resolve(spec: &str, family: Option<&str>) -> Result<Cow<'static, Api>, ModelError> {
    let of_family = family.and_then(|family| models::find(&format!("{family}-{spec}")));
    let known =
        of_family.or_else(|| models::find(spec).filter(|api| family.is_none_or(|own| own == api.family)));
    if let Some(api) = known {
        return Ok(Cow::Borrowed(api));
    }
    let path = Path::new(spec);
    if path.is_dir() {
        return Ok(Cow::Owned(of_folder(path, family)?));
    }
    if path.is_file() {
        let text =
            fs::read_to_string(path).map_err(|source| ModelError::Read { spec: spec.to_owned(), source })?;
        let api =
            Api::from_json(&text).map_err(|reason| ModelError::Invalid { spec: spec.to_owned(), reason })?;
        return Ok(Cow::Owned(api));
    }
    Err(ModelError::Unknown { spec: spec.to_owned(), known: models::models().map(Api::label).collect() })
}

/// Reads a folder of headers, as of the family and version detected there; where nothing tells the version, the
/// folder's name stands for it.
fn of_folder(folder: &Path, family: Option<&str>) -> Result<Api, parse::ParseError> {
    let (detected_family, version) = match detect(folder) {
        Some(found) => (found.family, found.version),
        None => {
            let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
            let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
            ("se".to_owned(), name.unwrap_or_else(|| "headers".to_owned()))
        }
    };
    let api = parse::parse_folder(folder, family.unwrap_or(&detected_family), &version)?;
    parse::refuse_mixture(&api, folder)?;
    Ok(api)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_within_its_family() {
        let label = |spec: &str, family| resolve(spec, family).map(|api| api.label()).ok();
        assert_eq!(label("6.7.11", None).as_deref(), Some("se-6.7.11"));
        assert_eq!(label("se-6.7.11", Some("se")).as_deref(), Some("se-6.7.11"));
        assert_eq!(label("sopt-3.7.5", None).as_deref(), Some("sopt-3.7.5"));
        assert_eq!(label("3.7.5", Some("sopt")).as_deref(), Some("sopt-3.7.5"));
        assert_eq!(label("3.7.5", None), None);
        assert_eq!(label("6.7.11", Some("sopt")), None);
    }

    #[test]
    fn an_unknown_version_is_refused_with_the_known_ones() {
        let error = resolve("6.7.12", None).expect_err("no such version").to_string();
        assert!(error.starts_with("6.7.12 is neither a known version nor a model file"), "{error}");
        assert!(error.contains("known versions: se-6.7.13, se-6.7.11"), "{error}");
    }
}
