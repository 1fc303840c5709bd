//! Who trades with whom, at which price: in whole ticks, without records, money or time.

pub(crate) mod book;
