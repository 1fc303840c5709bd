//! The index of requests: for programs (`src/requests.rs`) and for people (`REQUESTS.md`).

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    Emission, File,
    callbacks::{self, HALVES, Half},
    style,
};
use crate::{
    api::{Method, Shape},
    names,
    overlay::Success,
};

/// A request with the names that its callbacks have in this model.
struct Request<'a> {
    slot: usize,
    method: &'a Method,
    record: &'a str,
    success: Success,
    answer: Option<&'a str>,
    error: Option<&'a str>,
    push: Option<&'a str>,
}

impl Request<'_> {
    /// Returns the variant of `RequestKind`.
    fn kind(&self) -> &'static str {
        match self.success {
            Success::Query => "Query",
            Success::Answer => "Answered",
            Success::Silent => "Silent",
            Success::Push => "Push",
        }
    }
}

/// Emits the index.
///
/// # Errors
///
/// Returns an error that names a request without entry in the overlay, or an entry that names a callback
/// which the model lacks.
pub(super) fn files(emission: &Emission<'_>) -> Result<Vec<File>, String> {
    let head = emission.head();
    let text = include_str!("support/requests.rs");
    let (doc, items) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut text = format!("{head}{doc}\n\nmod md;\nmod trader;\n\n");
    for half in HALVES {
        let (request, call) = (format!("{}Request", half.name), format!("{}Call", half.name));
        let names = if other_calls(emission, half).is_empty() { vec![] } else { vec![call.as_str()] };
        let names = names.into_iter().chain([request.as_str()]).collect();
        style::import(&mut text, "pub use", half.module, names);
    }
    let _ = write!(text, "\n{items}");
    let mut files = vec![File { path: "src/requests.rs".to_owned(), text }];
    let mut table = table_head(emission);
    for half in HALVES {
        let requests = resolve(emission, half)?;
        files.push(file(emission, half, &requests));
        rows(&mut table, emission, half, &requests);
    }
    files.push(File { path: "REQUESTS.md".to_owned(), text: table });
    Ok(files)
}

/// Returns the requests that each callback belongs to, by name; empty where the overlay lacks something.
pub(super) fn answered_by<'a>(emission: &Emission<'a>, half: Half) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut answered: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for request in resolve(emission, half).unwrap_or_default() {
        for callback in [request.answer, request.error, request.push].into_iter().flatten() {
            answered.entry(callback).or_default().push(&request.method.name);
        }
    }
    answered
}

fn resolve<'a>(emission: &Emission<'a>, half: Half) -> Result<Vec<Request<'a>>, String> {
    let (api, renames) = (emission.api, &emission.overlay.renames);
    let (class, spi) = (half.api.c_name(), half.spi.c_name());
    // The overlay speaks of the current names.
    let callbacks: BTreeMap<&str, &'a str> = api
        .class(half.spi)
        .methods
        .iter()
        .map(|method| (renames.current_method(spi, &method.name), method.name.as_str()))
        .collect();
    let mut requests = Vec::new();
    for (slot, method) in api.class(half.api).methods.iter().enumerate() {
        let Some(Shape::Request { record }) = method.call_shape() else { continue };
        let known = emission.overlay.request(class, renames.current_method(class, &method.name))?;
        let find = |wanted: &Option<String>| callbacks.get(wanted.as_deref()?).copied();
        let answer = find(&known.answer);
        if let (Some(wanted), None) = (&known.answer, answer) {
            return Err(format!("{}: {spi} has no callback {wanted}", method.name));
        }
        requests.push(Request {
            slot,
            method,
            record,
            success: known.success,
            answer,
            // The overlay speaks of all families and versions: one may lack these.
            error: find(&known.error),
            push: find(&known.push),
        });
    }
    Ok(requests)
}

