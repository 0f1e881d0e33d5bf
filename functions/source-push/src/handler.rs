//! One event: verified, read, one call made, answered.

use serde::Serialize;
use serde_json::Value;
use sluice_app::{App, BuildHint, SourceHint, SourceLooked, SourceTaken};
use sluice_core::failure::PortError;
use sluice_core::id::AppName;
use sluice_events::codebuild::BuildChange;
use sluice_events::codecommit::{PullRequestChange, RepositoryChange};
use sluice_events::{Arn, Envelope, Malformed, shown};

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The repository was looked at, for each application that is built from it.
    Looked(Vec<Looked>),
    /// Nothing, and why.
    Ignored(Ignored),
}

/// Why nothing was done, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Ignored(pub String);

/// A look at an application's repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Looked {
    /// The application.
    pub app: AppName,
    /// The keys of the messages that were posted.
    pub told: Vec<String>,
    /// How many messages wait for Slack.
    pub untold: usize,
    /// How many branches have a change that is not explained yet: it is looked at again.
    pub waiting: usize,
}

/// Why an event was not taken. Lambda tries twice more and then hands it to the function's
/// destination for failures; the next event, or the next hour, finds the same.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It cannot be read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// No one should send this here.
    #[error(
        "the event is `{detail_type}` of `{from}`: source-push takes aws.codecommit and \
         aws.codebuild; fix the rule that sends it"
    )]
    ForeignSource {
        /// EventBridge's `source`.
        from: String,
        /// EventBridge's `detail-type`.
        detail_type: String,
    },
    /// The repository, the store or the chat did not answer.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// Takes an event.
///
/// # Errors
/// See [`SourceError`].
pub async fn handler(app: &App, event: &Value) -> Result<Answer, SourceError> {
    let event = Envelope::read(event)?;
    let app = &app.refreshed().await?;
    let answer = match (event.source.as_str(), event.detail_type.as_str()) {
        ("aws.codecommit", "CodeCommit Repository State Change") => repository(app, &event).await?,
        // AWS's manual writes the second name for merges.
        (
            "aws.codecommit",
            "CodeCommit Pull Request State Change" | "CodeCommit PullRequest State Change",
        ) => pull_request(app, &event).await?,
        ("aws.codebuild", "CodeBuild Build State Change") => build(app, &event).await?,
        ("aws.codebuild", other) => ignored(format!("`{}` ends no build", shown(other))),
        ("aws.codecommit", other) => ignored(format!("`{}` moves no branch", shown(other))),
        (from, detail_type) => {
            return Err(SourceError::ForeignSource {
                from: shown(from),
                detail_type: shown(detail_type),
            });
        }
    };
    if let Answer::Ignored(Ignored(why)) = &answer {
        tracing::info!(event.id = %event.id, "event {} is ignored: {why}", event.id);
    }
    Ok(answer)
}

async fn repository(app: &App, event: &Envelope) -> Result<Answer, SourceError> {
    let change: RepositoryChange = event.detail()?;
    match change.reference_type.as_deref() {
        Some("branch") => {}
        Some(other) => return Ok(ignored(format!("it is about a {}", shown(other)))),
        None => return Ok(ignored("it is about no branch")),
    }
    let hint = SourceHint {
        place: event.registry(),
        repository: change.repository_name,
        pull: None,
    };
    Ok(answer(app.source_changed(&hint).await?))
}

async fn pull_request(app: &App, event: &Envelope) -> Result<Answer, SourceError> {
    let change: PullRequestChange = event.detail()?;
    if !change.event.starts_with("pullRequest") {
        return Ok(ignored(format!(
            "`{}` changes no pull request",
            shown(&change.event)
        )));
    }
    let mut looked = Vec::new();
    for repository in change.repository_names {
        let hint = SourceHint {
            place: event.registry(),
            repository,
            pull: Some(change.pull_request_id.clone()),
        };
        match answer(app.source_changed(&hint).await?) {
            Answer::Looked(more) => looked.extend(more),
            ignored @ Answer::Ignored(_) => return Ok(ignored),
        }
    }
    Ok(Answer::Looked(looked))
}

async fn build(app: &App, event: &Envelope) -> Result<Answer, SourceError> {
    let change: BuildChange = event.detail()?;
    if change.build_status == "IN_PROGRESS" {
        return Ok(ignored("the build has not ended"));
    }
    let is_of_project = |arn: &Arn| {
        let id = arn.name_of("build").and_then(|id| id.split_once(':'));
        let of = id.is_some_and(|(project, _)| project == change.project_name.as_str());
        of && arn.service == "codebuild"
            && arn.account == event.account
            && arn.region == event.region
    };
    if !Arn::parse(&change.build_id).is_ok_and(|arn| is_of_project(&arn)) {
        return Ok(ignored(format!(
            "`{}` is no build of {} there",
            shown(&change.build_id),
            shown(change.project_name.as_str())
        )));
    }
    let hint = BuildHint {
        place: event.registry(),
        project: change.project_name,
    };
    Ok(answer(app.build_changed(&hint).await?))
}

fn answer(taken: SourceTaken) -> Answer {
    match taken {
        SourceTaken::Ignored(why) => ignored(why.to_string()),
        SourceTaken::Looked(all) => Answer::Looked(all.into_iter().map(looked).collect()),
    }
}

fn looked(one: SourceLooked) -> Looked {
    let SourceLooked {
        app,
        told,
        untold,
        waiting,
    } = one;
    tracing::info!(%app, untold, waiting, "the source code of {app} was checked: {} messages posted",
        told.len());
    Looked {
        app,
        told,
        untold,
        waiting,
    }
}

fn ignored(why: impl Into<String>) -> Answer {
    Answer::Ignored(Ignored(why.into()))
}
