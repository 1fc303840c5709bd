//! The one way of everything that changes something: completed, admitted, numbered, then sent.

use std::time::Instant;

use ctp_types::{InputOrderField, Record, RecordBox, Text, TraderRequest};

use crate::error::{Denial, Error, Rule, SendRefusal};
use crate::requests::submission::Submission;
use crate::td::classes::Class;
use crate::td::io::ActReply;
use crate::td::new_order::form;
use crate::td::session::TdSession;

/// Some counters read the reference as a signed 32-bit number.
const ORDER_REF_MAX: i64 = i32::MAX as i64;

impl TdSession {
    /// Takes an action of a caller that has a handle for it.
    pub(super) fn handle_act(
        &mut self,
        now: Instant,
        logins: u64,
        request: TraderRequest,
        record: RecordBox,
        reply: ActReply,
    ) {
        match reply {
            ActReply::Order(reply) => self.handle_place(now, logins, request, record, reply),
            ActReply::Instruction(reply) => self.handle_instruction(now, logins, request, record, reply),
        }
    }

    /// Takes an action of a caller who waits as for any other request: the raw and the emitted ones.
    pub(super) fn handle_raw_action(
        &mut self,
        now: Instant,
        logins: u64,
        mut submission: Submission<TraderRequest>,
    ) {
        if submission.asker.is_gone() {
            return;
        }
        let request = submission.request;
        let numbered = self
            .admit(now, logins, request, &mut submission.record)
            .and_then(|()| self.number(request, &mut submission.record));
        match numbered {
            // An order of this kind gets into the book as any other, when the request's number is known.
            Ok(()) => self.requests.submit(now, &mut self.ids, submission),
            Err(error) => self.requests.refuse(submission, error),
        }
    }

    /// Completes a record from what the session knows, and says whether it may leave. Every action comes through here;
    /// what it denies is not sent.
    ///
    /// # Errors
    ///
    /// - [`Error::Denied`]: it breaks a rule.
    /// - [`Error::NotSent`]: the session cannot send, or has logged in anew since the caller looked.
    pub(super) fn admit(
        &mut self,
        now: Instant,
        logins: u64,
        request: TraderRequest,
        record: &mut RecordBox,
    ) -> Result<(), Error> {
        let judged = self.judge(now, logins, request, record);
        judged.inspect_err(|error| self.note_denial(error))
    }

    /// Notes what is denied, for the counts.
    pub(super) fn note_denial(&mut self, error: &Error) {
        if let Error::Denied(denial) = error {
            self.denials.push(denial.rule);
        }
    }

    fn judge(
        &mut self,
        now: Instant,
        logins: u64,
        request: TraderRequest,
        record: &mut RecordBox,
    ) -> Result<(), Error> {
        if let Some(order) = record.get_mut::<InputOrderField>() {
            self.judge_order(logins, request, order)?;
            return self.count_action(now, request, record);
        }
        if Class::of(request) == Class::New {
            self.risk.check_switch()?;
        }
        if request == TraderRequest::ReqOrderInsert {
            return Err(other_record(request, record, &InputOrderField::DESCRIPTOR.name).into());
        }
        self.complete_other(request, record)?;
        self.check_other(request, record)?;
        self.check_login(request, logins)?;
        self.count_action(now, request, record)
    }

    /// Judges an order by everything but the pace, and completes it.
    pub(super) fn judge_order(
        &mut self,
        logins: u64,
        request: TraderRequest,
        order: &mut InputOrderField,
    ) -> Result<(), Error> {
        if Class::of(request) == Class::New {
            self.risk.check_switch()?;
        }
        self.fill_account(order);
        // It names the exchange, by which the order's form is judged. Of what the form leaves open it reads nothing.
        self.check_order(order, &[])?;
        form::complete(order)?;
        self.check_reference(order.order_ref)?;
        self.check_login(request, logins)
    }

