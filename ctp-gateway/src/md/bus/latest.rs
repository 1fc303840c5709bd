//! The latest tick of each instrument.

use std::sync::Arc;

use ctp_market::ReferenceData;
use ctp_ring::{Reader, TryNextError};

use crate::md::event::Seen;
use crate::md::slot::Words;
use crate::md::tick::Tick;
use crate::md::tick::stamper::{Names, Stamper};

/// A table that reads the ring when somebody asks it something.
pub(super) struct Latest {
    reader: Reader<Words>,
    stamper: Stamper,
    ticks: Names<Option<Entry>>,
    /// What ticked since [`Latest::news`] was asked.
    news: Vec<Box<[u8]>>,
    capacity: u64,
}

struct Entry {
    tick: Tick,
    /// How many ticks the table had lost when it read this one.
    lost: u64,
    is_news: bool,
}

impl Latest {
    pub(super) fn new(reader: Reader<Words>, reference: Option<Arc<ReferenceData>>) -> Self {
        let capacity = reader.readers().capacity();
        let stamper = Stamper::new(reference);
        Self { reader, stamper, ticks: Names::default(), news: Vec::new(), capacity }
    }

    /// Returns the latest tick of an instrument. Its [`Tick::lost_before`] says how many ticks this table has lost since
    /// then, any of which may have been a later one.
    pub(super) fn get(&mut self, instrument_id: &[u8]) -> Option<Tick> {
        self.read(usize::MAX);
        let entry = self.ticks.get(instrument_id)?.as_ref()?;
        let mut tick = entry.tick.clone();
        tick.facts.lost_before = self.reader.lost() - entry.lost;
        Some(tick)
    }

    pub(super) fn news(&mut self) -> Vec<Seen> {
        self.read(usize::MAX);
        let news = std::mem::take(&mut self.news);
        let mut seen = |id: Box<[u8]>| {
            let entry = self.ticks.get_mut(&id)?.as_mut()?;
            entry.is_news = false;
            let tick = &entry.tick;
            Some(Seen {
                instrument_id: tick.record.instrument_id,
                sequence: tick.sequence(),
                received_ns: tick.received_ns,
                update_time: tick.record.update_time,
                update_millisec: tick.record.update_millisec,
            })
        };
        news.into_iter().filter_map(&mut seen).collect()
    }

    pub(super) fn is_far_behind(&self) -> bool {
        self.reader.behind() > self.capacity / 4
    }

    /// Reads at most so many ticks and returns how many it read.
    pub(super) fn read(&mut self, most: usize) -> usize {
        let mut count = 0;
        while count < most {
            let sequence = self.reader.position();
            match self.reader.try_next() {
                Ok(words) => {
                    count += 1;
                    if let Some(tick) = self.stamper.tick(&words, sequence)
                        && !tick.flags().is_junk()
                    {
                        self.keep(tick);
                    }
                }
                Err(TryNextError::Lagged(_)) => {}
                Err(TryNextError::Empty | TryNextError::Closed) => break,
            }
        }
        count
    }

    fn keep(&mut self, tick: Tick) {
        let lost = self.reader.lost();
        let id = tick.record.instrument_id;
        let place = self.ticks.get_or_insert_with(id.as_bytes(), || None);
        if !place.as_ref().is_some_and(|entry| entry.is_news) {
            self.news.push(id.as_bytes().into());
        }
        *place = Some(Entry { tick, lost, is_news: true });
    }
}
