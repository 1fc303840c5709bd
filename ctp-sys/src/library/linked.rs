//! Feature `link`: the libraries that the program is linked with.

use std::{
    ffi::{CStr, c_void},
    path::PathBuf,
};

use super::Loaded;
use crate::{
    error::LoadError,
    platform::{self, VersionSymbol},
    side::Kind,
};

include!(concat!(env!("OUT_DIR"), "/linked.rs"));

impl Loaded {
    /// Checks the linked library of `kind` as if it had been opened.
    pub(super) fn linked(family: &'static str, kind: Kind) -> Result<Self, LoadError> {
        let symbol = |name: &CStr| {
            let linked = SYMBOLS.iter().find(|(linked, _)| *linked == name);
            linked.map(|(_, function)| *function as *mut c_void)
        };
        // Of another family none is linked: what is linked is named.
        let here = symbol(VersionSymbol::of(kind, family).name).or_else(|| symbol(SYMBOLS[0].0));
        let path = here.and_then(platform::file_of).unwrap_or_else(|| PathBuf::from("the linked library"));
        Self::identify(path, family, kind, symbol)
    }
}
