//! What must come, compared with what came.

use super::super::field;
use super::super::report::Compared;
use super::super::show;
use super::super::statement::{Check, Expect};
use super::super::target::Seen;
use super::super::words::Operator;
use super::names::{order_key, trimmed};
use super::{Run, Stop};

/// Announces each message of the private stream on 6.7.13 (§1.4); taken only by who asks for it.
const NUMBER: &str = "OnRtnPrivateSeqNo";

/// An expectation with its values filled in.
struct Wanted<'a> {
    check: &'a Check,
    value: String,
    quoted: bool,
}

impl Run<'_> {
    pub(super) fn expect(&mut self, expect: &Expect) -> Result<(), Stop> {
        self.collect();
        let wanted = self.wanted(expect)?;
        let mut last = None;
        let mut found = 0;
        while found < expect.count.0 || expect.count.1 {
            match self.next(expect, &wanted) {
                Ok(place) => {
                    found += 1;
                    last = Some(place);
                }
                Err(stop) if found < expect.count.0 => {
                    let mut stop = stop;
                    if expect.count.0 > 1 {
                        stop.problem = format!("{} (after {found} of {})", stop.problem, expect.count.0);
                    }
                    stop.waiting = self.waiting(&expect.client);
                    return Err(stop);
                }
                Err(_) => break,
            }
        }
        if let (Some(name), Some(place)) = (&expect.bind, last) {
            let record = self.client(&expect.client)?.log[place].record.clone();
            let bound = self.bound.entry(name.clone()).or_default();
            if bound.client.is_empty() {
                bound.client.clone_from(&expect.client);
                bound.key = record.as_ref().and_then(order_key);
            }
            bound.received = record;
        }
        Ok(())
    }

    pub(super) fn expect_nothing(&mut self, client: &str) -> Result<(), Stop> {
        self.collect();
        let one = self.client(client)?;
        if one.waiting.iter().all(|place| one.log[*place].callback == NUMBER) {
            return Ok(());
        }
        let problem = format!("{client} has callbacks waiting, expected none");
        Err(Stop { problem, waiting: self.waiting(client), ..Stop::default() })
    }

    fn wanted<'a>(&mut self, expect: &'a Expect) -> Result<Vec<Wanted<'a>>, Stop> {
        let mut wanted = Vec::new();
        for check in &expect.checks {
            let (value, quoted) = match check {
                Check::Field { value, .. }
                | Check::Error { value, .. }
                | Check::Message { value, .. }
                | Check::Number { value, .. } => (self.evaluate(value)?, value.quoted),
                Check::Null | Check::Last(_) => (String::new(), false),
            };
            wanted.push(Wanted { check, value, quoted });
        }
        Ok(wanted)
    }

    /// Takes the next callback if it is as wanted and returns its place in the log.
    fn next(&mut self, expect: &Expect, wanted: &[Wanted<'_>]) -> Result<usize, Stop> {
        let client = self.clients.get(&expect.client).ok_or_else(|| Stop::from(String::new()))?;
        let mut nearest: Option<Stop> = None;
        for (position, place) in client.waiting.iter().enumerate() {
            let seen = &client.log[*place];
            if seen.callback == NUMBER && expect.callback != NUMBER {
                continue;
            }
            match self.compare(expect, wanted, seen)? {
                Ok(()) => {
                    let place = *place;
                    if let Some(client) = self.clients.get_mut(&expect.client) {
                        client.waiting.drain(..=position);
                    }
                    return Ok(place);
                }
                Err(stop) if !expect.skips => return Err(stop),
                Err(stop) => {
                    // Of those skipped, one of the right name tells most.
                    if nearest.is_none() || seen.callback == expect.callback {
                        nearest = Some(stop);
                    }
                }
            }
        }
        let problem = format!("{} does not come", expect.callback);
        let compared = nearest.map_or_else(Vec::new, |stop| stop.compared);
        Err(Stop { problem, compared, ..Stop::default() })
    }

    /// Compares one callback; the outer error is a mistake of the file.
    fn compare(&self, expect: &Expect, wanted: &[Wanted<'_>], seen: &Seen) -> Result<Result<(), Stop>, Stop> {
        if seen.callback != expect.callback {
            let problem = format!("{} came, expected {}", seen.callback, expect.callback);
            let compared = vec![Compared {
                name: "callback".to_owned(),
                expected: expect.callback.to_owned(),
                seen: seen.callback.to_owned(),
                agrees: false,
            }];
            return Ok(Err(Stop { problem, compared, ..Stop::default() }));
        }
        let mut compared = Vec::new();
        for wanted in wanted {
            compared.extend(self.check(wanted, seen)?);
        }
        let names_error =
            expect.checks.iter().any(|check| matches!(check, Check::Error { .. } | Check::Message { .. }));
        let error = seen.rsp_info.map_or(0, |info| info.error_id);
        if !names_error
            && error != 0
            && expect.callback.starts_with("OnRsp")
            && expect.callback != "OnRspError"
        {
            compared.push(row("error", "0".to_owned(), show::error(seen), false));
        }
        if let Some(order) = &expect.of {
            compared.push(self.is_of(order, seen));
        }
        if compared.iter().all(|row| row.agrees) {
            return Ok(Ok(()));
        }
        let wrong: Vec<&str> =
            compared.iter().filter(|row| !row.agrees).map(|row| row.name.as_str()).collect();
        let problem = format!("{} differs in {}", expect.callback, wrong.join(", "));
        Ok(Err(Stop { problem, compared, ..Stop::default() }))
    }

    fn check(&self, wanted: &Wanted<'_>, seen: &Seen) -> Result<Option<Compared>, Stop> {
        let Wanted { check, value, quoted } = wanted;
        let shown = |operator: Operator| match operator {
            Operator::Equal => value.clone(),
            other => format!("{} {value}", other.text()),
        };
        Ok(Some(match check {
            Check::Field { name, operator, .. } => {
                let Some(record) = &seen.record else {
                    return Ok(Some(row(name, shown(*operator), "the record is NULL".to_owned(), false)));
                };
                let field = field::find(record.descriptor(), name)?;
                if self.target.lacks(record.descriptor(), field) {
                    return Ok(None);
                }
                let agrees = field::compare(record.as_ref(), field, *operator, value, *quoted)?;
                row(name, shown(*operator), show::field(record.as_ref(), field), agrees)
            }
            Check::Error { operator, .. } => {
                let agrees = match (value.as_str(), seen.rsp_info) {
                    ("NULL", info) => info.is_none(),
                    (_, info) => {
                        let seen = info.map_or(0, |info| info.error_id);
                        field::compare_number(seen.into(), *operator, value)?
                    }
                };
                row("error", shown(*operator), show::error(seen), agrees)
            }
            Check::Message { operator, .. } => {
                let message =
                    seen.rsp_info.map_or_else(String::new, |info| info.error_msg.to_str().into_owned());
                let agrees = field::compare_text(&message, *operator, value);
                row("ErrorMsg", shown(*operator), message, agrees)
            }
            Check::Number { name, operator, .. } => {
                let agrees = field::compare_number(seen.number.into(), *operator, value)?;
                row(name, shown(*operator), show::number(seen), agrees)
            }
            Check::Null => {
                let is = if seen.record.is_some() { "a record" } else { "NULL" };
                row("record", "NULL".to_owned(), is.to_owned(), seen.record.is_none())
            }
            Check::Last(last) => {
                row("bIsLast", last.to_string(), seen.is_last.to_string(), seen.is_last == *last)
            }
        }))
    }

    /// Compares what tells orders apart: the three keys of §5.4, as far as the record has them.
    fn is_of(&self, order: &str, seen: &Seen) -> Compared {
        let of = |agrees: bool, shown: String| row("of", order.to_owned(), shown, agrees);
        let Some(record) = &seen.record else { return of(false, "the record is NULL".to_owned()) };
        if let Some(key) = order_key(record) {
            let wanted = self.bound.get(order).and_then(|bound| bound.key.clone());
            return of(
                wanted == Some(key.clone()),
                format!("{}/{}/{}", key.0, key.1, String::from_utf8_lossy(&key.2)),
            );
        }
        let text = |record: &ctp_types::RecordBox, name: &str| {
            let field = field::find(record.descriptor(), name).ok()?;
            Some(field::text(record.as_ref(), field)).filter(|text| !text.is_empty())
        };
        for key in ["OrderSysID", "OrderLocalID", "OrderRef"] {
            let Some(found) = text(record, key) else { continue };
            let wanted = self.records(order).iter().find_map(|record| text(record, key));
            if let Some(wanted) = wanted {
                let same = trimmed(wanted.as_bytes()) == trimmed(found.as_bytes());
                return of(same, format!("{key} {found}"));
            }
        }
        of(false, "no key of an order in it".to_owned())
    }
}

fn row(name: &str, expected: String, seen: String, agrees: bool) -> Compared {
    Compared { name: name.to_owned(), expected, seen, agrees }
}
