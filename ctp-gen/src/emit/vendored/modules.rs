//! A folder of modules, one per topic, under a module that shows the items of all.

use std::fmt::Write as _;

use super::{Emission, File, LINES, style, topics::Topic};

/// Items of one topic, each with what it is made of, and the text that stands before them.
pub(super) struct Module<'a, T> {
    pub(super) topic: &'a Topic,
    pub(super) items: Vec<(T, String)>,
}

/// Writes `src/folder.rs` and a file per topic under `src/folder/`.
///
/// `head` begins the module of the folder. `imports` says what stands before the items of a file.
pub(super) fn folder<T>(
    emission: &Emission<'_>,
    folder: &str,
    head: &str,
    reexport: bool,
    modules: Vec<Module<'_, T>>,
    imports: impl Fn(&[(T, String)]) -> String,
) -> Vec<File> {
    let mut files = Vec::new();
    let mut names = Vec::new();
    for module in modules {
        for (part, items) in parts(module.items).into_iter().enumerate() {
            let (mut name, mut doc) = (module.topic.name.clone(), module.topic.doc.clone());
            if part > 0 {
                let _ = write!(name, "_{}", part + 1);
                doc.push_str(" Continued.");
            }
            let mut text = emission.head();
            style::doc(&mut text, 0, "//!", &doc);
            text.push('\n');
            let before = imports(&items);
            if !before.is_empty() {
                text.push_str(&before);
                text.push('\n');
            }
            let items: Vec<&str> = items.iter().map(|(_, text)| text.as_str()).collect();
            text.push_str(&items.join("\n"));
            files.push(File { path: format!("src/{folder}/{name}.rs"), text });
            names.push(name);
        }
    }
    names.sort_unstable();
    let mut text = emission.head();
    text.push_str(head);
    let visibility = if reexport { "pub mod" } else { "mod" };
    text.push('\n');
    for name in &names {
        let _ = writeln!(text, "{visibility} {name};");
    }
    if reexport {
        text.push('\n');
        for name in &names {
            let _ = writeln!(text, "pub use {name}::*;");
        }
    }
    files.push(File { path: format!("src/{folder}.rs"), text });
    files
}

/// Divides items so that no part has more lines than a file may have.
fn parts<T>(items: Vec<(T, String)>) -> Vec<Vec<(T, String)>> {
    let mut parts = Vec::new();
    let mut part = Vec::new();
    let mut lines = 0;
    for item in items {
        let more = item.1.lines().count() + 1;
        if lines + more > LINES && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
            lines = 0;
        }
        lines += more;
        part.push(item);
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}
