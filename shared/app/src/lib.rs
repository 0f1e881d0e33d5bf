//! What Sluice does, between the functions that receive events and the ports to the world.
//!
//! Each function calls one entry point of [`App`]: [`App::image_pushed`], [`App::hint`],
//! [`App::click`], [`App::slash`], [`App::submit`], [`App::advance`], [`App::hook`],
//! [`App::minute`], [`App::operate`], [`App::source_changed`]. What people ask for is [`App::deploy`], [`App::promote`], [`App::roll_back`];
//! what they do manually [`App::freeze`], [`App::hold`], [`App::pause`] and their like. None of
//! them
//! decides anything: [`sluice_core::machine::step`] does.

mod asked;
mod authority;
mod clicked;
mod configs;
mod control;
mod decide;
mod driver;
mod execute;
mod groups;
mod hint;
mod hook;
mod intake;
mod live;
mod minute;
mod monitors;
mod operate;
mod parity;
mod person;
pub mod ports;
mod preview;
mod projector;
mod slash;
mod source;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use jiff::Timestamp;
use sluice_core::config::Config;

use configs::Configs;
use groups::Groups;
use live::Live;
use ports::Ports;

pub use asked::{Asked, AskedHow, Request, RestoreDatabase, RollBack};
pub use decide::{Decide, Decided};
pub use driver::Advanced;
pub use hint::Hint;
pub use intake::{Intake, Taken, TakenHow};
pub use live::Package;
pub use minute::Minute;
pub use preview::Preview;
pub use slash::{SERVED, SlashReply};
pub use sluice_words::refusal::{
    AskError, ClickFailed, ControlError, DecideError, NotComparable, SlashFailed, SourceIgnored,
    SubmitFailed, ignored as why_ignored,
};
pub use source::{BuildHint, SourceHint, SourceLooked, SourceTaken};

/// One Sluice: its ports, and the applications it deploys.
#[derive(Clone)]
pub struct App {
    ports: Ports,
    configs: Arc<Configs>,
    live: Arc<Live>,
    groups: Arc<Groups>,
    sources_begun: Arc<AtomicUsize>,
    asked_at: Option<Timestamp>,
    in_organisation: bool,
}

impl App {
    /// A Sluice for these applications.
    pub fn new(ports: Ports, configs: Vec<Arc<Config>>) -> Self {
        Self::installed(ports, configs, Package::default())
    }

    /// A Sluice for these applications, whose files people may change.
    pub fn installed(ports: Ports, packaged: Vec<Arc<Config>>, package: Package) -> Self {
        let configs = Arc::new(Configs::new(packaged.clone()));
        Self {
            ports,
            live: Arc::new(Live::new(package, packaged, configs.clone())),
            configs,
            groups: Arc::default(),
            sources_begun: Arc::default(),
            asked_at: None,
            in_organisation: false,
        }
    }

    /// The same for a request that was made at that moment, as the carrier of the request has
    /// signed. A command that is older than what it would undo does nothing.
    #[must_use]
    pub fn asked_at(&self, at: Timestamp) -> Self {
        Self {
            asked_at: Some(at),
            ..self.clone()
        }
    }

    /// The same for a request from an organisation of several chat workspaces, whose people may have
    /// several ids.
    #[must_use]
    pub fn in_organisation(&self) -> Self {
        Self {
            in_organisation: true,
            ..self.clone()
        }
    }

    /// Its ports.
    pub fn ports(&self) -> &Ports {
        &self.ports
    }
}
