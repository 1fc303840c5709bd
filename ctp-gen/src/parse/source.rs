//! The header files: bytes, encoding, digest, and places in them.

use std::path::{Path, PathBuf};

use clang::{Entity, EntityKind, TranslationUnit, Unsaved};

use super::ParseError;
use crate::{api::Source, detect::sha256};

/// The headers that every set has, the including ones last.
const HEADERS: [&str; 4] =
    ["ThostFtdcUserApiDataType.h", "ThostFtdcUserApiStruct.h", "ThostFtdcMdApi.h", "ThostFtdcTraderApi.h"];
/// The header of the terminal-information collector, which not every set has.
pub(super) const DATA_COLLECT: &str = "DataCollect.h";
const ERROR_TABLE: &str = "error.xml";
/// The file that includes the API headers.
pub(crate) const MAIN: &str = "ctp-gen-main.hpp";

/// A folder of headers, decoded.
pub(crate) struct Headers {
    folder: PathBuf,
    files: Vec<HeaderFile>,
    error_table: Option<HeaderFile>,
}

pub(crate) struct HeaderFile {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    encoding: &'static str,
    source: Source,
}

impl Headers {
    pub(crate) fn read(folder: &Path) -> Result<Self, ParseError> {
        let mut files =
            HEADERS.iter().map(|name| HeaderFile::read(folder, name)).collect::<Result<Vec<_>, _>>()?;
        let optional = |name| match folder.join(name).exists() {
            true => HeaderFile::read(folder, name).map(Some),
            false => Ok(None),
        };
        files.extend(optional(DATA_COLLECT)?);
        let error_table = optional(ERROR_TABLE)?;
        Ok(Self { folder: folder.to_owned(), files, error_table })
    }

    /// The path that includes both API headers; it exists only in memory.
    pub(crate) fn main_path(&self) -> PathBuf {
        self.folder.join(MAIN)
    }

    pub(crate) fn unsaved(&self) -> Vec<Unsaved> {
        self.texts().into_iter().map(|(path, text)| Unsaved::new(path, text)).collect()
    }

    /// Every file that the compiler reads, decoded: the main file, then the headers.
    pub(crate) fn texts(&self) -> Vec<(PathBuf, String)> {
        let mut includes = "#include \"ThostFtdcMdApi.h\"\n#include \"ThostFtdcTraderApi.h\"\n".to_owned();
        if self.files.iter().any(|file| file.path.ends_with(DATA_COLLECT)) {
            includes.push_str("#include \"DataCollect.h\"\n");
        }
        let headers = self.files.iter().map(|file| (file.path.clone(), file.text.clone()));
        std::iter::once((self.main_path(), includes)).chain(headers).collect()
    }

    /// The encoding of the headers; the first that is not plain ASCII-compatible UTF-8 decides.
    pub(crate) fn encoding(&self) -> &'static str {
        self.files.iter().map(|file| file.encoding).find(|encoding| *encoding != "utf-8").unwrap_or("utf-8")
    }

    pub(crate) fn sources(&self) -> Vec<Source> {
        self.files.iter().chain(&self.error_table).map(|file| file.source.clone()).collect()
    }

    pub(crate) fn error_table(&self) -> Option<&HeaderFile> {
        self.error_table.as_ref()
    }
}

impl HeaderFile {
    fn read(folder: &Path, name: &str) -> Result<Self, ParseError> {
        let path = folder.join(name);
        let bytes = std::fs::read(&path).map_err(|source| ParseError::Read { path: path.clone(), source })?;
        let (encoding, text) = decode(&bytes)
            .map_err(|position| ParseError::Encoding { place: place(&path, line_of(&bytes, position)) })?;
        // The compiler takes texts that end at the first NUL; one that is cut and padded holds some.
        if let Some(position) = text.find('\0') {
            return Err(ParseError::Construct {
                place: place(&path, line_of(text.as_bytes(), position)),
                reason: "a NUL byte: the file is cut, or no text".to_owned(),
            });
        }
        if text.trim().is_empty() {
            return Err(ParseError::Construct {
                place: place(&path, 1),
                reason: "the file is empty".to_owned(),
            });
        }
        let sha256 = sha256(&bytes);
        Ok(Self { path, text, encoding, source: Source { file: name.to_owned(), sha256 } })
    }
}

/// Headers come as UTF-8 with or without BOM, or as GB18030 (of which GBK is a part).
///
/// Returns the position of the first byte that is neither as an error.
fn decode(bytes: &[u8]) -> Result<(&'static str, String), usize> {
    const BOM: &[u8] = b"\xEF\xBB\xBF";
    if let Some(rest) = bytes.strip_prefix(BOM) {
        return match std::str::from_utf8(rest) {
            Ok(text) => Ok(("utf-8-bom", text.to_owned())),
            Err(error) => Err(BOM.len() + error.valid_up_to()),
        };
    }
    let utf8_end = match std::str::from_utf8(bytes) {
        Ok(text) => return Ok(("utf-8", text.to_owned())),
        Err(error) => error.valid_up_to(),
    };
    match encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok(("gb18030", text.into_owned())),
        None => Err(utf8_end.max(gb18030_end(bytes))),
    }
}

