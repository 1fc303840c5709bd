//! Instructions to be sent, as Python writes them.

use ctp_gateway::td;
use ctp_types::{HedgeFlag, OffsetFlag};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::gateway::td::given::{self, Taker};

type Given<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

/// What every kind of instruction may say, in words for `repr`, too.
struct Common {
    exchange: Option<String>,
    hedge: Option<HedgeFlag>,
    invest_unit: Option<String>,
}

impl Common {
    fn read(
        taker: Taker,
        exchange: Given<'_, '_>,
        hedge: Given<'_, '_>,
        invest_unit: Given<'_, '_>,
    ) -> PyResult<Self> {
        Ok(Self {
            exchange: exchange.map(|id| taker.text::<9>("exchange", id)).transpose()?,
            hedge: hedge.map(|hedge| taker.word("hedge", hedge, given::HEDGES)).transpose()?,
            invest_unit: invest_unit.map(|unit| taker.text::<17>("invest_unit", unit)).transpose()?,
        })
    }

    fn shown(&self) -> String {
        let mut parts = String::new();
        if let Some(id) = &self.exchange {
            parts += &format!(", exchange={id:?}");
        }
        if let Some(hedge) = self.hedge {
            parts += &format!(", hedge={:?}", given::word_of(hedge, given::HEDGES));
        }
        if let Some(unit) = &self.invest_unit {
            parts += &format!(", invest_unit={unit:?}");
        }
        parts
    }
}

/// Makes a class of a builder of the gateway.
macro_rules! wish {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[pyclass(frozen, from_py_object, module = "ctp_py")]
        #[derive(Clone, Debug)]
        pub(crate) struct $name {
            wish: td::$name,
            shown: String,
        }

        impl $name {
            const TAKER: Taker = Taker(stringify!($name));

            /// Adds what is common to all, and ends the text that shows it.
            fn with(mut wish: td::$name, shown: &str, common: &Common) -> Self {
                if let Some(id) = &common.exchange {
                    wish = wish.exchange(id);
                }
                if let Some(hedge) = common.hedge {
                    wish = wish.hedge(hedge);
                }
                if let Some(unit) = &common.invest_unit {
                    wish = wish.invest_unit(unit);
                }
                Self { wish, shown: format!("{}({shown}{})", stringify!($name), common.shown()) }
            }

            /// Returns what the gateway takes.
            pub(crate) fn of_gateway(&self) -> td::$name {
                self.wish.clone()
            }
        }

        #[pymethods]
        impl $name {
            fn __repr__(&self) -> &str {
                &self.shown
            }
        }
    };
}

wish! {
    /// A market maker's quote (报价): an ask and a bid in one instruction, two orders at the exchange.
    ///
    /// Args:
    ///     instrument_id: the instrument.
    ///     ask: price in CNY per unit of quotation, lots, and optionally the offset (`open`): `(102.0, 5)`.
    ///     bid: the same for the other side; DCE takes one side alone.
    ///     exchange: not needed for instruments that `td.instruments()` has returned.
    ///     hedge: the purpose of both sides, `speculation` by default.
    ///     invest_unit: the unit of the account that acts.
    ///     in_answer_to: the exchange's number of a request for a quote. C: `ForQuoteSysID`.
    ///     replaces: the exchange's number of a quote whose place it takes (CFFEX). C: `ReplaceSysID`.
    Quote
}

type Side = (f64, i32, OffsetFlag);

fn side(what: &str, given: Given<'_, '_>) -> PyResult<Option<Side>> {
    let Some(given) = given.filter(|given| !given.is_none()) else { return Ok(None) };
    let fix = "give (price in CNY, lots) or (price, lots, offset)";
    let parts = given.cast::<PyTuple>().map_err(|_| Quote::TAKER.wrong_type(what, given, fix))?;
    let offset = match parts.len() {
        2 => OffsetFlag::OPEN,
        3 => Quote::TAKER.word("offset", &parts.get_item(2)?, given::OFFSETS)?,
        _ => return Err(Quote::TAKER.wrong_value(what, given, fix)),
    };
    let price = Quote::TAKER.price(&format!("{what} price"), &parts.get_item(0)?)?;
    Ok(Some((price, Quote::TAKER.lots(&format!("{what} volume"), &parts.get_item(1)?)?, offset)))
}

