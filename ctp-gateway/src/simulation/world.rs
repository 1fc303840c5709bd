//! The world of a run: the exchange, the wire, the two sessions, their user, and the judge of it all.
//!
//! One thread, virtual time: the next thing is always the earliest of what is planned, what the exchange has due and
//! what the sessions have due.

mod mishaps;
mod sessions;
mod trading;
mod wire;

use ctp_sim::{Exchange, Input, Output};

use self::sessions::Sessions;
use self::trading::Traders;
use super::agenda::Agenda;
use super::chance::Chance;
use super::clock::{At, Clock};
use super::judge::Judge;
use super::library::{Library, Side};
use super::listing::Listing;
use super::log::Log;
use super::plan::{Mishap, Plan};
use super::tally::Tally;
use super::user::{User, Wish};
use crate::error::SendRefusal;

/// What is going to happen.
#[derive(Debug)]
enum Event {
    /// A library tries to connect.
    Connect {
        side: Side,
        object: u64,
    },
    /// A request arrives at the front.
    Up {
        side: Side,
        connection: u32,
        input: Box<Input>,
    },
    /// A message arrives at the library.
    Down {
        side: Side,
        connection: u32,
        delivery: Box<ctp_sim::Delivery>,
    },
    /// The library notices that the link broke.
    LinkLost {
        side: Side,
        connection: u32,
        reason: i32,
    },
    /// The exchange notices that the link broke.
    ExchangeNotices {
        side: Side,
        connection: u32,
    },
    /// The session's task reads a callback.
    Report {
        side: Side,
        delivery: Box<ctp_sim::Delivery>,
    },
    /// The thread that logs in calls the library.
    LogIn {
        object: u64,
        record: ctp_types::RecordBox,
        request_id: i32,
    },
    /// The session's task reads the library's word about a request.
    Sent {
        request_id: i32,
        result: Result<(), SendRefusal>,
    },
    /// An API object was released, and a fresh one is made.
    Released {
        side: Side,
    },
    /// The session's task hears of the fresh API object.
    Renewed {
        side: Side,
    },
    /// The session's task wakes for a deadline.
    Wake {
        side: Side,
    },
    /// The user acts.
    Act,
    /// Something goes wrong.
    Mishap,
    /// Something that went wrong is right again.
    Command(Box<ctp_sim::Command>),
    /// The trader acts.
    Trade,
    /// Somebody at the exchange trades with the account.
    Market,
    /// A stranger connects, asks for something that the exchange brought it to, or acts.
    StrangerConnects(usize),
    StrangerAsks(Box<Input>),
    StrangerActs(usize),
    /// The kill switch is turned off.
    Release,
}

impl Event {
    /// Returns whether it is something that ends with the process of a session.
    fn is_of_process(&self, of: Side) -> bool {
        match self {
            Self::Connect { side, .. }
            | Self::Up { side, .. }
            | Self::Down { side, .. }
            | Self::LinkLost { side, .. }
            | Self::ExchangeNotices { side, .. }
            | Self::Report { side, .. }
            | Self::Released { side }
            | Self::Renewed { side }
            | Self::Wake { side } => *side == of,
            Self::LogIn { .. } | Self::Sent { .. } => of == Side::Td,
            _ => false,
        }
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Users and faults act.
    Active,
    /// Nothing goes wrong any more; everything has to come right.
    Quiet,
}

/// A run ends with an error after so many events: something runs in circles.
const EVENTS_MAX: u32 = 400_000;

/// What is left of a run.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) log: Log,
    pub(super) tally: Tally,
    /// What was broken first, if anything was.
    pub(super) verdict: Result<(), String>,
}

pub(super) struct World {
    plan: Plan,
    phase: Phase,
    clock: Clock,
    log: Log,
    agenda: Agenda<Event>,
    exchange: Exchange,
    listing: Listing,
    libraries: [Library; 2],
    sessions: Sessions,
    /// For what the sessions are to be woken, and when their tasks come round to it.
    wakes: [Option<At>; 2],
    user: User,
    judge: Judge,
    tally: Tally,
    wire_chance: Chance,
    task_chance: Chance,
    mishap_chance: Chance,
    market_chance: Chance,
    stranger_chance: Chance,
    timeouts: crate::config::Timeouts,
    /// Who trades, in a run that does.
    traders: Option<Traders>,
    outputs: Vec<Output>,
    events: u32,
}

