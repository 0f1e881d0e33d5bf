//! AWS's own service models, as botocore has them: whether AWS knows a request.
//!
//! For tests. Python and its packages are installed by the first test that needs them, into one
//! virtual environment under `target/`.

pub mod python;
mod request;

pub use request::{Request, Verdict, check, start};
