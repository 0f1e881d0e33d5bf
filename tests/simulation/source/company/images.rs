//! Images of what the people made, and whether their plans say what is right.

use jiff::SignedDuration;
use sluice_core::id::CommitId;
use sluice_core::origin::REVISION;
use sluice_core::plan::Remark;
use sluice_core::source::{Doubt, Lack, WrongChange};
use sluice_sim::cloud::{Push, digest_of};
use sluice_sim::workplace::Roads;

use super::{Change, Company, REPO};
use crate::erp;

/// What a plan says of its commit.
#[derive(Debug, Default)]
struct Said {
    wrong: Vec<WrongChange>,
    lacks: Vec<Lack>,
    is_on_no_branch: bool,
    others: Vec<Doubt>,
}

impl Company {
    /// Has images of branches deployed, one after the other, and compares what their plans say.
    pub(in super::super) fn check_images(&mut self) -> Result<(), String> {
        self.world.with_cloud(|cloud| cloud.faults().clear());
        self.world.bridge().set_roads(Roads::default());
        self.note_back();
        let mut branches = vec!["main".to_owned(), "develop".to_owned()];
        branches.extend(self.features.iter().chain(&self.releases).cloned());
        let mut commits: Vec<CommitId> = branches.iter().map(|name| self.head(name)).collect();
        commits.extend(
            self.changes
                .iter()
                .rev()
                .take(2)
                .map(|change| change.commit.clone()),
        );
        let first = usize::try_from(self.dice.below(commits.len() as u64)).unwrap_or(0);
        commits.rotate_left(first);
        let mut done: Vec<CommitId> = Vec::new();
        let mut runs = None;
        for commit in commits {
            if done.contains(&commit) {
                continue;
            }
            let tag = format!("release-{}", commit.short());
            let push = Push::image(&erp::config().repository, &tag, digest_of(commit.as_str()));
            let push = push.annotated(REVISION, commit.as_str());
            self.world.with_cloud(|cloud| cloud.push_image(push));
            self.pass(SignedDuration::from_hours(3));
            self.say(format!("an image of {} is pushed", commit.short()));
            let said = self.said_of(&tag)?;
            self.compare(&commit, runs.as_ref(), &said)
                .map_err(|wrong| self.failed(&format!("{} {wrong}: {said:?}", commit.short())))?;
            runs = Some(commit.clone());
            done.push(commit);
        }
        Ok(())
    }

    fn said_of(&self, tag: &str) -> Result<Said, String> {
        let all = erp::deployments(&self.world, "staging");
        let one = all
            .iter()
            .find(|one| one.deployment.release.tag.as_str() == tag);
        let d = one.map(|one| &one.deployment);
        if d.is_none_or(|d| d.phase.name() != "Succeeded") {
            return Err(self.failed(&format!("{tag} was not deployed: {d:?}")));
        }
        let mut said = Said::default();
        let remarks = d.iter().flat_map(|d| &d.sealed_plan().seen.remarks);
        for remark in remarks {
            match remark {
                Remark::SourceInDoubt { doubt, .. } => match doubt {
                    Doubt::Wrong(changes) => said.wrong.clone_from(changes),
                    Doubt::OnNoBranch => said.is_on_no_branch = true,
                    other => said.others.push(other.clone()),
                },
                Remark::LacksMergeBack { lacks, .. } => said.lacks.clone_from(lacks),
                _ => {}
            }
        }
        Ok(said)
    }

    fn compare(
        &self,
        commit: &CommitId,
        runs: Option<&CommitId>,
        said: &Said,
    ) -> Result<(), &'static str> {
        let check = |holds: bool, wrong| if holds { Ok(()) } else { Err(wrong) };
        check(said.others.is_empty(), "has another doubt")?;
        let runs_already = |one: &CommitId| runs.is_some_and(|runs| self.contains(runs, one));
        let all = self.wrong.get("main").into_iter().flatten();
        let all: Vec<&CommitId> = all.filter(|one| self.contains(commit, one)).collect();
        let is_said = |wrong: &&CommitId| {
            let mut changes = said.wrong.iter();
            changes.any(|change| {
                self.contains(&change.commit, wrong) && self.contains(wrong, &change.first)
            })
        };
        let mut new = all.iter().filter(|one| !runs_already(one));
        check(new.all(is_said), "has a wrong change unsaid")?;
        // Of a push that runs in part the rest is new.
        let is_right =
            |change: &WrongChange| all.contains(&&change.first) && !runs_already(&change.commit);
        check(
            said.wrong.iter().all(is_right),
            "has a change that is not wrong",
        )?;
        let is_live = self.is_on_a_branch(commit);
        check(!(is_live && said.is_on_no_branch), "is on a branch")?;
        let is_known = is_live || self.allowed.contains(commit);
        check(is_known || said.is_on_no_branch, "is on no branch")?;
        self.compare_lacks(commit, runs, said)
    }

    fn is_on_a_branch(&self, commit: &CommitId) -> bool {
        let kinds = ["release", "hotfix", "fix"];
        let numbered =
            (0..=self.number).flat_map(|number| kinds.map(|kind| format!("{kind}/{number}")));
        let mut names = numbered.chain(["main".to_owned(), "develop".to_owned()]);
        names.any(|name| {
            let head = self.world.with_cloud(|cloud| cloud.git_head(REPO, &name));
            head.is_some_and(|head| self.contains(&head, commit))
        })
    }

    fn compare_lacks(
        &self,
        commit: &CommitId,
        runs: Option<&CommitId>,
        said: &Said,
    ) -> Result<(), &'static str> {
        let has = |commit: &CommitId, change: &Change| {
            let brings = change.brings.as_ref();
            self.contains(commit, &change.commit)
                || brings.is_some_and(|brings| self.contains(commit, brings))
        };
        let is_on_main = self.contains(&self.head("main"), commit);
        for change in &self.changes {
            let is_lost = runs.is_some_and(|runs| has(runs, change));
            let lacks = !has(commit, change) && (is_lost || !is_on_main);
            let covers = |lack: &Lack| self.contains(&lack.commit, &change.commit);
            if change.back_at.is_none() && lacks && !said.lacks.iter().any(covers) {
                return Err("lacks what is not said");
            }
        }
        // A branch that was brought forward in two looks is two changes for Sluice.
        let is_right = |lack: &Lack| {
            let mut changes = self.changes.iter();
            changes
                .any(|change| self.contains(&change.commit, &lack.commit) && !has(commit, change))
        };
        match said.lacks.iter().all(is_right) {
            true => Ok(()),
            false => Err("does not lack what is said"),
        }
    }
}
