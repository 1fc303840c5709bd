//! `NAME < …`: what must come.

use ctp_sim::ApiKind;
use ctp_types::RecordDescriptor;

use super::super::error::Problem;
use super::super::field;
use super::super::statement::{Check, Expect, callback};
use super::super::value::Template;
use super::super::words::{Operator, Word};
use super::{Reader, word};

/// Names of a callback's number, with the callbacks that have it under that name; empty is every other one.
const NUMBERS: [(&str, &str); 4] = [
    ("nRequestID", ""),
    ("nReason", "OnFrontDisconnected"),
    ("nTimeLapse", "OnHeartBeatWarning"),
    ("nSeqNo", "OnRtnPrivateSeqNo"),
];

impl Reader {
    pub(super) fn expect(
        &mut self,
        client: String,
        kind: ApiKind,
        words: &[Word],
        skips: bool,
    ) -> Result<Expect, Problem> {
        let (first, rest) = words.split_first().ok_or(Problem::Ends("write which callback must come"))?;
        let (name, rest, sugar) = self.sugar(kind, first, rest)?;
        let Some((callback, record)) = callback(kind, name) else {
            let api = if kind == ApiKind::Md { "market-data" } else { "trader" };
            return Err(word(first, &format!("write a callback of the {api} API, such as OnFrontConnected")));
        };
        let mut expect =
            Expect { client, skips, callback, count: (1, false), checks: Vec::new(), of: None, bind: None };
        for (name, operator, value) in sugar {
            self.field(record, &name, operator, &value, &mut expect)?;
        }
        self.conditions(record, rest, &mut expect)?;
        Ok(expect)
    }

