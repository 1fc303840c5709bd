//! All accounts, the terms of all markets, and who holds what, so that a tick reaches its holders only.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use ctp_market::{Fees, Money};
use ctp_types::Text;

use crate::money::account::{Account, HoldingKey};
use crate::money::holding::{Execution, Holding};
use crate::money::rates::Rates;
use crate::money::terms::{Effect, LotPrice, Terms};

/// The accounts of all investors.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    list: Vec<Account>,
    names: Vec<Text<13>>,
    index: BTreeMap<Text<13>, usize>,
    terms: Vec<Terms>,
    /// For each market who holds lots of it.
    holders: Vec<Vec<Holder>>,
    /// Rates of single investors.
    rates: Vec<Vec<Rates>>,
    /// Instrument and product of each market, for rates.
    ids: Vec<(String, String)>,
}

/// An account that holds a market's lots.
#[derive(Clone, Copy, Debug)]
struct Holder {
    account: usize,
    /// What one tick up is worth.
    per_tick: Money,
}

/// A price that positions are marked at, in ticks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) price: i64,
    /// What [`Terms::margin_price`] becomes with it.
    pub(crate) margin_price: LotPrice,
}

impl Accounts {
    /// Starts a day: the terms of every market, before any rates of single investors.
    pub(crate) fn set_terms(&mut self, terms: Vec<Terms>, ids: Vec<(String, String)>) {
        self.holders = vec![Vec::new(); terms.len()];
        self.terms = terms;
        self.ids = ids;
    }

    pub(crate) fn get(&self, investor: &Text<13>) -> Option<&Account> {
        self.index.get(investor).map(|index| &self.list[*index])
    }

    pub(crate) fn get_mut(&mut self, investor: &Text<13>) -> Option<&mut Account> {
        self.index.get(investor).map(|index| &mut self.list[*index])
    }

    pub(crate) fn contains_key(&self, investor: &Text<13>) -> bool {
        self.index.contains_key(investor)
    }

