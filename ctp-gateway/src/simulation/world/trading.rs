//! What happens in a run that trades: the trader and the strangers act, the market moves, the process dies.

use ctp_sim::{Command, EndOrder, FillOrder, Input, Output, RefuseCancels, RefuseOrders};
use ctp_types::{InputOrderField, OrderField};
use tokio::sync::oneshot;

use super::super::clock::At;
use super::super::disk::Disk;
use super::super::judge::money;
use super::super::library::Side;
use super::super::stranger::Stranger;
use super::super::trader::Trader;
use super::super::venue;
use super::{Event, Phase, World};
use crate::config::{Reconcile, Recovery, Resume};
use crate::error::Error;
use crate::journal::Entry;
use crate::td::io::{ActReply, Command as TdCommand, Input as TdInput};
use crate::td::ledger::Comparison;
use crate::td::{GateState, Origin};

/// The pause before a stranger connects again.
const STRANGER_PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

/// Who trades in a run.
pub(super) struct Traders {
    pub(super) trader: Trader,
    pub(super) strangers: Vec<Stranger>,
    /// The process dies after so many outputs of its session.
    pub(super) dies_after: Option<usize>,
    /// The link breaks right after the next order or cancel.
    pub(super) cut_sent: bool,
    /// How often the process died.
    pub(super) deaths: u64,
    /// Whether a push was lost since the session asked for the orders after a login.
    pub(super) has_lost: bool,
    /// The comparison that is under way when all is quiet, and whether one agreed.
    comparison: Option<oneshot::Receiver<Result<Comparison, Error>>>,
    has_agreed: bool,
}

impl World {
    pub(super) fn begin_trading(&mut self) {
        let Some(trading) = self.plan.trading.clone() else { return };
        self.traders = Some(Traders {
            trader: Trader::new(&self.plan, &trading, self.timeouts),
            strangers: (0..trading.strangers)
                .map(|number| Stranger::new(number, self.plan.authenticate))
                .collect(),
            dies_after: None,
            cut_sent: false,
            deaths: 0,
            has_lost: false,
            comparison: None,
            has_agreed: false,
        });
        let start = At::default();
        self.agenda.add(start, Event::Trade);
        self.agenda.add(start, Event::Market);
        for place in 0..trading.strangers {
            self.agenda.add(start, Event::StrangerConnects(place as usize));
            self.agenda.add(start, Event::StrangerActs(place as usize));
        }
    }

    /// The trader acts, and will again.
    pub(super) fn trade(&mut self) {
        let (now, logins) = (self.clock.now(), self.sessions.td.logins());
        let Some(traders) = &mut self.traders else { return };
        let commands = traders.trader.next(now, &self.exchange, logins, &mut self.judge);
        let pause = traders.trader.pause();
        for command in commands {
            if self.sessions.td.state().is_over() {
                command.refuse(self.sessions.td.state());
                self.poll_user();
                continue;
            }
            match command {
                TdCommand::Act { logins, record, reply: ActReply::Order(reply), .. } => {
                    let order: InputOrderField = *record.get().expect("an order");
                    self.place_td(logins, order, reply);
                }
                command => self.step_td(TdInput::Command(command)),
            }
        }
        self.agenda.add(now.after(pause), Event::Trade);
    }

    pub(super) fn poll_trader(&mut self) {
        let now = self.clock.now();
        if let Some(traders) = &mut self.traders {
            traders.trader.poll(now, &mut self.log, &mut self.judge, &mut self.tally);
        }
    }

    /// Somebody at the exchange trades with a resting order of the account, or the exchange ends one.
    pub(super) fn market(&mut self) {
        let Some(trading) = &self.plan.trading else { return };
        let pause = self.market_chance.about(trading.market_gap);
        self.agenda.add(self.clock.now().after(pause), Event::Market);
        let live = venue::live_orders(&self.exchange);
        if live.is_empty() {
            return;
        }
        let record = &live[self.market_chance.below(live.len())];
        let order = record.order_sys_id.to_str().into_owned();
        if self.market_chance.happens(100) {
            self.tally.count("market: order ended");
            return self.command(Command::EndOrder(EndOrder { order }));
        }
        let is_part = record.volume_total > 1 && self.market_chance.happens(500);
        self.tally.count(if is_part { "market: part filled" } else { "market: filled" });
        let fill = FillOrder { order, volume: is_part.then_some(1), price: None };
        self.command(Command::FillOrder(fill));
    }

