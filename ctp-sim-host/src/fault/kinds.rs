//! The kinds of faults: what `do` takes.

/// Where a fault is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Between the exchange and the client's callbacks: needs `what` with callbacks.
    Delivery,
    /// Between the client's calls and the exchange: needs `what` with requests.
    Request,
    /// To a connection.
    Session,
    /// To everybody.
    Server,
    /// In the library, in the client's own process.
    Library,
}

/// A kind of fault, for people and for the reader.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What `do` says.
    pub name: &'static str,
    /// Where it is made.
    pub level: Level,
    /// The keys of its own, with what each takes; one with `!` must be there.
    pub keys: &'static [(&'static str, &'static str)],
    /// What it does.
    pub meaning: &'static str,
}

/// A key that every fault takes, for people.
#[derive(Clone, Copy, Debug)]
pub struct CommonKey {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub takes: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

const ERROR: (&str, &str) = ("error!", "an ErrorID other than 0");
const TEXT: (&str, &str) = ("text", "an ErrorMsg");
const BY: (&str, &str) = ("by!", "a duration, or a range 10ms..50ms");

impl Level {
    /// Returns the level's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Request => "request",
            Self::Session => "session",
            Self::Server => "server",
            Self::Library => "library",
        }
    }
}

impl Kind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::new("drop", Level::Delivery, &[], "the callback never comes"),
        Self::new(
            "duplicate",
            Level::Delivery,
            &[("times", "how many more, 1 to 1000; default 1")],
            "the callback comes again, at once",
        ),
        Self::new("delay", Level::Delivery, &[BY], "the callback comes later; others pass it"),
        Self::new(
            "reorder",
            Level::Delivery,
            &[("window", "2 to 100; default 2"), ("behind", "callbacks"), ("by", "a duration; default 1s")],
            "so many callbacks are gathered and given backwards; or each waits until one of behind has gone; at most by",
        ),
        Self::new(
            "cut-text",
            Level::Delivery,
            &[("field", "C names or globs; default all texts")],
            "text ends in the middle of its last Chinese character; what has none is no chance",
        ),
        Self::new("null-record", Level::Delivery, &[], "the record is NULL"),
        Self::new("null-info", Level::Delivery, &[], "pRspInfo is NULL"),
        Self::new(
            "lose-last",
            Level::Delivery,
            &[],
            "bIsLast is false; only the last of an answer is a chance",
        ),
        Self::new(
            "request-id",
            Level::Delivery,
            &[("number", "a number; default one from the seed")],
            "nRequestID of an answer is another",
        ),
        Self::new(
            "error",
            Level::Delivery,
            &[ERROR, TEXT],
            "pRspInfo tells an error; what was asked was done",
        ),
        Self::new(
            "garble",
            Level::Delivery,
            &[
                ("field", "C names or globs; default all"),
                ("with", "random, dbl-max, nan or zero; default random"),
            ],
            "fields of the record hold garbage",
        ),
        Self::new(
            "set",
            Level::Delivery,
            &[("fields!", "a table of C names and values")],
            "fields of the record hold these",
        ),
        Self::new(
            "return-code",
            Level::Request,
            &[("code!", "-1, -2 or -3")],
            "the request is not sent, and the call returns this",
        ),
        Self::new(
            "lose-request",
            Level::Request,
            &[],
            "the call returns 0 and the exchange never sees the request",
        ),
        Self::new(
            "delay-request",
            Level::Request,
            &[BY],
            "the request reaches the exchange later; others pass it",
        ),
        Self::new(
            "refuse",
            Level::Request,
            &[
                ERROR,
                TEXT,
                ("via", "callbacks; default the request's answer, OnRspError for 90"),
                ("passes", "true or false; default false"),
            ],
            "the request is answered by an error and has no effect; with passes it has, too",
        ),
        Self::new(
            "disconnect",
            Level::Session,
            &[("reason", "nReason, such as 4097, 4098, 8193, 8194, 8195; default 4097")],
            "the connection ends, and the library connects again",
        ),
        Self::new(
            "refuse-connect",
            Level::Session,
            &[],
            "who connects gets no OnFrontConnected until it is over",
        ),
        Self::new(
            "silence",
            Level::Session,
            &[],
            "the front says nothing, not even a beat: a warning after 61 s, 0x2001 after 121 s; over before that, it says what it kept back",
        ),
        Self::new(
            "half-open",
            Level::Session,
            &[],
            "nothing comes and nothing arrives, and the library does not notice; over, the connection ends with 4097",
        ),
        Self::new(
            "stall",
            Level::Session,
            &[],
            "nothing comes and nothing arrives until it is over; then everything does, in order",
        ),
        Self::new(
            "replay",
            Level::Session,
            &[("times", "how many, 1 to 1000; default 1")],
            "the private stream of the whole day is pushed again to a session that is logged in",
        ),
        Self::new(
            "restart",
            Level::Server,
            &[("clear-flow", "true or false; default false"), ("down", "a duration; default 0")],
            "every connection ends with 4097 and nobody gets one for so long",
        ),
        Self::new(
            "clock-jump",
            Level::Server,
            &[("by!", "a duration such as 1h or -5s")],
            "the exchange's clock jumps; back means that its time stands still for so long",
        ),
        Self::new(
            "disk-full",
            Level::Server,
            &[],
            "the store takes nothing: requests are refused, market data goes on",
        ),
        Self::new(
            "command",
            Level::Server,
            &[
                ("command!", "a command of the exchange, such as \"ready off\""),
                ("undo", "another, when it is over"),
            ],
            "the exchange does what scenarios command",
        ),
        Self::new("poison", Level::Library, &[], "records are overwritten with 0xA5 after each callback"),
        Self::new(
            "abort",
            Level::Library,
            &[],
            "the library calls abort() in its own thread, where CTP_SIM_ALLOW_ABORT=1",
        ),
        Self::new(
            "hang",
            Level::Library,
            &[],
            "the library's thread stands still: no callback comes, calls return",
        ),
        Self::new(
            "late-callbacks",
            Level::Library,
            &[],
            "callbacks go on while Release runs, for 50 ms or so long",
        ),
    ];

    const fn new(
        name: &'static str,
        level: Level,
        keys: &'static [(&'static str, &'static str)],
        meaning: &'static str,
    ) -> Self {
        Self { name, level, keys, meaning }
    }

    /// Returns the kind of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|kind| kind.name == name)
    }

    /// Returns the keys of its own, with whether each must be there.
    pub(crate) fn own_keys(&self) -> impl Iterator<Item = (&'static str, bool)> {
        self.keys.iter().map(|(key, _)| match key.strip_suffix('!') {
            Some(key) => (key, true),
            None => (*key, false),
        })
    }

    /// Returns whether a fault of this kind is done to callbacks or requests, so that it has `what`.
    pub(crate) fn has_what(&self) -> bool {
        matches!(self.level, Level::Delivery | Level::Request)
    }

    /// Returns whether the fault is a state that lasts.
    pub(crate) fn lasts(&self) -> bool {
        self.has_what()
            || matches!(
                self.name,
                "refuse-connect"
                    | "silence"
                    | "half-open"
                    | "stall"
                    | "disk-full"
                    | "command"
                    | "poison"
                    | "hang"
                    | "late-callbacks"
            )
    }
}

