//! People who work with git for some days, mostly as they should, and a model of what is right.

mod builds;
mod images;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sluice_core::id::{CommitId, PullRequestId};
use sluice_sim::cloud::MergeOption;
use sluice_sim::workplace::{Dice, Weather};
use sluice_sim::world::{Bounds, World};

use super::builds::built_world;
use super::said;

const REPO: &str = "erp";

/// A change of `main`, for the model.
struct Change {
    commit: CommitId,
    brings: Option<CommitId>,
    at: Timestamp,
    /// When every branch had it.
    back_at: Option<Timestamp>,
}

/// The people, and what the model knows of what they did.
pub(super) struct Company {
    world: World,
    third: MergeOption,
    dice: Dice,
    number: u32,
    /// Commits that must be told, by branch: those of one push belong together.
    wrong: BTreeMap<&'static str, BTreeSet<CommitId>>,
    /// Keys of messages about what is no commit.
    others: BTreeSet<String>,
    changes: Vec<Change>,
    /// Every commit that a release or hotfix branch was ever at.
    allowed: BTreeSet<CommitId>,
    features: Vec<String>,
    releases: Vec<String>,
    /// Pull requests that stay open, and whether they are to `main`.
    pulls: Vec<(PullRequestId, String, bool)>,
    story: Vec<String>,
}

impl Company {
    pub(super) fn new(seed: u64, weather: Weather) -> Self {
        Self::of(built_world(seed, weather), seed, MergeOption::FastForward)
    }

    /// In a world of its own; `third` is how pull requests are merged there beside merges and squashes.
    pub(super) fn of(world: World, seed: u64, third: MergeOption) -> Self {
        let mut company = Self {
            world,
            third,
            dice: Dice::new(seed, 7),
            number: 0,
            wrong: BTreeMap::new(),
            others: BTreeSet::new(),
            changes: Vec::new(),
            allowed: BTreeSet::new(),
            features: Vec::new(),
            releases: Vec::new(),
            pulls: Vec::new(),
            story: Vec::new(),
        };
        company
            .world
            .with_cloud(|cloud| cloud.git_shows_pulls_after(SignedDuration::from_secs(30)));
        // Until Sluice has looked for the first time, whatever the weather.
        company.pass(SignedDuration::from_mins(15));
        company
    }

    /// Lets time pass, and notes what has come back meanwhile.
    fn pass(&mut self, time: SignedDuration) {
        let until = self.world.now() + time;
        self.world.plan(time, "time has passed", |_| ());
        let bounds = Bounds {
            time: SignedDuration::from_hours(24 * 365),
            steps: u64::MAX,
        };
        self.world.run(bounds, |world| world.now() >= until);
    }

    fn say(&mut self, what: impl Into<String>) {
        self.story
            .push(format!("{} {}", self.world.now(), what.into()));
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.dice.below(count) == 0
    }

    fn name(&mut self, kind: &str) -> String {
        self.number += 1;
        format!("{kind}/{}", self.number)
    }

    fn head(&self, branch: &str) -> CommitId {
        self.world
            .with_cloud(|cloud| cloud.git_head(REPO, branch))
            .unwrap()
    }

    fn contains(&self, commit: &CommitId, other: &CommitId) -> bool {
        self.world
            .with_cloud(|cloud| cloud.git_contains(REPO, commit, other))
    }

    fn commit(&mut self, branch: &str) -> CommitId {
        self.number += 1;
        let message = self.message();
        self.world
            .with_cloud(|cloud| cloud.git_commit(REPO, branch, &message, "Ada"))
    }

    fn branch(&mut self, name: &str, from: &str) {
        self.world
            .with_cloud(|cloud| cloud.git_branch(REPO, name, from));
    }

    fn merge(&mut self, from: &str, into: &str) -> CommitId {
        self.say(format!("{from} is merged into {into} and pushed"));
        self.world
            .with_cloud(|cloud| cloud.git_merge(REPO, from, into, "Grace"))
    }

