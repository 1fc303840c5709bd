//! What the broker tells: notices, bulletins, and the login of the monitoring centre (§7).

use ctp_types::{
    BulletinField, CFMMCTradingAccountKeyField, CFMMCTradingAccountTokenField, NoticeField,
    QueryCFMMCTradingAccountTokenField, Text, TraderCallback, TraderRequest, TradingNoticeInfoField,
};

use crate::clock;
use crate::exchange::Exchange;
use crate::instruction::refusal::Refusal;
use crate::interface::SessionId;
use crate::random::Random;
use crate::text::text;

/// The only key of the monitoring centre.
const KEY_ID: i32 = 1;

impl Exchange {
    /// The broker writes a notice, which is read by query.
    pub(crate) fn write_notice(&mut self, content: &str) {
        let record = NoticeField {
            broker_id: text(&self.config.broker),
            content: text(content),
            sequence_label: text("1"),
        };
        self.instructions.notices.push(record);
    }

    /// The broker tells one investor, or everybody who has an account, something: pushed and kept for queries.
    pub(crate) fn tell(&mut self, investor: Option<&str>, content: &str) {
        let to = investor.map(text::<13>);
        let number = self.instructions.trading_notices.len() + 1;
        let record = TradingNoticeInfoField {
            broker_id: text(&self.config.broker),
            investor_id: to.unwrap_or_default(),
            send_time: clock::time_text(self.now),
            field_content: text(content),
            sequence_series: 1,
            sequence_no: i32::try_from(number).unwrap_or(i32::MAX),
            ..Default::default()
        };
        self.instructions.trading_notices.push((to, record));
        let everybody: Vec<Text<13>> = self.accounts.investors();
        for investor in everybody.into_iter().filter(|investor| to.is_none_or(|to| to == *investor)) {
            let record = TradingNoticeInfoField { investor_id: investor, ..record };
            self.publish(investor, TraderCallback::OnRtnTradingNotice, &record, None);
        }
    }

    /// An exchange publishes a bulletin: to everybody, on the public stream.
    pub(crate) fn publish_bulletin(&mut self, exchange: &str, title: &str, content: &str) {
        let number = i32::try_from(self.instructions.bulletins.len() + 1).unwrap_or(i32::MAX);
        let record = BulletinField {
            exchange_id: text(exchange),
            trading_day: self.trading_day(),
            bulletin_id: number,
            sequence_no: number,
            news_type: text("00"),
            news_urgency: b'0',
            send_time: clock::time_text(self.now),
            abstract_: text(title),
            come_from: text(exchange),
            content: text(content),
            ..Default::default()
        };
        self.instructions.bulletins.push(record);
        self.publish_public(TraderCallback::OnRtnBulletin, &record);
    }

    /// The answer to the request, then the token itself.
    pub(super) fn give_monitoring_token(
        &mut self,
        id: SessionId,
        record: &QueryCFMMCTradingAccountTokenField,
        request_id: i32,
    ) {
        let request = TraderRequest::ReqQueryCFMMCTradingAccountToken;
        if let Err(error) = self.check_investor(id, &record.broker_id, &record.investor_id) {
            let error_record = (record, Text::default());
            self.refuse_instruction(id, request, record, error_record, Refusal::Core(error), request_id);
            return;
        }
        self.answer_done(id, request, record, request_id);
        let investor = record.investor_id;
        let token = CFMMCTradingAccountTokenField {
            broker_id: record.broker_id,
            participant_id: text(&self.config.broker),
            account_id: investor,
            key_id: KEY_ID,
            token: self.secret_of(&investor, "token"),
        };
        self.publish(investor, TraderCallback::OnRtnCFMMCTradingAccountToken, &token, None);
    }

    /// Returns the record of an investor's key at the monitoring centre.
    pub(crate) fn monitoring_key(&self, investor: Text<13>) -> CFMMCTradingAccountKeyField {
        CFMMCTradingAccountKeyField {
            broker_id: text(&self.config.broker),
            participant_id: text(&self.config.broker),
            account_id: investor,
            key_id: KEY_ID,
            current_key: self.secret_of(&investor, "key"),
        }
    }

    /// Returns 16 digits that depend on the seed, the investor and the day.
    fn secret_of(&self, investor: &Text<13>, what: &str) -> Text<21> {
        let purpose = format!("{what} {investor} {}", self.trading_day());
        text(&format!("{:016x}", Random::new(self.config.seed, &purpose).bits()))
    }
}