fn file(emission: &Emission<'_>, half: Half, requests: &[Request<'_>]) -> File {
    let (name, callback) = (format!("{}Request", half.name), format!("{}Callback", half.name));
    let class = half.api.c_name();
    let mut text = emission.head();
    let _ = writeln!(text, "//! Calls of `{class}`.\n");
    let _ = writeln!(text, "use super::{{RequestInfo, RequestKind}};\nuse crate::callbacks::{callback};\n");
    let _ =
        writeln!(text, "/// A request of `{class}`; its number is the slot in the class's virtual table.");
    text.push_str("#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]\n#[repr(u16)]\n");
    let _ = writeln!(text, "pub enum {name} {{");
    for request in requests {
        if let Some(sentence) = emission.overlay.docs.method(&request.method.name) {
            style::doc(&mut text, 4, "///", sentence);
            text.push_str("    ///\n");
        }
        let record = names::record(request.record);
        style::doc(&mut text, 4, "///", &format!("Carries [`{record}`](crate::records::{record})."));
        style::doc(&mut text, 4, "///", &sentence(request, &callback));
        let _ = writeln!(text, "    {} = {},", request.method.name, request.slot);
    }
    let _ = writeln!(text, "}}\n\nimpl {name} {{");
    let names: Vec<&str> = requests.iter().map(|request| request.method.name.as_str()).collect();
    callbacks::all(&mut text, "requests", &names);
    text.push_str("\n    /// Returns the request in a slot.\n    #[must_use]\n");
    text.push_str("    pub fn from_slot(slot: u32) -> Option<Self> {\n");
    text.push_str("        let in_slot = |request: &Self| *request as u32 == slot;\n");
    text.push_str("        Self::ALL.into_iter().find(in_slot)\n    }\n\n");
    callbacks::c_names(&mut text, &names);
    text.push_str("\n    /// Returns what is known about the request.\n    #[must_use]\n");
    text.push_str("    #[allow(clippy::match_same_arms, clippy::too_many_lines)] // an arm per request\n");
    let _ =
        writeln!(text, "    pub const fn info(self) -> RequestInfo<{callback}> {{\n        match self {{");
    for request in requests {
        let option = |name: Option<&str>| {
            name.map_or_else(|| "None".to_owned(), |name| format!("Some({callback}::{name})"))
        };
        let _ = writeln!(
            text,
            "            Self::{} => RequestInfo {{
                record: {:?},
                kind: RequestKind::{},
                answer: {},
                error: {},
                push: {},
            }},",
            request.method.name,
            request.record,
            request.kind(),
            option(request.answer),
            option(request.error),
            option(request.push),
        );
    }
    text.push_str("        }\n    }\n}\n");
    calls(&mut text, emission, half);
    File { path: format!("src/requests/{}.rs", half.module), text }
}

/// Writes the numbers of the calls that carry something and are no requests.
fn calls(text: &mut String, emission: &Emission<'_>, half: Half) {
    let class = half.api.c_name();
    let others = other_calls(emission, half);
    if others.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "\n/// Another call of `{class}` that carries something; its number is the slot, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum {}Call {{",
        half.name
    );
    for (slot, method, takes) in others {
        let takes = match method.call_shape() {
            Some(Shape::RecordCall { .. }) => {
                format!("[{takes}](crate::records::{})", takes.trim_matches('`'))
            }
            _ => takes,
        };
        let mut rest = format!("Takes {takes}.");
        if let Some(answer) = answer_by_name(emission, half, &method.name) {
            let _ = write!(rest, " Answered by [`{answer}`]({}Callback::{answer}).", half.name);
        }
        if let Some(sentence) = emission.overlay.docs.method(&method.name) {
            style::doc(text, 4, "///", sentence);
            text.push_str("    ///\n");
        }
        style::doc(text, 4, "///", &rest);
        let _ = writeln!(text, "    {} = {slot},", method.name);
    }
    text.push_str("}\n");
}