    fn fill_account(&self, order: &mut InputOrderField) {
        fn fill<const N: usize>(field: &mut Text<N>, own: Text<N>) {
            if field.is_empty() {
                *field = own;
            }
        }
        fill(&mut order.broker_id, self.account.broker_id);
        fill(&mut order.investor_id, self.account.investor_id);
        // Without it OnErrRtnOrderInsert is not delivered.
        fill(&mut order.user_id, self.account.user_id);
    }

    /// An action belongs to the login that its caller saw; after a reconnect the caller decides anew.
    pub(super) fn check_login(&self, request: TraderRequest, logins: u64) -> Result<(), Error> {
        let reason = if !self.is_usable() {
            SendRefusal::NotReady(self.state.clone())
        } else if logins != self.logins {
            SendRefusal::SessionChanged
        } else {
            // What is new waits until what happened before is known; what takes something back does not.
            return match Class::of(request) {
                Class::New => Ok(self.assurance.gate.check()?),
                Class::Transfer => Ok(self.assurance.gate.check_transfer()?),
                _ => Ok(()),
            };
        };
        Err(Error::NotSent { request: request.name(), reason })
    }

    /// Gives an order its reference. A caller's own must lie above all others, or it would be refused.
    pub(super) fn number(&mut self, request: TraderRequest, record: &mut RecordBox) -> Result<(), Error> {
        if request != TraderRequest::ReqOrderInsert {
            return self.number_instruction(request, record);
        }
        let Some(order) = record.get_mut::<InputOrderField>() else {
            return Err(other_record(request, record, &InputOrderField::DESCRIPTOR.name).into());
        };
        order.order_ref = self.reference(order.order_ref)?;
        Ok(())
    }

    /// Returns the reference of something that is new: the caller's own, which must lie above all others or would be
    /// refused, or the next one.
    pub(super) fn reference(&mut self, given: Text<13>) -> Result<Text<13>, Error> {
        self.check_reference(given)?;
        Ok(self.take_reference(given))
    }

    /// Gives a reference that was checked.
    pub(super) fn take_reference(&mut self, given: Text<13>) -> Text<13> {
        if given.is_empty() {
            self.last_order_ref += 1;
            // It is no greater than the greatest: that was checked.
            return decimal(u32::try_from(self.last_order_ref).unwrap_or(u32::MAX));
        }
        // It is a number above the last: see there.
        self.last_order_ref = given.to_str().trim().parse().unwrap_or(self.last_order_ref);
        given
    }

    /// Checks that a reference can be given, without giving it: what is denied must not have been counted.
    fn check_reference(&self, given: Text<13>) -> Result<(), Denial> {
        if given.is_empty() {
            if self.last_order_ref < ORDER_REF_MAX {
                return Ok(());
            }
            let fix = "the counter takes no higher number; wait for the next trading day";
            let value = format!("order reference {}", self.last_order_ref);
            return Err(Denial::new(Rule::OrderRef, value, fix));
        }
        match given.to_str().trim().parse::<i64>() {
            Ok(number) if number > self.last_order_ref && number <= ORDER_REF_MAX => Ok(()),
            _ => {
                let fix = format!("leave it empty, or give a number above {}", self.last_order_ref);
                Err(Denial::new(Rule::OrderRef, format!("order reference `{given}`"), fix))
            }
        }
    }
}

pub(super) fn other_record(request: TraderRequest, record: &RecordBox, expected: &str) -> Denial {
    let value = format!("{} with {}", request.name(), record.descriptor().name);
    Denial::new(Rule::Record, value, format!("it takes {expected}"))
}

/// Returns a number of at most 10 digits as text, without an allocation.
fn decimal(number: u32) -> Text<13> {
    let (mut digits, mut rest) = ([0; 10], number);
    for digit in digits.iter_mut().take(number.checked_ilog10().unwrap_or(0) as usize + 1).rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    Text::from_raw(&digits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_plain_numbers() {
        for number in [0, 1, 9, 10, 99, 100, 1_234_567, ORDER_REF_MAX as u32, u32::MAX] {
            assert_eq!(decimal(number).to_str(), number.to_string());
        }
    }
}
