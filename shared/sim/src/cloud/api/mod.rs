//! What AWS's own API sees and does beyond Sluice's ports: whole descriptions instead of
//! observations, and orders as AWS is given them. For whoever speaks AWS's protocols over the
//! model; nothing here knows a protocol.

mod databases;
mod images;
mod places;
mod secrets;
mod services;
mod stacks;
mod task_definitions;
mod tasks;
#[cfg(test)]
mod tests;
mod updates;

pub use databases::{DatabaseDescription, SnapshotDescription};
pub use images::ImageDescription;
pub use secrets::{ParameterDescription, SecretDescription};
pub use services::{
    ConfigurationDescription, HookDescription, RevisionDescription, RolloutDescription,
    ServiceDescription, ServiceTask,
};
pub use stacks::{ChangeSetDescription, StackDescription};
pub use task_definitions::TaskDefinitionDescription;
pub(super) use task_definitions::registration;
pub use tasks::{RunOrder, TaskDescription};
pub use updates::ServiceOrder;