    /// Reads `order S/s`, `trade V [@ P]`, `tick ID` and `status PRODUCT S`: the callback's name, the words left, and
    /// what the fields must be.
    #[expect(clippy::type_complexity, reason = "three things that only `expect` takes apart")]
    fn sugar<'w>(
        &self,
        kind: ApiKind,
        first: &'w Word,
        rest: &'w [Word],
    ) -> Result<(&'w str, &'w [Word], Vec<(String, Operator, Word)>), Problem> {
        let field = |name: &str, value: Word| (name.to_owned(), Operator::Equal, value);
        match (kind, first.text.as_str()) {
            (ApiKind::Trader, "order") => {
                let (status, rest) =
                    rest.split_first().ok_or(Problem::Ends("write the status, as in order a/0"))?;
                let (order, submit) = status
                    .text
                    .split_once('/')
                    .ok_or_else(|| word(status, "write OrderStatus/OrderSubmitStatus"))?;
                let submit = if submit == "·" { "*" } else { submit };
                let mut fields = vec![
                    field("OrderStatus", Word::plain(order)),
                    field("OrderSubmitStatus", Word::plain(submit)),
                ];
                let message = rest.first().filter(|word| word.is_quoted());
                let rest = if message.is_some() { &rest[1..] } else { rest };
                fields.extend(message.map(|message| field("StatusMsg", message.clone())));
                Ok(("OnRtnOrder", rest, fields))
            }
            (ApiKind::Trader, "trade") => {
                let (volume, mut rest) =
                    rest.split_first().ok_or(Problem::Ends("write the volume, as in trade 2"))?;
                let mut fields = vec![field("Volume", volume.clone())];
                if let [at, price, after @ ..] = rest
                    && at.is("@")
                {
                    fields.push(field("Price", price.clone()));
                    rest = after;
                }
                Ok(("OnRtnTrade", rest, fields))
            }
            (ApiKind::Trader, "status") => match rest {
                [product, status, rest @ ..] => Ok((
                    "OnRtnInstrumentStatus",
                    rest,
                    vec![field("InstrumentID", product.clone()), field("InstrumentStatus", status.clone())],
                )),
                _ => Err(Problem::Ends("write product and status, as in status rb 2")),
            },
            (ApiKind::Md, "tick") => {
                let (id, rest) =
                    rest.split_first().ok_or(Problem::Ends("write the instrument, as in tick rb2701"))?;
                Ok(("OnRtnDepthMarketData", rest, vec![field("InstrumentID", id.clone())]))
            }
            (_, name) => Ok((name, rest, Vec::new())),
        }
    }

    fn conditions(
        &mut self,
        record: Option<&'static RecordDescriptor>,
        mut rest: &[Word],
        expect: &mut Expect,
    ) -> Result<(), Problem> {
        let mut after_error = false;
        while let Some((condition, after)) = rest.split_first() {
            rest = after;
            if after_error && condition.is_quoted() {
                let value = self.value(condition)?;
                expect.checks.push(Check::Message { operator: Operator::Equal, value });
                after_error = false;
                continue;
            }
            after_error = false;
            match condition.text.as_str() {
                "NULL" => expect.checks.push(Check::Null),
                "last" => expect.checks.push(Check::Last(true)),
                "more" => expect.checks.push(Check::Last(false)),
                "as" => {
                    let (name, after) = rest.split_first().ok_or(Problem::Ends("write a name after as"))?;
                    expect.bind = Some(self.bind(name)?);
                    rest = after;
                }
                "of" => {
                    let (order, after) =
                        rest.split_first().ok_or(Problem::Ends("write an order after of"))?;
                    expect.of = Some(self.bound(order)?);
                    rest = after;
                }
                bare => match condition.pair() {
                    Some(("error", operator, value)) => {
                        let template = self.value(&value)?;
                        check_number("error", &template)?;
                        expect.checks.push(Check::Error { operator, value: template });
                        after_error = true;
                    }
                    Some(("count", Operator::Equal, value)) => {
                        let (digits, more) = match value.text.strip_suffix('+') {
                            Some(digits) => (digits, true),
                            None => (value.text.as_str(), false),
                        };
                        let count = digits.parse().ok().filter(|count| *count > 0);
                        let count = count
                            .ok_or_else(|| word(condition, "write count=3, or count=3+ for at least"))?;
                        expect.count = (count, more);
                    }
                    Some((name, operator, value)) => {
                        let short = [("traded", "VolumeTraded"), ("left", "VolumeTotal")];
                        let long = short.iter().find(|(short, _)| *short == name);
                        let name = long.map_or(name, |(_, long)| long);
                        self.field(record, name, operator, &value, expect)?;
                    }
                    // `OnFrontDisconnected 0x1001`
                    None if record.is_none() && field::integer(bare).is_some() => {
                        expect.checks.push(Check::Number {
                            name: number_name(expect.callback),
                            operator: Operator::Equal,
                            value: Template::plain(bare),
                        });
                    }
                    None => {
                        return Err(word(
                            condition,
                            "write Field=value, error=N \"text\", NULL, last, more, count=N, of ORDER or as NAME",
                        ));
                    }
                },
            }
        }
        Ok(())
    }

    fn field(
        &mut self,
        record: Option<&'static RecordDescriptor>,
        name: &str,
        operator: Operator,
        value: &Word,
        expect: &mut Expect,
    ) -> Result<(), Problem> {
        let template = self.value(value)?;
        if NUMBERS.iter().any(|(number, _)| *number == name) {
            check_number(name, &template)?;
            let name = number_name(expect.callback);
            expect.checks.push(Check::Number { name, operator, value: template });
            return Ok(());
        }
        let has = record.is_some_and(|record| field::find(record, name).is_ok());
        let check = match name {
            "ErrorID" if !has => Check::Error { operator, value: template },
            "ErrorMsg" if !has => Check::Message { operator, value: template },
            _ => {
                self.check_field(record, name, operator, &template, expect)?;
                Check::Field { name: name.to_owned(), operator, value: template }
            }
        };
        expect.checks.push(check);
        Ok(())
    }

    fn check_field(
        &self,
        record: Option<&'static RecordDescriptor>,
        name: &str,
        operator: Operator,
        template: &Template,
        expect: &Expect,
    ) -> Result<(), Problem> {
        let problem = |value: &str, expected: String| Problem::Value {
            field: name.to_owned(),
            value: value.to_owned(),
            expected,
        };
        let Some(record) = record else {
            return Err(problem("", format!("{} carries no record", expect.callback)));
        };
        let found = field::find(record, name).map_err(|expected| problem("", expected))?;
        if let Some(text) = template.constant() {
            // Against an empty record: only whether it can be compared at all.
            let empty = ctp_types::RecordBox::zeroed(record);
            field::compare(empty.as_ref(), found, operator, text, template.quoted)
                .map_err(|expected| problem(text, expected))?;
        }
        Ok(())
    }
}

fn check_number(name: &str, template: &Template) -> Result<(), Problem> {
    let Some(text) = template.constant() else { return Ok(()) };
    let usable =
        field::compare_number(0, Operator::Equal, text).is_ok() || (name == "error" && text == "NULL");
    if usable {
        return Ok(());
    }
    Err(Problem::Value {
        field: name.to_owned(),
        value: text.to_owned(),
        expected: "write a whole number, ? for any but 0, or * for any".to_owned(),
    })
}

fn number_name(callback: &str) -> &'static str {
    NUMBERS.iter().find(|(_, of)| *of == callback).map_or("nRequestID", |(name, _)| name)
}
