//! Market data that stays away.

use crate::alert::Alert;
use crate::md::event::MdEvent;
use crate::md::io::{Feed, Input, Output};
use crate::md::session::MdSession;
use crate::session::Now;
use crate::session::hours::{self, Hours};
use crate::session::watch::alert;
use crate::session::watchdog::Verdict;
use crate::state::LinkLoss;

impl MdSession {
    /// Looks at what comes in for what it says of the link and the clock.
    pub(super) fn look(&mut self, now: Now, input: &Input) {
        if let Some(alert) = self.watch.begin(now) {
            self.alert(alert);
        }
        match input {
            Input::Ticked(seen) if !seen.is_empty() => {
                self.last_tick = Some(now.instant);
                self.is_silence_told = false;
                self.watch.heard(now.instant);
            }
            Input::Callback(_) => self.watch.heard(now.instant),
            _ => {}
        }
    }

    /// Judges outages and silence.
    pub(super) fn judge_silence(&mut self, now: Now) {
        if let Some(alert) = self.watch.outage(now.instant, &self.state) {
            self.alert(alert);
        }
        let (subscriptions, silence) = (&self.subscriptions, self.silence);
        let hours_of = |feed, unix_ns| {
            hours::of_instruments(subscriptions.wanted(feed).map(ctp_types::Text::to_str), unix_ns, silence)
        };
        let hours_of_any = |unix_ns| match hours_of(Feed::Ticks, unix_ns) {
            Hours::Closed => hours_of(Feed::QuoteRequests, unix_ns),
            hours => hours,
        };
        match self.watch.silence(now, hours_of_any) {
            Some(Verdict::Ask(quiet)) => {
                let hours = self.watch.hours(now, |unix_ns| hours_of(Feed::Ticks, unix_ns));
                // Requests for quotes may stay away; the link is asked for their sake, too.
                if hours != Hours::Closed && !self.is_silence_told {
                    self.is_silence_told = true;
                    let silent_for =
                        self.last_tick.map_or(quiet, |last| now.instant.saturating_duration_since(last));
                    let hours_known = hours == Hours::Open;
                    self.alert(alert(Alert::MarketSilent { silent_for, hours_known }));
                }
                self.ask();
            }
            Some(Verdict::Dead(silent_for)) => {
                let mut moves = Vec::new();
                self.handshake.renew(now.instant, LinkLoss::Silent(silent_for), &mut moves);
                self.carry_out(now.instant, moves);
            }
            None => {}
        }
    }

    /// Subscribes something once more: it does no harm, and a front that lives answers.
    fn ask(&mut self) {
        let first = |feed| self.subscriptions.wanted(feed).next().map(|id| (feed, *id));
        if let Some((feed, id)) = first(Feed::Ticks).or_else(|| first(Feed::QuoteRequests)) {
            let request_id = self.ids.next();
            self.subscriptions.of(feed).sent_besides(&id);
            self.outputs.push(Output::Subscribe { feed, ids: vec![id], request_id });
        }
    }

    pub(super) fn alert(&mut self, alert: Alert) {
        self.outputs.push(Output::Event(MdEvent::Alert(alert)));
    }
}
