//! The sessions' shells: callbacks and time become inputs, outputs become calls, as the tasks do it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use ctp_sim::Delivery;
use ctp_types::{
    DepthMarketDataField, InputOrderField, MdCallback, RecordBox, RequestKind, RspUserLoginField, Text,
    TraderCallback, TraderRequest,
};

use tokio::sync::oneshot;

use super::super::chance::Chance;
use super::super::disk::Disk;
use super::super::judge::LoginStep;
use super::super::library::Side;
use super::super::plan::{self, Plan};
use super::wire::{name, read_code};
use super::{Event, World};
use crate::config::{MdConfig, TdConfig};
use crate::error::{Error, SendRefusal};
use crate::journal::Entry;
use crate::md::MdEvent;
use crate::md::io as md;
use crate::md::session::MdSession;
use crate::state::SessionState;
use crate::td::TdEvent;
use crate::td::account::AccountTexts;
use crate::td::classes::Class;
use crate::td::driver::pen;
use crate::td::io as td;
use crate::td::io::ActReply;
use crate::td::orders::Placed;
use crate::td::session::TdSession;

/// The two sessions, and what they want to be done still.
pub(super) struct Sessions {
    pub(super) md: MdSession,
    pub(super) td: TdSession,
    /// The last ticks that the library's thread saw and the session was not told of yet.
    ticked: BTreeMap<md::Id, md::Seen>,
    ticks: u64,
    md_outputs: VecDeque<md::Output>,
    td_outputs: VecDeque<td::Output>,
    /// The journal of a run that trades.
    pub(super) disk: Option<Disk>,
    /// Whether the journal failed and the session was not told of it.
    has_failed: bool,
    /// Whether the trading session wants the whole day of its private stream, whatever is configured.
    pub(super) replays_day: bool,
    /// What the library said to the order that it was given before everything else.
    given: Option<(i32, Result<(), SendRefusal>)>,
    /// `FrontID` and `SessionID` of the login.
    session: (i32, i32),
}

impl Sessions {
    pub(super) fn new(plan: &Plan, md: &MdConfig, td: &TdConfig) -> Self {
        let account = AccountTexts::new(td).expect("a configuration that fits");
        Self {
            md: MdSession::new(md, plan.seed).expect("a configuration that fits"),
            td: TdSession::new(td, account, plan.seed),
            ticked: BTreeMap::new(),
            ticks: 0,
            md_outputs: VecDeque::new(),
            td_outputs: VecDeque::new(),
            disk: plan.trading.is_some().then(Disk::new),
            has_failed: false,
            replays_day: false,
            given: None,
            session: (0, 0),
        }
    }

    /// Another process begins, with what is left of the journal. Its requests have other numbers. Returns how many bytes
    /// of the journal are gone, and what the process remembers.
    ///
    /// # Errors
    ///
    /// What a cut journal may not look like.
    pub(super) fn restart_td(
        &mut self,
        plan: &Plan,
        deaths: u64,
        chance: &mut Chance,
    ) -> Result<(usize, Vec<Entry>), String> {
        let config = td_config(plan);
        let account = AccountTexts::new(&config).expect("a configuration that fits");
        self.td = TdSession::new(&config, account, plan.seed.wrapping_add(deaths << 32));
        self.td_outputs.clear();
        (self.has_failed, self.replays_day, self.given) = (false, false, None);
        let Some(disk) = &mut self.disk else { return Ok((0, Vec::new())) };
        let gone = disk.cut(chance);
        Ok((gone, disk.open()?))
    }

    /// The library's thread writes a tick into the ring.
    pub(super) fn tick(&mut self, record: &DepthMarketDataField, received_ns: i64) {
        self.ticks += 1;
        let seen = md::Seen {
            instrument_id: record.instrument_id,
            sequence: self.ticks,
            received_ns,
            update_time: record.update_time,
            update_millisec: record.update_millisec,
        };
        self.ticked.insert(record.instrument_id, seen);
    }

    pub(super) fn state(&self, side: Side) -> &SessionState {
        match side {
            Side::Md => self.md.state(),
            Side::Td => self.td.state(),
        }
    }
}