    /// The exchange refuses the next orders, or cancels.
    pub(super) fn refusals(&mut self) {
        let count = Some(self.mishap_chance.below(4) as u32 + 1);
        let reason = "当前状态禁止此项操作".to_owned();
        let (instrument, exchange) = (None, None);
        let of_orders = self.mishap_chance.happens(600);
        self.command(if of_orders {
            Command::RefuseOrders(RefuseOrders { instrument, exchange, code: Some(26), reason, count })
        } else {
            Command::RefuseCancels(RefuseCancels { instrument, exchange, reason, count })
        });
    }

    pub(super) fn stranger_connects(&mut self, place: usize) {
        if let Some(session) = self.stranger(place).map(|stranger| stranger.session()) {
            let (kind, api_version) = (Side::Td.kind(), (6, 7, 13));
            self.step_exchange(Input::Connect { session, kind, api_version });
        }
    }

    pub(super) fn stranger_acts(&mut self, place: usize) {
        let Some(trading) = &self.plan.trading else { return };
        let pause = self.stranger_chance.about(trading.gap * 3);
        self.agenda.add(self.clock.now().after(pause), Event::StrangerActs(place));
        let Some(traders) = &mut self.traders else { return };
        let input = traders.strangers[place].act(&mut self.stranger_chance, &self.exchange);
        if let Some(input) = input {
            self.tally.count("stranger acts");
            self.step_exchange(input);
        }
    }

    /// Gives a stranger what the exchange says to it. Returns false if it is for nobody of them.
    pub(super) fn tell_stranger(&mut self, output: &Output) -> bool {
        let Some(place) = Stranger::of_session(output.session) else { return false };
        let now = self.clock.now();
        let Some(stranger) = self.stranger(place) else { return true };
        match stranger.hear(&output.delivery) {
            Some(input) => self.agenda.add(now, Event::StrangerAsks(Box::new(input))),
            None if matches!(output.delivery, ctp_sim::Delivery::Close { .. }) => {
                self.agenda.add(now.after(STRANGER_PAUSE), Event::StrangerConnects(place));
            }
            None => {}
        }
        true
    }

    fn stranger(&mut self, place: usize) -> Option<&mut Stranger> {
        self.traders.as_mut()?.strangers.get_mut(place)
    }

    /// The link breaks right after an order or a cancel left, if that is to happen.
    pub(super) fn cut_sent(&mut self, code: i32) {
        let Some(traders) = self.traders.as_mut().filter(|traders| traders.cut_sent && code == 0) else {
            return;
        };
        traders.cut_sent = false;
        self.tally.count("cut after sending");
        let connection = self.library(Side::Td).connection;
        self.lose_link(Side::Td, connection, 0x1001);
    }

    /// Counts down to the death of the process, wherever it is in its work. Returns whether it dies here.
    pub(super) fn dies_here(&mut self) -> bool {
        let Some(dies_after) = self.traders.as_mut().and_then(|traders| traders.dies_after.as_mut()) else {
            return false;
        };
        if *dies_after > 0 {
            *dies_after -= 1;
            return false;
        }
        self.kill();
        true
    }

    /// The process of the trading session dies and another begins: everything is gone but what the journal has.
    pub(super) fn kill(&mut self) {
        let side = Side::Td;
        let Some(traders) = &mut self.traders else { return };
        traders.dies_after = None;
        traders.deaths += 1;
        let deaths = traders.deaths;
        traders.trader.die(&mut self.judge);
        self.user.die(&mut self.judge);
        self.log.line(self.clock.now(), format_args!("td .. the process dies"));
        self.tally.count("killed");
        self.let_arrive();
        let session = self.library(side).session();
        self.step_exchange(Input::Disconnect { session });
        self.agenda.retain(|event| !event.is_of_process(side));
        let received = self.library(side).received;
        self.library(side).replace();
        self.library(side).received = received;
        self.wakes[side as usize] = None;
        self.judge.died(side);
        match self.sessions.restart_td(&self.plan, deaths, &mut self.mishap_chance) {
            Ok((gone, entries)) => self.remember(gone, entries),
            Err(what) => self.judge.find(self.clock.now(), Err(what)),
        }
        let pause = self.mishap_chance.millis(1_050, 5_000);
        self.plan_connect(side, pause);
    }

