//! The way from a terminal to the function `operate`: its Function URL, called with the caller's own
//! AWS credentials, signed with Signature Version 4. The only crate that names aws-sigv4.

mod address;
mod error;
mod send;
mod sign;

pub use address::{Address, InvalidAddress};
pub use error::CallError;
pub use send::{Client, Reply};
