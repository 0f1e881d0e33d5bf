//! Why a request is refused, in words for the requester.

use jiff::SignedDuration;
use sluice_core::failure::{PortError, RejectedEvent};
use sluice_core::id::{AppName, DeploymentId, Digest, EnvironmentName, ImageTag, RepositoryName};
use sluice_core::quantity;
use sluice_core::roles::NotAllowed;
use sluice_core::rollback::{ImageReference, ReleaseReference};

use super::{not_allowed, rejected, unsure};
use crate::plan::migrated;

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum AskError {
    /// No such application.
    #[error("there is no application {0}: no sluice.toml defines it")]
    UnknownApp(AppName),
    /// No such environment.
    #[error("{app} has no environment {environment}, only {}", listed(.known))]
    UnknownEnvironment {
        app: AppName,
        environment: EnvironmentName,
        known: Vec<EnvironmentName>,
    },
    /// Their role does not let them.
    #[error("{}", not_allowed(.0))]
    NotAllowed(NotAllowed),
    /// Nothing says where its images come from.
    #[error(
        "the registry of {0} is not configured: write `registry` in [app] of its \
         sluice.toml, or set SLUICE_REGISTRY"
    )]
    NoRegistry(AppName),
    /// No such image.
    #[error(
        "there is no image {image} in {repository} that can be pulled: check the name, or push it"
    )]
    NoSuchImage {
        image: ImageReference,
        repository: RepositoryName,
    },
    /// It is there, and no image.
    #[error("{tag} is {what}, not an image: name the image that it belongs to")]
    NotAnImage { tag: ImageTag, what: &'static str },
    /// It must pass another environment first.
    #[error(
        "{} has not succeeded in {after}, which comes before {environment}: deploy it to {after} \
         first. If it cannot wait, someone who may override can add `hotfix: <reason>`",
        .digest.short()
    )]
    NotVerified {
        digest: Digest,
        environment: EnvironmentName,
        after: EnvironmentName,
    },
    /// There is nothing to skip.
    #[error(
        "{0} has no `after` in sluice.toml, so there is nothing to skip: deploy it without \
         `hotfix:`"
    )]
    SkipsNothing(EnvironmentName),
    /// There is nothing to promote from.
    #[error(
        "{0} has no `after` in sluice.toml, so there is nothing to promote: deploy a tag to it"
    )]
    ComesAfterNone(EnvironmentName),
    /// There is nothing to promote.
    #[error("nothing has succeeded in {0} yet, so there is nothing to promote")]
    NothingVerified(EnvironmentName),
    /// There is nothing new to promote.
    #[error(
        "{environment} already has the last verified release of {after} ({release}): deploy it by \
         name to roll it out again"
    )]
    PromotedAlready {
        release: ImageTag,
        environment: EnvironmentName,
        after: EnvironmentName,
    },
    /// Nothing was verified before.
    #[error("there is no earlier verified release in {0} to roll back to: deploy a tag instead")]
    NothingBefore(EnvironmentName),
    /// It was never verified here.
    #[error(
        "{reference} was not verified in {environment}: a rollback goes to a release that was \
         verified here, such as {}. Deploy it instead, or name one of these",
        listed(.verified)
    )]
    NeverVerified {
        reference: ReleaseReference,
        environment: EnvironmentName,
        verified: Vec<ImageTag>,
    },
    /// It was rolled back a moment ago.
    #[error(
        "{environment} was rolled back to {release} {} ago. To go further back, name the release",
        quantity::duration(*.ago)
    )]
    WentBackJustNow {
        environment: EnvironmentName,
        release: ImageTag,
        ago: SignedDuration,
    },
    /// The previous version is running: someone has stopped the release that would have replaced
    /// it.
    #[error(
        "{release} was stopped {} ago, before any service was changed: the previous version is \
         still running. To go further back, name the release",
        quantity::duration(*.ago)
    )]
    StoppedJustNow {
        release: ImageTag,
        ago: SignedDuration,
    },
    /// Another rollback is under way.
    #[error(
        "{environment} is already being rolled back to {release} ({deployment}): wait until it \
         ends, or cancel it while it is not changing anything"
    )]
    OtherRollback {
        environment: EnvironmentName,
        release: ImageTag,
        deployment: DeploymentId,
    },
    /// The database is being restored.
    #[error(
        "the database of {environment} is already being restored ({deployment}): wait until it \
         ends, or cancel it while it is not changing anything"
    )]
    RestoreUnderWay {
        environment: EnvironmentName,
        deployment: DeploymentId,
    },
    /// There is no database that Sluice knows.
    #[error(
        "sluice.toml names no database for {0}, so there is none to restore: name it in a \
         `backup` table"
    )]
    NoDatabase(EnvironmentName),
    /// RDS has none of that name.
    #[error(
        "RDS has no database {database} in {environment}: if an earlier restore left it under \
         another name, rename it back first"
    )]
    DatabaseGone {
        database: String,
        environment: EnvironmentName,
    },
    /// There is no point that it could be restored to.
    #[error("there is nothing to restore in {environment}: {}", .why.join("; "))]
    NoPoint {
        environment: EnvironmentName,
        why: Vec<String>,
    },
    /// Not that one.
    #[error(
        "this point can no longer be restored, or not yet: open the form again and choose another"
    )]
    PointGone,
    /// The old code may not fit the schema.
    #[error(
        "{}. If you know that {to} does, request it again and confirm that",
        migrated(.since)
    )]
    SchemaMoved { to: ImageTag, since: Vec<ImageTag> },
    /// The image is gone.
    #[error(
        "the image of {tag} ({}) is no longer in {repository}, perhaps removed by a lifecycle \
         rule: push it again, or name another release",
        .digest.short()
    )]
    ImageGone {
        tag: ImageTag,
        digest: Digest,
        repository: RepositoryName,
    },
    /// The deployment in progress cannot be rolled back.
    #[error("{}", rejected(.0))]
    Rejected(RejectedEvent),
    /// Something did not answer.
    #[error("{}", unsure(.0, "Try again in a moment"))]
    Port(#[from] PortError),
}

impl From<NotAllowed> for AskError {
    fn from(why: NotAllowed) -> Self {
        Self::NotAllowed(why)
    }
}

impl From<RejectedEvent> for AskError {
    fn from(why: RejectedEvent) -> Self {
        Self::Rejected(why)
    }
}

fn listed<T: ToString>(names: &[T]) -> String {
    let names: Vec<String> = names.iter().map(T::to_string).collect();
    names.join(", ")
}