    /// The new process reads what is left of its journal.
    fn remember(&mut self, gone: usize, entries: Vec<Entry>) {
        let count = entries.len();
        self.log.line(self.clock.now(), format_args!("td .. {count} journal entries, {gone} bytes are gone"));
        self.tally.count(if gone > 0 { "journal cut" } else { "journal whole" });
        self.judge.orders.remembers(&entries);
        self.judge.leaving.remembers(&entries);
        for entry in entries {
            self.step_td(TdInput::Remembered(entry));
        }
    }

    /// Of what was on its way to the front when the process died, the first part arrives.
    fn let_arrive(&mut self) {
        let connection = self.library(Side::Td).connection;
        let inputs = self.agenda.take_all(|event| match event {
            Event::Up { side: Side::Td, connection: other, input } if *other == connection => {
                Some((**input).clone())
            }
            _ => None,
        });
        let arrive = self.mishap_chance.below(inputs.len() + 1);
        for input in inputs.into_iter().take(arrive) {
            self.arrive_up(Side::Td, connection, input);
        }
    }

    /// The kill switch is thrown, for a while.
    pub(super) fn throw_switch(&mut self) {
        if self.sessions.td.state().is_over() {
            return;
        }
        self.tally.count("kill switch");
        self.judge.leaving.switch(true);
        self.step_td(TdInput::Kill { reason: "simulated".to_owned() });
        let lasts = self.mishap_chance.millis(0, 30_000);
        self.agenda.add(self.clock.now().after(lasts), Event::Release);
    }

    /// The kill switch is turned off.
    pub(super) fn release(&mut self) {
        if !self.sessions.td.state().is_over() {
            self.judge.leaving.switch(false);
            self.step_td(TdInput::Release);
        }
    }

    /// The session says whether orders may leave. When they may, the books are right: of what the exchange did, the
    /// session heard all.
    pub(super) fn gate(&mut self, gate: GateState) {
        self.log.line(self.clock.now(), format_args!("td gate {gate}"));
        self.judge.leaving.gate(gate.is_open());
        let (Some(traders), Some(trading)) = (&self.traders, &self.plan.trading) else { return };
        // A stream that begins at a number is silent until the exchange has come there.
        let is_deaf = matches!(trading.resume, Resume::FromSequence(2..));
        let hears_all =
            !is_deaf && !traders.has_lost && !self.library_is_half_open(Side::Td) && !self.is_under_way();
        let is_strict = (trading.recovery, trading.reconcile) == (Recovery::Full, Reconcile::Strict);
        if gate.is_open() && is_strict && hears_all {
            self.tally.count("gate opened and judged");
            let counts_frozen = !self.judge.orders.is_any_unknown();
            let finding = money::compare_positions(self.sessions.td.ledger(), &self.exchange, counts_frozen);
            let finding = finding.map_err(|what| format!("the gate opens, and {what}"));
            self.judge.find(self.clock.now(), finding);
        }
    }

    fn library_is_half_open(&self, side: Side) -> bool {
        self.libraries[side as usize].is_half_open
    }

    /// When all is quiet, the user has the books compared with the counter until they agree.
    pub(super) fn compare_books(&mut self) {
        let is_ready = self.sessions.td.state().is_ready();
        let Some(traders) = self.traders.as_mut().filter(|_| is_ready) else { return };
        let came = traders.comparison.as_mut().map(oneshot::Receiver::try_recv);
        if let Some(Ok(Ok(comparison))) = &came {
            for difference in &comparison.differences {
                self.log.line(self.clock.now(), format_args!("user: {difference}"));
            }
        }
        match came {
            Some(Err(oneshot::error::TryRecvError::Empty)) => {}
            Some(Ok(Ok(comparison))) if comparison.agrees() => {
                traders.comparison = None;
                traders.has_agreed = true;
            }
            _ if traders.has_agreed => {}
            _ => {
                let (reply, comparison) = oneshot::channel();
                traders.comparison = Some(comparison);
                self.step_td(TdInput::Command(TdCommand::Reconcile { reply }));
            }
        }
    }

