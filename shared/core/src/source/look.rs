//! One look at a repository: what has changed since the last one, and what that means.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::back;
use super::gate;
use super::known::{Answer, Asking, Known, Question, all};
use super::walk::{Step, Way, steps};
use super::watch::{Line, Owed, Suspect, Telling, Watch, What, WhatIsTold};
use crate::config::Source;
use crate::id::{AppName, BranchName, CommitId, PullRequestId};

/// How long a host may take until it shows the pull request that moved a branch.
pub const SETTLES_WITHIN: SignedDuration = SignedDuration::from_mins(2);

/// A look without any event, as often: CodeCommit delivers its events as best it can.
pub const LOOK_EVERY: SignedDuration = SignedDuration::from_hours(1);

/// The same of a repository in GitHub, which sends Sluice no events. A look that finds nothing new makes
/// some ten requests of the 5,000 that a token has in an hour.
const LOOK_AT_GITHUB_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// While a build is in progress, its event may be lost too.
const BUILDS_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// Lines that are remembered, at most: of a branch that is gone, as long as there is room.
const LINES_MAX: usize = 40;

/// Release and hotfix branches that are looked at, at most.
const BRANCHES_MAX: usize = 50;

/// Pull requests that are remembered, at most.
const PULLS_MAX: usize = 20;

/// With so many messages that wait to be posted, branches are not judged further: what reached them
/// stays where it is, and is judged when Slack takes messages again.
pub(super) const UNTOLD_MAX: usize = 20;

/// When to look again, if no event comes.
pub fn look_again_at(source: &Source, watch: &Watch, now: Timestamp) -> Timestamp {
    let after = |at: Timestamp, pause| at.saturating_add(pause).unwrap_or(Timestamp::MAX);
    let suspects = watch.suspects.values();
    let suspects = suspects.map(|suspect| after(suspect.since, SETTLES_WITHIN));
    let builds = watch.builds.as_ref().filter(|builds| builds.unfinished);
    let builds = builds.map(|_| after(now, BUILDS_EVERY));
    let all = suspects.chain(back::due(source, watch)).chain(builds);
    let every = match source.github {
        Some(_) => LOOK_AT_GITHUB_EVERY,
        None => LOOK_EVERY,
    };
    all.fold(after(now, every), Timestamp::min)
}

/// Looks at a repository: what is to be remembered. What is new to tell is in its `untold`.
///
/// # Errors
/// What has to be known first.
pub fn examine(
    app: &AppName,
    source: &Source,
    watch: &Watch,
    known: &Known,
    now: Timestamp,
) -> Result<Watch, BTreeSet<Question>> {
    let mut asking = Asking::new(known);
    let looked = Look {
        app,
        source,
        now,
        next: watch.clone(),
    }
    .all(&mut asking);
    looked.map_err(|_| asking.missing)
}

impl Watch {
    /// Remembers a pull request that an event named.
    pub fn heard_of(&mut self, pull: &PullRequestId) {
        self.pulls.retain(|one| one != pull);
        self.pulls.push(pull.clone());
        let excess = self.pulls.len().saturating_sub(PULLS_MAX);
        self.pulls.drain(..excess);
    }
}

pub(super) struct Look<'s> {
    app: &'s AppName,
    pub(super) source: &'s Source,
    pub(super) now: Timestamp,
    pub(super) next: Watch,
}

