//! What went into an exchange and what came out of it, as a digest: a run and its remaking must agree.

use ctp_sim::{Delivery, Input, Journal, Output, Timestamp};

use super::digest::Hash;

/// The journal of a run.
#[derive(Clone, Default)]
pub(super) struct Witness(Journal);

impl Witness {
    pub(super) fn input(&mut self, now: Timestamp, input: &Input) {
        self.0.input(now, input);
    }

    /// A tick that goes to many is looked at once.
    pub(super) fn outputs(&mut self, now: Timestamp, outputs: &[Output]) {
        let mut last = None;
        for output in outputs {
            let shared = match &output.delivery {
                Delivery::Md { record: Some(record), rsp_info: None, .. } => Some(record.as_ptr()),
                _ => None,
            };
            if shared.is_some() && shared == last {
                self.0.same(output.session);
            } else {
                self.0.output(now, output);
            }
            last = shared;
        }
    }

    pub(super) fn entries(&self) -> u64 {
        self.0.entries()
    }

    pub(super) fn digest(&mut self) -> Hash {
        self.0.digest()
    }
}
