//! What is no single order: quotes, declarations, combinations, parked orders, closing a position.

use std::sync::Arc;

use ctp_types::{
    InputBatchOrderActionField, ParkedOrderActionField, ParkedOrderField, QryParkedOrderActionField,
    QryParkedOrderField, RecordBox, RemoveParkedOrderActionField, RemoveParkedOrderField, Text,
    TraderRequest,
};
use tokio::sync::oneshot;

use crate::error::{Denial, Error, UnknownCause};
use crate::requests::Sent;
use crate::td::instructions::{Combination, Exercise, InstructionHandle, InstructionId, Quote, SelfClose};
use crate::td::io::{ActReply, Command};
use crate::td::parked::{Parked, ParkedCancel, action_of, parked_of};
use crate::td::{Instruction, NewOrder, Order, OrderHandle, TdClient};

impl TdClient {
    /// Sends a market maker's quote (报价): its ask and bid are two orders, which the handle brings too.
    ///
    /// # Errors
    ///
    /// - [`Error::Denied`]: it breaks a rule; nothing was sent.
    /// - [`Error::NotSent`]: the session is not ready, or the library did not take it.
    ///
    /// A refusal by counter or exchange comes later: see [`InstructionHandle::accepted`].
    ///
    /// # Cancel safety
    ///
    /// Not polled, the future sends nothing; it is ready when it is polled for the first time.
    pub async fn quote(&self, quote: Quote) -> Result<InstructionHandle, Error> {
        self.instruct(TraderRequest::ReqQuoteInsert, quote.record())
    }

    /// Declares the exercise of an option, or gives it up (行权, 放弃行权).
    ///
    /// # Errors
    ///
    /// As [`quote`](Self::quote).
    ///
    /// # Cancel safety
    ///
    /// As [`quote`](Self::quote).
    pub async fn exercise(&self, exercise: Exercise) -> Result<InstructionHandle, Error> {
        self.instruct(TraderRequest::ReqExecOrderInsert, exercise.record())
    }

    /// Sets positions of options, or the futures they turn into, off against each other (期权自对冲).
    ///
    /// # Errors
    ///
    /// As [`quote`](Self::quote).
    ///
    /// # Cancel safety
    ///
    /// As [`quote`](Self::quote).
    pub async fn self_close(&self, wish: SelfClose) -> Result<InstructionHandle, Error> {
        self.instruct(TraderRequest::ReqOptionSelfCloseInsert, wish.record())
    }

    /// Makes two positions one combination, or splits one (组合申请).
    ///
    /// # Errors
    ///
    /// As [`quote`](Self::quote).
    ///
    /// # Cancel safety
    ///
    /// As [`quote`](Self::quote).
    pub async fn combine(&self, wish: Combination) -> Result<InstructionHandle, Error> {
        self.instruct(TraderRequest::ReqCombActionInsert, wish.record())
    }

    /// Withdraws an instruction of the account, own or foreign, and waits until it is over. Another withdrawal of the
    /// same instruction joins the first.
    ///
    /// # Errors
    ///
    /// - [`Error::Denied`]: it is over already, not known, or a combination, which is undone by another instruction.
    /// - [`Error::NotSent`]: the session is not ready, or the library did not take the request.
    /// - [`Error::Rejected`]: counter or exchange refused it; the instruction's events tell where it stands.
    /// - [`Error::Unknown`]: no answer came.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not take back a request that was sent.
    pub async fn cancel_instruction(&self, id: InstructionId) -> Result<Arc<Instruction>, Error> {
        let (reply, answer) = oneshot::channel();
        self.ask(Command::CancelInstruction { logins: self.logins(), id, reply }, answer).await
    }

    /// Parks an order in the counter (预埋单): it is sent when the product begins to trade, in an auction or
    /// continuously. What comes of it then is an order of this session, with events and without a handle.
    ///
    /// # Errors
    ///
    /// - [`Error::Denied`]: it breaks a rule, or is conditional, or a combination; nothing was sent.
    /// - [`Error::NotSent`]: the session is not ready, or the library did not take it.
    /// - [`Error::Rejected`]: the counter did not take it.
    /// - [`Error::Unknown`]: no answer came; [`parked_orders`](Self::parked_orders) tells.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not take back a request that was sent.
    pub async fn park(&self, order: NewOrder) -> Result<Parked, Error> {
        let record = RecordBox::new(&parked_of(&order.checked()?)?);
        let answer = self.submit_filled(TraderRequest::ReqParkedOrderInsert, record).await?;
        Ok(Parked::new(self.clone(), self.need(answer.answer::<ParkedOrderField>(), "ReqParkedOrderInsert")?))
    }