/// Returns slot, method and what it takes.
fn other_calls<'a>(emission: &Emission<'a>, half: Half) -> Vec<(usize, &'a Method, String)> {
    let calls = emission.api.class(half.api).methods.iter().enumerate();
    let takes = |method: &Method| match method.call_shape() {
        Some(Shape::RecordCall { record, .. }) => Some(format!("`{}`", names::record(record))),
        Some(Shape::Numbered) => Some("a request number".to_owned()),
        Some(Shape::Instruments) => Some("instrument ids".to_owned()),
        _ => None,
    };
    calls.filter_map(|(slot, method)| takes(method).map(|takes| (slot, method, takes))).collect()
}

/// Returns the callback that answers a subscription: `OnRspSubMarketData` for `SubscribeMarketData`.
fn answer_by_name(emission: &Emission<'_>, half: Half, call: &str) -> Option<String> {
    let bare = call.strip_prefix("Req").unwrap_or(call);
    let callbacks = emission.api.class(half.spi);
    [format!("OnRsp{bare}"), format!("OnRsp{}", bare.replacen("Subscribe", "Sub", 1))]
        .into_iter()
        .find(|name| callbacks.method(name).is_some())
}

/// Says how a request is answered.
fn sentence(request: &Request<'_>, callback: &str) -> String {
    let link = |name: Option<&str>| name.map(|name| format!("[`{name}`]({callback}::{name})"));
    let (answer, error, push) = (link(request.answer), link(request.error), link(request.push));
    let refusals =
        match [answer.as_deref(), error.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" and ") {
            callbacks if callbacks.is_empty() => String::new(),
            callbacks => format!(" Refusals come on {callbacks}."),
        };
    match (request.success, answer, push) {
        (Success::Query, Some(answer), _) => format!("A query: {answer} brings the records."),
        (Success::Silent, _, Some(push)) => format!("Silent when accepted: {push} follows.{refusals}"),
        (Success::Silent, _, None) => format!("Silent when accepted.{refusals}"),
        (Success::Push, Some(answer), Some(push)) => {
            format!("{push} brings the effect, perhaps after {answer}.{refusals}")
        }
        (Success::Push, None, Some(push)) => format!("{push} brings the effect.{refusals}"),
        (_, Some(answer), _) => format!("Answered by {answer}."),
        (_, None, _) => "No callback answers.".to_owned(),
    }
}

fn table_head(emission: &Emission<'_>) -> String {
    format!(
        "<!-- Emitted by ctp-gen from the API model {}. Emit anew instead of editing. -->

# Requests and the callbacks that answer them

What tells that a request succeeded:

- **query**: 0..n records come on the answer, the last with `bIsLast`; it may be repeated.
- **answered**: one answer with `ErrorID` 0.
- **silent**: no answer; the effect comes on the push, refusals come on the answer and the error callback.
- **push**: the push, perhaps after an answer with `ErrorID` 0.

The slot is the position in the virtual table of the class.
",
        emission.api.label()
    )
}

fn rows(text: &mut String, emission: &Emission<'_>, half: Half, requests: &[Request<'_>]) {
    let _ = writeln!(
        text,
        "\n## {}\n\n| Slot | Request | Carries | Success | Answer | Error | Push |\n|---:|---|---|---|---|---|---|",
        half.api.c_name()
    );
    let code = |name: Option<&str>| name.map(|name| format!("`{name}`")).unwrap_or_default();
    for request in requests {
        let _ = writeln!(
            text,
            "| {} | `{}` | `{}` | {} | {} | {} | {} |",
            request.slot,
            request.method.name,
            names::record(request.record),
            request.kind().to_ascii_lowercase(),
            code(request.answer),
            code(request.error),
            code(request.push)
        );
    }
    let others = other_calls(emission, half);
    if others.is_empty() {
        return;
    }
    text.push_str(
        "\nOther calls that carry something:\n\n| Slot | Call | Takes | Answer |\n|---:|---|---|---|\n",
    );
    for (slot, method, takes) in others {
        let answer = answer_by_name(emission, half, &method.name);
        let _ = writeln!(text, "| {slot} | `{}` | {takes} | {} |", method.name, code(answer.as_deref()));
    }
}
