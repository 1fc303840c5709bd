//! Money between the bank and the futures account (银期转账; §7).

use std::collections::BTreeMap;

use ctp_market::Money;
use ctp_types::{
    AccountregisterField, AvailabilityFlag, BankAccType, CustType, FutureAccType, NotifyQueryAccountField,
    OpenOrDestroy, Record, ReqQueryAccountField, ReqTransferField, RspInfoField, RspTransferField, Text,
    TraderCallback, TraderRequest, TransferBankField, TransferSerialField, TransferStatus,
};

use crate::clock;
use crate::errors::CoreError;
use crate::exchange::Exchange;
use crate::instruction::refusal::Refusal;
use crate::instruction::{Arrival, Kind, alike};
use crate::interface::SessionId;
use crate::money::funds::Change;
use crate::text::text;

/// The only bank: number, branch, name.
const BANK: (&str, &str, &str) = ("1", "0000", "模拟银行");
/// What an investor has at the bank at first.
const BANK_BALANCE: Money = Money::from_yuan(100_000_000);
/// `TradeCode` of money in, money out, and of asking the balance.
const MONEY_IN: &str = "202001";
const MONEY_OUT: &str = "202002";
const BALANCE: &str = "204002";
/// `TradeCode` of the same moves when the bank begins them.
const MONEY_IN_BY_BANK: &str = "102001";
const MONEY_OUT_BY_BANK: &str = "102002";

/// The bank's side of the accounts: what was moved, by investor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bank {
    balances: BTreeMap<Text<13>, Money>,
    serial: i32,
}

/// A transfer or a question on its way to the bank.
#[derive(Clone, Debug)]
pub(crate) enum PendingTransfer {
    In(Text<13>, Box<RspTransferField>),
    /// The money has left the futures account already.
    Out(Text<13>, Box<RspTransferField>),
    Balance(Text<13>, Box<NotifyQueryAccountField>),
}

impl Bank {
    fn balance(&mut self, investor: Text<13>) -> &mut Money {
        self.balances.entry(investor).or_insert(BANK_BALANCE)
    }

    /// Takes in what was on its way out when the day ended; nobody is told any more. What was on its way in stays here.
    pub(super) fn receive(&mut self, pending: impl Iterator<Item = PendingTransfer>) {
        for transfer in pending {
            if let PendingTransfer::Out(investor, record) = transfer {
                *self.balance(investor) += money(record.trade_amount).unwrap_or(Money::ZERO);
            }
        }
    }

    fn next_serial(&mut self) -> i32 {
        self.serial = self.serial.wrapping_add(1);
        self.serial
    }
}

/// Returns the number of an investor's account at the bank.
fn bank_account(investor: &Text<13>) -> Text<41> {
    text(&format!("6222{investor}"))
}

/// What a transfer and the question for a balance say of bank and account.
struct Parties<'a> {
    bank: &'a Text<4>,
    bank_account: &'a Text<41>,
    broker: &'a Text<11>,
    account: &'a Text<13>,
    currency: &'a Text<4>,
}

impl Exchange {
    pub(super) fn transfer_in(&mut self, id: SessionId, record: &ReqTransferField, request_id: i32) {
        let request = TraderRequest::ReqFromBankToFutureByFuture;
        match self.check_transfer(id, record) {
            Ok(_) => {
                let made = self.own_transfer(id, record, MONEY_IN);
                let pending = PendingTransfer::In(self.investor_of(id), Box::new(made));
                self.send_to_bank(id, request, record, pending, request_id);
            }
            Err(refusal) => self.refuse_transfer(id, request, record, refusal, request_id),
        }
    }