impl World {
    pub(super) fn new(plan: Plan) -> Self {
        let exchange = Exchange::new(plan.exchange()).expect("an exchange");
        let (md, td) = (sessions::md_config(), sessions::td_config(&plan));
        let seed = plan.seed;
        let mut world = Self {
            phase: Phase::Active,
            clock: Clock::new(),
            log: Log::default(),
            agenda: Agenda::default(),
            listing: Listing::of(&exchange),
            exchange,
            libraries: Side::BOTH.map(Library::new),
            sessions: Sessions::new(&plan, &md, &td),
            judge: Judge::new(td.timeouts.query),
            user: User::new(&plan, td.timeouts),
            wakes: [None, None],
            tally: Tally::default(),
            wire_chance: Chance::new(seed, "wire"),
            task_chance: Chance::new(seed, "task"),
            mishap_chance: Chance::new(seed, "mishaps"),
            market_chance: Chance::new(seed, "market"),
            stranger_chance: Chance::new(seed, "strangers"),
            timeouts: td.timeouts,
            traders: None,
            outputs: Vec::new(),
            events: 0,
            plan,
        };
        world.log.line(At::default(), format_args!("{:?}", world.plan));
        for side in Side::BOTH {
            world.plan_connect(side, std::time::Duration::ZERO);
        }
        world.agenda.add(At::default(), Event::Act);
        world.plan_mishap();
        world.begin_trading();
        world
    }

    /// Runs to the end.
    pub(super) fn run(mut self) -> Ran {
        self.run_until(At::default().after(self.plan.active));
        self.calm_down();
        let active_end = self.clock.now();
        let mut limit = active_end;
        // It comes right within the time of the slowest retry, or never.
        while !self.has_settled() && limit.since(active_end) < Plan::quiet_max() {
            limit = limit.after(std::time::Duration::from_secs(5));
            self.run_until(limit);
            self.compare_books();
            if self.judge.broken().is_some() {
                break;
            }
        }
        self.judge_quiet();
        self.end_sessions();
        let verdict = match self.judge.broken() {
            Some(what) => Err(what.to_owned()),
            None => Ok(()),
        };
        Ran { log: self.log, tally: self.tally, verdict }
    }