#[pymethods]
impl Quote {
    #[new]
    #[pyo3(signature = (instrument_id, *, ask=None, bid=None, exchange=None, hedge=None, invest_unit=None, in_answer_to=None, replaces=None))]
    #[expect(clippy::too_many_arguments, reason = "keywords of Python, each with its own meaning")]
    fn new(
        instrument_id: &Bound<'_, PyAny>,
        ask: Given<'_, '_>,
        bid: Given<'_, '_>,
        exchange: Given<'_, '_>,
        hedge: Given<'_, '_>,
        invest_unit: Given<'_, '_>,
        in_answer_to: Given<'_, '_>,
        replaces: Given<'_, '_>,
    ) -> PyResult<Self> {
        let id = Self::TAKER.text::<81>("instrument_id", instrument_id)?;
        let common = Common::read(Self::TAKER, exchange, hedge, invest_unit)?;
        let mut wish = td::Quote::new(&id);
        let mut shown = format!("{id:?}");
        if let Some((price, lots, offset)) = side("ask", ask)? {
            wish = wish.ask(price, lots, offset);
            shown += &format!(", ask=({price:?}, {lots}, {:?})", given::word_of(offset, given::OFFSETS));
        }
        if let Some((price, lots, offset)) = side("bid", bid)? {
            wish = wish.bid(price, lots, offset);
            shown += &format!(", bid=({price:?}, {lots}, {:?})", given::word_of(offset, given::OFFSETS));
        }
        if let Some(number) = in_answer_to {
            wish = wish.in_answer_to(Self::TAKER.text::<21>("in_answer_to", number)?);
            shown += &format!(", in_answer_to={}", number.repr()?);
        }
        if let Some(number) = replaces {
            wish = wish.replaces(Self::TAKER.text::<21>("replaces", number)?);
            shown += &format!(", replaces={}", number.repr()?);
        }
        Ok(Self::with(wish, &shown, &common))
    }
}

wish! {
    /// The exercise of an option that is held (行权), or the word that it shall not be (放弃行权).
    ///
    /// Args:
    ///     instrument_id: the option.
    ///     volume: lots.
    ///     abandon: gives the exercise up that would happen by itself.
    ///     close_resulting_position: closes the futures position that comes of it at once, where the exchange can.
    ///     exchange: not needed for instruments that `td.instruments()` has returned.
    ///     hedge: the purpose of the lots, `speculation` by default.
    ///     invest_unit: the unit of the account that acts.
    Exercise
}

#[pymethods]
impl Exercise {
    #[new]
    #[pyo3(signature = (instrument_id, volume, *, abandon=false, close_resulting_position=false, exchange=None, hedge=None, invest_unit=None))]
    fn new(
        instrument_id: &Bound<'_, PyAny>,
        volume: &Bound<'_, PyAny>,
        abandon: bool,
        close_resulting_position: bool,
        exchange: Given<'_, '_>,
        hedge: Given<'_, '_>,
        invest_unit: Given<'_, '_>,
    ) -> PyResult<Self> {
        let id = Self::TAKER.text::<81>("instrument_id", instrument_id)?;
        let volume = Self::TAKER.lots("volume", volume)?;
        let common = Common::read(Self::TAKER, exchange, hedge, invest_unit)?;
        let mut shown = format!("{id:?}, {volume}");
        let mut wish = td::Exercise::new(&id, volume);
        if abandon {
            if close_resulting_position {
                let fix = "an option that is not exercised leaves no position to close";
                return Err(Self::TAKER.refused(
                    instrument_id.py(),
                    "abandon",
                    format!("abandon with close_resulting_position: {fix}"),
                ));
            }
            wish = td::Exercise::abandon(&id, volume);
            shown += ", abandon=True";
        }
        if close_resulting_position {
            wish = wish.close_resulting_position();
            shown += ", close_resulting_position=True";
        }
        Ok(Self::with(wish, &shown, &common))
    }
}

