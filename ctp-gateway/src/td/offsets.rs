//! How a close is split into today's and yesterday's lots (ctp-behaviour.md §5.3).

use ctp_market::Exchange;
use ctp_types::OffsetFlag;

/// Which lots a close takes first, where the exchange lets one choose: SHFE and INE. All others close the lots that
/// were opened first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CloseFirst {
    /// Lots of earlier days (平昨优先), often cheaper: closing today's may cost a fee of its own.
    #[default]
    Yesterday,
    /// Lots opened today (平今优先).
    Today,
}

/// More lots are to be closed than are free to be closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{wanted} lots to close, {free} are free: {today} of today, {yesterday} of earlier days")]
pub struct NotEnoughHeld {
    /// The lots to be closed.
    pub wanted: i32,
    /// The lots that are free.
    pub free: i32,
    /// Of these, opened today.
    pub today: i32,
    /// Of these, opened earlier.
    pub yesterday: i32,
}

/// Returns with which offsets, each for how many lots, `volume` lots are closed: in the order in which they are to
/// be sent, none of them zero.
///
/// `today` and `yesterday` are the lots that are free: held, and in no working close. SHFE and INE keep the two apart
/// (平今, 平昨); the others know only a close (平仓), and an exchange that is not known here is taken for one of them.
///
/// # Errors
///
/// Returns an error for fewer free lots than are to be closed, and for less than one lot.
pub fn split(
    exchange: Option<Exchange>,
    today: i32,
    yesterday: i32,
    volume: i32,
    first: CloseFirst,
) -> Result<Vec<(OffsetFlag, i32)>, NotEnoughHeld> {
    split_lots(matches!(exchange, Some(Exchange::Shfe | Exchange::Ine)), today, yesterday, volume, first)
}

/// Does so where it is known whether today's and earlier lots are kept apart.
pub(crate) fn split_lots(
    is_split: bool,
    today: i32,
    yesterday: i32,
    volume: i32,
    first: CloseFirst,
) -> Result<Vec<(OffsetFlag, i32)>, NotEnoughHeld> {
    let (today, yesterday) = (today.max(0), yesterday.max(0));
    let free = today.saturating_add(yesterday);
    if volume < 1 || volume > free {
        return Err(NotEnoughHeld { wanted: volume, free, today, yesterday });
    }
    if !is_split {
        return Ok(vec![(OffsetFlag::CLOSE, volume)]);
    }
    let parts = match first {
        CloseFirst::Today => {
            let of_today = volume.min(today);
            [(OffsetFlag::CLOSE_TODAY, of_today), (OffsetFlag::CLOSE_YESTERDAY, volume - of_today)]
        }
        CloseFirst::Yesterday => {
            let of_yesterday = volume.min(yesterday);
            [(OffsetFlag::CLOSE_YESTERDAY, of_yesterday), (OffsetFlag::CLOSE_TODAY, volume - of_yesterday)]
        }
    };
    Ok(parts.into_iter().filter(|(_, lots)| *lots > 0).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shanghai_keeps_today_and_yesterday_apart() {
        let (today, yesterday) = (OffsetFlag::CLOSE_TODAY, OffsetFlag::CLOSE_YESTERDAY);
        for exchange in [Exchange::Shfe, Exchange::Ine] {
            let split = |volume, first| split(Some(exchange), 3, 5, volume, first).unwrap();
            assert_eq!(split(3, CloseFirst::Today), [(today, 3)]);
            assert_eq!(split(4, CloseFirst::Today), [(today, 3), (yesterday, 1)]);
            assert_eq!(split(8, CloseFirst::Today), [(today, 3), (yesterday, 5)]);
            assert_eq!(split(5, CloseFirst::Yesterday), [(yesterday, 5)]);
            assert_eq!(split(6, CloseFirst::Yesterday), [(yesterday, 5), (today, 1)]);
        }
    }

    #[test]
    fn the_others_only_close() {
        for exchange in [Exchange::Dce, Exchange::Czce, Exchange::Cffex, Exchange::Gfex] {
            assert_eq!(split(Some(exchange), 3, 5, 8, CloseFirst::Today).unwrap(), [(OffsetFlag::CLOSE, 8)]);
        }
        assert_eq!(split(None, 1, 0, 1, CloseFirst::Today).unwrap(), [(OffsetFlag::CLOSE, 1)]);
    }

    #[test]
    fn what_is_not_there_is_not_closed() {
        let error = split(Some(Exchange::Shfe), 1, 2, 4, CloseFirst::Today).unwrap_err();
        assert_eq!(error, NotEnoughHeld { wanted: 4, free: 3, today: 1, yesterday: 2 });
        assert!(error.to_string().starts_with("4 lots to close, 3 are free"), "{error}");
        assert!(split(Some(Exchange::Dce), 5, 5, 0, CloseFirst::Today).is_err());
        assert!(split(None, -7, 2, 3, CloseFirst::Today).is_err());
    }

    proptest! {
        #[test]
        fn all_lots_are_closed_and_none_that_is_not_there(
            exchange in prop::option::of(prop::sample::select(Exchange::ALL.to_vec())),
            today in -3..60_i32,
            yesterday in -3..60_i32,
            volume in -3..130_i32,
            of_today in any::<bool>(),
        ) {
            let first = if of_today { CloseFirst::Today } else { CloseFirst::Yesterday };
            let (has_today, has_yesterday) = (today.max(0), yesterday.max(0));
            match split(exchange, today, yesterday, volume, first) {
                Err(error) => {
                    prop_assert!(volume < 1 || volume > has_today + has_yesterday);
                    prop_assert_eq!(error.free, has_today + has_yesterday);
                }
                Ok(parts) => {
                    let lots = |flag| -> i32 {
                        parts.iter().filter(|(part, _)| *part == flag).map(|(_, lots)| lots).sum()
                    };
                    prop_assert_eq!(parts.iter().map(|(_, lots)| lots).sum::<i32>(), volume);
                    prop_assert!(parts.iter().all(|(_, lots)| *lots > 0));
                    let (closed_today, closed_yesterday) =
                        (lots(OffsetFlag::CLOSE_TODAY), lots(OffsetFlag::CLOSE_YESTERDAY));
                    prop_assert!(closed_today <= has_today && closed_yesterday <= has_yesterday);
                    if matches!(exchange, Some(Exchange::Shfe | Exchange::Ine)) {
                        prop_assert_eq!(lots(OffsetFlag::CLOSE), 0);
                        // The other kind is touched only when the wanted one is used up.
                        let (wanted, there, other) = match first {
                            CloseFirst::Today => (closed_today, has_today, closed_yesterday),
                            CloseFirst::Yesterday => (closed_yesterday, has_yesterday, closed_today),
                        };
                        prop_assert!(other == 0 || wanted == there);
                    } else {
                        prop_assert_eq!(parts.len(), 1);
                        prop_assert_eq!(parts[0].0, OffsetFlag::CLOSE);
                    }
                }
            }
        }
    }
}