    /// Money out leaves the account at once, so that it cannot be spent while the bank is asked.
    pub(super) fn transfer_out(&mut self, id: SessionId, record: &ReqTransferField, request_id: i32) {
        let request = TraderRequest::ReqFromFutureToBankByFuture;
        let investor = self.investor_of(id);
        let taken = self.check_transfer(id, record).and_then(|amount| {
            if amount > self.withdrawable(&investor) {
                return Err(CoreError::InsufficientMoney { missing: None }.into());
            }
            Ok(amount)
        });
        match taken {
            Ok(amount) => {
                self.move_money(&investor, Change::Withdraw, amount);
                let made = self.own_transfer(id, record, MONEY_OUT);
                let pending = PendingTransfer::Out(investor, Box::new(made));
                self.send_to_bank(id, request, record, pending, request_id);
            }
            Err(refusal) => self.refuse_transfer(id, request, record, refusal, request_id),
        }
    }

    pub(super) fn ask_bank_balance(&mut self, id: SessionId, record: &ReqQueryAccountField, request_id: i32) {
        let request = TraderRequest::ReqQueryBankAccountMoneyByFuture;
        let parties = Parties {
            bank: &record.bank_id,
            bank_account: &record.bank_account,
            broker: &record.broker_id,
            account: &record.account_id,
            currency: &record.currency_id,
        };
        if let Err(refusal) = self.check_parties(id, &parties) {
            let info = refusal.rsp_info();
            self.answer(id, request, Some((*record).into()), info, request_id);
            let callback = TraderCallback::OnErrRtnQueryBankBalanceByFuture;
            self.publish(self.investor_of(id), callback, record, Some(info));
            return;
        }
        let made = NotifyQueryAccountField {
            trade_code: text(BALANCE),
            bank_account: bank_account(&record.account_id),
            ..self.bank_record(alike(record))
        };
        let pending = PendingTransfer::Balance(self.investor_of(id), Box::new(made));
        if self.config.switches.transfer_answered.is_on() {
            self.answer_done(id, request, record, request_id);
        }
        self.queue_for_bank(pending, Kind::BankBalance);
    }

    /// The bank moves money by the investor's order: `OnRtn…ByBank`. What either side has not stays where it is, and so
    /// does the money of an investor without an account.
    pub(crate) fn transfer_by_bank(&mut self, investor: &str, yuan: f64) {
        let (Ok(investor), Some(amount)) = (Text::new(investor), money(yuan.abs())) else { return };
        if !self.accounts.contains_key(&investor) || amount == Money::ZERO {
            return;
        }
        let is_in = yuan > 0.0;
        let serial = self.instructions.bank.next_serial();
        let balance = self.instructions.bank.balance(investor);
        let has = if is_in { *balance } else { self.withdrawable(&investor) };
        if amount > has {
            return;
        }
        let balance = self.instructions.bank.balance(investor);
        let (change, code, callback) = match is_in {
            true => {
                *balance -= amount;
                (Change::Deposit, MONEY_IN_BY_BANK, TraderCallback::OnRtnFromBankToFutureByBank)
            }
            false => {
                *balance += amount;
                (Change::Withdraw, MONEY_OUT_BY_BANK, TraderCallback::OnRtnFromFutureToBankByBank)
            }
        };
        self.move_money(&investor, change, amount);
        let record = RspTransferField {
            bank_id: text(BANK.0),
            bank_branch_id: text(BANK.1),
            broker_id: text(&self.config.broker),
            account_id: investor,
            trade_amount: amount.to_f64(),
            error_msg: crate::errors::success().error_msg,
            ..self.transfer_record(&RspTransferField::default(), investor, serial, code)
        };
        self.note_transfer(investor, &record);
        self.publish(investor, callback, &record, None);
    }

    /// Keeps a transfer for the query.
    fn note_transfer(&mut self, investor: Text<13>, record: &RspTransferField) {
        let is_valid = record.error_id == 0;
        self.instructions.transfers.push(TransferSerialField {
            investor_id: investor,
            future_acc_type: FutureAccType::BANK_BOOK,
            availability_flag: if is_valid { AvailabilityFlag::VALID } else { AvailabilityFlag::INVALID },
            ..alike(record)
        });
    }

