//! A new order in the core: checks, holding back, the first record (§5.2, §5.5 G).

use ctp_types::{InputOrderField, OffsetFlag, OrderType, RecordBox, Text, TraderCallback, TraderRequest};

use crate::errors::CoreError;
use crate::exchange::{Exchange, Task};
use crate::interface::SessionId;
use crate::order::check::{Plan, Sender};
use crate::order::intent::Trigger;
use crate::order::state::{Leg, Note, OrderState, Origin, Sent};
use crate::order::{Order, Phase};
use crate::session::FRONT_ID;
use crate::switches::{AssignedRef, RefusedOn};
use crate::text::{aligned, text};

/// The first version that is told how much money is missing.
const MISSING_MONEY_FROM: (u16, u16, u16) = (6, 7, 7);

/// An order that passed every check; what it needs is held back.
#[derive(Debug)]
pub(crate) struct Prepared {
    plan: Plan,
    reference: Reference,
}

/// Where an order's OrderRef comes from.
#[derive(Clone, Copy, Debug)]
enum Reference {
    /// The client's, as a number.
    Client(i64),
    /// From the core, the session's next.
    Session,
    /// From the core, for an order that no session sent.
    Core,
}

impl Exchange {
    /// Accepts an order and sends it to the exchange, or refuses it (§5.5 G).
    pub(crate) fn insert_order(&mut self, id: SessionId, input: &InputOrderField, request_id: i32) {
        let Some(sender) = self.sender_of(id) else { return };
        match self.prepare(Some(id), &sender, input) {
            Ok(prepared) => {
                self.accept_order(Some(id), &sender, input, prepared, None);
            }
            Err(error) => self.refuse_order(id, input, error, request_id),
        }
    }

    /// Accepts orders that belong together and sends them to the exchange: all, or none when one is refused. Returns
    /// their indices. Nothing is answered.
    pub(crate) fn place_orders(
        &mut self,
        id: SessionId,
        inputs: &[InputOrderField],
        kind: OrderType,
    ) -> Result<Vec<usize>, CoreError> {
        let sender = self.sender_of(id).ok_or(CoreError::NotLoginYet)?;
        let mut prepared: Vec<Prepared> = Vec::with_capacity(inputs.len());
        for input in inputs {
            match self.prepare(Some(id), &sender, input) {
                Ok(order) => prepared.push(order),
                Err(error) => {
                    for order in &prepared {
                        self.let_go(&sender.investor, &order.plan);
                    }
                    return Err(error);
                }
            }
        }
        let planned = inputs.iter().zip(prepared);
        let accepted = planned.map(|(input, mut prepared)| {
            if kind != OrderType::NORMAL {
                prepared.plan.kind = kind;
            }
            self.accept_order(Some(id), &sender, input, prepared, None)
        });
        Ok(accepted.collect())
    }

    /// Returns who a session is; `None` before login.
    pub(crate) fn sender_of(&self, id: SessionId) -> Option<Sender> {
        let session = self.sessions.get(&id)?;
        let login = session.login.as_ref()?;
        Some(Sender {
            investor: login.investor,
            front_id: FRONT_ID,
            session_id: login.session_id,
            product_info: session.product_info,
            api_version: session.api_version,
        })
    }

    /// Checks an order and holds back what it needs; refused, it leaves nothing behind.
    pub(crate) fn prepare(
        &mut self,
        id: Option<SessionId>,
        sender: &Sender,
        input: &InputOrderField,
    ) -> Result<Prepared, CoreError> {
        let mut plan = self.check_order(sender, input)?;
        let reference = self.reference_of(id, input)?;
        self.count_request(&sender.investor)?;
        if !matches!(plan.trigger, Trigger::Condition(_)) {
            self.check_position_limit(sender, &plan, input.volume_total_original)?;
            self.hold(sender, input.volume_total_original, &mut plan)?;
            let left = self.check_close_only(sender, &plan);
            let left = left.and_then(|()| self.check_session(sender, &plan));
            if let Err(error) = left {
                self.let_go(&sender.investor, &plan);
                return Err(error);
            }
        }
        Ok(Prepared { plan, reference })
    }

