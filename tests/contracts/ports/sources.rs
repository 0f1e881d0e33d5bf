//! What is remembered of source code.

use jiff::SignedDuration;
use sluice_app::ports::Sources;
use sluice_core::id::{AppName, BranchName, CommitId};
use sluice_core::source::Watch;

use crate::deployments::noon;

/// A store that remembers nothing yet.
pub(crate) trait Stage {
    fn sources(&self) -> &dyn Sources;
}

fn watch(commit: &str) -> Watch {
    let mut watch = Watch::default();
    let (main, commit) = (BranchName::new("main"), CommitId::new(commit));
    watch.seen.insert(main, commit);
    watch
}

async fn what_was_found_is_remembered_under_the_version_that_was_read(stage: &impl Stage) {
    let (sources, erp, crm) = (stage.sources(), AppName::new("erp"), AppName::new("crm"));
    assert_eq!(sources.source(&erp).await.unwrap(), None);
    assert!(
        sources
            .save_source(&erp, &watch("a"), 0, noon())
            .await
            .unwrap()
    );
    // Another look, that began at the same time.
    assert!(
        !sources
            .save_source(&erp, &watch("b"), 0, noon())
            .await
            .unwrap()
    );
    let stored = sources.source(&erp).await.unwrap().unwrap();
    assert_eq!(stored.watch, watch("a"));
    let version = stored.version;
    assert!(
        sources
            .save_source(&erp, &watch("c"), version, noon())
            .await
            .unwrap()
    );
    assert!(
        !sources
            .save_source(&erp, &watch("d"), version, noon())
            .await
            .unwrap()
    );
    let stored = sources.source(&erp).await.unwrap().unwrap();
    assert_eq!(stored.watch, watch("c"));
    assert_eq!(sources.source(&crm).await.unwrap(), None);
}

async fn what_is_due_comes_the_longest_due_first(stage: &impl Stage) {
    let sources = stage.sources();
    let minutes = SignedDuration::from_mins;
    for (app, due) in [("erp", 3), ("crm", 1), ("shop", 20)] {
        let due_at = noon() + minutes(due);
        let (app, watch) = (AppName::new(app), watch("a"));
        let saved = sources.save_source(&app, &watch, 0, due_at).await;
        assert!(saved.unwrap());
    }
    let at = noon() + minutes(10);
    let due = sources.sources_due(at, 10).await.unwrap();
    assert_eq!(due, ["crm", "erp"].map(AppName::new));
    assert_eq!(
        sources.sources_due(at, 1).await.unwrap(),
        [AppName::new("crm")]
    );
    // Looked at, it is due later.
    let later = noon() + minutes(60);
    let crm = AppName::new("crm");
    assert!(
        sources
            .save_source(&crm, &watch("b"), 1, later)
            .await
            .unwrap()
    );
    let due = sources.sources_due(at, 10).await.unwrap();
    assert_eq!(due, [AppName::new("erp")]);
}

contract! {
    what_was_found_is_remembered_under_the_version_that_was_read on sim, moto;
    what_is_due_comes_the_longest_due_first on sim, moto;
}