    /// By a pull request, in one of the ways that are possible.
    fn pull(&mut self, from: &str, into: &str) -> CommitId {
        let (theirs, ours) = (self.head(from), self.head(into));
        let can_third = match self.third {
            MergeOption::FastForward => self.contains(&theirs, &ours),
            _ => !self.contains(&ours, &theirs),
        };
        let option = match self.dice.below(3) {
            0 => MergeOption::ThreeWay,
            1 => MergeOption::Squash,
            _ if can_third => self.third,
            _ => MergeOption::ThreeWay,
        };
        self.say(format!(
            "a pull request merges {from} into {into}: {option:?}"
        ));
        self.world.with_cloud(|cloud| {
            let id = cloud.git_open_pull(REPO, from, into, "Ada");
            cloud.git_merge_pull(REPO, &id, option, "Grace")
        })
    }

    fn changed_main(&mut self, commit: CommitId, brings: Option<CommitId>) {
        self.changes.push(Change {
            commit,
            brings,
            at: self.world.now(),
            back_at: None,
        });
    }

    fn wrong(&mut self, branch: &'static str, commit: &CommitId) {
        self.say(format!("wrong: {} on {branch}", commit.short()));
        self.wrong.entry(branch).or_default().insert(commit.clone());
    }

    /// So many things, minutes or hours apart.
    pub(super) fn work(&mut self, steps: u32) {
        for _ in 0..steps {
            self.something();
            self.note_back();
            let minutes = match self.dice.below(4) {
                0 => 1 + self.dice.below(3),
                1 => 10 + self.dice.below(50),
                _ => 60 + self.dice.below(500),
            };
            self.pass(SignedDuration::from_mins(i64::try_from(minutes).unwrap()));
        }
        // All events are there, and every reminder.
        self.pass(SignedDuration::from_hours(60));
    }

    fn something(&mut self) {
        match self.dice.below(13) {
            0..=2 => self.feature(),
            3 => self.release_begins(),
            4 => self.release_ends(),
            5 => self.hotfix(),
            6..=7 => self.merge_back(),
            8 => self.pushed_directly(),
            9 => self.wrong_merge(),
            10 => self.reset(),
            11 => self.open_pull(),
            _ => self.housekeeping(),
        }
    }

    fn feature(&mut self) {
        let name = self.name("feature");
        self.branch(&name, "develop");
        self.commit(&name);
        self.commit(&name);
        if self.one_in(3) {
            self.say(format!("{name} is begun"));
            self.features.push(name);
        } else {
            self.pull(&name, "develop");
        }
    }

    fn release_begins(&mut self) {
        let name = self.name("release");
        self.say(format!("{name} is begun"));
        self.branch(&name, "develop");
        self.allowed.insert(self.head("develop"));
        let commit = self.commit(&name);
        self.allowed.insert(commit);
        self.releases.push(name);
    }

    fn release_ends(&mut self) {
        let Some(name) = self.releases.first().cloned() else {
            return;
        };
        if self.one_in(2) {
            let commit = self.commit(&name);
            self.allowed.insert(commit);
        }
        let head = self.head(&name);
        let by_pull = self.one_in(2);
        let made = match by_pull {
            true => self.pull(&name, "main"),
            false => self.merge(&name, "main"),
        };
        self.changed_main(made, Some(head));
        self.releases.retain(|release| *release != name);
        if by_pull && self.one_in(2) {
            self.say(format!("{name} is deleted"));
            self.world.with_cloud(|cloud| cloud.git_delete(REPO, &name));
        }
    }

    fn hotfix(&mut self) {
        let kind = if self.one_in(2) { "hotfix" } else { "fix" };
        let name = self.name(kind);
        self.branch(&name, "main");
        self.allowed.insert(self.head("main"));
        let commit = self.commit(&name);
        self.allowed.insert(commit.clone());
        let made = match self.one_in(2) {
            true => self.pull(&name, "main"),
            false => self.merge(&name, "main"),
        };
        self.changed_main(made, Some(commit));
    }

