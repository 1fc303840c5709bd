//! Requests that the overlay does not know, proposed by the names of their callbacks.

use std::fmt;

use super::{Overlay, Request, Success};
use crate::{
    Api,
    api::{Class, ClassKind, Shape},
};

/// How a request without an entry seems to be answered; a person has to confirm it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The API class.
    pub class: &'static str,
    /// The request.
    pub method: String,
    /// What its callbacks' names say.
    pub request: Request,
}

impl fmt::Display for Proposal {
    /// Writes the line for `overlay/requests.toml`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let success = match self.request.success {
            Success::Query => "query",
            Success::Answer => "answer",
            Success::Silent => "silent",
            Success::Push => "push",
        };
        write!(formatter, "{} = {{ success = \"{success}\"", self.method)?;
        let Request { answer, error, push, .. } = &self.request;
        for (key, callback) in [("answer", answer), ("error", error), ("push", push)] {
            if let Some(callback) = callback {
                write!(formatter, ", {key} = \"{callback}\"")?;
            }
        }
        formatter.write_str(" }")
    }
}

impl Overlay {
    /// Returns this overlay with a proposal for every request of `api` that it does not know.
    ///
    /// For people who look at a header set that nobody has described yet. Builds do without it: there a
    /// request without entry is an error.
    pub fn completed(&self, api: &Api) -> (Self, Vec<Proposal>) {
        let mut overlay = self.clone();
        let mut proposals = Vec::new();
        for (kind, spi) in
            [(ClassKind::MdApi, ClassKind::MdSpi), (ClassKind::TraderApi, ClassKind::TraderSpi)]
        {
            let class = kind.c_name();
            let requests = api.class(kind).methods.iter();
            for method in requests.filter(|method| matches!(method.call_shape(), Some(Shape::Request { .. })))
            {
                if self.request(class, self.renames.current_method(class, &method.name)).is_ok() {
                    continue;
                }
                let request = propose(&method.name, api.class(spi));
                let known = overlay.requests.entry(class.to_owned()).or_default();
                known.insert(method.name.clone(), request.clone());
                proposals.push(Proposal { class, method: method.name.clone(), request });
            }
        }
        (overlay, proposals)
    }
}

/// `ReqX` is answered by `OnRspX`, refused by `OnErrRtnX`, and followed by `OnRtnX`, as far as `spi` has them.
fn propose(method: &str, spi: &Class) -> Request {
    let stem = method.strip_prefix("Req").unwrap_or(method);
    let action = stem.strip_suffix("Insert").or_else(|| stem.strip_suffix("Action")).unwrap_or(stem);
    let callback = |prefix: &str, stem: &str| {
        let name = format!("{prefix}{stem}");
        spi.slot(&name).map(|_| name)
    };
    let answer = callback("OnRsp", stem)
        // Every form of login has the one answer.
        .or_else(|| stem.starts_with("UserLogin").then(|| callback("OnRsp", "UserLogin")).flatten());
    let error = callback("OnErrRtn", stem);
    let push = callback("OnRtn", stem).or_else(|| callback("OnRtn", action));
    match (&answer, &error) {
        (Some(_), None) if stem.starts_with("Qry") => {
            Request { success: Success::Query, answer, error: None, push: None }
        }
        (Some(_), None) => Request { success: Success::Answer, answer, error: None, push: None },
        // What every session hears of is an order or a transfer: no answer means that it went well.
        _ => Request { success: Success::Silent, answer, error, push },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models;

    /// The convention agrees with what people wrote, except where the vendor departs from it.
    #[test]
    fn proposals_are_what_the_overlay_says() {
        let overlay = Overlay::committed();
        let nothing = Overlay { requests: Default::default(), ..overlay.clone() };
        let (_, proposals) = nothing.completed(models::current());
        assert!(proposals.len() > 120, "{}", proposals.len());
        let differing: Vec<&str> = proposals
            .iter()
            .filter(|proposal| {
                let known = overlay.request(proposal.class, &proposal.method).expect("an entry");
                *known != proposal.request
            })
            .map(|proposal| proposal.method.as_str())
            .collect();
        assert_eq!(
            differing,
            [
                "ReqBatchOrderAction",
                "ReqQueryCFMMCTradingAccountToken",
                "ReqFromBankToFutureByFuture",
                "ReqFromFutureToBankByFuture",
                "ReqQueryBankAccountMoneyByFuture",
                "ReqCancelOffsetSetting",
            ],
        );
    }

    /// A misspelt callback would be taken for one that a version lacks.
    #[test]
    fn every_callback_of_the_overlay_is_in_some_model() {
        let overlay = Overlay::committed();
        for (class, requests) in &overlay.requests {
            let spi =
                if class == ClassKind::MdApi.c_name() { ClassKind::MdSpi } else { ClassKind::TraderSpi };
            for (method, request) in requests {
                for callback in [&request.answer, &request.error, &request.push].into_iter().flatten() {
                    let known = models::models().any(|api| api.class(spi).slot(callback).is_some());
                    assert!(known, "{class}::{method} names {callback}");
                }
            }
        }
    }

    #[test]
    fn the_committed_models_need_no_proposal() {
        for api in models::models() {
            let (_, proposals) = Overlay::committed().completed(api);
            let lines: Vec<String> = proposals.iter().map(ToString::to_string).collect();
            assert!(lines.is_empty(), "{}:\n{}", api.label(), lines.join("\n"));
        }
    }
}
