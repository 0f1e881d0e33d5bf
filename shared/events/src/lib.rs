//! What AWS sends, as types.
//!
//! Only the fields that Sluice reads are named; AWS adds others all the time. A field that is
//! missing or of another type is an error that says where it is.

mod arn;
mod bounded;
pub mod codebuild;
pub mod codecommit;
pub mod ecr;
mod envelope;
pub mod function_url;
mod hints;
mod malformed;

pub use arn::{Arn, NotAnArn};
pub use envelope::Envelope;
pub use hints::hint;
pub use malformed::{Malformed, from_text, from_value, shown};
