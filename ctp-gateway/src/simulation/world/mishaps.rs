//! What goes wrong by itself, and its mending.

use ctp_sim::{Command, Input};
use ctp_types::{MdCallback, TraderCallback};

use super::super::library::Side;
use super::super::plan::Mishap;
use super::wire::{connected, disconnected, error};
use super::{Event, World};

/// The reasons for which a library says that the link broke (§2.2).
const REASONS: [i32; 5] = [0x1001, 0x1002, 0x2001, 0x2002, 0x2003];
/// Refusals of a login that pass by themselves, and some that do not (F25).
const PASSING: [i32; 4] = [7, 8, 21, 60];
const FINAL: [i32; 10] = [3, 48, 63, 64, 75, 140, 143, 4042, 6020, 999];

impl World {
    /// One thing goes wrong.
    pub(super) fn mishap(&mut self) {
        self.plan_mishap();
        let Some(mishap) = self.pick_mishap() else { return };
        let sides: &[Side] = self.mishap_chance.pick(&[&[Side::Md], &[Side::Td], &Side::BOTH]);
        self.log.line(self.clock.now(), format_args!("!! {mishap:?} {sides:?}"));
        match mishap {
            Mishap::NewDay => return self.new_day(),
            Mishap::ClearFlow => return self.command(Command::ClearFlow),
            Mishap::NotReady => return self.not_ready(),
            Mishap::Refusals => return self.refusals(),
            Mishap::Kill => {
                let dies_after = self.mishap_chance.below(40);
                if let Some(traders) = &mut self.traders {
                    traders.dies_after = Some(dies_after);
                }
                return;
            }
            Mishap::CutSent => {
                if let Some(traders) = &mut self.traders {
                    traders.cut_sent = true;
                }
                return;
            }
            Mishap::KillSwitch => return self.throw_switch(),
            Mishap::DiskFull => {
                if let Some(disk) = &mut self.sessions.disk {
                    disk.is_full = true;
                }
                return;
            }
            Mishap::ClockSet => {
                let by = self.mishap_chance.millis(0, 7_200_000);
                let by = i64::try_from(by.as_nanos()).unwrap_or(0);
                return self.clock.shift_wall(if self.mishap_chance.happens(500) { by } else { -by });
            }
            _ => {}
        }
        for side in sides {
            self.mishap_of(mishap, *side);
        }
    }

    fn mishap_of(&mut self, mishap: Mishap, side: Side) {
        let now = self.clock.now();
        let connection = self.library(side).connection;
        let reason = self.mishap_chance.pick(&REASONS);
        match mishap {
            Mishap::Cut => self.lose_link(side, connection, reason),
            Mishap::Flap => {
                self.library(side).flaps_left = self.mishap_chance.below(20) as u32 + 1;
                self.lose_link(side, connection, reason);
            }
            Mishap::HalfOpen => {
                let lasts = self.mishap_chance.millis(10, 121_000);
                self.library(side).is_half_open = self.library(side).is_linked;
                // Some libraries never notice: then the session has to, once it has heard of the connection.
                let is_noticed = self.mishap_chance.happens(700) || !self.library(side).is_connected;
                if is_noticed {
                    self.agenda.add(now.after(lasts), Event::LinkLost { side, connection, reason });
                }
            }
            Mishap::FrontDown => {
                let lasts = self.mishap_chance.millis(500, 90_000);
                self.library(side).front_down_until = now.after(lasts);
                self.lose_link(side, connection, reason);
            }
            Mishap::FrontCloses => {
                let session = self.library(side).session();
                self.command(Command::Disconnect { session, reason });
            }
            Mishap::RefusedForNow => {
                let times = self.mishap_chance.below(4) + 1;
                let code = self.mishap_chance.pick(&PASSING);
                self.library(side).login_refusals.extend(std::iter::repeat_n(code, times));
                self.lose_link(side, connection, reason);
            }
            Mishap::RefusedForGood => {
                let code = self.mishap_chance.pick(&FINAL);
                self.library(side).login_refusals.push_back(code);
                self.lose_link(side, connection, reason);
            }
            Mishap::Repeated if self.library(side).is_connected => self.call_back(side, connected(side)),
            Mishap::Repeated if !self.library(side).is_linked => {
                self.call_back(side, disconnected(side, reason));
            }
            Mishap::NothingTaken => {
                let lasts = self.mishap_chance.millis(10, 15_000);
                self.library(side).refuses_until = now.after(lasts);
            }
            Mishap::StrayError if self.library(side).is_connected => {
                let number = self.mishap_chance.pick(&[0, 1, -5, i32::MAX]);
                let code = self.mishap_chance.pick(&[0, 90, 116, 154, 999]);
                self.stray_error(side, number, code);
            }
            _ => {}
        }
    }

    fn stray_error(&mut self, side: Side, number: i32, code: i32) {
        let rsp_info = Some(error(code));
        let delivery = match side {
            Side::Md => ctp_sim::Delivery::Md {
                callback: MdCallback::OnRspError,
                record: None,
                rsp_info,
                number,
                is_last: true,
            },
            Side::Td => ctp_sim::Delivery::Trader {
                callback: TraderCallback::OnRspError,
                record: None,
                rsp_info,
                number,
                is_last: true,
            },
        };
        self.call_back(side, delivery);
    }

    /// The day is settled: everybody is cut off and logs in on the next day.
    fn new_day(&mut self) {
        self.command(Command::Settle);
        self.listing.renew(&self.exchange);
        self.tally.count("trading day");
    }

    fn not_ready(&mut self) {
        let lasts = self.mishap_chance.millis(500, 60_000);
        let (off, on) = if self.mishap_chance.happens(500) {
            (Command::Ready { on: false }, Command::Ready { on: true })
        } else {
            (Command::FrontActive { on: false }, Command::FrontActive { on: true })
        };
        self.command(off);
        self.agenda.add(self.clock.now().after(lasts), Event::Command(Box::new(on)));
        let reason = self.mishap_chance.pick(&REASONS);
        let connection = self.library(Side::Td).connection;
        self.lose_link(Side::Td, connection, reason);
    }

    pub(super) fn command(&mut self, command: Command) {
        self.step_exchange(Input::Command(command));
    }

    /// Mends everything that is still broken.
    pub(super) fn repair(&mut self) {
        let now = self.clock.now();
        self.command(Command::Ready { on: true });
        self.command(Command::FrontActive { on: true });
        for side in Side::BOTH {
            let library = self.library(side);
            library.front_down_until = now;
            library.refuses_until = now;
            library.flaps_left = 0;
            library.login_refusals.clear();
            library.lost.clear();
        }
    }
}