pub(super) fn md_config() -> MdConfig {
    let mut config = MdConfig::new(["sim://simulation"]);
    plan::BROKER.clone_into(&mut config.broker_id);
    plan::USER.clone_into(&mut config.user_id);
    config.password = plan::PASSWORD.into();
    config
}

pub(super) fn td_config(plan: &Plan) -> TdConfig {
    let password = if plan.wrong_password { plan::WRONG_PASSWORD } else { plan::PASSWORD };
    let mut config = TdConfig::new(["sim://simulation"], plan::BROKER, plan::USER, password);
    if plan.authenticate {
        "simulation".clone_into(&mut config.app_id);
        config.auth_code = plan::AUTH_CODE.into();
    }
    config.confirm_settlement = plan.confirm;
    config.recovery = crate::config::Recovery::Orders;
    if let Some(trading) = &plan.trading {
        config.private_resume = trading.resume;
        config.recovery = trading.recovery;
        config.reconcile = trading.reconcile;
        config.reconcile_every = trading.reconcile_every;
    }
    config
}

impl World {
    /// Plans the wake of each session whose deadline has changed.
    pub(super) fn plan_wakes(&mut self) {
        for side in Side::BOTH {
            let deadline = match side {
                Side::Md => self.sessions.md.next_deadline(),
                Side::Td => self.sessions.td.next_deadline(),
            };
            let is_over = self.sessions.state(side).is_over();
            let deadline = deadline.map(|deadline| self.clock.of_instant(deadline)).filter(|_| !is_over);
            if self.wakes[side as usize] == deadline {
                continue;
            }
            self.wakes[side as usize] = deadline;
            self.agenda.retain(|event| !matches!(event, Event::Wake { side: other } if *other == side));
            if let Some(deadline) = deadline {
                let lag = self.task_lag();
                self.agenda.add(deadline.max(self.clock.now()).after(lag), Event::Wake { side });
            }
        }
    }

    /// The session's task wakes for its deadline.
    pub(super) fn wake(&mut self, side: Side) {
        self.wakes[side as usize] = None;
        match side {
            Side::Md => {
                self.tell_ticked();
                self.step_md(md::Input::Time);
            }
            Side::Td => self.step_td(td::Input::Time),
        }
        let next = match side {
            Side::Md => self.sessions.md.next_deadline(),
            Side::Td => self.sessions.td.next_deadline(),
        };
        let next = next.map(|next| self.clock.of_instant(next));
        self.judge.woken(self.clock.now(), side, next);
    }

    /// The session's task reads a callback.
    pub(super) fn report(&mut self, side: Side, delivery: Delivery) {
        if self.is_closed(side) {
            return;
        }
        match delivery {
            Delivery::Md { callback, record, rsp_info, number, is_last, .. } => {
                let code = rsp_info.as_ref().map_or(0, |info| info.error_id);
                self.note_report(side, &name_md(callback, number, code));
                self.tally_login(callback == MdCallback::OnRspUserLogin, code);
                match callback {
                    MdCallback::OnRspUserLogin => {
                        self.judge.login_answer(self.clock.now(), side, LoginStep::LogIn, code);
                    }
                    MdCallback::OnFrontDisconnected => {
                        self.judge.link_lost(side);
                        self.tell_ticked();
                        self.judge.gaps.link_lost();
                    }
                    _ => {}
                }
                let received_ns = self.clock.for_session().unix_ns;
                let event = md::SpiEvent { callback, record, rsp_info, number, is_last, received_ns };
                self.step_md(md::Input::Callback(event));
            }
            Delivery::Trader { callback, number, is_last, ref rsp_info, .. } => {
                let code = rsp_info.as_ref().map_or(0, |info| info.error_id);
                if !is_row(callback, is_last) {
                    self.note_report(side, &name(&delivery));
                }
                self.tally_login(callback == TraderCallback::OnRspUserLogin, code);
                self.judge_td_report(callback, number, code, is_last);
                self.note_login(&delivery);
                let Delivery::Trader { record, rsp_info, .. } = delivery else { return };
                let received_ns = self.clock.for_session().unix_ns;
                let event = td::SpiEvent { callback, record, rsp_info, number, is_last, received_ns };
                self.write(pen::heard(&event));
                self.step_td(td::Input::Callback(event));
            }
            Delivery::Burst { .. } | Delivery::Close { .. } => {}
        }
    }

