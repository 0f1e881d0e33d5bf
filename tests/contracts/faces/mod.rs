//! What the contracts are held against: each face makes a stage, on which a promise is tried.

mod model;
pub(crate) mod moto;
pub(crate) mod server;
pub(crate) mod sim;
pub(crate) mod wire;

pub(crate) use model::Model;
