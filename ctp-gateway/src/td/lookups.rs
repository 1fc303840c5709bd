//! What a trading client asks for: typed rows of the usual queries, and the whole API behind them.

use std::sync::Arc;

use ctp_types::{
    BulletinField, DepthMarketDataField, ForQuoteRspField, HedgeFlag, InstrumentCommissionRateField,
    InstrumentMarginRateField, InstrumentStatusField, InvestorPositionField, QryDepthMarketDataField,
    QryInstrumentCommissionRateField, QryInstrumentField, QryInstrumentMarginRateField,
    QryInvestorPositionField, QryOrderField, QrySettlementInfoField, QryTradeField, QryTradingAccountField,
    Record, RecordBox, Text, TradeField, TraderCallback, TraderRequest, TradingAccountField,
    TradingNoticeInfoField,
};
use tokio::sync::oneshot;

use crate::cache::Table;
use crate::error::{Denial, Error, Rule};
use crate::fanout::Events;
use crate::md::Tick;
use crate::requests::submission::{Reply, Rows, Submission, check_record};
use crate::requests::{Pushes, RawAnswer, RawEvent};
use crate::shell::blocking;
use crate::state::SessionState;
use crate::td::client::TdClient;
use crate::td::io::Command;
use crate::td::orders::source::{Arrival, Source};
use crate::td::orders::{Order, Trade};
use crate::td::requests::Requests;
use crate::td::rows::{Account, CommissionRate, Instrument, MarginRate, Position};
use crate::td::settlement;

