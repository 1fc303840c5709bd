//! Classes of callbacks and requests: C names, globs, and groups of them.

use ctp_sim::{Delivery, Input};
use ctp_types::{MdCallback, MdRequest, RequestKind, TraderCallback, TraderRequest};

/// A group and what it stands for, for people.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Its name in a plan.
    pub name: &'static str,
    /// The callbacks it names.
    pub callbacks: &'static str,
    /// The requests it names.
    pub requests: &'static str,
}

/// Every group.
pub const GROUPS: &[Group] = &[
    Group { name: "all", callbacks: "every callback", requests: "every request and subscription" },
    Group { name: "answers", callbacks: "OnRsp*", requests: "" },
    Group { name: "pushes", callbacks: "OnRtn* and OnErrRtn* without ticks and numbers", requests: "" },
    Group { name: "orders", callbacks: "OnRtnOrder", requests: "ReqOrderInsert" },
    Group { name: "cancels", callbacks: "", requests: "ReqOrderAction" },
    Group { name: "trades", callbacks: "OnRtnTrade", requests: "" },
    Group { name: "ticks", callbacks: "OnRtnDepthMarketData", requests: "" },
    Group { name: "queries", callbacks: "OnRspQry* and OnRspQuery*", requests: "ReqQry* and ReqQuery*" },
    Group {
        name: "logins",
        callbacks: "OnRspAuthenticate, OnRspUserLogin",
        requests: "ReqAuthenticate, ReqUserLogin*",
    },
    Group {
        name: "subscriptions",
        callbacks: "OnRspSub*, OnRspUnSub*",
        requests: "SubscribeMarketData and its like",
    },
];

/// The calls of the market-data API that are no `Req…`.
const SUBSCRIPTIONS: [&str; 4] =
    ["SubscribeMarketData", "UnSubscribeMarketData", "SubscribeForQuoteRsp", "UnSubscribeForQuoteRsp"];

/// A set of callbacks and requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    trader_callbacks: Bits,
    md_callbacks: Bits,
    trader_requests: Bits,
    md_requests: Bits,
    subscriptions: Bits,
}

/// Which of the two sides a name may be of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// What the client is given.
    Callbacks,
    /// What the client calls.
    Requests,
    /// Either; a group means callbacks.
    Both,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bits([u64; 4]);

impl Bits {
    fn add(&mut self, place: usize) {
        if let Some(word) = self.0.get_mut(place / 64) {
            *word |= 1 << (place % 64);
        }
    }

    fn has(&self, place: usize) -> bool {
        self.0.get(place / 64).is_some_and(|word| word & (1 << (place % 64)) != 0)
    }

    fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }
}

impl Classes {
    /// Adds what a name, a glob or a group stands for; returns whether that is anything.
    pub(crate) fn add(&mut self, name: &str, side: Side) -> bool {
        let before = self.clone();
        if GROUPS.iter().any(|group| group.name == name) {
            self.add_group(name, side);
        } else {
            let matches = |other: &str| glob(name, other);
            if side != Side::Requests {
                self.add_callbacks(matches);
            }
            if side != Side::Callbacks {
                self.add_requests(|other, _| matches(other));
            }
        }
        // Named twice is named.
        *self != before || self.names_nothing_new(name, side)
    }

    fn names_nothing_new(&self, name: &str, side: Side) -> bool {
        if self.is_empty() {
            return false;
        }
        let mut alone = Self::default();
        alone.add(name, side)
    }

    fn is_empty(&self) -> bool {
        self.has_no_callbacks()
            && [self.trader_requests, self.md_requests, self.subscriptions].iter().all(Bits::is_empty)
    }

    fn has_no_callbacks(&self) -> bool {
        self.trader_callbacks.is_empty() && self.md_callbacks.is_empty()
    }

    fn add_group(&mut self, group: &str, side: Side) {
        if side != Side::Requests {
            let number = TraderCallback::OnRtnPrivateSeqNo.name();
            let tick = MdCallback::OnRtnDepthMarketData.name();
            self.add_callbacks(|name| match group {
                "all" => true,
                "answers" => name.starts_with("OnRsp"),
                "pushes" => {
                    (name.starts_with("OnRtn") || name.starts_with("OnErrRtn"))
                        && name != number
                        && name != tick
                }
                "orders" => name == "OnRtnOrder",
                "trades" => name == "OnRtnTrade",
                "ticks" => name == tick,
                "queries" => name.starts_with("OnRspQry") || name.starts_with("OnRspQuery"),
                "logins" => matches!(name, "OnRspAuthenticate" | "OnRspUserLogin"),
                "subscriptions" => name.starts_with("OnRspSub") || name.starts_with("OnRspUnSub"),
                _ => false,
            });
        }
        if side == Side::Requests {
            self.add_requests(|name, kind| match group {
                "all" => true,
                "orders" => name == "ReqOrderInsert",
                "cancels" => name == "ReqOrderAction",
                "queries" => kind == Some(RequestKind::Query),
                "logins" => name == "ReqAuthenticate" || name.starts_with("ReqUserLogin"),
                "subscriptions" => SUBSCRIPTIONS.contains(&name),
                _ => false,
            });
        }
    }

    fn add_callbacks(&mut self, wanted: impl Fn(&str) -> bool) {
        // The library's own, which no front sends.
        let wanted = |name: &str| name != "OnFrontDisconnected" && wanted(name);
        TraderCallback::ALL
            .iter()
            .filter(|callback| wanted(callback.name()))
            .for_each(|callback| self.trader_callbacks.add(*callback as usize));
        MdCallback::ALL
            .iter()
            .filter(|callback| wanted(callback.name()))
            .for_each(|callback| self.md_callbacks.add(*callback as usize));
    }