    /// Lets everything happen that is due by then.
    fn run_until(&mut self, limit: At) {
        while self.judge.broken().is_none() {
            self.plan_wakes();
            let exchange = self.exchange.next_deadline().map(Clock::of_exchange);
            let Some(next) = [self.agenda.next(), exchange].into_iter().flatten().min() else { break };
            if next > limit {
                break;
            }
            self.clock.advance(next);
            self.events += 1;
            if self.events > EVENTS_MAX {
                self.judge.find(next, Err(format!("{EVENTS_MAX} events and no end")));
            }
            match self.agenda.take_due(next) {
                Some(event) => self.happen(event),
                None => self.step_exchange(Input::Advance),
            }
            self.judge.find(self.clock.now(), self.judge.requests.check(self.clock.now()));
        }
        self.clock.advance(limit);
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Connect { side, object } => self.connect(side, object),
            Event::Up { side, connection, input } => self.arrive_up(side, connection, *input),
            Event::Down { side, connection, delivery } => self.arrive_down(side, connection, *delivery),
            Event::LinkLost { side, connection, reason } => self.lose_link(side, connection, reason),
            Event::ExchangeNotices { side, connection } => self.exchange_notices(side, connection),
            Event::Report { side, delivery } => self.report(side, *delivery),
            Event::LogIn { object, record, request_id } => self.log_in(object, record, request_id),
            Event::Sent { request_id, result } => self.sent(request_id, result),
            Event::Released { side } => self.released(side),
            Event::Renewed { side } => self.renewed(side),
            Event::Wake { side } => self.wake(side),
            Event::Act => self.act(),
            Event::Mishap => self.mishap(),
            Event::Command(command) => self.command(*command),
            Event::Trade => self.trade(),
            Event::Market => self.market(),
            Event::StrangerConnects(place) => self.stranger_connects(place),
            Event::StrangerAsks(input) => self.step_exchange(*input),
            Event::StrangerActs(place) => self.stranger_acts(place),
            Event::Release => self.release(),
        }
    }

    fn step_exchange(&mut self, input: Input) {
        let mut outputs = std::mem::take(&mut self.outputs);
        self.exchange.step(self.clock.exchange_time(), input, &mut outputs);
        for output in outputs.drain(..) {
            self.send_down(output);
        }
        self.outputs = outputs;
    }

    fn library(&mut self, side: Side) -> &mut Library {
        &mut self.libraries[side as usize]
    }

    /// Stops all faults: the exchange works, the wire loses nothing, the user waits.
    fn calm_down(&mut self) {
        self.phase = Phase::Quiet;
        self.plan.rates = super::plan::Rates::default();
        self.plan.mishaps.clear();
        self.agenda.retain(|event| {
            let acts = matches!(event, Event::Mishap | Event::Act | Event::Trade | Event::Market);
            !acts && !matches!(event, Event::StrangerActs(_) | Event::Release)
        });
        self.repair();
        self.stop_trading();
        self.log.line(self.clock.now(), format_args!("quiet"));
    }

    /// Returns whether there is nothing left to wait for.
    fn has_settled(&self) -> bool {
        let is_at_rest = |side| {
            let state = self.sessions.state(side);
            state.is_ready() || self.judge.may_be_stopped(side)
        };
        self.judge.requests.open() == 0
            && (self.traders.is_none() || !self.is_under_way())
            && !self.books_want_more()
            && self.have_books_agreed()
            && Side::BOTH.into_iter().all(is_at_rest)
            && Side::BOTH.into_iter().all(|side| !self.is_on_dead_link(side))
            && (!self.sessions.md.state().is_ready()
                || self.user.has_what_it_wants(&self.exchange, &self.listing))
    }

    /// Returns whether a session takes a link for usable on which nothing passes, though it could know: trading could
    /// ask, and market data wants what ticks.
    fn is_on_dead_link(&self, side: Side) -> bool {
        let could_know = side == Side::Td || self.plan.crowd && self.user.wants_listed(&self.listing);
        self.sessions.state(side).is_usable() && self.libraries[side as usize].is_half_open && could_know
    }

    /// Judges how everything came right.
    fn judge_quiet(&mut self) {
        let now = self.clock.now();
        for side in Side::BOTH {
            let state = self.sessions.state(side);
            let finding = match state {
                state if state.is_ready() => Ok(()),
                _ if self.judge.may_be_stopped(side) => Ok(()),
                state => Err(format!("{side} does not come right when all is quiet: {state}")),
            };
            self.judge.find(now, finding);
            if self.is_on_dead_link(side) {
                self.judge.find(now, Err(format!("{side} does not notice that its link is dead")));
            }
        }
        if self.sessions.md.state().is_ready() {
            let finding = self.user.check_subscriptions(&self.exchange, &self.listing);
            self.judge.find(now, finding.and_then(|()| self.judge.gaps.check()));
        }
        self.judge_orders();
        let open = self.judge.requests.open();
        if open > 0 {
            self.judge.find(now, Err(format!("{open} requests have not ended when all is quiet")));
        }
    }

    /// Ends the sessions as a close does: whoever waits is told, and nothing comes after it.
    fn end_sessions(&mut self) {
        if self.judge.broken().is_some() {
            return;
        }
        // A few requests are under way at the end.
        for _ in 0..3 {
            self.user_queries();
        }
        for side in Side::BOTH {
            if !self.is_closed(side) {
                self.close(side);
            }
        }
        let now = self.clock.now();
        let open = self.judge.requests.open();
        if open > 0 {
            self.judge.find(now, Err(format!("{open} requests have not ended with the session")));
        }
        for (side, state) in [(Side::Md, self.sessions.md.state()), (Side::Td, self.sessions.td.state())] {
            if !state.is_over() {
                let finding = Err(format!("{side} is {state} after its end"));
                self.judge.find(now, finding);
            }
        }
        let ended = self.judge.requests.total();
        self.log.line(now, format_args!("end: {ended} requests ended, {} events", self.events));
    }

    /// The user acts, and will again.
    fn act(&mut self) {
        let (now, logins) = (self.clock.now(), self.sessions.td.logins());
        for wish in self.user.next(now, &self.listing, logins, &mut self.judge) {
            if matches!(wish, Wish::GoneAway) {
                self.tally.count("went away");
            }
            self.grant(wish);
        }
        let pause = self.user.pause();
        self.agenda.add(now.after(pause), Event::Act);
    }

    fn user_queries(&mut self) {
        let (now, logins) = (self.clock.now(), self.sessions.td.logins());
        let wish = self.user.query(now, &self.listing, logins, &mut self.judge);
        self.grant(wish);
    }

    /// Gives a wish to its session; one that is over refuses it.
    fn grant(&mut self, wish: Wish) {
        match wish {
            Wish::Md(command) if !self.sessions.md.state().is_over() => {
                self.log.line(self.clock.now(), format_args!("user: {command:.80?}"));
                if let crate::md::io::Command::Unsubscribe(_, ids) = &command {
                    ids.iter().for_each(|id| self.judge.gaps.unsubscribed(id));
                }
                self.step_md(crate::md::io::Input::Command(command));
            }
            Wish::Td(command) if self.sessions.td.state().is_over() => {
                command.refuse(self.sessions.td.state());
                self.poll_user();
            }
            Wish::Td(command) => self.step_td(crate::td::io::Input::Command(command)),
            Wish::Md(_) | Wish::Nothing | Wish::GoneAway => {}
        }
    }

    fn poll_user(&mut self) {
        let now = self.clock.now();
        self.user.poll(now, &self.listing, &mut self.log, &mut self.judge, &mut self.tally);
    }

    fn plan_mishap(&mut self) {
        if self.phase == Phase::Active && !self.plan.mishaps.is_empty() {
            let gap = self.mishap_chance.about(self.plan.mishap_gap);
            self.agenda.add(self.clock.now().after(gap), Event::Mishap);
        }
    }

    fn pick_mishap(&mut self) -> Option<Mishap> {
        let mishaps = std::mem::take(&mut self.plan.mishaps);
        let picked = (!mishaps.is_empty()).then(|| self.mishap_chance.pick(&mishaps));
        self.plan.mishaps = mishaps;
        picked
    }
}
