//! Identifiers, each its own type: a cluster cannot be passed where a service is meant. They are
//! copied with every step of a deployment, so a copy shares its text.
//!
//! What a person writes is checked where it is parsed (`config`, `intake`); what AWS answers is
//! taken as it is. So the types here carry a name, not a grammar, except [`Digest`] and
//! [`DeploymentId`], which other systems parse.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the name as it is.
            pub fn new(name: impl Into<String>) -> Self {
                Self(name.into().into())
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// The application, as `sluice.toml` names it.
    AppName;
    /// An environment of the application, such as `staging`.
    EnvironmentName;
    /// A service as `sluice.toml` names it, such as `web`.
    ServiceName;
    /// A service as ECS names it.
    EcsServiceName;
    /// A container of a task definition.
    ContainerName;
    /// An ECS cluster, by name.
    ClusterName;
    /// An AWS account: twelve digits.
    AccountId;
    /// An AWS region, such as `eu-central-1`.
    Region;
    /// The ARN of an IAM role.
    RoleArn;
    /// Who calls AWS: the ARN of an IAM user, or of a role with the name of the session.
    PrincipalArn;
    /// A finding of a scanner, such as `CVE-2026-0861`.
    FindingId;
    /// An ECR repository, by name.
    RepositoryName;
    /// A repository of source code, by name.
    SourceName;
    /// A branch, without `refs/heads/`.
    BranchName;
    /// A commit of git: 40 hexadecimal digits.
    CommitId;
    /// A pull request's number.
    PullRequestId;
    /// The state of a pull request: a new one with every push to its branch.
    RevisionId;
    /// A comment on a pull request.
    CommentId;
    /// A CodeBuild project, by name.
    BuildProject;
    /// A build of CodeBuild: its project, a colon and a UUID.
    BuildId;
    /// An image tag.
    ImageTag;
    /// The ARN of a task definition revision.
    TaskDefinitionArn;
    /// A family of task definition revisions, such as `erp-web`.
    TaskFamily;
    /// The ARN of an ECS task.
    TaskArn;
    /// The ARN of an ECS service deployment.
    ServiceDeploymentArn;
    /// The identifier of an RDS snapshot.
    SnapshotId;
    /// A version id of a secret (Secrets Manager), or a parameter's version number.
    SecretVersion;
    /// A person, as the chat names them: in Slack `U024BE7LH`.
    UserId;
    /// A group of people, as the chat names it: in Slack `S0604QSJC`.
    GroupId;
    /// A channel of the chat, by name (`#deploys`) or id.
    ChannelName;
    /// The name of a CloudWatch alarm.
    AlarmName;
}

impl PullRequestId {
    /// The number, to sort by; 0 if it is none.
    pub fn number(&self) -> u64 {
        self.0.parse().unwrap_or(0)
    }
}

impl CommitId {
    /// The first seven digits: as git shows a commit.
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

/// An image's content address: `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(Arc<str>);

impl Digest {
    /// The digest as text, `sha256:` included.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve hexadecimal digits: what people compare by eye.
    pub fn short(&self) -> &str {
        &self.0["sha256:".len().."sha256:".len() + 12]
    }
}

impl TryFrom<String> for Digest {
    type Error = InvalidDigest;

    fn try_from(text: String) -> Result<Self, InvalidDigest> {
        let valid = text.strip_prefix("sha256:").is_some_and(|hex| {
            hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        });
        if valid {
            Ok(Self(text.into()))
        } else {
            Err(InvalidDigest(text.chars().take(SHOWN_CHARS).collect()))
        }
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.0.to_string()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Characters of a text that is no digest which are said back: a digest has fewer.
const SHOWN_CHARS: usize = 80;

/// A text that is no image digest.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not an image digest: expected `sha256:` and 64 lower-case hexadecimal digits")]
pub struct InvalidDigest(String);

impl TaskArn {
    /// The task's id: the last part of its ARN.
    pub fn id(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(_, id)| id)
    }
}

impl ServiceDeploymentArn {
    /// `arn:PARTITION:ecs:REGION:ACCOUNT:service-deployment/CLUSTER/SERVICE/ID`: its parts from the
    /// cluster on.
    fn parts(&self) -> Option<(&str, &str)> {
        let (_, path) = self.0.split_once(":service-deployment/")?;
        let mut parts = path.split('/');
        Some((parts.next()?, parts.next()?))
    }

    /// The account it is in, if it is an ARN.
    pub fn account(&self) -> Option<AccountId> {
        let account = self.0.split(':').nth(4)?;
        (!account.is_empty()).then(|| AccountId::new(account))
    }

    /// The cluster, if it is an ARN.
    pub fn cluster(&self) -> Option<ClusterName> {
        self.parts().map(|(cluster, _)| ClusterName::new(cluster))
    }

    /// The service's name in ECS, if it is an ARN.
    pub fn ecs_service(&self) -> Option<EcsServiceName> {
        self.parts()
            .map(|(_, service)| EcsServiceName::new(service))
    }
}

/// A deployment: `dep-` and sixteen hexadecimal digits.
///
/// Made from what triggered it, so that a trigger that arrives twice names the same deployment.
/// Short and plain enough for everything that carries it: ECS `startedBy` (36 characters at most)
/// and RDS snapshot identifiers (letters, digits and single hyphens).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeploymentId(Arc<str>);

impl DeploymentId {
    /// The deployment that `trigger` (an event's own id) opens for this digest in this environment.
    pub fn derive(
        app: &AppName,
        environment: &EnvironmentName,
        digest: &Digest,
        trigger: &str,
    ) -> Self {
        Self::hash_of(&[app.as_str(), environment.as_str(), digest.as_str(), trigger])
    }

    /// The deployment that a person's request opens in this environment. What it deploys is not part
    /// of it: the same request names the same deployment, even if the tag has moved or something
    /// else runs when it is told again.
    pub fn of_request(app: &AppName, environment: &EnvironmentName, request: &str) -> Self {
        Self::hash_of(&[app.as_str(), environment.as_str(), "request", request])
    }

    fn hash_of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        Self(format!("dep-{}", hex::encode(&hash.finalize()[..8])).into())
    }

    /// Takes an id that came back from outside (a button, a hook). It names a deployment only if
    /// the store has one of that name.
    pub fn from_outside(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeploymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A SHA-256 in hexadecimal: a plan's, or a history record's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hash(Arc<str>);

impl Hash {
    /// The hash of a value's JSON. Every map in the core is ordered, so equal values hash equally.
    pub fn of_json(value: &impl Serialize) -> Self {
        let json = serde_json::to_vec(value)
            .expect("the core's types serialise: their map keys are strings");
        Self(hex::encode(Sha256::digest(json)).into())
    }

    /// Takes a hash that came back from outside (a button). Comparing it is the check.
    pub fn from_outside(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }

    /// The hash as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twelve digits: what people compare by eye.
    pub fn short(&self) -> &str {
        self.0.get(..12).unwrap_or(&self.0)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