    /// The session's task says which instruments ticked.
    fn tell_ticked(&mut self) {
        let ticked: Vec<md::Seen> = std::mem::take(&mut self.sessions.ticked).into_values().collect();
        for seen in ticked.iter().filter(|seen| self.user.wants(&seen.instrument_id)) {
            self.judge.gaps.ticked(*seen);
        }
        if !ticked.is_empty() {
            self.step_md(md::Input::Ticked(ticked));
        }
    }

    fn judge_td_report(&mut self, callback: TraderCallback, number: i32, code: i32, is_last: bool) {
        let (now, side) = (self.clock.now(), Side::Td);
        match callback {
            TraderCallback::OnRspAuthenticate => {
                self.judge.login_answer(now, side, LoginStep::Authenticate, code);
            }
            TraderCallback::OnRspUserLogin => self.judge.login_answer(now, side, LoginStep::LogIn, code),
            TraderCallback::OnRspSettlementInfoConfirm => {
                self.judge.login_answer(now, side, LoginStep::Confirm, code);
            }
            TraderCallback::OnFrontDisconnected => self.judge.link_lost(side),
            TraderCallback::OnRspError => self.judge.query_over(side, number),
            _ if is_last || code != 0 => self.judge.query_over(side, number),
            _ => {}
        }
    }

    fn note_login(&mut self, delivery: &Delivery) {
        if let Delivery::Trader { callback: TraderCallback::OnRspUserLogin, record: Some(record), .. } =
            delivery
            && let Some(login) = record.get::<RspUserLoginField>()
        {
            self.sessions.session = (login.front_id, login.session_id);
            self.judge.orders.logged_in(login);
        }
    }

    fn tally_login(&mut self, is_login: bool, code: i32) {
        if is_login {
            self.tally.count(if code == 0 { "login" } else { "login refused" });
        }
    }

    fn tally_md(&mut self, event: &MdEvent) {
        match event {
            MdEvent::Gap(gap) => {
                self.tally.count("md: gap");
                let finding = self.judge.gaps.told(gap);
                self.judge.find(self.clock.now(), finding);
            }
            MdEvent::NotSent(_) => self.tally.count("md: subscription not taken"),
            MdEvent::Unanswered { .. } => self.tally.count("md: subscription unanswered"),
            _ => {}
        }
    }

    fn note_report(&mut self, side: Side, what: &str) {
        self.log.line(self.clock.now(), format_args!("{side} <- {what}"));
    }

    pub(super) fn step_md(&mut self, input: md::Input) {
        let outputs = self.sessions.md.step(self.clock.for_session(), input);
        self.sessions.md_outputs.extend(outputs);
        self.carry_out_md();
        self.close_if_over(Side::Md);
    }

    pub(super) fn step_td(&mut self, input: td::Input) {
        let outputs = self.sessions.td.step(self.clock.for_session(), input);
        self.sessions.td_outputs.extend(outputs);
        self.carry_out_td();
        self.poll_user();
        self.poll_trader();
        self.close_if_over(Side::Td);
    }

    /// Places an order as the driver does: it is judged and numbered, written down and given to the library, and only then
    /// follows the rest of its step. The process may die between any two of these.
    pub(super) fn place_td(
        &mut self,
        logins: u64,
        mut order: InputOrderField,
        reply: oneshot::Sender<Result<Placed, Error>>,
    ) {
        let request = TraderRequest::ReqOrderInsert;
        let now = self.clock.for_session().instant;
        if let Some(request_id) = self.sessions.td.begin_place(now, logins, &mut order) {
            self.tally.count("placed before its step");
            let Some(result) = self.give_td(request, &RecordBox::new(&order), request_id) else { return };
            self.sessions.given = Some((request_id, result));
        }
        let (record, reply) = (RecordBox::new(&order), ActReply::Order(reply));
        self.step_td(td::Input::Command(td::Command::Act { logins, request, record, reply }));
    }