    /// Parks the cancel of an order in the counter (预埋撤单): it is sent when the product begins to trade.
    ///
    /// # Errors
    ///
    /// As [`park`](Self::park).
    ///
    /// # Cancel safety
    ///
    /// As [`park`](Self::park).
    pub async fn park_cancel(&self, order: &Order) -> Result<ParkedCancel, Error> {
        let record = RecordBox::new(&action_of(order));
        let answer = self.submit_filled(TraderRequest::ReqParkedOrderAction, record).await?;
        let record = self.need(answer.answer::<ParkedOrderActionField>(), "ReqParkedOrderAction")?;
        Ok(ParkedCancel::new(self.clone(), record))
    }

    /// Asks for the parked orders of the account, also those of other sessions and those that were sent or removed: see
    /// their `status`.
    ///
    /// # Errors
    ///
    /// As [`Requests`](crate::td::Requests).
    pub async fn parked_orders(&self) -> Result<Vec<ParkedOrderField>, Error> {
        self.requests().qry_parked_order(&QryParkedOrderField::default()).await
    }

    /// Asks for the parked cancels of the account.
    ///
    /// # Errors
    ///
    /// As [`Requests`](crate::td::Requests).
    pub async fn parked_cancels(&self) -> Result<Vec<ParkedOrderActionField>, Error> {
        self.requests().qry_parked_order_action(&QryParkedOrderActionField::default()).await
    }

    /// Cancels all orders of this session at an exchange with one request (批量撤单). DCE has it, for market makers; the
    /// others refuse it, and [`cancel`](Self::cancel) remains. The events of the orders tell what became of each.
    ///
    /// # Errors
    ///
    /// - [`Error::Denied`]: the exchange's name does not fit.
    /// - [`Error::NotSent`]: the session cannot be used, or the library did not take it.
    ///
    /// A refusal comes later, on [`Sent::outcome`]; without one that ends as [`Error::Unknown`], because nothing is
    /// called back for the request itself.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future does not take back a request that was sent.
    pub async fn cancel_batch(&self, exchange_id: &str) -> Result<Sent, Error> {
        let fits = Text::new(exchange_id);
        let login = self.session();
        let record = InputBatchOrderActionField {
            exchange_id: fits
                .map_err(|error| crate::td::new_order::does_not_fit("exchange", exchange_id, &error))?,
            front_id: login.0,
            session_id: login.1,
            ..Default::default()
        };
        let request = TraderRequest::ReqBatchOrderAction;
        let reply = self.submit_filled(request, RecordBox::new(&record)).await?;
        reply.sent(request).ok_or_else(|| self.gone())
    }

    pub(in crate::td) async fn remove_parked(&self, parked_order_id: Text<13>) -> Result<(), Error> {
        let record = RecordBox::new(&RemoveParkedOrderField { parked_order_id, ..Default::default() });
        self.submit_filled(TraderRequest::ReqRemoveParkedOrder, record).await.map(drop)
    }

    pub(in crate::td) async fn remove_parked_cancel(&self, id: Text<13>) -> Result<(), Error> {
        let record = RemoveParkedOrderActionField { parked_order_action_id: id, ..Default::default() };
        self.submit_filled(TraderRequest::ReqRemoveParkedOrderAction, RecordBox::new(&record)).await.map(drop)
    }

    async fn submit_filled(
        &self,
        request: TraderRequest,
        mut record: RecordBox,
    ) -> Result<crate::requests::submission::Reply, Error> {
        self.fill(&mut record);
        self.submit(request, record).await
    }

    /// An answer without a record leaves open what the counter made of it.
    fn need<R>(&self, record: Option<R>, request: &'static str) -> Result<R, Error> {
        record.ok_or(Error::Unknown { request, cause: UnknownCause::SessionEnded })
    }

    fn instruct(
        &self,
        request: TraderRequest,
        record: Result<RecordBox, Denial>,
    ) -> Result<InstructionHandle, Error> {
        let record = record?;
        let (reply, mut answer) = oneshot::channel();
        let reply = ActReply::Instruction(reply);
        self.enter(request.name(), Command::Act { logins: self.logins(), request, record, reply })?;
        // The session has answered: it does so in the step in which it hears the library's word.
        let unanswered =
            |_| Err(Error::Unknown { request: request.name(), cause: UnknownCause::SessionEnded });
        let placed = answer.try_recv().unwrap_or_else(unanswered)?;
        let handle = |order| OrderHandle::new(self.clone(), order, self.order_timeout());
        let orders = placed.orders.into_iter().map(handle).collect();
        Ok(InstructionHandle::new(self.clone(), placed.instruction, orders))
    }
}
