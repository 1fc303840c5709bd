//! Lays the compact Rust of the emitters out for people, so that what differs is seen.

use std::fmt::Write as _;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use ctp_gen::emit::Output;

/// Lays Rust text out for people; keeps the comment lines at its head. Other languages pass as they are.
///
/// # Errors
///
/// Returns an error that names the output when `text` is not Rust.
pub(crate) fn formatted(output: Output, text: String) -> Result<String, String> {
    if !output.file_name().ends_with(".rs") {
        return Ok(text);
    }
    let refuse = |error: syn::Error| format!("{} is not Rust: {error}", output.file_name());
    let mut laid_out = String::new();
    for line in text.lines().take_while(|line| line.starts_with("//")) {
        let _ = writeln!(laid_out, "{line}");
    }
    let mut plain = syn::parse_file("").map_err(refuse)?;
    for item in syn::parse_file(&text).map_err(refuse)?.items {
        match item {
            // A table of ours: prettyplease leaves the inside of a macro as it is.
            syn::Item::Macro(table) if table.ident.is_none() && table.mac.path.get_ident().is_some() => {
                laid_out.push_str(&items(&plain));
                plain.items.clear();
                let name = table.mac.path.get_ident().map(ToString::to_string).unwrap_or_default();
                let _ = writeln!(laid_out, "{name}! {{");
                rows(&mut laid_out, table.mac.tokens, 1);
                laid_out.push_str("}\n");
            }
            other => plain.items.push(other),
        }
    }
    laid_out.push_str(&items(&plain));
    Ok(laid_out)
}

/// Writes items other than our tables; a doc comment gets the blank that its attribute does without.
fn items(file: &syn::File) -> String {
    let mut text = String::new();
    for line in prettyplease::unparse(file).lines() {
        match line.split_once("///") {
            Some((indent, doc)) if indent.trim().is_empty() && doc.starts_with(|first| first != ' ') => {
                let _ = writeln!(text, "{indent}/// {doc}");
            }
            _ => {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    text
}

/// Writes one line per row of a table, and the doc comments as comments.
fn rows(text: &mut String, tokens: TokenStream, depth: usize) {
    let indent = "    ".repeat(depth);
    let mut row: Vec<TokenTree> = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(sign) if sign.as_char() == '#' => match tokens.next().as_ref().map(doc) {
                Some(Some(doc)) => doc.lines().for_each(|line| {
                    let _ = writeln!(text, "{indent}///{}{line}", if line.is_empty() { "" } else { " " });
                }),
                _ => row.push(TokenTree::Punct(sign)),
            },
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let _ = writeln!(text, "{indent}{} {{", spaced(row.drain(..)));
                rows(text, group.stream(), depth + 1);
                let _ = writeln!(text, "{indent}}}");
            }
            TokenTree::Punct(sign) if sign.as_char() == ';' => {
                let _ = writeln!(text, "{indent}{};", spaced(row.drain(..)));
            }
            other => row.push(other),
        }
    }
    if !row.is_empty() {
        let _ = writeln!(text, "{indent}{}", spaced(row.drain(..)));
    }
}

/// Returns the text of `[doc = "text"]`.
fn doc(attribute: &TokenTree) -> Option<String> {
    let TokenTree::Group(group) = attribute else { return None };
    let pair: syn::MetaNameValue = syn::parse2(group.stream()).ok()?;
    match pair.value {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) if pair.path.is_ident("doc") => {
            Some(text.value())
        }
        _ => None,
    }
}

fn spaced(row: impl Iterator<Item = TokenTree>) -> String {
    let text = row.collect::<TokenStream>().to_string();
    [
        (" ,", ","),
        (" : ", ": "),
        (" :: ", "::"),
        ("< ", "<"),
        (" <", "<"),
        (" >", ">"),
        (" (", "("),
        (",<", ", <"),
    ]
    .iter()
    .fold(text, |text, (wide, tight)| text.replace(wide, tight))
}