impl CommonKey {
    /// Every key that is not one kind's own.
    pub const ALL: &'static [Self] = &[
        Self { name: "do", takes: "a kind", meaning: "what is done" },
        Self {
            name: "what",
            takes: "names, globs and groups of callbacks or requests",
            meaning: "to what: must be there for delivery and request faults",
        },
        Self {
            name: "where",
            takes: "a table of C names and globs",
            meaning: "only to records whose fields are so; of the trigger where there is no what",
        },
        Self {
            name: "who",
            takes: "a table: investor, api, session, version",
            meaning: "to whom; everybody when it is left out",
        },
        Self {
            name: "on",
            takes: "names and globs of callbacks and requests",
            meaning: "in force from each of these on, for the session that it belongs to",
        },
        Self {
            name: "at",
            takes: "a time such as 10:00:05, or a date and time",
            meaning: "in force from then on",
        },
        Self { name: "in", takes: "a duration", meaning: "so long after at, on, or the moment it was added" },
        Self {
            name: "for",
            takes: "a duration",
            meaning: "in force for so long; until it is cleared when it is left out",
        },
        Self { name: "after", takes: "a number", meaning: "the first so many chances are left out" },
        Self {
            name: "every",
            takes: "a number, or a duration where there is neither what nor on; that needs count or for",
            meaning: "one chance of so many, the first of them included; or again and again",
        },
        Self {
            name: "probability",
            takes: "a number from 0 to 1",
            meaning: "how likely it is at each chance",
        },
        Self {
            name: "count",
            takes: "a number",
            meaning: "how often at most; without limit for delivery and request faults, else once",
        },
        Self { name: "note", takes: "a text", meaning: "for people" },
    ];
}
