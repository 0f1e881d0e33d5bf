//! The commit that an image was built from: whether it is on a branch that is released from, what of
//! it reached `main` by a wrong way, and which fixes it lacks.
//!
//! Which commit that is the image says itself. What is in the commit only the
//! repository's host says.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::back::has;
use super::known::{Answer, Asking, Known, Question, all};
use super::watch::{Watch, WrongChange};
use crate::config::{Branches, Source};
use crate::id::CommitId;

/// Release and hotfix branches that are looked at, at most.
const BRANCHES_MAX: usize = 50;

/// What the repository says of a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceObservation {
    /// Why the commit may be none that is to be released; empty if nothing is wrong.
    pub doubts: Vec<Doubt>,
    /// What was merged into `main` and is not in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<Lack>,
}

/// Why a commit may be none that is to be released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// The image does not name its commit, or only its first digits.
    NotNamed,
    /// The repository could not be read.
    NotRead,
    /// The repository has no such commit.
    NotFound,
    /// It is on no branch that is released from.
    OnNoBranch,
    /// How the newest commits reached `main` is not known yet, and it may contain them.
    NotJudged,
    /// It contains changes that reached `main` by a wrong way, and that do not run yet: the newest
    /// first.
    Wrong(Vec<WrongChange>),
}

/// Something that was merged into `main` and is not in the commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lack {
    /// The commit on `main`.
    pub commit: CommitId,
    /// When it was seen there.
    pub since: Timestamp,
    /// Whether what runs now contains it, so that it would be lost.
    pub runs: bool,
}

impl SourceObservation {
    /// Nothing but a doubt.
    pub fn of(doubt: Doubt) -> Self {
        Self {
            doubts: vec![doubt],
            lacks: Vec::new(),
        }
    }

    /// Whether the next look may show something else: a host shows a push a moment later, and a
    /// change of `main` is judged after minutes.
    pub fn may_settle(&self) -> bool {
        let settles = |doubt: &Doubt| {
            matches!(
                doubt,
                Doubt::NotFound | Doubt::OnNoBranch | Doubt::NotJudged
            )
        };
        !self.doubts.is_empty() && self.doubts.iter().all(settles)
    }
}

/// Looks at a commit. `runs` is the commit of the image that runs now, if that is known: what is in
/// both was decided before.
///
/// # Errors
/// What has to be known first.
pub fn examine_commit(
    source: &Source,
    watch: &Watch,
    known: &Known,
    commit: &CommitId,
    runs: Option<&CommitId>,
) -> Result<SourceObservation, BTreeSet<Question>> {
    let mut asking = Asking::new(known);
    let looked = Look {
        source,
        watch,
        commit,
        runs,
    }
    .all(&mut asking);
    looked.map_err(|_| asking.missing)
}

struct Look<'s> {
    source: &'s Source,
    watch: &'s Watch,
    commit: &'s CommitId,
    runs: Option<&'s CommitId>,
}

impl Look<'_> {
    fn all(&self, asking: &mut Asking<'_>) -> Answer<SourceObservation> {
        if asking.commit(self.commit)?.is_none() {
            return Ok(SourceObservation::of(Doubt::NotFound));
        }
        let main = asking.head(self.source.branches.main())?;
        let is_on_a_branch = self.is_on_a_branch(asking, main);
        let is_judged = self.is_judged(asking, main);
        let wrong = self.wrong(asking);
        let lacks = self.lacks(asking, main);
        let mut doubts = Vec::new();
        if !is_on_a_branch? {
            doubts.push(Doubt::OnNoBranch);
        }
        if !is_judged? {
            doubts.push(Doubt::NotJudged);
        }
        let wrong = wrong?;
        if !wrong.is_empty() {
            doubts.push(Doubt::Wrong(wrong));
        }
        let lacks = lacks?;
        Ok(SourceObservation { doubts, lacks })
    }

    /// Whether it is on `main`, `develop`, or a release or hotfix branch; one that is gone was where
    /// it was last seen.
    fn is_on_a_branch(&self, asking: &mut Asking<'_>, main: Option<&CommitId>) -> Answer<bool> {
        if let Some(main) = main
            && asking.contains(main, self.commit)?
        {
            return Ok(true);
        }
        let Branches::GitFlow { develop, .. } = &self.source.branches else {
            return Ok(false);
        };
        if let Some(develop) = asking.head(develop)?
            && asking.contains(develop, self.commit)?
        {
            return Ok(true);
        }
        let lines = all(&self.watch.lines, |line| {
            asking.contains(&line.tip, self.commit)
        });
        let names = asking.branches();
        if lines?.contains(&true) {
            return Ok(true);
        }
        let may = |name: &&_| self.source.branches.may_reach_main(name);
        let names = names?.iter().filter(may).take(BRANCHES_MAX);
        let heads = all(names, |name| asking.head(name))?;
        let has = all(heads.into_iter().flatten(), |head| {
            asking.contains(head, self.commit)
        })?;
        Ok(has.contains(&true))
    }

    /// Whether everything that it has of `main` was judged.
    fn is_judged(&self, asking: &mut Asking<'_>, main: Option<&CommitId>) -> Answer<bool> {
        let Some(main) = main else { return Ok(true) };
        let Some(common) = asking.base(self.commit, main)? else {
            return Ok(true);
        };
        match self.watch.seen.get(self.source.branches.main()) {
            Some(judged) => asking.contains(judged, common),
            None => Ok(false),
        }
    }

    /// What it contains of the wrong changes, and what runs does not.
    fn wrong(&self, asking: &mut Asking<'_>) -> Answer<Vec<WrongChange>> {
        let wrong = all(self.watch.wrong.iter().rev(), |change| {
            let is_new = asking.contains(self.commit, &change.first)?
                && match self.runs {
                    Some(runs) => !asking.contains(runs, &change.commit)?,
                    None => true,
                };
            Ok(is_new.then(|| change.clone()))
        })?;
        Ok(wrong.into_iter().flatten().collect())
    }

    /// What it lacks of what was merged into `main` and is not merged back. An older commit of `main`
    /// lacks what came later: that counts only if it runs.
    fn lacks(&self, asking: &mut Asking<'_>, main: Option<&CommitId>) -> Answer<Vec<Lack>> {
        let is_on_main = match main {
            Some(main) => asking.contains(main, self.commit)?,
            None => false,
        };
        let lacks = all(&self.watch.owed, |owed| {
            if has(asking, self.commit, owed)? {
                return Ok(None);
            }
            let runs = match self.runs {
                Some(runs) => has(asking, runs, owed)?,
                None => false,
            };
            Ok((runs || !is_on_main).then(|| Lack {
                commit: owed.commit.clone(),
                since: owed.since,
                runs,
            }))
        })?;
        Ok(lacks.into_iter().flatten().collect())
    }
}
