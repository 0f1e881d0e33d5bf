//! Bugs.
use sluice_app::ports::Ports;
use sluice_sim::cloud::SharedCloud;
use sluice_sim::world::Functions;
use std::sync::Arc;
/// Bug.
#[derive(Clone, Copy, Debug)]
pub enum Bug {}
impl Bug {
    pub(crate) fn planted_in(self, _ports: Ports, _cloud: SharedCloud) -> Ports {
        match self {}
    }
    pub(crate) fn planted_between(self, _f: Arc<dyn Functions>) -> Arc<dyn Functions> {
        match self {}
    }
}