    fn merge_back(&mut self) {
        self.say("main is merged back");
        self.pull("main", "develop");
        for release in self.releases.clone() {
            let made = self.pull("main", &release);
            self.allowed.insert(made);
        }
    }

    fn pushed_directly(&mut self) {
        let branch = if self.one_in(2) { "main" } else { "develop" };
        let commits = 1 + self.dice.below(3);
        for number in 1..=commits {
            let commit = self.commit(branch);
            self.wrong(branch, &commit);
            // The commits of one push are one change, which a branch has when it has the last.
            if branch == "main" && number == commits {
                self.changed_main(commit, None);
            }
        }
    }

    fn wrong_merge(&mut self) {
        let feature = self.features.pop();
        match (self.dice.below(4), feature) {
            (0, Some(feature)) => {
                let head = self.head(&feature);
                let made = self.pull(&feature, "main");
                self.wrong("main", &made);
                self.changed_main(made, Some(head));
            }
            (1, Some(feature)) => {
                let head = self.head(&feature);
                let made = self.merge(&feature, "main");
                self.wrong("main", &made);
                self.changed_main(made, Some(head));
            }
            (2, Some(feature)) => {
                let made = self.merge(&feature, "develop");
                self.wrong("develop", &made);
            }
            _ => {
                let head = self.head("develop");
                let is_also_a_release = self.allowed.contains(&head);
                if is_also_a_release || self.contains(&self.head("main"), &head) {
                    return;
                }
                let made = self.merge("develop", "main");
                self.wrong("main", &made);
                self.changed_main(made, Some(head));
            }
        }
    }

    /// A forced push takes away what was pushed last, some time after it was looked at.
    fn reset(&mut self) {
        let branch = if self.one_in(2) { "main" } else { "develop" };
        self.pass(SignedDuration::from_mins(150));
        let before = self.head(branch);
        let commit = self.commit(branch);
        self.wrong(branch, &commit);
        if branch == "main" {
            self.changed_main(commit.clone(), None);
        }
        self.pass(SignedDuration::from_mins(150));
        self.say(format!("{branch} is reset"));
        self.world
            .with_cloud(|cloud| cloud.git_reset(REPO, branch, &before));
        let key = format!(
            "{branch} was moved from {} to {}",
            commit.short(),
            before.short()
        );
        self.others.insert(key);
        self.changes.retain(|change| change.commit != commit);
        self.pass(SignedDuration::from_mins(150));
    }

    /// Branches that were merged by hand are deleted, when they have been looked at.
    fn housekeeping(&mut self) {
        self.pass(SignedDuration::from_mins(150));
        let open = self.releases.clone();
        let main = self.head("main");
        self.world.with_cloud(|cloud| {
            for number in 0..=self.number {
                for kind in ["release", "hotfix", "fix"] {
                    let name = format!("{kind}/{number}");
                    let head = cloud.git_head(REPO, &name);
                    let over = head.is_some_and(|head| cloud.git_contains(REPO, &main, &head));
                    if over && !open.contains(&name) {
                        cloud.git_delete(REPO, &name);
                    }
                }
            }
        });
    }

    /// Notes which changes of `main` every branch has.
    fn note_back(&mut self) {
        let now = self.world.now();
        let (main, develop) = (self.head("main"), self.head("develop"));
        let releases: Vec<CommitId> = (0..=self.number)
            .filter_map(|number| {
                let name = format!("release/{number}");
                self.world.with_cloud(|cloud| cloud.git_head(REPO, &name))
            })
            .collect();
        let open = releases
            .into_iter()
            .filter(|head| !self.contains(&main, head));
        let targets: Vec<CommitId> = std::iter::once(develop).chain(open).collect();
        let mut changes = std::mem::take(&mut self.changes);
        for change in changes.iter_mut().filter(|change| change.back_at.is_none()) {
            let has = |head: &CommitId| {
                self.contains(head, &change.commit)
                    || change
                        .brings
                        .as_ref()
                        .is_some_and(|brings| self.contains(head, brings))
            };
            if targets.iter().all(has) {
                change.back_at = Some(now);
            }
        }
        self.changes = changes;
    }

