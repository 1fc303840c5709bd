//! Lots that become legs of a combination, and legs that become single lots again.

use crate::money::holding::{Holding, Lot, basis};
use crate::money::terms::Terms;

impl Holding {
    /// Returns the lots that are legs of one combination, or of none.
    pub(crate) fn lots_in(&self, combination: Option<usize>) -> i32 {
        let lots = self.lots.iter().filter(|lot| lot.combination == combination);
        lots.map(|lot| lot.volume).sum()
    }

    /// Makes lots that are in `from` legs of `to`, the oldest first; what there is not is left out.
    pub(crate) fn recombine(&mut self, terms: &Terms, volume: i32, from: Option<usize>, to: Option<usize>) {
        let mut wanted = volume;
        for index in 0..self.lots.len() {
            let lot = &self.lots[index];
            if wanted <= 0 || lot.combination != from || lot.volume <= 0 {
                continue;
            }
            let moved = lot.volume.min(wanted);
            wanted -= moved;
            if moved == lot.volume {
                self.regroup(index, to);
            } else {
                self.split_off(terms, index, moved, to);
            }
        }
    }

    /// Gives a whole lot to another combination, or to none.
    fn regroup(&mut self, index: usize, to: Option<usize>) {
        let lot = &mut self.lots[index];
        let (today, volume) = (lot.today, lot.volume);
        let from = std::mem::replace(&mut lot.combination, to);
        let left = &mut self.left[usize::from(today)];
        left.combined -= if from.is_some() { volume } else { 0 };
        left.combined += if to.is_some() { volume } else { 0 };
        for queue in &mut self.queues {
            queue.retain(|other| *other != index);
        }
        let queue = &mut self.queues[usize::from(today) + if to.is_some() { 2 } else { 0 }];
        let place = queue.partition_point(|other| *other < index);
        queue.insert(place, index);
    }

    fn split_off(&mut self, terms: &Terms, index: usize, volume: i32, to: Option<usize>) {
        let long = self.long;
        let lot = &mut self.lots[index];
        let cost = (terms.amount(basis(terms, lot), volume), terms.amount(lot.open_price, volume));
        lot.volume -= volume;
        lot.first_volume -= volume;
        let margin = terms.lot_margin(long, lot.today, lot.open_price, lot.volume);
        let former = std::mem::replace(&mut lot.margin, margin);
        let part = Lot {
            combination: to,
            volume,
            first_volume: volume,
            closed_volume: 0,
            close_amount: Default::default(),
            close_profit_by_date: Default::default(),
            close_profit_by_trade: Default::default(),
            ..lot.clone()
        };
        let left = &mut self.left[usize::from(part.today)];
        left.volume -= volume;
        left.combined -= if self.lots[index].combination.is_some() { volume } else { 0 };
        left.position_cost -= cost.0;
        left.open_cost -= cost.1;
        left.margin += margin - former;
        self.add_lot(terms, part);
    }
}
