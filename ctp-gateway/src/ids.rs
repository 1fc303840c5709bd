//! Request numbers.

/// Gives rising request numbers (C: `nRequestID`), never 0 and never negative.
#[derive(Debug)]
pub(crate) struct RequestIds {
    last: i32,
}

impl RequestIds {
    /// Starts at a base that differs from run to run, so that refusals which are replayed from an earlier run, or
    /// belong to another program on the same account, do not look like answers to this one.
    pub(crate) fn new(seed: u64) -> Self {
        let base = i32::try_from(seed % 20_000).unwrap_or(0) * 100_000;
        Self { last: base }
    }

    pub(crate) fn next(&mut self) -> i32 {
        self.last = self.last.checked_add(1).unwrap_or(1);
        self.last
    }
}
