//! The settlement statement (§2.6): Chinese text in GBK, handed out in slices of 500 bytes.

use ctp_market::Date;
use ctp_types::{Direction, OffsetFlag, SettlementInfoField, Text};

use crate::clock::date_text;
use crate::day::SettledDay;
use crate::exchange::Exchange;
use crate::interface::SessionId;
use crate::text::text;

/// Bytes of a slice. A character may be cut in two: who reads joins the bytes first.
const SLICE: usize = 500;
const RULE: &str = "--------------------------------------------------------------------------------";

impl Exchange {
    /// Returns the slices of a statement: of a day (`yyyymmdd`), a month (`yyyymm`), or the last settled day; none where
    /// there is no such statement.
    pub(crate) fn query_statement(&self, id: SessionId, wanted: &Text<9>) -> Vec<SettlementInfoField> {
        let Some(investor) = self.login(id).map(|login| login.investor) else { return Vec::new() };
        let Some((from, to)) = period(&wanted.to_str()) else { return Vec::new() };
        let days: Vec<&SettledDay> = self.days.settled(&investor, from, to).collect();
        let Some(last) = days.last().copied() else { return Vec::new() };
        let days = if wanted.is_empty() { &days[days.len() - 1..] } else { &days[..] };
        let label: Text<9> = if wanted.is_empty() { date_text(last.day) } else { *wanted };
        let statement = self.statement(&investor, &label, days, last);
        let slices = statement.chunks(SLICE).zip(1..).map(|(slice, number)| SettlementInfoField {
            trading_day: date_text(last.day),
            settlement_id: 1,
            broker_id: text(&self.config.broker),
            investor_id: investor,
            sequence_no: number,
            content: Text::from_bytes(slice).unwrap_or_default(),
            account_id: investor,
            currency_id: text("CNY"),
        });
        slices.collect()
    }

    fn statement(
        &self,
        investor: &Text<13>,
        label: &Text<9>,
        days: &[&SettledDay],
        last: &SettledDay,
    ) -> Vec<u8> {
        let (first, account) = (days.first().map_or(&last.account, |day| &day.account), &last.account);
        let sum = |field: fn(&SettledDay) -> f64| days.iter().map(|day| field(day)).sum::<f64>();
        let closed = sum(|day| day.account.close_profit);
        let risk = if account.balance > 0.0 { account.curr_margin / account.balance * 100.0 } else { 0.0 };
        let mut lines = vec![
            format!("{:>44}", "CTP-SIM"),
            format!("制表时间 Creation Date：{}", date_text(last.day)),
            RULE.to_owned(),
            format!("{:>24}交易结算单(盯市) Settlement Statement(MTM)", ""),
            format!("客户号 Client ID：{investor}    客户名称 Client Name：{investor}"),
            format!("日期 Date：{label}"),
            String::new(),
            "资金状况  币种：人民币  Account Summary  Currency：CNY".to_owned(),
            RULE.to_owned(),
        ];
        for (name, amount) in [
            ("期初结存 Balance b/f", first.pre_balance),
            ("入金 Deposit", sum(|day| day.account.deposit)),
            ("出金 Withdrawal", sum(|day| day.account.withdraw)),
            ("平仓盈亏 Realized P/L", closed),
            ("持仓盯市盈亏 MTM P/L", sum(|day| day.account.position_profit)),
            ("权利金收支 Premium", sum(|day| day.account.cash_in)),
            ("手续费 Commission", sum(|day| day.account.commission)),
            ("期末结存 Balance c/f", account.balance),
            ("保证金占用 Margin Occupied", account.curr_margin),
            ("可用资金 Fund Avail.", account.available),
        ] {
            lines.push(format!("{name}：{amount:>20.2}"));
        }
        lines.push(format!("风险度 Risk Degree：{risk:>19.2}%"));
        self.list_trades(days, &mut lines);
        list_positions(last, &mut lines);
        encode(&lines)
    }

    fn list_trades(&self, days: &[&SettledDay], lines: &mut Vec<String>) {
        let trades: Vec<_> = days.iter().flat_map(|day| &day.trades).collect();
        if trades.is_empty() {
            return;
        }
        lines.extend([String::new(), "成交记录 Transaction Record".to_owned(), RULE.to_owned()]);
        lines.push("|成交日期|交易所|合约|买/卖|成交价|手数|开平|成交序号|".to_owned());
        let mut lots = 0_i64;
        for trade in &trades {
            let market = &self.markets[trade.market];
            let side = if trade.direction == Direction::BUY { "买" } else { "卖" };
            let offset = match trade.offset {
                OffsetFlag::OPEN => "开",
                OffsetFlag::CLOSE_TODAY => "平今",
                OffsetFlag::CLOSE_YESTERDAY => "平昨",
                _ => "平",
            };
            let (exchange, id) = (market.instrument.exchange, market.instrument.id);
            let price = market.price(trade.price);
            lines.push(format!(
                "|{}|{exchange}|{id}|{side}|{price:.3}|{}|{offset}|{}|",
                trade.date,
                trade.volume,
                trade.trade_id().to_str().trim_start()
            ));
            lots += i64::from(trade.volume);
        }
        lines.push(format!("|共 {} 条|||||{lots}|||", trades.len()));
    }
}

fn list_positions(day: &SettledDay, lines: &mut Vec<String>) {
    let held: Vec<_> = day.details.iter().filter(|detail| detail.volume > 0).collect();
    if held.is_empty() {
        return;
    }
    lines.extend([String::new(), "持仓明细 Positions Detail".to_owned(), RULE.to_owned()]);
    lines
        .push("|交易所|合约|开仓日期|买/卖|持仓量|开仓价|昨结算|结算价|浮动盈亏|盯市盈亏|保证金|".to_owned());
    for detail in held {
        let side = if detail.direction == Direction::BUY { "买" } else { "卖" };
        lines.push(format!(
            "|{}|{}|{}|{side}|{}|{:.3}|{:.3}|{:.3}|{:.2}|{:.2}|{:.2}|",
            detail.exchange_id,
            detail.instrument_id,
            detail.open_date,
            detail.volume,
            detail.open_price,
            detail.last_settlement_price,
            detail.settlement_price,
            detail.position_profit_by_trade,
            detail.position_profit_by_date,
            detail.margin
        ));
    }
    let lots: i64 = day.positions.iter().map(|row| i64::from(row.position)).sum();
    lines.push(format!("|共 {lots} 手||||||||||"));
}

/// Writes lines in GBK. No line of a statement is longer than a slice.
fn encode(lines: &[String]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines {
        bytes.extend_from_slice(text::<{ SLICE + 1 }>(line).as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

/// Returns the days that a query means: all of them, one, or a month.
fn period(wanted: &str) -> Option<(Date, Date)> {
    if wanted.is_empty() {
        return Some((Date::MIN, Date::MAX));
    }
    if !matches!(wanted.len(), 6 | 8) || !wanted.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, month) = (wanted[..4].parse().ok()?, wanted[4..6].parse().ok()?);
    if wanted.len() == 8 {
        let day = Date::new(year, month, wanted[6..].parse().ok()?).ok()?;
        return Some((day, day));
    }
    let first = Date::new(year, month, 1).ok()?;
    Some((first, first.last_of_month()))
}