    fn add_requests(&mut self, wanted: impl Fn(&str, Option<RequestKind>) -> bool) {
        TraderRequest::ALL
            .iter()
            .filter(|request| wanted(request.name(), Some(request.kind())))
            .for_each(|request| self.trader_requests.add(*request as usize));
        MdRequest::ALL
            .iter()
            .filter(|request| wanted(request.name(), Some(request.kind())))
            .for_each(|request| self.md_requests.add(*request as usize));
        let named = SUBSCRIPTIONS.iter().enumerate().filter(|(_, name)| wanted(name, None));
        named.for_each(|(place, _)| self.subscriptions.add(place));
    }

    /// Returns whether a delivery is one of these callbacks.
    pub(crate) fn has_delivery(&self, delivery: &Delivery) -> bool {
        match delivery {
            Delivery::Trader { callback, .. } => self.trader_callbacks.has(*callback as usize),
            Delivery::Md { callback, .. } | Delivery::Burst { callback, .. } => {
                self.md_callbacks.has(*callback as usize)
            }
            Delivery::Close { .. } => false,
        }
    }

    /// Returns whether an input is one of these requests.
    pub(crate) fn has_input(&self, input: &Input) -> bool {
        match input {
            Input::Trader { request, .. } => self.has_trader_request(*request),
            Input::Md { request, .. } => self.has_md_request(*request),
            Input::Subscribe { .. } => self.subscriptions.has(0),
            Input::Unsubscribe { .. } => self.subscriptions.has(1),
            Input::SubscribeForQuote { .. } => self.subscriptions.has(2),
            Input::UnsubscribeForQuote { .. } => self.subscriptions.has(3),
            _ => false,
        }
    }

    /// Returns whether it is one of these requests.
    pub(crate) fn has_trader_request(&self, request: TraderRequest) -> bool {
        self.trader_requests.has(request as usize)
    }

    /// Returns whether it is one of these requests.
    pub(crate) fn has_md_request(&self, request: MdRequest) -> bool {
        self.md_requests.has(request as usize)
    }
}

/// Returns whether a name is that of a callback or request.
pub(crate) fn nearest(name: &str, side: Side) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let groups = GROUPS.iter().map(|group| group.name);
    let callbacks = TraderCallback::ALL.iter().map(|callback| callback.name());
    let callbacks = callbacks.chain(MdCallback::ALL.iter().map(|callback| callback.name()));
    let requests = TraderRequest::ALL.iter().map(|request| request.name());
    let requests = requests.chain(MdRequest::ALL.iter().map(|request| request.name())).chain(SUBSCRIPTIONS);
    let callbacks = callbacks.filter(|_| side != Side::Requests);
    let requests = requests.filter(|_| side != Side::Callbacks);
    near(&lower, groups.chain(callbacks).chain(requests))
}

/// Returns the candidate that a name most likely means: the same but for its case, or few letters away.
pub(crate) fn near<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let close = candidates.map(|candidate| (distance(&lower, &candidate.to_lowercase()), candidate));
    let limit = 1 + name.len() / 4;
    close
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, near)| near)
}

/// Returns how many letters must be changed, added or left out.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (place, letter) in one.chars().take(100).enumerate() {
        let mut before = row[0];
        row[0] = place + 1;
        for (column, wanted) in other.iter().enumerate() {
            let replaced = before + usize::from(letter != *wanted);
            before = row[column + 1];
            row[column + 1] = replaced.min(before + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// Returns whether a text is what a pattern with `*` and `?` describes.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut place) = (0, 0);
    let mut star = None;
    while place < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == text[place] => {
                at += 1;
                place += 1;
            }
            _ => match star {
                Some((starred, matched)) => {
                    at = starred + 1;
                    place = matched + 1;
                    star = Some((starred, matched + 1));
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|left| *left == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, text, matches) in [
            ("OnRtn*", "OnRtnTrade", true),
            ("OnRtn*", "OnRspError", false),
            ("*Trade", "OnRtnTrade", true),
            ("On*Tr?de", "OnRtnTrade", true),
            ("", "", true),
            ("*", "", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("rb2701", "rb2701", true),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
    }

    #[test]
    fn names_globs_and_groups_name_classes() {
        let mut classes = Classes::default();
        assert!(classes.add("OnRtnTrade", Side::Callbacks) && classes.add("OnRtnTrade", Side::Callbacks));
        assert!(!classes.add("OnRtnTrades", Side::Callbacks));
        assert!(!classes.add("ReqOrderInsert", Side::Callbacks));
        assert!(!classes.add("OnFrontDisconnected", Side::Callbacks));
        assert!(!Classes::default().add("answers", Side::Requests));
        for group in GROUPS {
            assert_eq!(Classes::default().add(group.name, Side::Callbacks), !group.callbacks.is_empty());
            assert_eq!(Classes::default().add(group.name, Side::Requests), !group.requests.is_empty());
        }
        assert_eq!(nearest("OnRtnTrades", Side::Callbacks), Some("OnRtnTrade"));
        assert_eq!(nearest("reqorderinsert", Side::Both), Some("ReqOrderInsert"));
        assert_eq!(nearest("xyz", Side::Both), None);
    }
}
