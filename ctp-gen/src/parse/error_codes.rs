//! `error.xml`: symbols and codes, never the vendor's texts.

use super::{Headers, ParseError, source};
use crate::api::ErrorCode;

pub(super) fn read(headers: &Headers) -> Result<Vec<ErrorCode>, ParseError> {
    let Some(file) = headers.error_table() else { return Ok(Vec::new()) };
    let mut errors: Vec<ErrorCode> = Vec::new();
    for (line, text) in file.text.lines().enumerate() {
        let Some(element) = text.trim_start().strip_prefix("<error ") else { continue };
        let refuse = |reason: String| ParseError::Construct {
            place: source::place(&file.path, line as u32 + 1),
            reason,
        };
        let symbol = attribute(element, "id").ok_or_else(|| refuse("error without id".to_owned()))?;
        let value =
            attribute(element, "value").ok_or_else(|| refuse(format!("error {symbol} without value")))?;
        let code = value
            .trim()
            .parse()
            .map_err(|_| refuse(format!("error {symbol} has value {value}, not a number")))?;
        if errors.iter().any(|known| known.symbol == symbol || known.code == code) {
            return Err(refuse(format!("error {symbol} = {code} stands twice")));
        }
        errors.push(ErrorCode { symbol: symbol.to_owned(), code });
    }
    Ok(errors)
}

/// Returns the value of an XML attribute of a one-line element.
fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = element.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}
