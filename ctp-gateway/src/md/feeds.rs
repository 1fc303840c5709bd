//! The subscriptions of a session, to ticks and to requests for quotes.

use std::time::Instant;

use crate::md::io::{Feed, Id};
use crate::md::subscriptions::{Move, Subscriptions};

/// Both share the link, and nothing else.
#[derive(Debug)]
pub(crate) struct Feeds {
    ticks: Subscriptions,
    quote_requests: Subscriptions,
}

impl Feeds {
    pub(crate) fn new() -> Self {
        Self {
            ticks: Subscriptions::new(Feed::Ticks),
            quote_requests: Subscriptions::new(Feed::QuoteRequests),
        }
    }

    pub(crate) fn of(&mut self, feed: Feed) -> &mut Subscriptions {
        match feed {
            Feed::Ticks => &mut self.ticks,
            Feed::QuoteRequests => &mut self.quote_requests,
        }
    }

    /// Returns of what instruments something is wanted.
    pub(crate) fn wanted(&self, feed: Feed) -> impl Iterator<Item = &Id> {
        match feed {
            Feed::Ticks => self.ticks.wanted(),
            Feed::QuoteRequests => self.quote_requests.wanted(),
        }
    }

    /// Returns what is to be done, in this order.
    pub(crate) fn moves(&mut self) -> Vec<(Feed, Move)> {
        let of = |feed| move |step| (feed, step);
        let ticks = self.ticks.moves().into_iter().map(of(Feed::Ticks));
        ticks.chain(self.quote_requests.moves().into_iter().map(of(Feed::QuoteRequests))).collect()
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        [self.ticks.next_deadline(), self.quote_requests.next_deadline()].into_iter().flatten().min()
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.ticks.is_settled() && self.quote_requests.is_settled()
    }

    pub(crate) fn link_up(&mut self, now: Instant) {
        self.ticks.link_up(now);
        self.quote_requests.link_up(now);
    }

    pub(crate) fn link_down(&mut self) {
        self.ticks.link_down();
        self.quote_requests.link_down();
    }

    pub(crate) fn handle_time(&mut self, now: Instant) {
        self.ticks.handle_time(now);
        self.quote_requests.handle_time(now);
    }
}
