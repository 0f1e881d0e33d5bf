//! Asks the repository what a look has to know.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use jiff::Timestamp;
use sluice_core::failure::PortError;
use sluice_core::id::{BuildProject, CommitId, UserId};
use sluice_core::source::{
    Build, Known, Merger, NotRead, Question, Watch, What, WhatIsTold, examine,
};

use super::Repo;
use crate::App;
use crate::ports::{FoundCommit, Host, RepositoryAt};

/// Rounds of questions. Each commit of a branch takes one, and a look follows 100 at most.
const ROUNDS_MAX: usize = 1_000;

/// Questions that are asked at once.
const AT_ONCE: usize = 10;

impl App {
    pub(super) async fn examine_source(
        &self,
        repo: &Repo<'_>,
        watch: &Watch,
        now: Timestamp,
    ) -> Result<Watch, PortError> {
        let app = &repo.config.app;
        let look = |known: &Known| examine(app, repo.source, watch, known, now);
        let (mut next, emails) = self.answered(&repo.at, look).await?;
        self.name_people(repo, &mut next, &emails).await;
        Ok(next)
    }

    /// Asks the repository until a look has all it has to know. Beside what it came to, the addresses
    /// of those who wrote the commits that were read.
    pub(super) async fn answered<T>(
        &self,
        at: &RepositoryAt,
        look: impl Fn(&Known) -> Result<T, BTreeSet<Question>>,
    ) -> Result<(T, BTreeMap<CommitId, String>), PortError> {
        let mut known = Known::default();
        let mut emails = BTreeMap::new();
        for _ in 0..ROUNDS_MAX {
            let questions = match look(&known) {
                Err(questions) => questions,
                Ok(seen) => return Ok((seen, emails)),
            };
            let questions: Vec<Question> = questions.into_iter().collect();
            for some in questions.chunks(AT_ONCE) {
                let answers = some.iter().map(|question| self.ask_repo(at, question));
                for (question, answer) in some.iter().zip(try_join_all(answers).await?) {
                    take(&mut known, &mut emails, question, answer);
                }
            }
        }
        Err(PortError::permanent(format!(
            "the source code in {} was not understood after {ROUNDS_MAX} rounds of questions: report \
             this as a bug",
            at.name
        )))
    }

    async fn ask_repo(&self, at: &RepositoryAt, question: &Question) -> Result<Answer, PortError> {
        let port = &self.ports.repository;
        Ok(match question {
            Question::Head(branch) => Answer::Commit(port.head(at, branch).await?),
            Question::Branches => Answer::Branches(port.branches(at).await?),
            Question::Commit(id) => Answer::Found(port.commit(at, id).await?),
            Question::Base(one, other) => Answer::Commit(port.base(at, one, other).await?),
            Question::ClosedPulls => Answer::Pulls(port.closed_pulls(at).await?),
            Question::OpenPulls(to) => Answer::Pulls(port.open_pulls(at, to).await?),
            Question::Pull(id) => Answer::Pull(port.pull(at, id).await?),
            Question::Builds(project) => Answer::Builds(self.read_builds(at, project).await),
        })
    }

    /// The newest builds. Branches are looked at without them: a project that is gone, or a right that
    /// is missing, hides no wrong merge.
    async fn read_builds(
        &self,
        at: &RepositoryAt,
        project: &BuildProject,
    ) -> Result<Vec<Build>, NotRead> {
        // `sluice config check` refuses a project beside a repository in GitHub.
        let Host::CodeCommit(place) = &at.host else {
            return Err(NotRead);
        };
        let builds = self.ports.builds.newest_builds(place, project).await;
        builds.map_err(|error| {
            tracing::error!(%project, %error, "the builds of {project} cannot be read: {error}");
            NotRead
        })
    }

    /// Finds the people in Slack whom new findings are about: by who merged, or by the address in the
    /// commit, which is not kept.
    async fn name_people(
        &self,
        repo: &Repo<'_>,
        next: &mut Watch,
        emails: &BTreeMap<CommitId, String>,
    ) {
        for telling in &mut next.untold {
            let finding = match &mut telling.what {
                WhatIsTold::Finding(finding) => finding,
                WhatIsTold::Build(told) if told.by.is_none() && told.end.status.is_failure() => {
                    let email = told
                        .end
                        .commit
                        .as_ref()
                        .and_then(|commit| emails.get(commit));
                    if let Some(email) = email {
                        told.by = self.person_of(email).await;
                    }
                    continue;
                }
                WhatIsTold::Build(_) | WhatIsTold::Reminder(_) => continue,
            };
            if finding.by.is_some() {
                continue;
            }
            finding.by = match &finding.what {
                What::PullRequest {
                    merged_by: Some(Merger::Principal(principal)),
                    ..
                } => repo.config.people.who_is(principal).cloned(),
                _ => match emails.get(&finding.commit) {
                    Some(email) => self.person_of(email).await,
                    None => None,
                },
            };
        }
    }

    async fn person_of(&self, email: &str) -> Option<UserId> {
        match self.ports.chat.user_by_email(email).await {
            Ok(person) => person,
            Err(error) => {
                tracing::warn!(%error, "the author of a commit was not found in Slack: {error}");
                None
            }
        }
    }
}

enum Answer {
    Commit(Option<CommitId>),
    Branches(Vec<sluice_core::id::BranchName>),
    Found(Option<FoundCommit>),
    Pulls(Vec<sluice_core::id::PullRequestId>),
    Pull(Option<sluice_core::source::PullRequest>),
    Builds(Result<Vec<Build>, NotRead>),
}

fn take(
    known: &mut Known,
    emails: &mut BTreeMap<CommitId, String>,
    question: &Question,
    answer: Answer,
) {
    match (question, answer) {
        (Question::Head(branch), Answer::Commit(head)) => {
            known.heads.insert(branch.clone(), head);
        }
        (Question::Base(one, other), Answer::Commit(base)) => {
            known.bases.insert((one.clone(), other.clone()), base);
        }
        (Question::Branches, Answer::Branches(branches)) => known.branches = Some(branches),
        (Question::Commit(id), Answer::Found(found)) => {
            let email = found.as_ref().and_then(|found| found.email.clone());
            emails.extend(email.map(|email| (id.clone(), email)));
            let commit = found.map(|found| found.commit);
            known.commits.insert(id.clone(), commit);
        }
        (Question::ClosedPulls, Answer::Pulls(pulls)) => known.closed_pulls = Some(pulls),
        (Question::OpenPulls(to), Answer::Pulls(pulls)) => {
            known.open_pulls.insert(to.clone(), pulls);
        }
        (Question::Pull(id), Answer::Pull(pull)) => {
            known.pulls.insert(id.clone(), pull);
        }
        (Question::Builds(_), Answer::Builds(builds)) => known.builds = Some(builds),
        _ => unreachable!("each question is answered in its kind by `ask_repo`"),
    }
}
