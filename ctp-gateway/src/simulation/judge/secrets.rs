//! Secrets: nothing that a session shows has one in it.

use std::fmt::Debug;

use super::super::plan::{AUTH_CODE, PASSWORD, WRONG_PASSWORD};

pub(super) fn check(what: &dyn Debug) -> Result<(), String> {
    let shown = format!("{what:?}");
    match [PASSWORD, AUTH_CODE, WRONG_PASSWORD].iter().find(|secret| shown.contains(**secret)) {
        Some(secret) => Err(format!("a secret is shown: {}", shown.replace(secret, "***"))),
        None => Ok(()),
    }
}
