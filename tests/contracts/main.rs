//! What each port promises, held against everything that stands behind it.
//!
//! A contract is a file in `ports`: each promise is one function, and the table at its end says on
//! which faces it is kept:
//!
//! - `sim`: the simulated cloud's, store's and queue's own ports;
//! - `wire`: the real adapters, at the simulated cloud behind AWS's protocols;
//! - `moto`: the real adapters, at moto, which imitates AWS in Python;
//! - `server`: the real HTTP client, at a server of the test's.
//!
//! What moto cannot do stands in `moto`, in tests that fail the day it learns it. Every request that
//! an adapter sends here is read back by AWS's own service models (`recorder`), and `calls` sees
//! that none of the calls that the adapters can make is left out.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up for a test fails it"
)]

/// One test for each promise and each face on which it is kept.
macro_rules! promises {
    ($($promise:ident on $($face:ident),+;)+) => {
        $(mod $promise {
            $(#[tokio::test]
            async fn $face() {
                super::$promise(&crate::faces::$face::stage().await).await;
            })+
        })+
    };
}

/// The same of a port onto AWS, and a run of everything that goes over HTTP, which gives the calls
/// that were made.
macro_rules! contract {
    ($($promise:ident on $($face:ident),+;)+) => {
        promises! { $($promise on $($face),+;)+ }

        pub(crate) async fn calls() -> std::collections::BTreeSet<String> {
            let mut calls = std::collections::BTreeSet::new();
            $($(calls_of!($face, $promise, calls);)+)+
            calls
        }
    };
}

macro_rules! calls_of {
    (sim, $promise:ident, $calls:ident) => {};
    ($face:ident, $promise:ident, $calls:ident) => {
        let stage = crate::faces::$face::stage().await;
        $promise(&stage).await;
        $calls.extend(stage.recorder().calls());
    };
}

mod calls;
mod deployments;
mod faces;
mod moto;
mod ports;
mod recorder;