/// Returns how many bytes in front are GB18030 text.
fn gb18030_end(bytes: &[u8]) -> usize {
    let mut decoder = encoding_rs::GB18030.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(0));
    match decoder.decode_to_string_without_replacement(bytes, &mut text, true) {
        (encoding_rs::DecoderResult::Malformed(length, after), read) => {
            read.saturating_sub(usize::from(length) + usize::from(after))
        }
        (_, read) => read,
    }
}

/// Returns the line in which the byte at `position` stands.
pub(super) fn line_of(bytes: &[u8], position: usize) -> u32 {
    let before = bytes.iter().take(position).filter(|byte| **byte == b'\n').count();
    u32::try_from(before).map_or(u32::MAX, |before| before.saturating_add(1))
}

/// Returns the top-level entities of the headers, with namespaces and `extern "C"` opened.
pub(super) fn flatten<'tu>(unit: &'tu TranslationUnit<'_>) -> Vec<Entity<'tu>> {
    let mut found = Vec::new();
    let mut pending = vec![unit.get_entity()];
    while let Some(parent) = pending.pop() {
        for child in parent.get_children() {
            match child.get_kind() {
                EntityKind::Namespace | EntityKind::LinkageSpec => pending.push(child),
                _ if file_of(&child).is_some_and(|path| !is_main(&path)) => found.push(child),
                _ => {}
            }
        }
    }
    found
}

/// Returns whether `entity` stands in the header called `name`.
pub(super) fn stands_in(entity: &Entity<'_>, name: &str) -> bool {
    file_of(entity).is_some_and(|path| path.file_name().is_some_and(|file| file == name))
}

/// Returns whether `path` is the file in memory that includes the headers.
pub(super) fn is_main(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == MAIN)
}

/// Returns the place of the last declaration that `reason` names: a constant, a type, or `Type::member`.
pub(super) fn place_of_named(entities: &[Entity<'_>], reason: &str) -> Option<String> {
    let words: Vec<&str> = reason.split([' ', '(']).collect();
    let is_named = |entity: &Entity<'_>, prefix: &str| {
        entity.get_name().is_some_and(|name| words.contains(&format!("{prefix}{name}").as_str()))
    };
    let mut named: Vec<Entity<'_>> = Vec::new();
    for entity in entities {
        let prefix = format!("{}::", entity.get_name().unwrap_or_default());
        let members = entity.get_children().into_iter().filter(|member| is_named(member, &prefix));
        named.extend(Some(*entity).filter(|entity| is_named(entity, "")).into_iter().chain(members));
    }
    // What stands first in the reason is at fault; of two with that name, the second is.
    let position = |entity: &Entity<'_>| {
        let name = entity.get_name().unwrap_or_default();
        words.iter().position(|word| word.rsplit("::").next() == Some(&name))
    };
    let last = named.iter().min_by_key(|entity| (position(entity), std::cmp::Reverse(offset_of(entity))))?;
    place_of(last)
}

fn place_of(entity: &Entity<'_>) -> Option<String> {
    let location = entity.get_location()?.get_expansion_location();
    Some(place(&location.file?.get_path(), location.line))
}

/// Returns the file in which `entity` stands, `None` for what the compiler predefines.
pub(super) fn file_of(entity: &Entity<'_>) -> Option<PathBuf> {
    Some(entity.get_location()?.get_expansion_location().file?.get_path())
}

/// `ctp_sopt::CThostFtdcOrderField *` → `CThostFtdcOrderField *`.
pub(super) fn unqualified(c_type: &str) -> &str {
    c_type.rsplit("::").next().unwrap_or(c_type)
}

/// Returns whether `entity` is a semicolon that declares nothing.
pub(super) fn is_empty(entity: &Entity<'_>) -> bool {
    let tokens = entity.get_range().map(|range| range.tokenize()).unwrap_or_default();
    matches!(tokens.as_slice(), [token] if token.get_spelling() == ";")
}

/// Returns the position of `entity` in its file.
pub(super) fn offset_of(entity: &Entity<'_>) -> u32 {
    entity.get_location().map_or(0, |location| location.get_expansion_location().offset)
}

pub(super) fn place(path: &Path, line: u32) -> String {
    format!("{}:{line}", path.display())
}

/// Makes the error for a construct that is not understood.
pub(super) fn construct(entity: &Entity<'_>, reason: impl Into<String>) -> ParseError {
    let place = place_of(entity).unwrap_or_else(|| "?".to_owned());
    ParseError::Construct { place, reason: reason.into() }
}