impl Look<'_> {
    fn all(mut self, asking: &mut Asking<'_>) -> Answer<Watch> {
        let branches = &self.source.branches;
        let mut protected = vec![branches.main().clone()];
        protected.extend(branches.develop().cloned());
        let names = asking.branches();
        let heads = all(&protected, |branch| asking.head(branch));
        let names = names?;
        let builds = self.judge_builds(asking, names);
        self.follow_lines(asking, names)?;
        for (branch, head) in protected.iter().zip(heads?) {
            self.judge(asking, branch, head)?;
        }
        self.forget_lines(asking, names)?;
        self.forget_wrong();
        let builds = builds?;
        let gates = gate::look(asking, self.source, &mut self.next);
        back::settle(asking, self.source, &mut self.next)?;
        gates?;
        self.tell_builds(asking, builds)?;
        if self.next.owed.is_empty() {
            self.next.reminded_at = None;
        } else if let Some(reminder) = back::reminder(self.source, &self.next, self.now) {
            self.next.reminders = self.next.reminders.wrapping_add(1);
            self.next.reminded_at = Some(self.now);
            let key = format!("merge-back-{}", self.next.reminders);
            self.tell(&key, WhatIsTold::Reminder(reminder));
        }
        Ok(self.next)
    }

    pub(super) fn tell(&mut self, key: &str, what: WhatIsTold) {
        self.next.untold.push(Telling {
            key: format!("source-{}-{key}", self.app),
            what,
            since: self.now,
        });
    }

    /// Where release and hotfix branches have been.
    fn follow_lines(&mut self, asking: &mut Asking<'_>, names: &[BranchName]) -> Answer<()> {
        let branches = &self.source.branches;
        let Some(develop) = branches.develop() else {
            return Ok(());
        };
        let names = names.iter().filter(|name| branches.may_reach_main(name));
        let names: Vec<&BranchName> = names.take(BRANCHES_MAX).collect();
        let heads = all(names, |name| Ok((name, asking.head(name)?)))?;
        let lines = &self.next.lines;
        let moved = all(heads, |(name, head)| {
            let Some(head) = head else { return Ok(None) };
            let last = lines.iter().rposition(|line| line.branch == *name);
            if last.is_some_and(|last| lines[last].tip == *head) {
                return Ok(None);
            }
            if let Some(last) = last
                && asking.contains(head, &lines[last].tip)?
            {
                return Ok(Some((Some(last), name, head, None)));
            }
            let from = match branches.is_release(name) {
                true => develop,
                false => branches.main(),
            };
            let base = match asking.head(from)? {
                Some(from) => asking.base(head, from)?.cloned(),
                None => None,
            };
            Ok(Some((None, name, head, base)))
        })?;
        for (last, name, head, base) in moved.into_iter().flatten() {
            match last {
                Some(last) => self.next.lines[last].tip = head.clone(),
                None => self.next.lines.push(Line {
                    branch: name.clone(),
                    first: head.clone(),
                    base,
                    tip: head.clone(),
                }),
            }
        }
        Ok(())
    }

    /// Of a branch that is gone, what is in `main` needs no explanation any more.
    fn forget_lines(&mut self, asking: &mut Asking<'_>, names: &[BranchName]) -> Answer<()> {
        let main = self.source.branches.main();
        let judged = self.next.seen.get(main).cloned();
        if let Some(judged) = judged.filter(|_| !self.next.suspects.contains_key(main)) {
            let lines = std::mem::take(&mut self.next.lines);
            let kept = all(lines, |line| {
                let over = !names.contains(&line.branch) && asking.contains(&judged, &line.tip)?;
                Ok((!over).then_some(line))
            })?;
            self.next.lines = kept.into_iter().flatten().collect();
        }
        let excess = self.next.lines.len().saturating_sub(LINES_MAX);
        self.next.lines.drain(..excess);
        Ok(())
    }

    fn judge(
        &mut self,
        asking: &mut Asking<'_>,
        branch: &BranchName,
        head: Option<&CommitId>,
    ) -> Answer<()> {
        if self.next.untold.len() >= UNTOLD_MAX {
            return Ok(());
        }
        let old = self.next.seen.get(branch).cloned();
        let (old, head) = match (old, head) {
            (None, None) => return Ok(()),
            (None, Some(head)) => {
                // What was there before Sluice first looked is not judged.
                self.next.seen.insert(branch.clone(), head.clone());
                return Ok(());
            }
            (Some(old), None) => {
                self.next.seen.remove(branch);
                self.next.suspects.remove(branch);
                let finding = self.finding(asking, branch, &old, What::Deleted)?;
                self.found(&format!("deleted-{old}"), None, finding);
                return Ok(());
            }
            (Some(old), Some(head)) => (old, head),
        };
        if old == *head {
            self.next.suspects.remove(branch);
            return Ok(());
        }
        if !asking.contains(head, &old)? {
            return self.rewritten(asking, branch, &old, head);
        }
        let watch = self.next.clone();
        let steps = steps(asking, self.source, &watch, branch, (&old, head))?;
        self.take(asking, branch, &steps)
    }

    /// The branch has lost commits. A read that is behind looks the same, for a moment.
    fn rewritten(
        &mut self,
        asking: &mut Asking<'_>,
        branch: &BranchName,
        old: &CommitId,
        head: &CommitId,
    ) -> Answer<()> {
        if !self.has_settled(branch, head, head) {
            return Ok(());
        }
        let what = What::Rewritten {
            before: old.clone(),
        };
        let finding = self.finding(asking, branch, head, what)?;
        // What it was reset to and had not before has come by force.
        let brings = asking.base(old, head)? != Some(head);
        let first = brings.then_some(head);
        self.found(&format!("rewritten-{old}-{head}"), first, finding);
        self.next.seen.insert(branch.clone(), head.clone());
        Ok(())
    }

    /// Whether these commits were seen long enough ago. If they were not seen before, they are now.
    fn has_settled(&mut self, branch: &BranchName, first: &CommitId, last: &CommitId) -> bool {
        let now = self.now;
        let suspect = self.next.suspects.get(branch);
        let suspect = suspect.filter(|suspect| suspect.first == *first).cloned();
        let suspect = suspect.unwrap_or_else(|| Suspect {
            first: first.clone(),
            last: last.clone(),
            since: now,
        });
        let settled = now.duration_since(suspect.since) >= SETTLES_WITHIN;
        match settled {
            true => self.next.suspects.remove(branch),
            false => self.next.suspects.insert(branch.clone(), suspect),
        };
        settled
    }

    /// Takes what reached the branch, as far as it is clear.
    fn take(
        &mut self,
        asking: &mut Asking<'_>,
        branch: &BranchName,
        steps: &[Step<'_>],
    ) -> Answer<()> {
        let mut left = steps;
        while let Some(step) = left.first() {
            let last = match &step.way {
                Way::Unexplained { .. } => {
                    let run = left.iter();
                    let run = run.take_while(|one| matches!(one.way, Way::Unexplained { .. }));
                    let run = &left[..run.count()];
                    let suspect = self.next.suspects.get(branch).cloned();
                    let (first, last) = (&run[0].commit, &run[run.len() - 1].commit);
                    if !self.has_settled(branch, first, last) {
                        return Ok(());
                    }
                    // Those that came since then have not settled yet.
                    let known = suspect
                        .and_then(|suspect| run.iter().position(|one| one.commit == suspect.last));
                    let run = &run[..=known.unwrap_or(run.len() - 1)];
                    self.wrong(asking, branch, run)?;
                    // A branch that has what a merge brought lacks what was pushed before it.
                    for pair in run.windows(2) {
                        if !pair.iter().all(Step::is_push) {
                            self.owe(branch, &pair[0]);
                        }
                    }
                    left = &left[run.len()..];
                    &run[run.len() - 1]
                }
                Way::Refused(id, pull) => {
                    let commit = asking.commit(&step.commit)?;
                    let is_merge = commit.is_some_and(|commit| commit.parents.len() > 1);
                    let what = What::PullRequest {
                        id: id.clone(),
                        from: pull.source.clone(),
                        merged_by: pull.merged_by.clone(),
                        before: (!is_merge).then(|| pull.destination_commit.clone()),
                    };
                    let finding = self.finding(asking, branch, &step.commit, what)?;
                    let commit = &step.commit;
                    self.found(&commit.to_string(), Some(commit), finding);
                    left = &left[1..];
                    step
                }
                Way::Forwarded if !self.has_settled(branch, &step.commit, &step.commit) => {
                    return Ok(());
                }
                Way::Allowed { .. } | Way::Forwarded => {
                    left = &left[1..];
                    step
                }
            };
            self.next.seen.insert(branch.clone(), last.commit.clone());
            self.owe(branch, last);
        }
        self.next.suspects.remove(branch);
        Ok(())
    }

    /// What reached `main` must come back.
    fn owe(&mut self, branch: &BranchName, step: &Step<'_>) {
        if branch != self.source.branches.main() {
            return;
        }
        let brings = match &step.way {
            Way::Allowed { brings } => brings.clone(),
            Way::Forwarded => None,
            Way::Refused(_, pull) => Some(pull.source_commit.clone()),
            Way::Unexplained { merged } => merged.clone(),
        };
        self.next.owed.push(Owed {
            commit: step.commit.clone(),
            brings,
            since: self.now,
            missing: Vec::new(),
        });
    }
}
