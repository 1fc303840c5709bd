//! What one frame of a capture says.

use ctp_types::{DepthMarketDataField, RecordBox};
use serde::{Deserialize, Serialize};

use super::bytes::{Decoder, Encoder, Reason};
use super::note::Note;

/// How many bytes of an output's text are kept for people.
const HEAD_MAX: usize = 200;

/// Which session was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionKind {
    /// Market data.
    Md,
    /// Trading.
    Td,
}

/// The first frame: what a replay needs besides the inputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Header {
    /// Which session was recorded.
    pub session: SessionKind,
    /// The version of the gateway that recorded.
    pub gateway: String,
    /// The version of the records: that of the API's current model.
    pub api: String,
    /// The version of the library that the session used.
    pub library: String,
    /// When the recording began, in nanoseconds since the Unix epoch.
    pub started_unix_ns: i64,
    /// The seed of the session: its request numbers and pauses follow from it.
    pub seed: u64,
    /// The session's configuration, secrets as `***`.
    pub config: serde_json::Value,
}

/// When something happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// By the monotonic clock, in nanoseconds since the recording began.
    pub elapsed_ns: u64,
    /// By the wall clock, in nanoseconds since the Unix epoch.
    pub unix_ns: i64,
}

/// One output of a step: its digest, and the beginning of its text.
///
/// Equal texts have equal digests; the text (`Debug`, secrets hidden) is cut after 200 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputNote {
    /// FNV-1a, 64 bits, of the whole text.
    pub digest: u64,
    /// The beginning of the text.
    pub head: String,
}

impl OutputNote {
    pub(super) fn of(text: &str) -> Self {
        let digest = text.bytes().fold(0xcbf2_9ce4_8422_2325, |digest: u64, byte| {
            (digest ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self { digest, head: text[..text.floor_char_boundary(HEAD_MAX)].to_owned() }
    }
}

/// One input of the session's state machine and what it answered.
#[derive(Clone, Debug)]
pub struct Step {
    /// When.
    pub at: Stamp,
    /// The input.
    pub input: Note,
    /// The outputs, in order.
    pub outputs: Vec<OutputNote>,
}

/// A tick as it came.
#[derive(Clone, Debug)]
pub struct RecordedTick {
    /// Its number on the bus, from 0.
    pub sequence: u64,
    /// When it was received, in nanoseconds since the Unix epoch.
    pub received_ns: i64,
    /// The record.
    pub record: RecordBox,
}

/// How much was recorded, and how much was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Steps in the file.
    pub steps: u64,
    /// Ticks in the file.
    pub ticks: u64,
    /// Steps that the writer was too slow for.
    pub steps_lost: u64,
    /// Ticks that the writer was too slow for.
    pub ticks_lost: u64,
}

/// What one frame says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Frame {
    /// The first frame.
    Header(Header),
    /// A step of the session.
    Step(Step),
    /// A tick.
    Tick(RecordedTick),
    /// Something was lost at this place.
    Lost {
        /// Steps lost since the last mark.
        steps: u64,
        /// Ticks lost since the last mark.
        ticks: u64,
    },
    /// The last frame of a session that was closed.
    End(Totals),
}

impl Frame {
    pub(super) fn encode(&self) -> Result<Vec<u8>, Reason> {
        let mut to = Encoder::default();
        match self {
            Self::Header(header) => {
                to.byte(1);
                to.bytes.extend(serde_json::to_vec(header).map_err(|_| "the header cannot be written")?);
            }
            Self::Step(step) => {
                to.byte(2);
                to.varint(step.at.elapsed_ns);
                to.signed(step.at.unix_ns);
                step.input.encode(&mut to);
                to.count(step.outputs.len());
                for output in &step.outputs {
                    to.fixed(output.digest);
                    to.text(&output.head);
                }
            }
            Self::Tick(tick) => {
                to.byte(3);
                to.varint(tick.sequence);
                to.signed(tick.received_ns);
                to.record(&tick.record);
            }
            Self::Lost { steps, ticks } => {
                to.byte(4);
                to.varint(*steps);
                to.varint(*ticks);
            }
            Self::End(totals) => {
                to.byte(5);
                for number in [totals.steps, totals.ticks, totals.steps_lost, totals.ticks_lost] {
                    to.varint(number);
                }
            }
        }
        Ok(to.bytes)
    }

    pub(super) fn decode(payload: &[u8]) -> Result<Self, Reason> {
        let mut from = Decoder::new(payload);
        let frame = match from.byte()? {
            1 => {
                let json = payload.get(1..).unwrap_or_default();
                let header = serde_json::from_slice(json).map_err(|_| "the header is not of this format")?;
                return Ok(Self::Header(header));
            }
            2 => {
                let at = Stamp { elapsed_ns: from.varint()?, unix_ns: from.signed()? };
                let input = Note::decode(&mut from)?;
                let outputs = (0..from.count()?)
                    .map(|_| Ok(OutputNote { digest: from.fixed()?, head: from.text()?.to_owned() }))
                    .collect::<Result<_, Reason>>()?;
                Self::Step(Step { at, input, outputs })
            }
            3 => {
                let (sequence, received_ns, record) = (from.varint()?, from.signed()?, from.record()?);
                if record.get::<DepthMarketDataField>().is_none() {
                    return Err("a tick carries another record than market data");
                }
                Self::Tick(RecordedTick { sequence, received_ns, record })
            }
            4 => Self::Lost { steps: from.varint()?, ticks: from.varint()? },
            5 => Self::End(Totals {
                steps: from.varint()?,
                ticks: from.varint()?,
                steps_lost: from.varint()?,
                ticks_lost: from.varint()?,
            }),
            _ => return Err("a frame is of a kind that is not known"),
        };
        from.finish()?;
        Ok(frame)
    }
}
