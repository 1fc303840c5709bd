//! Reads a folder of vendor headers into an [`Api`] with libclang.
//!
//! Everything that is not understood is an error naming header and line; no model is made then.

mod classes;
mod data_types;
mod error_codes;
mod known;
mod source;
mod structs;

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use clang::{Clang, EntityKind, Index, TranslationUnit, diagnostic::Severity};

use crate::{Api, api::ClassKind};

use data_types::DataTypes;
pub(crate) use source::Headers;
#[cfg(feature = "check")]
pub(crate) use source::MAIN;

/// Why a folder of headers did not become a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The bytes of a header are neither UTF-8 nor GB18030.
    #[error("{place}: neither UTF-8 nor GB18030 text")]
    Encoding {
        /// `file:line`.
        place: String,
    },
    /// libclang could not be loaded.
    #[error(
        "cannot load libclang: {reason}; run `cargo xtask tools` and start this by cargo, or set LIBCLANG_PATH to the folder of a libclang 10 or newer"
    )]
    Libclang {
        /// What the loader said.
        reason: String,
    },
    /// A construct that the generator does not understand.
    #[error("{place}: {reason}")]
    Construct {
        /// `file:line`.
        place: String,
        /// What it is, and what was expected.
        reason: String,
    },
    /// The parts are readable but do not fit together.
    #[error("{}: {reason}", folder.display())]
    Model {
        /// The folder of headers.
        folder: PathBuf,
        /// What does not fit.
        reason: String,
    },
}

/// Reads the headers in `folder` into the model of `family` and `version`.
///
/// The four headers must be there; `error.xml` is optional.
///
/// # Errors
///
/// Returns the first thing that is missing, unreadable or not understood.
pub fn parse_folder(folder: &Path, family: &str, version: &str) -> Result<Api, ParseError> {
    let headers = Headers::read(folder)?;
    // The `clang` crate allows one instance per process: a second caller waits for the first. Once libclang could
    // not be loaded it allows none, and the reason is gone unless it is kept.
    static REFUSED: Mutex<Option<String>> = Mutex::new(None);
    let mut refused = REFUSED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(reason) = refused.clone() {
        return Err(ParseError::Libclang { reason });
    }
    let clang =
        Clang::new().map_err(|reason| ParseError::Libclang { reason: refused.insert(reason).clone() })?;
    let index = Index::new(&clang, false, false);
    let unit = index
        .parser(headers.main_path())
        .arguments(&["-x", "c++", "-std=c++14", "-nostdinc", "--target=x86_64-unknown-linux-gnu"])
        .unsaved(&headers.unsaved())
        .detailed_preprocessing_record(true)
        .parse()
        .map_err(|error| ParseError::Model { folder: folder.into(), reason: error.to_string() })?;
    refuse_diagnostics(&unit, folder)?;

    let entities = source::flatten(&unit);
    let DataTypes { typedefs, enumerations, plain_enums } = data_types::read(&entities)?;
    let records = structs::read(&entities)?;
    let classes = ClassKind::ALL
        .into_iter()
        .map(|kind| classes::read(&entities, kind, folder))
        .collect::<Result<Vec<_>, _>>()?;
    refuse_strays(&entities)?;
    let api = Api {
        family: family.to_owned(),
        version: version.to_owned(),
        encoding: headers.encoding().to_owned(),
        namespace: classes::namespace(&entities),
        sources: headers.sources(),
        typedefs,
        enumerations,
        plain_enums,
        records,
        classes,
        functions: classes::functions(&entities)?,
        errors: error_codes::read(&headers, &entities)?,
    };
    match api.check() {
        Ok(()) => Ok(api),
        Err(reason) => Err(match source::place_of_named(&entities, &reason) {
            Some(place) => ParseError::Construct { place, reason },
            None => ParseError::Model { folder: folder.into(), reason },
        }),
    }
}

/// Returns the committed model that declares what `api` does, whatever encoding or system the headers are for.
pub fn known_as(api: &Api) -> Option<&'static Api> {
    known::same(api)
}

/// Refuses a set that is put together from headers of two known versions although their types fit.
///
/// # Errors
///
/// Returns an error that names the file that stands out, and the versions.
pub fn refuse_mixture(api: &Api, folder: &Path) -> Result<(), ParseError> {
    match known::mixture(api) {
        Some((file, reason)) => {
            Err(ParseError::Construct { place: source::place(&folder.join(file), 1), reason })
        }
        None => Ok(()),
    }
}

/// libclang's parse succeeds on broken code; its diagnostics tell.
fn refuse_diagnostics(unit: &TranslationUnit<'_>, folder: &Path) -> Result<(), ParseError> {
    match unit
        .get_diagnostics()
        .iter()
        .find(|found| matches!(found.get_severity(), Severity::Error | Severity::Fatal))
    {
        Some(diagnostic) => {
            // Where a header ends too early, the error stands after it and a note points into it.
            let notes = diagnostic.get_children();
            let mut locations = std::iter::once(diagnostic)
                .chain(&notes)
                .map(|found| found.get_location().get_file_location())
                .filter_map(|location| Some((location.file?.get_path(), location.line)));
            let reason = diagnostic.get_text();
            Err(match locations.find(|(path, _)| !source::is_main(path)) {
                Some((path, line)) => ParseError::Construct { place: source::place(&path, line), reason },
                None => ParseError::Model { folder: folder.into(), reason },
            })
        }
        None => Ok(()),
    }
}

/// Refuses declarations that no reader took.
fn refuse_strays(entities: &[clang::Entity<'_>]) -> Result<(), ParseError> {
    for entity in entities {
        let known = match entity.get_kind() {
            EntityKind::MacroDefinition
            | EntityKind::MacroExpansion
            | EntityKind::InclusionDirective
            | EntityKind::TypedefDecl
            | EntityKind::EnumDecl
            // `using namespace ctp_sopt;`: names are taken without their namespace anyway.
            | EntityKind::UsingDirective
            | EntityKind::StructDecl => true,
            // `struct X { … };;`: a declaration of nothing.
            EntityKind::UnexposedDecl => source::is_empty(entity),
            EntityKind::FunctionDecl => source::stands_in(entity, source::DATA_COLLECT),
            EntityKind::ClassDecl => {
                entity.get_name().is_some_and(|name| ClassKind::ALL.iter().any(|kind| kind.c_name() == name))
            }
            _ => false,
        };
        if !known {
            let what = entity.get_display_name().unwrap_or_default();
            return Err(source::construct(entity, format!("unexpected {:?} {what}", entity.get_kind())));
        }
    }
    Ok(())
}

/// Returns the counts of a model in one line.
pub fn summary(api: &Api) -> String {
    let methods = |kind| api.class(kind).methods.len();
    let texts = api
        .enumerations
        .iter()
        .flat_map(|enumeration| &enumeration.constants)
        .filter(|constant| constant.value.len() > 1);
    format!(
        "{} records, {} typedefs, {} constants ({} multi-character) in {} enumerations, {} TraderSpi, {} TraderApi, {} MdSpi, {} MdApi, {} error codes",
        api.records.len(),
        api.typedefs.len(),
        api.constant_count(),
        texts.count(),
        api.enumerations.len(),
        methods(ClassKind::TraderSpi),
        methods(ClassKind::TraderApi),
        methods(ClassKind::MdSpi),
        methods(ClassKind::MdApi),
        api.errors.len(),
    )
}
