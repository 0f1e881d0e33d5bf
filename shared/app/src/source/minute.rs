//! Every minute: the repositories that are due, and those that were never looked at.

use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};
use sluice_core::config::Config;
use sluice_core::failure::PortError;

use crate::App;

/// Repositories that are looked at in a minute, at most: the others stay due.
const LOOKED_AT: usize = 50;

/// Applications that a new process asks about in a minute, at most.
const BEGUN: usize = 20;

/// One that could not be looked at comes after those that are due by then.
const PUT_OFF: SignedDuration = SignedDuration::from_mins(1);

impl App {
    /// Looks at the repositories that are due: how many, and how many could not be. The log says
    /// which and why.
    pub(crate) async fn look_at_sources(&self, stop_at: Timestamp) -> (usize, usize) {
        let (mut looked, mut failed) = (0, 0);
        let due = match self.sources_to_look_at().await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "what source code is due is not known: {error}");
                return (0, 1);
            }
        };
        for config in due {
            if self.ports.clock.now() >= stop_at {
                break;
            }
            match self.look_at_source(config, None).await {
                Ok(_) => looked += 1,
                Err(error) => {
                    failed += 1;
                    tracing::error!(app = %config.app, %error, "the source code of {} is due and \
                        could not be checked: {error}", config.app);
                    self.put_source_off(config).await;
                }
            }
        }
        (looked, failed)
    }

    async fn sources_to_look_at(&self) -> Result<Vec<&Config>, PortError> {
        let all: Vec<&Config> = self.configs.iter().map(|config| &**config).collect();
        let all: Vec<&Config> = all
            .into_iter()
            .filter(|config| super::Repo::of(config).is_some())
            .collect();
        if all.is_empty() {
            return Ok(all);
        }
        // A repository that was never looked at is in no index. What is in it is asked about once in the
        // life of a process.
        let begun = self.sources_begun.load(Ordering::Relaxed).min(all.len());
        let mut found = Vec::new();
        for config in all[begun..].iter().take(BEGUN) {
            if self.ports.sources.source(&config.app).await?.is_none() {
                found.push(*config);
            } else if found.is_empty() {
                self.sources_begun.fetch_add(1, Ordering::Relaxed);
            }
        }
        let now = self.ports.clock.now();
        for app in self.ports.sources.sources_due(now, LOOKED_AT).await? {
            let config = all.iter().find(|config| config.app == app);
            found.extend(config.copied());
        }
        Ok(found)
    }

    async fn put_source_off(&self, config: &Config) {
        let sources = &self.ports.sources;
        let put = async {
            // One that was never looked at is stored as that, so that it is due too.
            let stored = sources.source(&config.app).await?;
            let (watch, version) =
                stored.map_or_else(Default::default, |stored| (stored.watch, stored.version));
            let now = self.ports.clock.now();
            let due_at = now.saturating_add(PUT_OFF).unwrap_or(now);
            sources
                .save_source(&config.app, &watch, version, due_at)
                .await
        };
        let put: Result<bool, PortError> = put.await;
        if let Err(error) = put {
            tracing::warn!(app = %config.app, %error, "the source code of {} stays due", config.app);
        }
    }
}