    /// A session that has stopped is closed by its task: the library goes, and whoever waits is told.
    fn close_if_over(&mut self, side: Side) {
        if self.sessions.state(side).is_over() && !self.is_closed(side) {
            self.close(side);
        }
    }

    /// Closes a session: the library is released, then the session says its last things.
    pub(super) fn close(&mut self, side: Side) {
        self.log.line(self.clock.now(), format_args!("{side} is closed"));
        let library = self.library(side);
        library.is_closed = true;
        library.is_linked = false;
        library.is_connected = false;
        let session = library.session();
        self.step_exchange(ctp_sim::Input::Disconnect { session });
        match side {
            Side::Md => self.step_md(md::Input::Finish),
            Side::Td => self.step_td(td::Input::Finish),
        }
        self.judge.closed(side);
    }

    fn carry_out_md(&mut self) {
        let side = Side::Md;
        while let Some(output) = self.sessions.md_outputs.pop_front() {
            let now = self.clock.now();
            self.judge.shown(now, side, &output);
            let (request_id, code) = match output {
                md::Output::Send { record, request_id, .. } => {
                    self.judge.login_step(now, side, LoginStep::LogIn);
                    (request_id, self.ask_md(record, request_id))
                }
                md::Output::Subscribe { feed, ids, request_id } => {
                    self.judge.request(now, side, feed.subscribe_name());
                    (request_id, self.ask_subscribe(feed, ids))
                }
                md::Output::Unsubscribe { feed, ids, request_id } => {
                    self.judge.request(now, side, feed.unsubscribe_name());
                    (request_id, self.ask_unsubscribe(feed, ids))
                }
                md::Output::Renew => {
                    self.renew(side);
                    continue;
                }
                md::Output::State(state) => {
                    self.publish_state(side, &state);
                    continue;
                }
                md::Output::Ended(_) => continue,
                md::Output::Event(event) => {
                    self.log.line(now, format_args!("md event {event:?}"));
                    self.tally_md(&event);
                    continue;
                }
            };
            if !self.is_closed(side) {
                let input = md::Input::Sent { request_id, result: read_code(code) };
                let outputs = self.sessions.md.step(self.clock.for_session(), input);
                self.sessions.md_outputs.extend(outputs);
            }
        }
    }

    fn carry_out_td(&mut self) {
        let side = Side::Td;
        if self.sessions.given.is_none() {
            self.tell_failure();
        }
        while let Some(output) = self.sessions.td_outputs.pop_front() {
            if self.dies_here() {
                return;
            }
            let now = self.clock.now();
            self.judge.shown(now, side, &output);
            match output {
                td::Output::Send { request: TraderRequest::ReqUserLogin, record, request_id } => {
                    self.judge.login_step(now, side, LoginStep::LogIn);
                    // A thread of its own logs in: the library collects terminal information meanwhile.
                    let object = self.library(side).object;
                    let pause = self.task_chance.millis(0, 300);
                    self.agenda.add(now.after(pause), Event::LogIn { object, record, request_id });
                }
                td::Output::Send { request, record, request_id } => {
                    self.send_td(request, &record, request_id)
                }
                td::Output::Renew { replays_day } => {
                    self.sessions.replays_day = replays_day;
                    self.renew(side);
                }
                td::Output::State(state) => self.publish_state(side, &state),
                td::Output::Event(event) => self.td_event(&event),
                td::Output::Gate(gate) => self.gate(gate),
                td::Output::Ended(_) => {}
                td::Output::Journal(entry) => {
                    self.write(Some(entry));
                    self.tell_failure();
                }
                td::Output::ReadFrontInfo => {
                    let session = self.library(side).session();
                    let (query_frequency, package_frequency) = self.exchange.front_limits(session);
                    self.judge.query_frequency(side, query_frequency);
                    let address = Text::new("sim://simulation").unwrap_or_default();
                    self.resume_td(td::Input::FrontInfo { address, query_frequency, package_frequency });
                }
            }
        }
    }

