//! What tells one command of a deployment from another.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::id::ServiceName;

/// A command of a deployment: its kind and what it is about. With the deployment's id it is the
/// idempotency key of what it does to the world. Written as `start-rollout/web/back`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommandKey {
    /// Of which kind.
    pub kind: CommandKind,
    /// What it is about, where a deployment may have several of the kind: a service, a task, a
    /// database.
    about: Option<Arc<str>>,
    /// Whether a service is to go back.
    back: bool,
}

impl CommandKey {
    /// Of the command that brings a service forward.
    pub(crate) fn start_rollout(service: &ServiceName) -> Self {
        Self::about(CommandKind::StartRollout, service.as_str())
    }

    /// Of the command that brings a service back.
    pub(super) fn start_rollout_back(service: &ServiceName) -> Self {
        Self {
            back: true,
            ..Self::start_rollout(service)
        }
    }

    /// Of the only command of its kind.
    pub(crate) const fn of(kind: CommandKind) -> Self {
        Self {
            kind,
            about: None,
            back: false,
        }
    }

    /// Of the command of that kind that is about this.
    pub(crate) fn about(kind: CommandKind, name: &str) -> Self {
        Self {
            about: Some(name.into()),
            ..Self::of(kind)
        }
    }

    /// Whether it is about the service.
    pub(crate) fn is_about(&self, service: &ServiceName) -> bool {
        self.about.as_deref() == Some(service.as_str())
    }
}

impl fmt::Display for CommandKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        if let Some(about) = &self.about {
            write!(f, "/{about}")?;
        }
        f.write_str(if self.back { "/back" } else { "" })
    }
}

impl From<CommandKey> for String {
    fn from(key: CommandKey) -> Self {
        key.to_string()
    }
}

/// No command is called so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a command of this version of Sluice")]
pub struct UnknownCommand(String);

impl TryFrom<String> for CommandKey {
    type Error = UnknownCommand;

    fn try_from(text: String) -> Result<Self, UnknownCommand> {
        text.parse()
    }
}

impl FromStr for CommandKey {
    type Err = UnknownCommand;

    fn from_str(text: &str) -> Result<Self, UnknownCommand> {
        let (rest, back) = match text.strip_suffix("/back") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (name, about) = match rest.split_once('/') {
            Some((name, about)) => (name, Some(about.into())),
            None => (rest, None),
        };
        let mut all = CommandKind::ALL.iter();
        let kind = all.find(|kind| kind.name() == name);
        let kind = *kind.ok_or_else(|| UnknownCommand(text.to_owned()))?;
        Ok(Self { kind, about, back })
    }
}

macro_rules! kinds {
    ($($kind:ident = $name:literal,)*) => {
        /// Kinds of commands: one for each [`Command`](super::Command), in the order of their names.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each is documented as a command")]
        pub enum CommandKind {
            $($kind,)*
        }

        impl CommandKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// As it is written in state and logs.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    ClaimEnvironment = "claim-environment",
    ExecuteChangeSet = "execute-change-set",
    FindDatabases = "find-databases",
    PinSecrets = "pin-secrets",
    PruneSnapshots = "prune-snapshots",
    ReadAlarms = "read-alarms",
    ReadApprovers = "read-approvers",
    ReadChangeSet = "read-change-set",
    ReadControls = "read-controls",
    ReadCopy = "read-copy",
    ReadDatabase = "read-database",
    ReadImage = "read-image",
    ReadInspection = "read-inspection",
    ReadMetrics = "read-metrics",
    ReadMigration = "read-migration",
    ReadParity = "read-parity",
    ReadPrevious = "read-previous",
    ReadProof = "read-proof",
    ReadRehearsal = "read-rehearsal",
    ReadRollout = "read-rollout",
    ReadScan = "read-scan",
    ReadServices = "read-services",
    ReadSignature = "read-signature",
    ReadSnapshot = "read-snapshot",
    ReadSource = "read-source",
    ReadStackUpdate = "read-stack-update",
    RegisterInspector = "register-inspector",
    RegisterTaskDefinition = "register-task-definition",
    RemoveChangeSet = "remove-change-set",
    RemoveCopy = "remove-copy",
    RemoveSnapshot = "remove-snapshot",
    RenameDatabase = "rename-database",
    RunSmokeTests = "run-smoke-tests",
    SampleHealth = "sample-health",
    ScaleService = "scale-service",
    StartChangeSet = "start-change-set",
    StartCopy = "start-copy",
    StartInspection = "start-inspection",
    StartMigration = "start-migration",
    StartRehearsal = "start-rehearsal",
    StartRollout = "start-rollout",
    StartSnapshot = "start-snapshot",
    StopMigration = "stop-migration",
    StopRollout = "stop-rollout",
}

impl CommandKind {
    /// Whether it has something begun in AWS.
    pub(crate) fn starts(self) -> bool {
        matches!(
            self,
            Self::ExecuteChangeSet
                | Self::StartChangeSet
                | Self::StartCopy
                | Self::StartInspection
                | Self::StartMigration
                | Self::StartRehearsal
                | Self::StartRollout
                | Self::StartSnapshot
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for kind in CommandKind::ALL {
            let web = ServiceName::new("web");
            let keys = [
                CommandKey::of(*kind),
                CommandKey::about(*kind, web.as_str()),
                CommandKey::start_rollout_back(&web),
            ];
            for key in keys {
                assert_eq!(key.to_string().parse(), Ok(key));
            }
        }
    }

    #[test]
    fn they_are_ordered_as_they_are_written() {
        let written: Vec<&str> = CommandKind::ALL.iter().map(|kind| kind.name()).collect();
        assert!(written.is_sorted());
        assert!(CommandKind::ALL.is_sorted());
    }

    #[test]
    fn what_a_newer_version_may_know_is_refused_with_its_name() {
        let error = "drain-queue/erp".parse::<CommandKey>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`drain-queue/erp` is not a command of this version of Sluice"
        );
    }
}
