//! Error codes: symbols and numbers of `error.xml`, never the vendor's texts, and of the API headers.

use std::collections::HashSet;

use clang::{Entity, EntityKind};

use super::{Headers, ParseError, source};
use crate::api::ErrorCode;

/// Reads both places: mini has no `error.xml`, but `#define QRY_ERROR_REQUEST -6` in its trader header.
pub(super) fn read(headers: &Headers, entities: &[Entity<'_>]) -> Result<Vec<ErrorCode>, ParseError> {
    let mut errors = of_table(headers)?;
    let defines = entities.iter().filter(|entity| entity.get_kind() == EntityKind::MacroDefinition);
    let mut defined: Vec<(u32, ErrorCode)> =
        defines.filter_map(|entity| Some((source::offset_of(entity), of_define(entity)?))).collect();
    defined.sort_by_key(|(offset, _)| *offset);
    for (_, error) in defined {
        if !errors.contains(&error) {
            errors.push(error);
        }
    }
    Ok(errors)
}

/// Reads `#define …_ERROR_… NUMBER` of an API header.
fn of_define(entity: &Entity<'_>) -> Option<ErrorCode> {
    let symbol = entity.get_name().filter(|name| name.contains("_ERROR_"))?;
    let in_api = ["ThostFtdcMdApi.h", "ThostFtdcTraderApi.h"];
    if !in_api.iter().any(|name| source::stands_in(entity, name)) {
        return None;
    }
    let tokens = entity.get_range()?.tokenize();
    let value: String = tokens.iter().skip(1).map(|token| token.get_spelling()).collect();
    Some(ErrorCode { symbol, code: value.parse().ok()? })
}

/// Reads every `<error id="…" value="…" …/>`, however many stand in a line.
fn of_table(headers: &Headers) -> Result<Vec<ErrorCode>, ParseError> {
    let Some(file) = headers.error_table() else { return Ok(Vec::new()) };
    let text = without_comments(&file.text);
    let refuse = |position: usize, reason: String| ParseError::Construct {
        place: source::place(&file.path, source::line_of(text.as_bytes(), position)),
        reason,
    };
    let mut errors: Vec<ErrorCode> = Vec::new();
    let (mut symbols, mut codes) = (HashSet::new(), HashSet::new());
    for (position, _) in text.match_indices("<error") {
        let rest = &text[position + "<error".len()..];
        // `<errors>` is the list itself.
        if !rest.starts_with(|next: char| next.is_ascii_whitespace()) {
            continue;
        }
        let element =
            rest.split_once('>').map(|(element, _)| element).filter(|element| !element.contains('<'));
        let element = element
            .ok_or_else(|| refuse(position, "the element does not end: the file is cut".to_owned()))?;
        let symbol =
            attribute(element, "id").ok_or_else(|| refuse(position, "error without id".to_owned()))?;
        let value = attribute(element, "value")
            .ok_or_else(|| refuse(position, format!("error {symbol} without value")))?;
        let code = value
            .trim()
            .parse()
            .map_err(|_| refuse(position, format!("error {symbol} has value {value}, not a number")))?;
        if !symbols.insert(symbol) || !codes.insert(code) {
            return Err(refuse(position, format!("error {symbol} = {code} stands twice")));
        }
        errors.push(ErrorCode { symbol: symbol.to_owned(), code });
    }
    match errors.is_empty() || !text.contains("</errors>") {
        true => Err(refuse(
            text.len(),
            "no whole list of <error> elements: the file is cut or another".to_owned(),
        )),
        false => Ok(errors),
    }
}

/// Returns the text with blanks in place of comments, so that positions stay.
fn without_comments(text: &str) -> String {
    let mut kept = text.to_owned();
    while let Some(start) = kept.find("<!--") {
        let end = kept[start..].find("-->").map_or(kept.len(), |length| start + length + "-->".len());
        let blanks: String =
            kept[start..end].chars().map(|letter| if letter == '\n' { '\n' } else { ' ' }).collect();
        kept.replace_range(start..end, &blanks);
    }
    kept
}

/// Returns the value of an XML attribute of an element.
fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let (before, rest) = element.split_once(&format!("{name}=\""))?;
    // Not the end of a longer name.
    let whole = before.is_empty() || before.ends_with(|end: char| end.is_ascii_whitespace());
    rest.split_once('"').map(|(value, _)| value).filter(|_| whole)
}
