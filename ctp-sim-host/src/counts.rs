//! What an exchange has done since it started, in numbers. No part of what clients receive.

use ctp_sim::{Delivery, Input};
use ctp_types::{MdCallback, TraderCallback, TraderRequest};
use serde::{Deserialize, Serialize};

/// What an exchange has done since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Ticks given to clients, each client counted.
    pub ticks: u64,
    /// Orders asked for.
    pub orders: u64,
    /// Trades told to clients, each session counted.
    pub trades: u64,
    /// Requests of every kind.
    pub requests: u64,
}

impl Counts {
    /// Counts what goes in.
    pub(crate) fn input(&mut self, input: &Input) {
        match input {
            Input::Trader { request, .. } => {
                self.requests += 1;
                self.orders += u64::from(*request == TraderRequest::ReqOrderInsert);
            }
            Input::Md { .. } | Input::Subscribe { .. } | Input::Unsubscribe { .. } => self.requests += 1,
            _ => {}
        }
    }

    /// Counts what goes to a client.
    pub(crate) fn delivery(&mut self, delivery: &Delivery) {
        match delivery {
            Delivery::Md { callback: MdCallback::OnRtnDepthMarketData, .. } => self.ticks += 1,
            Delivery::Trader { callback: TraderCallback::OnRtnTrade, .. } => self.trades += 1,
            _ => {}
        }
    }
}