    /// Gives the library a request, unless it has it, and tells the session what the library said.
    fn send_td(&mut self, request: TraderRequest, record: &RecordBox, request_id: i32) {
        let given = self.sessions.given.take_if(|(given, _)| *given == request_id);
        let result = match given {
            Some((_, result)) => Some(result),
            None => self.give_td(request, record, request_id),
        };
        if let Some(result) = result {
            self.resume_td(td::Input::Sent { request_id, result });
            self.tell_failure();
        }
    }

    /// Writes a request into the journal, gives it to the library, and returns what the library said; `None` if the process
    /// dies meanwhile.
    fn give_td(
        &mut self,
        request: TraderRequest,
        record: &RecordBox,
        request_id: i32,
    ) -> Option<Result<(), SendRefusal>> {
        let (now, side) = (self.clock.now(), Side::Td);
        match request {
            TraderRequest::ReqAuthenticate => self.judge.login_step(now, side, LoginStep::Authenticate),
            TraderRequest::ReqSettlementInfoConfirm => {
                self.judge.login_step(now, side, LoginStep::Confirm);
            }
            _ => self.judge.request(now, side, request.name()),
        }
        let at_ns = self.clock.for_session().unix_ns;
        let action = pen::action(at_ns, request, record.as_ref(), request_id, self.sessions.session);
        if !self.write(action.map(Entry::from)) && Class::of(request) != Class::Cancel {
            self.tally.count("not journaled");
            return Some(Err(SendRefusal::NotJournaled("the disk is full".to_owned())));
        }
        if self.dies_here() {
            self.tally_death(request, "died before the library had an order");
            return None;
        }
        let order = record.get::<InputOrderField>().filter(|_| self.traders.is_some()).copied();
        let code = self.ask_td(request, record.clone(), request_id);
        if matches!(Class::of(request), Class::New | Class::Cancel) {
            let finding = self.judge.leaving.left(now, Class::of(request));
            self.judge.find(now, finding);
        }
        // A recovery does not end before it is answered; any other look may.
        if request == TraderRequest::ReqQryOrder
            && !self.sessions.td.state().is_ready()
            && let Some(traders) = &mut self.traders
        {
            traders.has_lost = false;
        }
        if request.kind() == RequestKind::Query {
            self.judge.query(now, side, request_id, code);
        } else if !is_login_step(request) {
            // The kill switch cancels by itself.
            if self.judge.leaving.is_killed() && Class::of(request) == Class::Cancel {
                self.judge.effects.wished(request.name());
            }
            let finding = self.judge.effects.left(request.name(), request_id, code);
            self.judge.find(now, finding);
            match order {
                Some(order) => {
                    let finding = self.judge.orders.left(&order, code);
                    self.judge.find(now, finding);
                }
                None if self.traders.is_none() => self.user.sent(request_id),
                None => {}
            }
            self.cut_sent(code);
            if self.dies_here() {
                self.tally_death(request, "died when the library had an order");
                return None;
            }
        }
        let result = read_code(code);
        self.write(pen::answer(at_ns, request, request_id, &result));
        Some(result)
    }

    fn tally_death(&mut self, request: TraderRequest, what: &'static str) {
        if request == TraderRequest::ReqOrderInsert {
            self.tally.count(what);
        }
    }

    /// Writes into the journal. Returns whether it is written.
    fn write(&mut self, entry: Option<Entry>) -> bool {
        let (Some(disk), Some(entry)) = (&mut self.sessions.disk, entry) else { return true };
        let was_full = disk.has_failed();
        let is_written = disk.append(&entry);
        self.sessions.has_failed |= !is_written && !was_full;
        is_written
    }

    /// Tells the session once that the journal cannot be written any more, when the driver does.
    fn tell_failure(&mut self) {
        if std::mem::take(&mut self.sessions.has_failed) {
            self.resume_td(td::Input::JournalFailed { reason: "the disk is full".to_owned() });
        }
    }

    /// Gives the session what the shell learnt while it carried out its outputs.
    fn resume_td(&mut self, input: td::Input) {
        if !self.is_closed(Side::Td) {
            let outputs = self.sessions.td.step(self.clock.for_session(), input);
            self.sessions.td_outputs.extend(outputs);
        }
    }

