//! Requests to GitHub's API about a repository, and what becomes of a refusal. What GitHub says of its
//! limits: <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sluice_app::ports::Clock;
use sluice_core::config::GitHubAccess;
use sluice_core::failure::PortError;
use sluice_core::id::SourceName;

use crate::answer::said;
use crate::github::versioned;
use crate::http::{Answer, Credentials, Http, NoAnswer, Request};
use crate::tokens::{Known, Tokens};

/// A page of pull requests with long descriptions is the longest answer.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// One request, with its answer.
const WITHIN: Duration = Duration::from_secs(10);

/// A limit that names no time has passed after a minute, GitHub says.
const AFTER_A_LIMIT: SignedDuration = SignedDuration::from_mins(1);

/// No limit of GitHub's lasts longer.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);

/// A repository, and what may be asked of it.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) access: &'a GitHubAccess,
    pub(super) name: &'a SourceName,
}

impl Of<'_> {
    /// An error for an answer that no retry changes, or that lacks what it must have.
    pub(super) fn unreadable(self, call: &str, why: impl std::fmt::Display) -> PortError {
        PortError::retryable(format!(
            "the answer of GitHub to {call} about {} cannot be read: {why}",
            self.name
        ))
    }
}

/// What is asked with: connections, tokens, and until when GitHub wants to be left alone, of each token.
pub(super) struct Calls {
    http: Http,
    tokens: Known,
    clock: Arc<dyn Clock>,
    rests: Mutex<BTreeMap<GitHubAccess, Timestamp>>,
}