    /// Returns whether the books agreed with the counter since all is quiet, or nobody can compare them.
    pub(super) fn have_books_agreed(&self) -> bool {
        let is_ready = self.sessions.td.state().is_ready();
        self.traders.as_ref().is_none_or(|traders| traders.has_agreed || !is_ready)
    }

    /// Mends what only runs that trade break.
    pub(super) fn stop_trading(&mut self) {
        if self.plan.trading.as_ref().is_some_and(|trading| trading.ends_killed) {
            self.throw_switch();
            self.agenda.retain(|event| !matches!(event, Event::Release));
        } else if self.judge.leaving.is_killed() {
            self.release();
        }
        if let Some(trading) = &mut self.plan.trading {
            // What happens at the exchange from now on is heard of.
            trading.push_lost = 0;
        }
        if let Some(traders) = &mut self.traders {
            traders.dies_after = None;
            traders.cut_sent = false;
            self.command(Command::RefuseOrders(RefuseOrders {
                instrument: None,
                exchange: None,
                code: None,
                reason: String::new(),
                count: Some(0),
            }));
            self.command(Command::RefuseCancels(RefuseCancels {
                instrument: None,
                exchange: None,
                reason: String::new(),
                count: Some(0),
            }));
        }
    }

    /// Returns whether messages of the trading session are under way.
    pub(super) fn is_under_way(&self) -> bool {
        self.agenda.any(|event| {
            matches!(
                event,
                Event::Up { side: Side::Td, .. }
                    | Event::Down { side: Side::Td, .. }
                    | Event::Report { side: Side::Td, .. }
            )
        })
    }

    /// Returns whether the books lack something that they ask for: rates, rules.
    pub(super) fn books_want_more(&self) -> bool {
        let ledger = self.sessions.td.ledger();
        self.traders.is_some() && ledger.has_baseline() && !ledger.account().unknown.is_empty()
    }

    /// Judges the books, at the prices that the exchange reckons with.
    fn judge_money(&mut self) {
        if !self.sessions.td.ledger().has_baseline() {
            return;
        }
        self.tally.count("books judged");
        for mark in money::marks(&self.exchange) {
            self.step_td(TdInput::Mark(Box::new(mark)));
        }
        let counts_frozen = !self.judge.orders.is_any_unknown();
        let finding = money::compare(self.sessions.td.ledger(), &self.exchange, counts_frozen);
        self.judge.find(self.clock.now(), finding);
    }

    /// Judges that the gate is open when everything came right, and that a kill switch left nothing working.
    fn judge_gate(&mut self) {
        let now = self.clock.now();
        let has_failed = self.sessions.disk.as_ref().is_some_and(Disk::has_failed);
        let may_be_closed = has_failed || self.judge.leaving.is_killed();
        if !may_be_closed && !self.judge.leaving.is_gate_open() {
            let gate = self.sessions.td.gate();
            self.judge.find(now, Err(format!("the gate is {gate} when all is quiet")));
        }
        let live = venue::live_orders(&self.exchange);
        // With the login that the journal lost an order is another program's.
        let has_died = self.traders.as_ref().is_some_and(|traders| traders.deaths > 0);
        let is_lost = |record: &OrderField| {
            let known = self.sessions.td.order_of(record);
            has_died && known.is_some_and(|order| order.origin == Origin::Foreign)
        };
        let is_own = |record: &&OrderField| !record.order_memo.is_empty() && !is_lost(record);
        let own = live.iter().filter(is_own).count();
        if self.judge.leaving.is_killed() && own > 0 {
            self.judge.find(now, Err(format!("{own} orders work although the kill switch is on")));
        }
    }

    /// Judges that what the trading session told is what the exchange has.
    pub(super) fn judge_orders(&mut self) {
        debug_assert_eq!(self.phase, Phase::Quiet);
        if self.traders.is_some() && self.sessions.td.state().is_ready() {
            let finding = self.judge.orders.compare(&self.exchange);
            self.judge.find(self.clock.now(), finding);
            self.judge_gate();
            self.judge_money();
        }
    }
}
