//! What CloudFormation is asked for.

use sluice_core::command::StackCommand;
use sluice_core::event::Outcome;
use sluice_core::failure::PortError;

use crate::App;
use crate::ports::Target;

impl App {
    pub(super) async fn change_stack(
        &self,
        target: &Target,
        command: &StackCommand,
    ) -> Result<Outcome, PortError> {
        let stacks = &self.ports.stacks;
        Ok(match command {
            StackCommand::StartChangeSet(order) => {
                stacks.ensure_change_set(target, order).await?;
                Outcome::ChangeSetStarted
            }
            StackCommand::ReadChangeSet { stack, name } => {
                Outcome::ChangeSet(stacks.change_set(target, stack, name).await?)
            }
            StackCommand::RemoveChangeSet { stack, name } => {
                stacks.ensure_no_change_set(target, stack, name).await?;
                Outcome::ChangeSetRemoved
            }
            StackCommand::ExecuteChangeSet { stack, name } => {
                Outcome::ChangeSetExecuted(stacks.ensure_executed(target, stack, name).await?)
            }
            StackCommand::ReadStackUpdate { stack, token } => {
                Outcome::StackUpdate(stacks.update(target, stack, token).await?)
            }
        })
    }
}
