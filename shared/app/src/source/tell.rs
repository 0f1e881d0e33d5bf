//! Tells people what a look found. What was posted is remembered; a function that stops in between is
//! followed by one that posts the same key again, which the chat takes for the message that is there.

use jiff::{SignedDuration, Timestamp};
use sluice_core::failure::{ErrorClass, PortError};
use sluice_core::source::{Telling, Watch, look_again_at};
use sluice_words::source::message;

use super::{Repo, TRIES};
use crate::App;
use crate::driver::TELL_AGAIN_AFTER;

/// The longest pause between two tries.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// After this a message that Slack refuses is abandoned: the log has it.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(3 * 24);

/// How far it came.
#[derive(Default)]
struct Told {
    posted: Vec<String>,
    abandoned: Vec<String>,
    /// When to try the others again.
    again_at: Option<Timestamp>,
}

impl App {
    /// Posts what is untold, the oldest first: the keys of what was posted, and how many wait.
    pub(super) async fn tell_of_source(
        &self,
        repo: &Repo<'_>,
        watch: Watch,
    ) -> Result<(Vec<String>, usize), PortError> {
        let mut told = Told::default();
        self.post(repo, &watch.untold, &mut told).await;
        let mut answered = self.answer_pulls(repo, &watch.gates).await;
        for _ in 0..TRIES {
            let app = &repo.config.app;
            let Some(stored) = self.ports.sources.source(app).await? else {
                break;
            };
            let (mut next, now) = (stored.watch, self.ports.clock.now());
            let done = [&told.posted[..], &told.abandoned[..]].concat();
            next.untold.retain(|one| !done.contains(&one.key));
            answered.note_in(&mut next);
            let has_more = (told.again_at.is_none() && !next.untold.is_empty())
                || (answered.again_at.is_none() && next.has_open_orders());
            if has_more {
                // Found by another look meanwhile, which left it to this one.
                self.post(repo, &next.untold, &mut told).await;
                answered.join(self.answer_pulls(repo, &next.gates).await);
                continue;
            }
            next.telling_until = None;
            let due_at = look_again_at(repo.source, &next, now);
            let again_at = [told.again_at, answered.again_at].into_iter().flatten();
            let due_at = again_at.fold(due_at, Timestamp::min);
            let sources = &self.ports.sources;
            if sources
                .save_source(app, &next, stored.version, due_at)
                .await?
            {
                return Ok((told.posted, next.untold.len()));
            }
        }
        // What was posted is found by its key when it is posted again.
        Ok((told.posted, watch.untold.len()))
    }

    async fn post(&self, repo: &Repo<'_>, untold: &[Telling], told: &mut Told) {
        for telling in untold {
            let message = message(repo.config, &telling.what);
            let (key, channel) = (&telling.key, &repo.source.channel);
            let posted = self.ports.chat.ensure_posted(key, channel, None, &message);
            let Err(refused) = posted.await else {
                tracing::info!(app = %repo.config.app, key, "told about the source code: {}",
                    message.summary);
                told.posted.push(key.clone());
                continue;
            };
            let now = self.ports.clock.now();
            let lasted = now.duration_since(telling.since);
            let passes = refused.error.class == ErrorClass::Retryable;
            if !passes && lasted >= GIVE_UP_AFTER {
                tracing::error!(app = %repo.config.app, key, error = %refused, "a message about the \
                    source code is abandoned: {refused}. It said: {}", message.summary);
                told.abandoned.push(key.clone());
                continue;
            }
            tracing::warn!(app = %repo.config.app, key, error = %refused, "a message about the \
                source code cannot be posted: {refused}");
            let pause = match passes {
                true => TELL_AGAIN_AFTER,
                false => lasted.clamp(TELL_AGAIN_AFTER, DAY),
            };
            told.again_at = now.saturating_add(pause).ok();
            return;
        }
    }
}