    /// Compares what was told with what is right.
    pub(super) fn check(&self) -> Result<(), String> {
        let mut told: BTreeMap<&'static str, BTreeSet<CommitId>> = BTreeMap::new();
        let mut others = BTreeSet::new();
        let mut reminders = Vec::new();
        for posted in said(&self.world) {
            let summary = posted.says().summary.clone();
            let text = summary.strip_prefix("erp: ").unwrap_or_default();
            if text.starts_with("the build of ") {
                // `check_builds` looks at these.
            } else if text.contains("not merged back") {
                reminders.push(posted.versions[0].0);
            } else if let Some((branch, commits)) = self.commits_in(text) {
                for commit in commits {
                    if !told.entry(branch).or_default().insert(commit.clone()) {
                        return Err(self.failed(&format!("{commit} was told twice")));
                    }
                }
            } else {
                let known = text.split(',').next().unwrap_or_default();
                others.insert(known.to_owned());
            }
        }
        if told != self.wrong || others != self.others {
            let said = format!(
                "told {told:?} and {others:?}\nexpected {:?} and {:?}",
                self.wrong, self.others
            );
            return Err(self.failed(&said));
        }
        self.check_reminders(&reminders)
    }

    /// The branch and the commits that a message is about.
    fn commits_in(&self, text: &str) -> Option<(&'static str, Vec<CommitId>)> {
        let branches = ["main", "develop"].into_iter();
        let named = |branch: &&'static str| {
            text.contains(&format!("pushed directly to {branch}"))
                || text.contains(&format!("into {branch} as "))
        };
        let branch = branches.into_iter().find(named)?;
        let words: Vec<&str> = text.split([' ', ',']).collect();
        let after = |word: &str| {
            let at = words.iter().position(|one| *one == word)?;
            words.get(at + 1).copied()
        };
        let (short, count) = match text.split_once(" commits were pushed") {
            Some((count, _)) => (words.last().copied()?, count.parse().ok()?),
            None if text.starts_with("commit ") && text.contains("pushed") => (after("commit")?, 1),
            None => (after("as")?, 1),
        };
        let all = self.wrong.get(branch)?;
        let mut at = all.iter().find(|commit| commit.short() == short)?.clone();
        let mut commits = vec![at.clone()];
        for _ in 1..count {
            at = self.world.with_cloud(|cloud| cloud.git_parent(REPO, &at))?;
            commits.push(at.clone());
        }
        Some((branch, commits))
    }

    fn check_reminders(&self, reminders: &[Timestamp]) -> Result<(), String> {
        let day = SignedDuration::from_hours(24);
        // Looks are an hour apart where every event is lost, and functions may crash.
        let slack = SignedDuration::from_hours(3);
        let late = |change: &Change, at: Timestamp| {
            let back = change.back_at.is_none_or(|back| back + slack >= at);
            back && at.duration_since(change.at) >= day
        };
        for at in reminders {
            if !self.changes.iter().any(|change| late(change, *at)) {
                return Err(self.failed(&format!("a reminder at {at}, and nothing is late")));
            }
        }
        let now = self.world.now();
        for change in &self.changes {
            let mut due = change.at + day;
            let end = change.back_at.unwrap_or(now);
            while due + day + slack < end {
                // One a day, whichever change it is about.
                let there = reminders
                    .iter()
                    .any(|at| *at >= due && *at <= due + day + slack);
                if !there {
                    let said = format!("no reminder of {} at {due}", change.commit.short());
                    return Err(self.failed(&said));
                }
                due += day;
            }
        }
        Ok(())
    }

    fn failed(&self, what: &str) -> String {
        let said: Vec<String> = said(&self.world)
            .iter()
            .map(|posted| format!("{} {}", posted.versions[0].0, posted.says().summary))
            .collect();
        format!("{what}\n\n{}\n\n{}", self.story.join("\n"), said.join("\n"))
    }
}
