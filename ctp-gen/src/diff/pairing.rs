//! Which thing of A is which thing of B: by name, by the overlay's renames, by likeness.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

use serde::Serialize;

/// How a rename is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RenameSource {
    /// It stands in `ctp-gen/overlay/renames.toml`.
    Overlay,
    /// One thing went and one like it came: the same shape in the same place under a similar name.
    Likeness,
}

/// The things of two lists, paired; all are positions.
pub(super) struct Pairing {
    /// Under the same name, in A's order.
    pub(super) same: Vec<(usize, usize)>,
    /// Under another name, in A's order.
    pub(super) renamed: Vec<(usize, usize, RenameSource)>,
    /// Only in A.
    pub(super) removed: Vec<usize>,
    /// Only in B.
    pub(super) added: Vec<usize>,
}

impl Pairing {
    /// Pairs two lists of distinct names.
    pub(super) fn by_name<'a>(
        before: impl IntoIterator<Item = &'a str>,
        after: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut positions: HashMap<&str, usize> =
            after.into_iter().enumerate().map(|(position, name)| (name, position)).collect();
        let (mut same, mut removed) = (Vec::new(), Vec::new());
        for (position, name) in before.into_iter().enumerate() {
            match positions.remove(name) {
                Some(other) => same.push((position, other)),
                None => removed.push(position),
            }
        }
        let mut added: Vec<usize> = positions.into_values().collect();
        added.sort_unstable();
        Self { same, renamed: Vec::new(), removed, added }
    }

    /// Pairs what is left where both sides have the same name in the current model.
    pub(super) fn renamed_by_overlay<'a>(
        self,
        current_before: impl Fn(usize) -> &'a str,
        current_after: impl Fn(usize) -> &'a str,
    ) -> Self {
        self.renamed(RenameSource::Overlay, current_before, current_after, |_, _| true)
    }

    /// Pairs what is left where keys are equal and exactly one on either side is `alike`.
    pub(super) fn renamed_by_likeness<K: Hash + Eq>(
        self,
        key_before: impl Fn(usize) -> K,
        key_after: impl Fn(usize) -> K,
        alike: impl Fn(usize, usize) -> bool,
    ) -> Self {
        self.renamed(RenameSource::Likeness, key_before, key_after, alike)
    }

    /// Returns all pairs, in A's order.
    pub(super) fn pairs(&self) -> Vec<(usize, usize)> {
        let renamed = self.renamed.iter().map(|(before, after, _)| (*before, *after));
        let mut pairs: Vec<(usize, usize)> = self.same.iter().copied().chain(renamed).collect();
        pairs.sort_unstable();
        pairs
    }

    fn renamed<K: Hash + Eq>(
        mut self,
        source: RenameSource,
        key_before: impl Fn(usize) -> K,
        key_after: impl Fn(usize) -> K,
        alike: impl Fn(usize, usize) -> bool,
    ) -> Self {
        if self.removed.is_empty() || self.added.is_empty() {
            return self;
        }
        let mut by_key: HashMap<K, Vec<usize>> = HashMap::new();
        for &after in &self.added {
            by_key.entry(key_after(after)).or_default().push(after);
        }
        let mut candidates = Vec::new();
        let mut claims: HashMap<usize, usize> = HashMap::new();
        for &before in &self.removed {
            let others = by_key.get(&key_before(before)).map_or(&[][..], Vec::as_slice);
            let others: Vec<usize> = others.iter().copied().filter(|after| alike(before, *after)).collect();
            for after in &others {
                *claims.entry(*after).or_default() += 1;
            }
            if let [after] = others[..] {
                candidates.push((before, after));
            }
        }
        candidates.retain(|(_, after)| claims[after] == 1);
        let (gone, come): (HashSet<usize>, HashSet<usize>) = candidates.iter().copied().unzip();
        self.removed.retain(|before| !gone.contains(before));
        self.added.retain(|after| !come.contains(after));
        self.renamed.extend(candidates.into_iter().map(|(before, after)| (before, after, source)));
        self.renamed.sort_unstable_by_key(|(before, ..)| *before);
        self
    }
}

/// Returns whether three quarters of the longer name are at the head or the tail of the other, too.
pub(super) fn similar(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let shorter = one.len().min(other.len());
    let head = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let tail = one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a == b).count();
    4 * (head + tail).min(shorter) >= 3 * one.len().max(other.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_similar_when_little_in_their_middle_differs() {
        assert!(similar("ReqQueryMaxOrderVolume", "ReqQryMaxOrderVolume"));
        assert!(similar("PhoneNumber", "PhoneNumbers"));
        assert!(!similar("ReqQryOrder", "ReqQryTrade"));
        assert!(!similar("QryInvestorPosition", "QryInvestorAccount"));
        assert!(!similar("aaaa", "aa"));
    }

    #[test]
    fn a_rename_by_likeness_needs_one_candidate_on_either_side() {
        let pair = |before: &[&'static str], after: &[&'static str]| {
            let pairing = Pairing::by_name(before.iter().copied(), after.iter().copied());
            let pairing = pairing.renamed_by_likeness(|_| (), |_| (), |a, b| similar(before[a], after[b]));
            (pairing.renamed.len(), pairing.removed.len(), pairing.added.len())
        };
        assert_eq!(pair(&["Volume1"], &["Volume2"]), (1, 0, 0));
        assert_eq!(pair(&["Volume1"], &["Volume2", "Volume3"]), (0, 1, 2));
        assert_eq!(pair(&["Volume1", "Volume2"], &["Volume3"]), (0, 2, 1));
    }

    #[test]
    fn pairs_are_in_the_order_of_the_first_list() {
        let pairing = Pairing::by_name(["a", "b", "x"], ["x", "c", "a"]);
        assert_eq!(pairing.pairs(), [(0, 2), (2, 0)]);
        assert_eq!((pairing.removed, pairing.added), (vec![1], vec![1]));
    }
}