    /// §5.5 G: `OnRspOrderInsert` to the sender, `OnErrRtnOrderInsert` to all sessions, the latter only with UserID.
    fn refuse_order(&mut self, id: SessionId, input: &InputOrderField, error: CoreError, request_id: i32) {
        let is_frequency = error == CoreError::OrderFrequency;
        if is_frequency && self.config.switches.order_frequency == RefusedOn::RspError {
            let info = Some(error.rsp_info());
            self.send(id, TraderCallback::OnRspError, None, info, request_id, true);
            return;
        }
        self.refuse(id, TraderRequest::ReqOrderInsert, &RecordBox::new(input), error, request_id);
        let investor = self.login(id).map(|login| login.investor);
        if let Some(investor) = investor.filter(|_| !input.user_id.is_empty()) {
            self.publish(investor, TraderCallback::OnErrRtnOrderInsert, input, Some(error.rsp_info()));
        }
    }

    /// Reads OrderRef: decimal, rising within the session (22); empty is assigned by the core.
    fn reference_of(&self, id: Option<SessionId>, input: &InputOrderField) -> Result<Reference, CoreError> {
        let Some(id) = id else { return Ok(Reference::Core) };
        let digits = input.order_ref.as_bytes();
        if digits.is_empty() {
            return Ok(Reference::Session);
        }
        let digits = digits.trim_ascii_start();
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Err(CoreError::BadField);
        }
        let mut number = digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
        if self.config.switches.order_ref_32_bit.is_on() && number > i64::from(i32::MAX) {
            number = 0;
        }
        let last = self.login(id).map_or(0, |login| login.max_order_ref);
        if number > last { Ok(Reference::Client(number)) } else { Err(CoreError::DuplicateOrderRef) }
    }

    /// Holds back what every leg needs, if lots and money are there (30, 31, 50, 51).
    fn hold(&mut self, sender: &Sender, volume: i32, plan: &mut Plan) -> Result<(), CoreError> {
        let told = sender.api_version >= MISSING_MONEY_FROM;
        let investor = &sender.investor;
        let Leg { holding, effect, price, .. } = plan.first;
        plan.first.frozen = self.claim(investor, holding, effect, (price, volume), told)?;
        self.freeze(investor, holding, effect, plan.first.frozen);
        if let Some(second) = &mut plan.second {
            match self.claim(investor, second.holding, second.effect, (second.price, volume), told) {
                Ok(frozen) => {
                    second.frozen = frozen;
                    self.freeze(investor, second.holding, second.effect, frozen);
                }
                Err(error) => {
                    self.release(investor, holding, effect, plan.first.frozen);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Gives back what a prepared order held.
    fn let_go(&mut self, investor: &Text<13>, plan: &Plan) {
        for leg in std::iter::once(&plan.first).chain(&plan.second) {
            self.release(investor, leg.holding, leg.effect, leg.frozen);
        }
    }

    /// Takes a prepared order into the list and sends it on; `parent` is the conditional order that it comes from.
    pub(crate) fn accept_order(
        &mut self,
        id: Option<SessionId>,
        sender: &Sender,
        input: &InputOrderField,
        prepared: Prepared,
        parent: Option<usize>,
    ) -> usize {
        let Prepared { plan, reference } = prepared;
        let order_ref = self.give_reference(id, sender, input, reference);
        self.counters.order_local_id += 1;
        let mut sent = Sent::from(input);
        if !self.closes_today(plan.market) {
            sent.offset = plain_close(&sent.offset);
        }
        let stamp = self.stamp();
        let waits_in_core = matches!(plan.trigger, Trigger::Condition(_));
        let index = self.orders.len();
        self.orders.push(Order {
            sent,
            origin: Origin {
                order_ref,
                front_id: sender.front_id,
                session_id: sender.session_id,
                product_info: sender.product_info,
                api_version: sender.api_version,
                number: self.counters.order_local_id,
                local_id: aligned(self.counters.order_local_id),
                client_id: self.desk.participant.client_id(&sender.investor),
                date: stamp.date,
                parent,
            },
            investor: sender.investor,
            market: plan.market,
            side: plan.side,
            first: plan.first,
            second: plan.second.map(Box::new),
            price: plan.price,
            levels: plan.levels,
            lasting: plan.lasting,
            trigger: plan.trigger,
            kind: if waits_in_core { OrderType::CONDITIONAL_ORDER } else { plan.kind },
            barred: None,
            phase: if waits_in_core { Phase::Untouched } else { Phase::Sent },
            cancel_pending: false,
            state: OrderState::new(stamp.time),
        });
        self.desk.refer(sender.session_id, &order_ref, index);
        if waits_in_core {
            self.wait_for_condition(index);
        } else {
            self.show_rows(index);
            self.publish_order(index);
            self.send_order(index);
        }
        index
    }

    /// §6.5: the rows of a position appear with its first order; one that was refused leaves none.
    fn show_rows(&mut self, index: usize) {
        if !self.config.switches.row_at_order.is_on() {
            return;
        }
        let order = &self.orders[index];
        let close_today = self.closes_today(order.market);
        let Some(account) = self.accounts.get_mut(&order.investor) else { return };
        for leg in std::iter::once(&order.first).chain(order.second.as_deref()) {
            account.show_row(leg.holding, close_today, leg.effect);
        }
    }

    /// Sends an order on its way to the exchange.
    fn send_order(&mut self, index: usize) {
        let venue = self.markets[self.orders[index].market].instrument.exchange;
        let waiting = self.desk.set_out(venue);
        if let Err(error) = self.desk.rights.pass(venue, self.now, waiting) {
            // §3.4: it comes back cancelled, with the core's own text.
            let note: Note = self.desk.notes.of(error.rsp_info().error_msg);
            self.orders[index].barred = Some(note);
        }
        self.schedule.add(self.now.after(self.config.exchange_delay), Task::OrderArrives(index));
    }

    fn give_reference(
        &mut self,
        id: Option<SessionId>,
        sender: &Sender,
        input: &InputOrderField,
        reference: Reference,
    ) -> Text<13> {
        let written = self.config.switches.assigned_order_ref;
        let login = id.and_then(|id| self.sessions.get_mut(&id)?.login.as_mut());
        match (reference, login) {
            (Reference::Client(number), Some(login)) => {
                login.max_order_ref = number;
                input.order_ref
            }
            (Reference::Session, Some(login)) => {
                login.max_order_ref += 1;
                assigned(written, login.max_order_ref.unsigned_abs())
            }
            _ => loop {
                let reference = assigned(written, self.desk.next_core_reference());
                // A client's own reference may look the same.
                if self.desk.find_reference(sender.session_id, &reference).is_none() {
                    break reference;
                }
            },
        }
    }
}

fn assigned(written: AssignedRef, number: u64) -> Text<13> {
    match written {
        AssignedRef::Aligned => aligned(number),
        AssignedRef::Plain => text(&number.to_string()),
    }
}

/// §5.3: `'3'` and `'4'` become `'1'` where lots of today and before are not closed apart.
fn plain_close(offsets: &Text<5>) -> Text<5> {
    let letters = offsets.raw().map(|letter| match OffsetFlag::from_char(letter) {
        OffsetFlag::CLOSE_TODAY | OffsetFlag::CLOSE_YESTERDAY => OffsetFlag::CLOSE.as_char(),
        other => other.as_char(),
    });
    Text::from_raw(&letters).unwrap_or_default()
}