    fn take_pending(&mut self, index: usize) -> Option<PendingTransfer> {
        self.instructions.pending_transfers.get_mut(index)?.take()
    }

    /// The bank's word on a transfer: the business result is in the record itself (§7).
    pub(super) fn transfer_arrives(&mut self, index: usize) {
        let Some(pending) = self.take_pending(index) else { return };
        let short = RspInfoField { error_id: 1023, error_msg: text("银行主机错") };
        let (investor, callback, mut record) = match pending {
            PendingTransfer::In(investor, record) => {
                (investor, TraderCallback::OnRtnFromBankToFutureByFuture, *record)
            }
            PendingTransfer::Out(investor, record) => {
                (investor, TraderCallback::OnRtnFromFutureToBankByFuture, *record)
            }
            PendingTransfer::Balance(..) => return,
        };
        let amount = money(record.trade_amount).unwrap_or(Money::ZERO);
        let is_in = callback == TraderCallback::OnRtnFromBankToFutureByFuture;
        let balance = self.instructions.bank.balance(investor);
        let result = match is_in {
            true if amount > *balance => short,
            true => {
                *balance -= amount;
                self.move_money(&investor, Change::Deposit, amount);
                crate::errors::success()
            }
            false => {
                *balance += amount;
                crate::errors::success()
            }
        };
        record.error_id = result.error_id;
        record.error_msg = result.error_msg;
        self.note_transfer(investor, &record);
        self.publish(investor, callback, &record, None);
    }

    pub(super) fn bank_balance_arrives(&mut self, index: usize) {
        let pending = self.take_pending(index);
        let Some(PendingTransfer::Balance(investor, mut record)) = pending else { return };
        let balance = self.instructions.bank.balance(investor).to_f64();
        record.bank_use_amount = balance;
        record.bank_fetch_amount = balance;
        record.error_msg = crate::errors::success().error_msg;
        self.publish(investor, TraderCallback::OnRtnQueryBankBalanceByFuture, &*record, None);
    }

    /// Returns the record of the only bank, for the queries.
    pub(crate) fn transfer_bank(&self) -> TransferBankField {
        let (bank, branch, name) = BANK;
        TransferBankField {
            bank_id: text(bank),
            bank_brch_id: text(branch),
            bank_name: text(name),
            is_active: 1,
        }
    }

    /// Returns the record that ties an investor to the account at the bank.
    pub(crate) fn account_register(&self, investor: Text<13>) -> AccountregisterField {
        let (bank, branch, _) = BANK;
        AccountregisterField {
            trade_day: self.trading_day(),
            bank_id: text(bank),
            bank_branch_id: text(branch),
            bank_account: bank_account(&investor),
            broker_id: text(&self.config.broker),
            account_id: investor,
            customer_name: text(&format!("模拟投资者{investor}")),
            currency_id: text("CNY"),
            open_or_destroy: OpenOrDestroy::OPEN,
            reg_date: self.trading_day(),
            tid: 1,
            cust_type: CustType::PERSON,
            bank_acc_type: BankAccType::BANK_BOOK,
            long_customer_name: text(&format!("模拟投资者{investor}")),
            ..Default::default()
        }
    }

    /// Returns the money that an investor may take out, as `WithdrawQuota` says.
    fn withdrawable(&self, investor: &Text<13>) -> Money {
        let Some(account) = self.accounts.get(investor) else { return Money::ZERO };
        let without_profit = self.config.switches.quota_without_profit.is_on();
        let held_back = if without_profit { account.gains() } else { Money::ZERO };
        account.value().available - held_back
    }

    fn move_money(&mut self, investor: &Text<13>, change: Change, amount: Money) {
        if let Some(account) = self.accounts.get_mut(investor) {
            account.change_funds(change, amount);
        }
    }

    fn check_transfer(&self, id: SessionId, record: &ReqTransferField) -> Result<Money, Refusal> {
        let parties = Parties {
            bank: &record.bank_id,
            bank_account: &record.bank_account,
            broker: &record.broker_id,
            account: &record.account_id,
            currency: &record.currency_id,
        };
        self.check_parties(id, &parties)?;
        money(record.trade_amount).filter(|amount| *amount > Money::ZERO).ok_or(Refusal::TransferAmount)
    }