    /// Returns every investor with the account, in the order of names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Text<13>, &Account)> {
        self.index.iter().map(|(investor, index)| (investor, &self.list[*index]))
    }

    /// Returns the investors in the order of names.
    pub(crate) fn investors(&self) -> Vec<Text<13>> {
        self.index.keys().copied().collect()
    }

    /// Adds an account, unless there is one.
    pub(crate) fn add(&mut self, investor: Text<13>, account: Account) {
        if let Entry::Vacant(entry) = self.index.entry(investor) {
            entry.insert(self.list.len());
            self.list.push(account);
            self.names.push(investor);
            self.rates.push(Vec::new());
        }
    }

    /// Returns the money terms of a market without the rates of single investors.
    pub(crate) fn base_terms(&self, market: usize) -> Terms {
        self.terms[market]
    }

    /// Returns the money terms of a market for an investor.
    pub(crate) fn terms(&self, investor: &Text<13>, market: usize) -> Terms {
        match self.index.get(investor) {
            Some(index) => self.terms_of(*index, market),
            None => self.terms[market],
        }
    }

    fn terms_of(&self, account: usize, market: usize) -> Terms {
        let mut terms = self.terms[market];
        if !self.rates[account].is_empty() {
            let (instrument, product) = &self.ids[market];
            for rates in self.rates[account].iter().filter(|rates| rates.are_of(instrument, product)) {
                rates.apply(&mut terms);
            }
        }
        terms
    }

    /// Changes the rates of everybody or of one investor, and the margin of the positions there are.
    pub(crate) fn change_rates(&mut self, rates: &Rates) {
        let affected: Vec<usize> = (0..self.terms.len())
            .filter(|market| rates.are_of(&self.ids[*market].0, &self.ids[*market].1))
            .collect();
        if rates.investor.is_empty() {
            for market in &affected {
                rates.apply(&mut self.terms[*market]);
            }
        } else if let Some(index) = self.names.iter().position(|name| *name == rates.investor.as_str()) {
            self.rates[index].push(rates.clone());
        }
        for account in 0..self.list.len() {
            let keys: Vec<HoldingKey> = self.list[account].holdings.keys().copied().collect();
            for key in keys.into_iter().filter(|key| affected.binary_search(&key.0).is_ok()) {
                let terms = self.terms_of(account, key.0);
                self.list[account].reprice(key, &terms);
            }
        }
    }

    /// Books a trade.
    pub(crate) fn book(
        &mut self,
        investor: &Text<13>,
        key: HoldingKey,
        effect: Effect,
        execution: &Execution,
    ) {
        let Some(index) = self.index.get(investor).copied() else { return };
        let terms = self.terms_of(index, key.0);
        let change = self.list[index].book(key, &terms, effect, execution);
        self.add_exposure(index, key, &terms, change);
    }

    /// Puts in a position; whatever was there under the key is gone.
    pub(crate) fn put(&mut self, investor: &Text<13>, key: HoldingKey, holding: Holding) {
        let Some(index) = self.index.get(investor).copied() else { return };
        let terms = self.terms_of(index, key.0);
        let account = &mut self.list[index];
        let before = account.holding_mut(key).per_tick(&terms);
        account.carry_in(key, &terms, holding);
        let change = account.holding_mut(key).per_tick(&terms) - before;
        self.add_exposure(index, key, &terms, change);
    }

    fn add_exposure(&mut self, account: usize, key: HoldingKey, terms: &Terms, change: Money) {
        let holders = &mut self.holders[key.0];
        let position = holders.binary_search_by_key(&account, |holder| holder.account);
        match position {
            Ok(position) => {
                holders[position].per_tick += change;
                if holders[position].per_tick == Money::ZERO && !terms.is_option() {
                    holders.remove(position);
                }
            }
            Err(position) => holders.insert(position, Holder { account, per_tick: change }),
        }
    }

    /// Marks a market at a new price: the floating profit of its holders changes, and of options the margin.
    pub(crate) fn remark(&mut self, market: usize, mark: Mark) {
        // A market that is just being listed has no terms yet, and no holders.
        let Some(terms) = self.terms.get_mut(market) else { return };
        let ticks = mark.price - terms.mark;
        let follows = terms.margin_follows_ticks() && terms.margin_price != mark.margin_price;
        terms.mark = mark.price;
        terms.margin_price = mark.margin_price;
        if ticks != 0 {
            for holder in &self.holders[market] {
                let gain = Money(holder.per_tick.0.saturating_mul(ticks));
                self.list[holder.account].position_profit += gain;
            }
        }
        if follows {
            self.reprice_options(market);
        }
    }

    /// Takes over another settlement price of the day before, as a feed of real ticks brings it: the costs and margins
    /// of older lots count from it.
    pub(crate) fn rebase(&mut self, market: usize, settlement: i64) {
        let Some(terms) = self.terms.get_mut(market).filter(|terms| terms.pre_settlement != settlement)
        else {
            return;
        };
        terms.pre_settlement = settlement;
        for account in 0..self.list.len() {
            let range = (market, false, u8::MIN)..=(market, true, u8::MAX);
            let held = self.list[account].holdings.range(range).map(|(key, _)| *key);
            let keys: Vec<HoldingKey> = held.collect();
            let terms = self.terms_of(account, market);
            for key in keys {
                self.list[account].change(key, &terms, |holding| holding.rebase(&terms));
            }
        }
    }

    fn reprice_options(&mut self, market: usize) {
        for position in 0..self.holders[market].len() {
            let account = self.holders[market][position].account;
            let terms = self.terms_of(account, market);
            let range = (market, false, u8::MIN)..=(market, false, u8::MAX);
            let keys: Vec<HoldingKey> =
                self.list[account].holdings.range(range).map(|(key, _)| *key).collect();
            for key in keys {
                self.list[account].reprice(key, &terms);
            }
        }
    }

    /// Books an opening trade without commission: what an exercised option delivers.
    pub(crate) fn book_free(&mut self, investor: &Text<13>, key: HoldingKey, execution: &Execution) {
        let Some(index) = self.index.get(investor).copied() else { return };
        let terms = Terms { fees: Fees::default(), ..self.terms_of(index, key.0) };
        let change = self.list[index].book(key, &terms, Effect::Open, execution);
        self.add_exposure(index, key, &terms, change);
    }

    /// Takes lots of an option out of a position for `cash`.
    pub(crate) fn take_out(&mut self, investor: &Text<13>, key: HoldingKey, volume: i32, cash: Money) {
        let Some(index) = self.index.get(investor).copied() else { return };
        let terms = self.terms_of(index, key.0);
        let account = &mut self.list[index];
        account.change(key, &terms, |holding| holding.take_out(&terms, volume, cash));
        account.cash_in += cash;
    }

    /// Gives back what working orders hold: the day is over.
    pub(crate) fn release_all(&mut self) {
        for account in &mut self.list {
            account.release_all();
        }
    }

    /// Takes every account out of the day that ends, in the order of names; each is to be [`restart`](Self::restart)ed.
    pub(crate) fn take_all(&mut self) -> Vec<(Text<13>, Account)> {
        self.iter().map(|(investor, account)| (*investor, account.clone())).collect()
    }

    /// Puts an account in the place of an investor's old one.
    pub(crate) fn restart(&mut self, investor: &Text<13>, account: Account) {
        if let Some(index) = self.index.get(investor) {
            self.list[*index] = account;
        }
    }
}
