//! Holds `docs/sim-protocol.md` against the code.

use std::fmt::Write;
use std::time::Duration;

use ctp_sim::Delivery;
use ctp_types::{ResumeType, TraderCallback};

use super::*;

const PAGE: &str = include_str!("../../../docs/sim-protocol.md");

#[test]
fn every_kind_stands_there_with_its_limit() {
    for kind in Kind::ALL {
        let limit = thousands(kind.limit());
        let side = if (kind as u8) < 0x80 { "client" } else { "server" };
        let row = format!("| `{:02x}` | {kind} | {side} | {limit} |", kind as u8);
        assert!(PAGE.contains(&row), "{row}");
        assert!(PAGE.contains(&format!("**{kind}** (`{:02x}`)", kind as u8)), "the body of {kind}");
    }
}

#[test]
fn the_digest_of_the_layout_stands_there() {
    let digest = format!("The digest of this release is `{:016x}`.", layout_digest());
    assert!(PAGE.contains(&digest), "{digest}");
}

#[test]
fn the_example_is_what_is_sent() {
    let mut shown = String::new();
    for (side, frame) in example() {
        let mut bytes = Vec::new();
        encode(&frame, &mut bytes).expect("a short frame");
        for (place, row) in bytes.chunks(24).enumerate() {
            let name = if place == 0 { format!("{side} {}", frame.name()) } else { String::new() };
            let hex: Vec<_> = row.iter().map(|byte| format!("{byte:02x}")).collect();
            writeln!(shown, "{name:24}{}", hex.join(" ")).expect("a text");
        }
    }
    assert!(PAGE.contains(&format!("```text\n{shown}```")), "the page should say\n{shown}");
}

fn example() -> Vec<(&'static str, Frame)> {
    let streams = Some(Streams {
        private: ResumeType::Resume,
        public: ResumeType::Quick,
        sequence: 1,
        trading_day: 20_261_120,
        private_count: Count { phase: 3, number: 7 },
        public_count: Count { phase: 3, number: 9 },
    });
    let hello = Hello {
        role: Role::Trader,
        api_version: (6, 7, 13),
        layout: layout_digest(),
        process: 4_711,
        program: "demo".to_owned(),
        token: Token::default(),
        streams,
    };
    let welcome = Welcome {
        session: 12,
        phase: 3,
        now: 1_795_399_200_000_000_000,
        speed: 1.0,
        limits: Limits { api_queries_per_second: 0, qry_freq: 1, ftd_pkg_freq: i32::MAX },
        exchange: "day".to_owned(),
    };
    let connected = Delivery::Trader {
        callback: TraderCallback::OnFrontConnected,
        record: None,
        rsp_info: None,
        number: 0,
        is_last: false,
    };
    vec![
        ("client", Frame::Hello(hello)),
        ("server", Frame::Welcome(welcome)),
        ("server", Frame::Delivery(connected)),
        ("server", Frame::Delivery(Delivery::Close { reason: 0x1001 })),
        ("client", Frame::Again { delay: Duration::from_secs(1), streams }),
        ("server", Frame::Ping { number: 1, now: 1_795_399_200_000_000_000 }),
        ("client", Frame::Pong { number: 1 }),
    ]
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
