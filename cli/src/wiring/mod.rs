//! Sluice's own functions, deployed in the simulated world: the same handlers as in Lambda, called
//! with the same JSON.

mod functions;
mod lambda;
mod payload;
mod reading;
mod recognise;

pub use functions::{HandlerFunctions, WHY};
pub use lambda::{Function, Lambda};
pub use payload::{
    APPROVER, click, click_request, command, operate_request, slack_request, sqs_batch,
    submission_request,
};
pub use reading::{errors, message};
pub use recognise::{Unrecognised, happened_at, recognise};
