//! Sluice's own functions, deployed in the simulated world: the same handlers as in Lambda, called
//! with the same JSON.

mod functions;
mod lambda;
mod payload;
mod recognise;

pub use functions::HandlerFunctions;
pub use lambda::{Function, Lambda};
pub use payload::{APPROVER, click_request, slack_request, sqs_batch, submission_request};
pub use recognise::{Unrecognised, happened_at, recognise};