    /// The thread that logs in calls the library; its word comes back a little later.
    pub(super) fn log_in(&mut self, object: u64, record: RecordBox, request_id: i32) {
        let is_there = self.library(Side::Td).object == object;
        let code = if is_there { self.ask_td(TraderRequest::ReqUserLogin, record, request_id) } else { -1 };
        let pause = self.task_chance.millis(0, 20);
        let event = Event::Sent { request_id, result: read_code(code) };
        self.agenda.add(self.clock.now().after(pause), event);
    }

    /// The trading session's task reads the library's word about a login.
    pub(super) fn sent(&mut self, request_id: i32, result: Result<(), SendRefusal>) {
        if !self.is_closed(Side::Td) {
            self.step_td(td::Input::Sent { request_id, result });
        }
    }

    /// The session wants a fresh API object: the old one is released by a thread that may wait.
    fn renew(&mut self, side: Side) {
        let pause = self.task_chance.millis(0, 500);
        self.tally.count("fresh object");
        self.judge.link_lost(side);
        if side == Side::Md {
            self.judge.gaps.link_lost();
        }
        self.agenda.add(self.clock.now().after(pause), Event::Released { side });
    }

    /// The old object is gone, and the fresh one connects: its first word may come before the task hears of it.
    pub(super) fn released(&mut self, side: Side) {
        if self.is_closed(side) {
            return;
        }
        let library = self.library(side);
        let session = library.session();
        library.replace();
        let object = library.object;
        self.log.line(self.clock.now(), format_args!("{side} .. object {object} is made"));
        self.step_exchange(ctp_sim::Input::Disconnect { session });
        self.plan_connect(side, Duration::ZERO);
        let pause = self.task_chance.millis(0, 60);
        self.agenda.add(self.clock.now().after(pause), Event::Renewed { side });
    }

    /// The session's task hears of the fresh object.
    pub(super) fn renewed(&mut self, side: Side) {
        if self.is_closed(side) {
            return;
        }
        self.log.line(self.clock.now(), format_args!("{side} hears of its fresh object"));
        match side {
            Side::Md => self.step_md(md::Input::Renewed { result: Ok(()) }),
            Side::Td => self.step_td(td::Input::Renewed { result: Ok(()) }),
        }
    }

    fn publish_state(&mut self, side: Side, state: &SessionState) {
        let now = self.clock.now();
        self.log.line(now, format_args!("{side} is {state}"));
        self.judge.state(now, side, state);
    }

    fn td_event(&mut self, event: &TdEvent) {
        let now = self.clock.now();
        if self.traders.is_some() {
            let finding = self.judge.orders.event(event, &self.exchange);
            self.judge.find(now, finding);
        }
        match event {
            TdEvent::Order(order) => {
                self.log.line(now, format_args!("td event order {} {:?}", order.id.0, order.phase));
            }
            TdEvent::Trade { trade, .. } => {
                self.log.line(now, format_args!("td event trade {}", trade.trade_id));
            }
            TdEvent::Unknown { order, .. } => {
                self.log.line(now, format_args!("td event order {} unknown", order.id.0));
                self.tally.count("td: order unknown");
            }
            other => self.log.line(now, format_args!("td event {other:.60?}")),
        }
    }
}

fn is_login_step(request: TraderRequest) -> bool {
    matches!(
        request,
        TraderRequest::ReqAuthenticate
            | TraderRequest::ReqUserLogin
            | TraderRequest::ReqSettlementInfoConfirm
    )
}

/// Returns whether a callback is one of many rows, which would fill the log.
fn is_row(callback: TraderCallback, is_last: bool) -> bool {
    !is_last && callback.name().starts_with("OnRspQry")
        || matches!(callback, TraderCallback::OnRtnInstrumentStatus | TraderCallback::OnRtnPrivateSeqNo)
}

fn name_md(callback: MdCallback, number: i32, code: i32) -> String {
    format!("{} {number} error {code}", callback.name())
}
