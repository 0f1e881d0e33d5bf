//! A history folded through today's code, with everything to report about it.

use sluice_core::deployment::Deployment;
use sluice_core::history::{
    Difference, Intended, Record, Replay, StateDifference, intended_by, state_differences, verify,
};
use sluice_words::chain::{Broken, check};
use sluice_words::{note, refusal};

use super::Exported;

/// A state is kept every this many records: stepping back folds no more than these again.
const KEPT_EVERY: usize = 64;

/// A history, folded.
pub struct Folding<'a> {
    /// All records, whether they can be believed or not.
    pub records: &'a [Record],
    /// Why the chain is broken, if it is.
    pub broken: Option<Broken>,
    /// Where today's code decides otherwise, in the order of the records.
    pub decisions: Vec<Difference>,
    /// Where it says the same in different words.
    pub words: Vec<Difference>,
    /// Where the stored state differs from what replaying gives.
    pub state: Vec<StateDifference>,
    /// What Sluice meant to do.
    pub intents: Vec<Intended>,
    /// Where the intents of each record begin.
    intents_from: Vec<usize>,
    kept: Vec<Replay<'a>>,
    folded: usize,
}

impl<'a> Folding<'a> {
    /// Folds the records up to the first that cannot be believed.
    pub fn of(exported: &'a Exported) -> Self {
        let records = &exported.records[..];
        let broken = check(records, exported.chain.as_ref()).err();
        let mut folding = Self {
            records,
            decisions: Vec::new(),
            words: Vec::new(),
            state: Vec::new(),
            intents: intended_by(records),
            intents_from: records
                .iter()
                .scan(0, |from, record| {
                    let begins = *from;
                    *from += record.intends.len();
                    Some(begins)
                })
                .collect(),
            kept: Vec::new(),
            folded: 0,
            broken,
        };
        folding.fold(whole(records));
        let is_whole = folding.broken.is_none() && folding.folded == records.len();
        if let (true, Some(recorded), Some(last)) = (is_whole, &exported.state, folding.kept.last())
        {
            folding.state = state_differences(recorded, last.state());
        }
        folding
    }

    fn fold(&mut self, whole: &'a [Record]) {
        let Ok((mut replay, first)) = Replay::begin(whole, note::news, refusal::rejected) else {
            return;
        };
        self.kept.push(replay.clone());
        self.tell(first.differences);
        self.folded = 1;
        while let Some(folded) = replay.fold_next() {
            self.tell(folded.differences);
            self.folded += 1;
            if self.folded % KEPT_EVERY == 1 {
                self.kept.push(replay.clone());
            }
        }
        // The last one too, behind all that `state` counts on: the end is what is looked at most.
        self.kept.push(replay);
    }

    fn tell(&mut self, differences: Vec<Difference>) {
        for difference in differences {
            match difference.differs.is_decision() {
                true => self.decisions.push(difference),
                false => self.words.push(difference),
            }
        }
    }

    /// Whether the chain is whole and today's code decides the same everywhere.
    pub fn is_same(&self) -> bool {
        self.broken.is_none() && self.decisions.is_empty() && self.state.is_empty()
    }

    /// How many records could be folded.
    pub fn folded(&self) -> usize {
        self.folded
    }

    /// The deployment after the record of this index, as today's code has it; `None` where the
    /// chain is broken before it.
    pub fn state(&self, index: usize) -> Option<Deployment> {
        if index >= self.folded {
            return None;
        }
        if index + 1 == self.folded {
            return self.kept.last().map(|last| last.state().clone());
        }
        let mut replay = self.kept.get(index / KEPT_EVERY)?.clone();
        for _ in 0..index % KEPT_EVERY {
            replay.fold_next()?;
        }
        Some(replay.state().clone())
    }

    /// All differences at a record.
    pub fn at(&self, seq: u32) -> impl Iterator<Item = &Difference> {
        let of = move |all: &'_ [Difference]| {
            let from = all.partition_point(|difference| difference.seq < seq);
            let until = all.partition_point(|difference| difference.seq <= seq);
            from..until
        };
        let decisions = &self.decisions[of(&self.decisions)];
        decisions.iter().chain(&self.words[of(&self.words)])
    }

    /// What Sluice meant to do from the record of this index on.
    pub fn intended_at(&self, index: usize) -> &[Intended] {
        let (Some(from), Some(record)) = (self.intents_from.get(index), self.records.get(index))
        else {
            return &[];
        };
        &self.intents[*from..*from + record.intends.len()]
    }
}

/// The records before the first that is not as it was written.
fn whole(records: &[Record]) -> &[Record] {
    match verify(records) {
        Ok(_) => records,
        Err(why) => {
            let seq = usize::try_from(why.seq()).unwrap_or(records.len());
            &records[..seq.min(records.len())]
        }
    }
}
