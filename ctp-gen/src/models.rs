//! The committed models.

use std::sync::OnceLock;

use crate::Api;

/// File name and text of every committed model, newest first within a family.
const TEXTS: &[(&str, &str)] = &[];

/// Returns the committed models, newest first. The first is *the current model*: its records are the
/// Rust types.
///
/// # Panics
///
/// Panics when a committed model is not valid, which the tests rule out.
pub fn models() -> &'static [Api] {
    static MODELS: OnceLock<Vec<Api>> = OnceLock::new();
    MODELS.get_or_init(|| {
        TEXTS.iter().map(|(name, text)| Api::from_json(text).unwrap_or_else(|error| panic!("{name}: {error}"))).collect()
    })
}

/// Returns the newest committed model of the `se` family.
pub fn current() -> &'static Api {
    &models()[0]
}