    fn check_parties(&self, id: SessionId, parties: &Parties<'_>) -> Result<(), Refusal> {
        if parties.account.is_empty() {
            return Err(Refusal::AccountIdMissing);
        }
        self.check_investor(id, parties.broker, parties.account).map_err(|error| match error {
            CoreError::InvestorNotFound => Refusal::FundAccount,
            other => other.into(),
        })?;
        if *parties.bank != BANK.0 {
            return Err(Refusal::IllegalBank);
        }
        if !parties.bank_account.is_empty() && *parties.bank_account != bank_account(parties.account) {
            return Err(Refusal::NotRegistered);
        }
        if !parties.currency.is_empty() && *parties.currency != "CNY" {
            return Err(Refusal::Currency);
        }
        Ok(())
    }

    fn refuse_transfer(
        &mut self,
        id: SessionId,
        request: TraderRequest,
        record: &ReqTransferField,
        refusal: Refusal,
        request_id: i32,
    ) {
        // §7: on the dialog and to all sessions, whether UserID is set or not.
        let info = refusal.rsp_info();
        let echo: ReqTransferField = alike(record);
        self.answer(id, request, Some(echo.into()), info, request_id);
        if let Some(callback) = request.error_callback() {
            self.publish(self.investor_of(id), callback, &echo, Some(info));
        }
    }

    fn transfer_record(
        &self,
        source: &impl Record,
        account: Text<13>,
        serial: i32,
        code: &str,
    ) -> RspTransferField {
        RspTransferField {
            trade_code: text(code),
            trade_date: clock::date_text(clock::local(self.now).date()),
            trade_time: clock::time_text(self.now),
            trading_day: self.trading_day(),
            bank_serial: text(&format!("{serial:012}")),
            plate_serial: serial,
            future_serial: serial,
            bank_account: bank_account(&account),
            currency_id: text("CNY"),
            transfer_status: TransferStatus::NORMAL,
            ..alike(source)
        }
    }

    /// Returns the record of a client's transfer, with its session.
    fn own_transfer(&mut self, id: SessionId, record: &ReqTransferField, code: &str) -> RspTransferField {
        let serial = self.instructions.bank.next_serial();
        let session_id = self.login(id).map_or(0, |login| login.session_id);
        RspTransferField { session_id, ..self.transfer_record(record, record.account_id, serial, code) }
    }

    fn bank_record(&self, record: NotifyQueryAccountField) -> NotifyQueryAccountField {
        NotifyQueryAccountField {
            trade_date: clock::date_text(clock::local(self.now).date()),
            trade_time: clock::time_text(self.now),
            trading_day: self.trading_day(),
            currency_id: text("CNY"),
            ..record
        }
    }

    fn send_to_bank(
        &mut self,
        id: SessionId,
        request: TraderRequest,
        record: &ReqTransferField,
        pending: PendingTransfer,
        request_id: i32,
    ) {
        if self.config.switches.transfer_answered.is_on() {
            let echo: ReqTransferField = alike(record);
            self.answer_done(id, request, &echo, request_id);
        }
        self.queue_for_bank(pending, Kind::Transfer);
    }

    fn queue_for_bank(&mut self, pending: PendingTransfer, kind: Kind) {
        let index = self.instructions.pending_transfers.len();
        self.instructions.pending_transfers.push(Some(pending));
        self.arrive_later(Arrival { kind, index, is_cancel: false });
    }
}

/// Returns an amount in 1/10,000 CNY; what is no amount of at most 10¹² CNY is none.
fn money(yuan: f64) -> Option<Money> {
    let scaled = (yuan * 10_000.0).round();
    (yuan.is_finite() && scaled.abs() <= 1e16).then_some(Money(scaled as i64))
}