wish! {
    /// How positions of options, or the futures they turn into, are set off against each other (期权自对冲, 履约对冲).
    ///
    /// Args:
    ///     instrument_id: the option.
    ///     volume: lots.
    ///     how: `close_self_option_position`, `reserve_option_position`, `sell_close_self_future_position`,
    ///         `reserve_future_position`, or a member of `enums.OptSelfCloseFlag`.
    ///     exchange: not needed for instruments that `td.instruments()` has returned.
    ///     hedge: the purpose of the lots, `speculation` by default.
    ///     invest_unit: the unit of the account that acts.
    SelfClose
}

#[pymethods]
impl SelfClose {
    #[new]
    #[pyo3(signature = (instrument_id, volume, how, *, exchange=None, hedge=None, invest_unit=None))]
    fn new(
        instrument_id: &Bound<'_, PyAny>,
        volume: &Bound<'_, PyAny>,
        how: &Bound<'_, PyAny>,
        exchange: Given<'_, '_>,
        hedge: Given<'_, '_>,
        invest_unit: Given<'_, '_>,
    ) -> PyResult<Self> {
        let id = Self::TAKER.text::<81>("instrument_id", instrument_id)?;
        let volume = Self::TAKER.lots("volume", volume)?;
        let how = Self::TAKER.word("how", how, given::SELF_CLOSES)?;
        let common = Common::read(Self::TAKER, exchange, hedge, invest_unit)?;
        let shown = format!("{id:?}, {volume}, {:?}", given::word_of(how, given::SELF_CLOSES));
        let wish = td::SelfClose::new(&id, volume, how);
        Ok(Self::with(wish, &shown, &common))
    }
}

wish! {
    /// Two positions that are made one combination (组合), which needs less margin, or a combination that is split (拆分).
    ///
    /// Args:
    ///     combination_id: for example `SP m2701&m2705`.
    ///     direction: `buy`: those long of the first leg and short of the second.
    ///     volume: lots.
    ///     action: `combine`, `split`, or `undo`: takes an earlier instruction of as many lots back, 30 seconds after it at
    ///         the earliest.
    ///     exchange: not needed for instruments that `td.instruments()` has returned.
    ///     hedge: the purpose of the lots, `speculation` by default.
    ///     invest_unit: the unit of the account that acts.
    Combination
}

#[pymethods]
impl Combination {
    #[new]
    #[pyo3(signature = (combination_id, direction, volume, action="combine", *, exchange=None, hedge=None, invest_unit=None))]
    fn new(
        combination_id: &Bound<'_, PyAny>,
        direction: &Bound<'_, PyAny>,
        volume: &Bound<'_, PyAny>,
        action: &str,
        exchange: Given<'_, '_>,
        hedge: Given<'_, '_>,
        invest_unit: Given<'_, '_>,
    ) -> PyResult<Self> {
        let id = Self::TAKER.text::<81>("combination_id", combination_id)?;
        let direction = Self::TAKER.word("direction", direction, given::DIRECTIONS)?;
        let volume = Self::TAKER.lots("volume", volume)?;
        let common = Common::read(Self::TAKER, exchange, hedge, invest_unit)?;
        let wish = match action {
            "combine" => td::Combination::combine(&id, direction, volume),
            "split" => td::Combination::split(&id, direction, volume),
            "undo" => td::Combination::undo(&id, direction, volume),
            _ => {
                let fix = "give \"combine\", \"split\" or \"undo\"";
                let message = format!("action {action:?} cannot be sent; {fix}");
                return Err(Self::TAKER.refused(combination_id.py(), "action", message));
            }
        };
        let way = given::word_of(direction, given::DIRECTIONS);
        let shown = format!("{id:?}, {way:?}, {volume}, {action:?}");
        Ok(Self::with(wish, &shown, &common))
    }
}
