//! Asks the repository about the commit that an image names.

use sluice_core::deployment::Deployment;
use sluice_core::failure::PortError;
use sluice_core::id::{AppName, CommitId, DeploymentId};
use sluice_core::source::{Doubt, SourceObservation, examine_commit};

use super::place_of;
use crate::App;
use crate::ports::StoredSource;

impl App {
    /// What the repository says of a commit. What reached `main` by a wrong way is what looks have
    /// found; whether the commit contains it is asked.
    pub(crate) async fn read_source(
        &self,
        d: &Deployment,
        commit: &CommitId,
        runs: Option<&DeploymentId>,
    ) -> Result<SourceObservation, PortError> {
        let source = d.settings.source.as_ref();
        let found = source.and_then(|source| Some((source, place_of(source)?)));
        let Some((source, at)) = found else {
            return Err(PortError::needs_person(
                "nothing says in which account the source repository is: write `account` and \
                 `region` in [source], or set SLUICE_REGISTRY",
            ));
        };
        let runs = match runs {
            Some(deployment) => self.commit_of(deployment).await?,
            None => None,
        };
        let stored = self.ports.sources.source(d.app()).await?;
        let watch = stored.as_ref().map(|stored| stored.watch.clone());
        let watch = watch.unwrap_or_default();
        let look = |known: &_| examine_commit(source, &watch, known, commit, runs.as_ref());
        let (seen, _) = self.answered(&at, look).await?;
        if let Some(stored) = stored
            && seen.doubts.contains(&Doubt::NotJudged)
        {
            self.look_soon(d.app(), &stored).await;
        }
        Ok(seen)
    }

    /// The commit of a deployment's image, as far as its plan knows.
    async fn commit_of(&self, deployment: &DeploymentId) -> Result<Option<CommitId>, PortError> {
        let stored = self.ports.store.load(deployment).await?;
        Ok(stored.and_then(|stored| stored.deployment.origin()?.commit.as_ref()?.id()))
    }

    /// Has the repository looked at within a minute: its event may be lost.
    async fn look_soon(&self, app: &AppName, stored: &StoredSource) {
        let now = self.ports.clock.now();
        let sources = &self.ports.sources;
        let saved = sources.save_source(app, &stored.watch, stored.version, now);
        if let Err(error) = saved.await {
            tracing::warn!(%app, %error, "the source code of {app} is looked at when it is due");
        }
    }
}