impl Calls {
    pub(super) fn new(tokens: Arc<dyn Tokens>, clock: Arc<dyn Clock>) -> Self {
        Self {
            http: Http::up_to(MOST_BYTES),
            tokens: Known::new(tokens),
            clock,
            rests: Mutex::default(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Reads something below the repository; `None` where GitHub answers 404, which it also does where
    /// the token sees nothing. Once more, if the answer was lost or GitHub failed.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        of: Of<'_>,
        path: &str,
    ) -> Result<Option<T>, PortError> {
        let request = Request::get(url(of, path));
        let call = called("GET", path);
        let answer = match self.send(of, &call, &request).await {
            Ok(answer) if answer.status < 500 => answer,
            Err(error) if !error.again => return Err(error.error),
            _ => self
                .send(of, &call, &request)
                .await
                .map_err(|it| it.error)?,
        };
        if answer.status == 404 {
            return Ok(None);
        }
        let answer = self.taken(of, &call, answer)?;
        let read = serde_json::from_slice(&answer.body);
        read.map(Some).map_err(|why| of.unreadable(&call, why))
    }

    /// Reads a list, page by page: `path` ends with `?` or `&`. `None` as with [`Self::get`].
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        of: Of<'_>,
        path: &str,
        (per_page, pages): (usize, usize),
    ) -> Result<Option<Vec<T>>, PortError> {
        let mut all = Vec::new();
        for page in 1..=pages {
            let path = format!("{path}per_page={per_page}&page={page}");
            let Some(mut some) = self.get::<Vec<T>>(of, &path).await? else {
                return Ok((page > 1).then_some(all));
            };
            let is_last = some.len() < per_page;
            all.append(&mut some);
            if is_last {
                break;
            }
        }
        Ok(Some(all))
    }

    /// Sends something, once; `None` where GitHub answers 404.
    pub(super) async fn write(
        &self,
        of: Of<'_>,
        method: &'static str,
        path: &str,
        body: &Value,
    ) -> Result<Option<Value>, PortError> {
        let request = Request::json(method, url(of, path), body);
        let call = called(method, path);
        let answer = self
            .send(of, &call, &request)
            .await
            .map_err(|it| it.error)?;
        match answer.status {
            404 => Ok(None),
            _ => Ok(Some(self.taken(of, &call, answer)?.json())),
        }
    }

    /// Sends a request, and once more with another token if it was the token that was refused.
    async fn send(&self, of: Of<'_>, call: &str, request: &Request) -> Result<Answer, Failed> {
        self.is_over(of).map_err(Failed::for_now)?;
        let secret = &of.access.token;
        let token = self.tokens.token(secret).await.map_err(Failed::for_now)?;
        let send = async |token: secrecy::SecretString| {
            let sent = versioned(request.clone()).with(Credentials::Bearer(token));
            let sent = tokio::time::timeout(WITHIN, self.http.send(sent)).await;
            let sent = sent.unwrap_or_else(|_| Err(NoAnswer::Lost(format!("after {WITHIN:?}"))));
            sent.map_err(|why| unanswered(call, request.host(), why))
        };
        let answer = send(token.clone()).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        match self.tokens.newer(secret, &token).await {
            Some(newer) => send(newer).await,
            None => Ok(answer),
        }
    }

    /// Whether GitHub may be asked again with that token.
    fn is_over(&self, of: Of<'_>) -> Result<(), PortError> {
        let now = self.clock.now();
        let mut rests = self.rests.lock().unwrap_or_else(PoisonError::into_inner);
        rests.retain(|_, until| *until > now);
        match rests.get(of.access) {
            None => Ok(()),
            Some(until) => Err(PortError::retryable(format!(
                "GitHub takes no more requests with the token in `{}` until {until}",
                of.access.token
            ))),
        }
    }

    /// An answer that is a success.
    fn taken(&self, of: Of<'_>, call: &str, answer: Answer) -> Result<Answer, PortError> {
        if answer.is_ok() {
            return Ok(answer);
        }
        let (status, secret, name) = (answer.status, &of.access.token, of.name);
        let said = said(&answer);
        if let Some(pause) = self.wants_rest(&answer, &said) {
            let until = self.clock.now().saturating_add(pause);
            let mut rests = self.rests.lock().unwrap_or_else(PoisonError::into_inner);
            rests.insert(of.access.clone(), until.unwrap_or(Timestamp::MAX));
            return Err(PortError::retryable(format!(
                "GitHub takes no more requests for now ({status} to {call} about {name}{said}): it is \
                 asked again after {} s",
                pause.as_secs()
            )));
        }
        let told = |advice: String| {
            format!("GitHub answered {status} to {call} about {name}{said}: {advice}")
        };
        Err(match status {
            401 => PortError::needs_person(told(format!(
                "store a valid token in the secret `{secret}`; it may have expired"
            ))),
            403 => PortError::needs_person(told(format!(
                "give the token in `{secret}` the permission: docs/source.md lists them"
            ))),
            301 | 302 | 307 | 308 => PortError::needs_person(told(
                "the repository was renamed or moved; write its name of today as `github` in [source]"
                    .to_owned(),
            )),
            408 | 409 | 500.. => PortError::retryable(told("it is asked again".to_owned())),
            _ => PortError::permanent(told("nothing was changed".to_owned())),
        })
    }

    /// How long GitHub wants to be left alone, if it is a limit that it refuses by.
    fn wants_rest(&self, answer: &Answer, said: &str) -> Option<SignedDuration> {
        let is_used_up = answer.requests_left == Some(0);
        let is_a_limit = answer.status == 429
            || answer.status == 403
                && (is_used_up
                    || answer.retry_after.is_some()
                    || said.to_lowercase().contains("rate limit"));
        if !is_a_limit {
            return None;
        }
        let until = answer.counts_again_at.filter(|_| is_used_up);
        let until = until.and_then(|second| Timestamp::from_second(second).ok());
        let until = until.map(|until| until.duration_since(self.clock.now()));
        let pause = answer.retry_after.or(until).unwrap_or(AFTER_A_LIMIT);
        Some(pause.clamp(SignedDuration::from_secs(1), LONGEST))
    }
}

/// A request without an answer.
struct Failed {
    error: PortError,
    /// Whether it may be asked again at once.
    again: bool,
}

impl Failed {
    fn for_now(error: PortError) -> Self {
        let again = false;
        Self { error, again }
    }
}

fn unanswered(call: &str, host: &str, why: NoAnswer) -> Failed {
    match why {
        NoAnswer::NotARequest(why) => Failed::for_now(PortError::needs_person(format!(
            "{call} cannot be sent to {host}: {why}"
        ))),
        NoAnswer::NotReached(why) | NoAnswer::Lost(why) => Failed {
            error: PortError::retryable(format!("no answer of {host} to {call}: {why}")),
            again: true,
        },
    }
}

fn url(of: Of<'_>, path: &str) -> String {
    format!("{}/repos/{}{path}", of.access.url, of.name)
}

/// The call as it is named in errors, without its query.
fn called(method: &str, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    format!("{method} {path}")
}
