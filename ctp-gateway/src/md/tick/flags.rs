//! What is odd about a tick.

use std::fmt;

/// What is odd about a tick (ctp-behaviour.md §4.4). Nothing is left out for it but [junk](Self::is_junk); what to do
/// about it is the reader's to decide.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TickFlags(u8);

macro_rules! flags {
    ($($(#[$doc:meta])* $get:ident, $constant:ident, $word:literal = $bit:literal;)*) => {
        impl TickFlags {
            $(pub(crate) const $constant: Self = Self(1 << $bit);)*

            $(
                $(#[$doc])*
                #[inline]
                pub fn $get(self) -> bool {
                    self.has(Self::$constant)
                }
            )*
        }

        impl fmt::Debug for TickFlags {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let words = [$((Self::$constant, $word)),*];
                let set = words.iter().filter(|(flag, _)| self.has(*flag)).map(|(_, word)| word);
                write!(f, "{{{}}}", set.copied().collect::<Vec<_>>().join(", "))
            }
        }
    };
}

flags! {
    /// Returns whether the record is in every field the one before it of this instrument. Fronts send some twice, and
    /// the last one again after a new subscription.
    is_duplicate, DUPLICATE, "duplicate" = 0;
    /// Returns whether the tick is older than one of this instrument that came before it: its time or its volume goes
    /// back. Several ticks of CZCE within one second are not late.
    is_late, LATE, "late" = 1;
    /// Returns whether the snapshot was more than ten seconds old when it was received: the front's last one after a
    /// subscription, which may be of another session, or one that was held up on its way.
    is_stale, STALE, "stale" = 2;
    /// Returns whether the exchange does not trade the product at the tick's time, by ctp-market's timetable: breaks,
    /// after the close (block trades, settlement prices), before the first auction.
    is_out_of_session, OUT_OF_SESSION, "out of session" = 3;
    /// Returns whether the timetable is not known: of a product that ctp-market lacks, or a day beyond its calendar.
    is_session_unknown, SESSION_UNKNOWN, "session unknown" = 4;
    /// Returns whether the calendar date could not be known, so that there is no
    /// [`exchange_time`](crate::Tick::exchange_time): the calendar does not reach so far, or the dates are missing, and
    /// the wall clock is not near the tick's time of day. It is never guessed.
    is_date_unknown, DATE_UNKNOWN, "date unknown" = 5;
    /// Returns whether the record says nothing: without `UpdateTime`, or from a broken forwarder, without last price
    /// and volume. Streams leave these out unless they were [asked for](crate::Ticks::with_junk).
    is_junk, JUNK, "junk" = 6;
}

impl TickFlags {
    /// Returns whether nothing is odd.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    #[inline]
    pub(crate) fn set(&mut self, flag: Self, is_set: bool) {
        if is_set {
            self.0 |= flag.0;
        }
    }
}