impl TdClient {
    /// Returns every request of the trader API as an async method.
    pub fn requests(&self) -> Requests<'_> {
        Requests::new(self)
    }

    /// Makes a request with a record as it is, except that a `RequestID` of 0 becomes the request's number.
    ///
    /// # Errors
    ///
    /// As [`Requests`] says of the kind of the request, and [`Error::Denied`] for the record of another request.
    ///
    /// # Cancel safety
    ///
    /// As [`Requests`] says of the kind of the request.
    pub async fn raw_request(&self, request: TraderRequest, record: RecordBox) -> Result<RawAnswer, Error> {
        check_record(request, &record)?;
        Ok(self.submit(request, record).await?.raw(request))
    }

    /// Returns every callback from now on, as it came. None is ever dropped: read them, or drop the stream.
    ///
    /// Answers to queries are among them, row by row. Nothing is copied while nobody listens.
    pub fn raw_events(&self) -> Events<RawEvent<TraderCallback>> {
        self.raw_fanout().subscribe()
    }

    /// Returns the records of one kind that the front pushes from now on (C: `OnRtn…`), whatever callback brings
    /// them; for example `pushes::<RspTransferField>()` for bank transfers. None is ever dropped.
    pub fn pushes<R: Record>(&self) -> Pushes<TraderCallback, R> {
        Pushes::of(self.raw_fanout())
    }

    /// Returns the changes of products' trading phases from now on. C: `OnRtnInstrumentStatus`.
    pub fn instrument_statuses(&self) -> Pushes<TraderCallback, InstrumentStatusField> {
        self.pushes()
    }

    /// Returns the exchanges' bulletins from now on. C: `OnRtnBulletin`.
    pub fn bulletins(&self) -> Pushes<TraderCallback, BulletinField> {
        self.pushes()
    }

    /// Returns the broker's notices about trading from now on. C: `OnRtnTradingNotice`.
    pub fn trading_notices(&self) -> Pushes<TraderCallback, TradingNoticeInfoField> {
        self.pushes()
    }

    /// Returns the requests for quotes that market makers are told, from now on. C: `OnRtnForQuoteRsp`.
    pub fn quote_requests(&self) -> Pushes<TraderCallback, ForQuoteRspField> {
        self.pushes()
    }

    /// Returns all instruments: those that this or an earlier session of the trading day queried, else it queries
    /// them. Afterwards orders are checked against them, and need no exchange.
    ///
    /// [`Requests::qry_instrument`] asks the counter in any case.
    ///
    /// # Errors
    ///
    /// [`Error::Rejected`], [`Error::TimedOut`], or the session's end. Limits of the front are waited for.
    ///
    /// # Cancel safety
    ///
    /// This method is cancel safe; the answer to a query under way is thrown away.
    pub async fn instruments(&self) -> Result<Vec<Arc<Instrument>>, Error> {
        if let Some((trading_day, records)) = self.kept(Table::Instruments, "").await? {
            let (reply, answer) = oneshot::channel();
            return self.ask(Command::Learn { trading_day, records, reply }, answer).await;
        }
        let request = TraderRequest::ReqQryInstrument;
        let mut rows = self.query(request, RecordBox::new(&QryInstrumentField::default())).await?;
        let instruments = std::mem::take(&mut rows.instruments);
        self.keep(Table::Instruments, "", rows).await?;
        Ok(instruments)
    }

    /// Queries one instrument; `None` if there is none with this id.
    ///
    /// # Errors
    ///
    /// As [`instruments`](Self::instruments), and [`Error::Denied`] for an id that does not fit.
    ///
    /// # Cancel safety
    ///
    /// As [`instruments`](Self::instruments).
    pub async fn instrument(&self, instrument_id: &str) -> Result<Option<Arc<Instrument>>, Error> {
        let id = id(instrument_id)?;
        let record = QryInstrumentField { instrument_id: id, ..QryInstrumentField::default() };
        let rows = self.query(TraderRequest::ReqQryInstrument, RecordBox::new(&record)).await?;
        Ok(rows.instruments.into_iter().find(|row| row.instrument_id == id))
    }

    /// Returns the account's margin rate of an instrument, for speculation: the one that this or an earlier session
    /// of the trading day queried, else it queries it; `None` if there is none.
    ///
    /// [`Requests::qry_instrument_margin_rate`] asks the counter in any case, and for other kinds of hedge.
    ///
    /// # Errors
    ///
    /// As [`instrument`](Self::instrument).
    ///
    /// # Cancel safety
    ///
    /// As [`instruments`](Self::instruments).
    pub async fn margin_rate(&self, instrument_id: &str) -> Result<Option<MarginRate>, Error> {
        let record = QryInstrumentMarginRateField {
            instrument_id: id(instrument_id)?,
            hedge_flag: HedgeFlag::SPECULATION,
            ..QryInstrumentMarginRateField::default()
        };
        let request = TraderRequest::ReqQryInstrumentMarginRate;
        let rows = self.rate(Table::MarginRates, instrument_id, request, RecordBox::new(&record)).await?;
        Ok(of::<InstrumentMarginRateField>(&rows).next().map(MarginRate::new))
    }

    /// Returns what the account pays for trades of an instrument: the rate that this or an earlier session of the
    /// trading day queried, else it queries it; `None` if there is none. The rate may be that of the product.
    ///
    /// [`Requests::qry_instrument_commission_rate`] asks the counter in any case.
    ///
    /// # Errors
    ///
    /// As [`instrument`](Self::instrument).
    ///
    /// # Cancel safety
    ///
    /// As [`instruments`](Self::instruments).
    pub async fn commission_rate(&self, instrument_id: &str) -> Result<Option<CommissionRate>, Error> {
        let record = QryInstrumentCommissionRateField {
            instrument_id: id(instrument_id)?,
            ..QryInstrumentCommissionRateField::default()
        };
        let request = TraderRequest::ReqQryInstrumentCommissionRate;
        let rows = self.rate(Table::CommissionRates, instrument_id, request, RecordBox::new(&record)).await?;
        Ok(of::<InstrumentCommissionRateField>(&rows).next().map(CommissionRate::new))
    }

    /// Queries the counter's last snapshot of one instrument, with its daily limits; `None` if there is none.
    ///
    /// It may be some seconds old, and has no `average_price`. For prices as they change see
    /// [`MdClient`](crate::MdClient).
    ///
    /// # Errors
    ///
    /// As [`instrument`](Self::instrument).
    ///
    /// # Cancel safety
    ///
    /// As [`instruments`](Self::instruments).
    pub async fn snapshot(&self, instrument_id: &str) -> Result<Option<Tick>, Error> {
        let id = id(instrument_id)?;
        let record = QryDepthMarketDataField { instrument_id: id, ..QryDepthMarketDataField::default() };
        let rows = self.query(TraderRequest::ReqQryDepthMarketData, RecordBox::new(&record)).await?;
        let mut found = of::<DepthMarketDataField>(&rows.records);
        Ok(found.find(|row| row.instrument_id == id).and_then(|row| Tick::of_query(row, rows.received_ns)))
    }

    /// Queries the money of the account, one row per currency.
    ///
    /// # Errors
    ///
    /// As [`instruments`](Self::instruments).
    ///
    /// # Cancel safety
    ///
    /// As [`instruments`](Self::instruments).
    pub async fn account(&self) -> Result<Vec<Account>, Error> {
        let rows = self.query(TraderRequest::ReqQryTradingAccount, self.own::<QryTradingAccountField>());
        Ok(of::<TradingAccountField>(&rows.await?.records).map(Account::new).collect())
    }

    /// Queries the positions.
    ///
    /// # Errors
    ///
    /// As [`instruments`](Self::instruments).
    ///
    /// # Cancel safety
    ///
    /// As [`instruments`](Self::instruments).
    pub async fn positions(&self) -> Result<Vec<Position>, Error> {
        let rows = self.query(TraderRequest::ReqQryInvestorPosition, self.own::<QryInvestorPositionField>());
        Ok(of::<InvestorPositionField>(&rows.await?.records).map(Position::new).collect())
    }

    /// Queries the orders of the trading day. What is news in them also comes as events.
    ///
    /// # Errors
    ///
    /// As [`instruments`](Self::instruments).
    ///
    /// # Cancel safety
    ///
    /// As [`instruments`](Self::instruments).
    pub async fn orders(&self) -> Result<Vec<Arc<Order>>, Error> {
        Ok(self.query(TraderRequest::ReqQryOrder, self.own::<QryOrderField>()).await?.orders)
    }

    /// Queries the trades of the trading day.
    ///
    /// # Errors
    ///
    /// As [`instruments`](Self::instruments).
    ///
    /// # Cancel safety
    ///
    /// As [`instruments`](Self::instruments).
    pub async fn trades(&self) -> Result<Vec<Trade>, Error> {
        let rows = self.query(TraderRequest::ReqQryTrade, self.own::<QryTradeField>()).await?;
        let arrival = Arrival::new(rows.received_ns, Source::Query);
        Ok(of::<TradeField>(&rows.records).map(|record| Trade::new(record, arrival)).collect())
    }

    /// Queries the settlement statement of a day (`yyyymmdd`) or month (`yyyymm`), or the last one (empty); `None` if
    /// there is none.
    ///
    /// The counter sends it in slices that may cut a character; they are joined as bytes and decoded once.
    ///
    /// # Errors
    ///
    /// As [`instruments`](Self::instruments), and [`Error::Denied`] for what is no day or month.
    ///
    /// # Cancel safety
    ///
    /// As [`instruments`](Self::instruments).
    pub async fn settlement_text(&self, period: &str) -> Result<Option<String>, Error> {
        let trading_day = settlement::period(period)?;
        let record = QrySettlementInfoField { trading_day, ..QrySettlementInfoField::default() };
        Ok(settlement::join(&self.requests().qry_settlement_info(&record).await?))
    }

    /// Makes a request and waits for what it brings.
    pub(super) async fn submit(&self, request: TraderRequest, record: RecordBox) -> Result<Reply, Error> {
        let (submission, answer) = Submission::of_caller(request, record);
        self.ask(Command::Request { logins: self.logins(), submission }, answer).await
    }

    /// Makes a query and waits for its rows.
    pub(super) async fn query(&self, request: TraderRequest, record: RecordBox) -> Result<Rows, Error> {
        match self.submit(request, record).await? {
            Reply::Rows(rows) => Ok(rows),
            Reply::Answer(_) | Reply::Sent { .. } => Ok(Rows::default()),
        }
    }

    /// Returns a record of the account without further filters.
    fn own<R: Record>(&self) -> RecordBox {
        let mut record = RecordBox::new(&R::default());
        self.fill(&mut record);
        record
    }

    async fn rate(
        &self,
        table: Table,
        instrument_id: &str,
        request: TraderRequest,
        mut record: RecordBox,
    ) -> Result<Vec<RecordBox>, Error> {
        if let Some((_, records)) = self.kept(table, instrument_id).await? {
            return Ok(records);
        }
        self.fill(&mut record);
        let rows = self.query(request, record).await?;
        let records = rows.records.clone();
        self.keep(table, instrument_id, rows).await?;
        Ok(records)
    }

    /// Returns what is kept of the present trading day.
    async fn kept(&self, table: Table, name: &str) -> Result<Option<(Text<9>, Vec<RecordBox>)>, Error> {
        let day = match &*self.state().borrow() {
            SessionState::Ready(login) | SessionState::Recovering(login) => login.trading_day,
            _ => return Ok(None),
        };
        let Some(cache) = self.cache().filter(|_| !day.is_empty()).cloned() else { return Ok(None) };
        let name = name.to_owned();
        Ok(blocking(move || cache.get(table, day, &name)).await?.map(|records| (day, records)))
    }

    /// Keeps what a query brought. That nothing was found may change within the day.
    async fn keep(&self, table: Table, name: &str, rows: Rows) -> Result<(), Error> {
        let (day, records) = (rows.trading_day, rows.records);
        let Some(cache) = self.cache().filter(|_| !day.is_empty() && !records.is_empty()).cloned() else {
            return Ok(());
        };
        let name = name.to_owned();
        blocking(move || cache.put(table, day, &name, records)).await
    }
}

fn of<R: Record>(records: &[RecordBox]) -> impl Iterator<Item = &R> {
    records.iter().filter_map(RecordBox::get)
}

fn id(instrument_id: &str) -> Result<Text<81>, Denial> {
    Text::new(instrument_id).map_err(|error| Denial::new(Rule::Text, "the instrument id", error.to_string()))
}
