//! The margin of an account: plain, or only the larger side of a group (大边, §6.2).

use std::collections::BTreeMap;

use ctp_market::Money;

use crate::money::account::HoldingKey;
use crate::money::terms::Terms;

/// Margin of the positions of an account, and what its orders freeze.
#[derive(Clone, Debug, Default)]
pub(crate) struct Margin {
    plain: Money,
    plain_frozen: Money,
    groups: BTreeMap<(u32, u8), Sides>,
    /// Sum of what the groups are charged.
    grouped: Money,
    /// Sum of what orders add to the groups.
    grouped_frozen: Money,
}

/// Short side, then long side.
#[derive(Clone, Copy, Debug, Default)]
struct Sides {
    margin: [Money; 2],
    frozen: [Money; 2],
}

impl Sides {
    fn charged(&self) -> Money {
        self.margin[0].max(self.margin[1])
    }

    fn held(&self) -> Money {
        (self.margin[0] + self.frozen[0]).max(self.margin[1] + self.frozen[1]) - self.charged()
    }
}

impl Margin {
    /// Returns what positions are charged.
    pub(crate) fn charged(&self) -> Money {
        self.plain + self.grouped
    }

    /// Returns what orders hold back.
    pub(crate) fn frozen(&self) -> Money {
        self.plain_frozen + self.grouped_frozen
    }

    /// Counts a change of a position's margin.
    pub(crate) fn charge(&mut self, key: HoldingKey, terms: &Terms, change: Money) {
        match group(key, terms) {
            Some(group) => self.change_group(group, |sides| sides.margin[usize::from(key.1)] += change),
            None => self.plain += change,
        }
    }

    /// Counts a change of an order's frozen margin.
    pub(crate) fn freeze(&mut self, key: HoldingKey, terms: &Terms, change: Money) {
        match group(key, terms).filter(|_| terms.frozen_is_one_sided) {
            Some(group) => self.change_group(group, |sides| sides.frozen[usize::from(key.1)] += change),
            None => self.plain_frozen += change,
        }
    }

    /// Gives back what all orders hold.
    pub(crate) fn release_all(&mut self) {
        self.plain_frozen = Money::ZERO;
        self.grouped_frozen = Money::ZERO;
        for sides in self.groups.values_mut() {
            sides.frozen = [Money::ZERO; 2];
        }
    }

    /// Returns what an order would hold back beyond what is held already.
    pub(crate) fn needed(&self, key: HoldingKey, terms: &Terms, margin: Money) -> Money {
        let Some(group) = group(key, terms).filter(|_| terms.frozen_is_one_sided) else { return margin };
        let before = self.groups.get(&group).copied().unwrap_or_default();
        let mut after = before;
        after.frozen[usize::from(key.1)] += margin;
        after.held() - before.held()
    }

    fn change_group(&mut self, group: (u32, u8), change: impl FnOnce(&mut Sides)) {
        let sides = self.groups.entry(group).or_default();
        let before = *sides;
        change(sides);
        self.grouped += sides.charged() - before.charged();
        self.grouped_frozen += sides.held() - before.held();
    }
}

fn group(key: HoldingKey, terms: &Terms) -> Option<(u32, u8)> {
    terms.group.map(|group| (group.product, if group.by_hedge { key.2 } else { 0 }))
}
