//! Where what is shown comes from.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use sluice_words::overview::{Look, Seen};

use crate::Recorded;

/// What can be looked at.
#[async_trait]
pub trait Source: Send + Sync {
    /// What it is of.
    fn about(&self) -> &About;

    /// Looks.
    ///
    /// # Errors
    /// It is not there, or could not be read.
    async fn see(&self, look: &Look) -> Result<Seen, Unseen>;
}

/// What a source is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name, as it stands on every page.
    pub title: String,
    /// What people type to act.
    pub commands: Commands,
    /// After how many seconds a page asks again; `None` where nothing changes.
    pub renews: Option<u32>,
}

/// What people type to act on what they see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Commands {
    /// `sluice …`, with what names this installation at the end.
    Terminal {
        /// Such as ` --installation company`; empty for the only one.
        options: String,
    },
    /// What is typed at the prompt of the demo.
    Demo,
    /// Nothing: it has happened long ago.
    None,
}

/// Why something is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// It is not there; in a sentence.
    Missing(String),
    /// It could not be read; in a sentence, with what to do.
    Failed(String),
}

/// A record that is replaced while it is looked at: what a demo shows.
pub struct Board {
    about: About,
    shown: Mutex<Arc<Recorded>>,
}

impl Board {
    /// A board with this on it.
    pub fn new(about: About, shown: Recorded) -> Self {
        Self {
            about,
            shown: Mutex::new(Arc::new(shown)),
        }
    }

    /// Shows this instead.
    pub fn show(&self, shown: Recorded) {
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(shown);
    }

    /// What is on it.
    pub fn shown(&self) -> Arc<Recorded> {
        let shown = self.shown.lock();
        shown.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Source for Board {
    fn about(&self) -> &About {
        &self.about
    }

    async fn see(&self, look: &Look) -> Result<Seen, Unseen> {
        self.shown().see(look)
    }
}
