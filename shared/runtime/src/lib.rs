//! What every Lambda function starts with: its settings from the environment, tracing, the time it
//! has, and (feature `aws`) the application put together on AWS and Slack.

mod deadline;
mod function;
mod logging;
mod settings;
#[cfg(feature = "aws")]
mod start;

pub use deadline::stop_at;
pub use function::Function;
pub use logging::init_tracing;
pub use settings::{InvalidSettings, SettingProblem, Settings};
#[cfg(feature = "aws")]
pub use start::{Branches, Everything, Looks, Queue, Reach, StartError, Started, start};
