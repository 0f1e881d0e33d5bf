//! The files that people have changed.

use sluice_app::ports::Configurations;
use sluice_core::config::ConfigVersion;
use sluice_core::id::{AppName, Hash, UserId};

use crate::deployments::noon;

/// A store in which no file was changed yet.
pub(crate) trait Stage {
    fn configurations(&self) -> &dyn Configurations;
}

fn version(number: u32, text: &str) -> ConfigVersion {
    ConfigVersion {
        number,
        text: text.to_owned(),
        by: UserId::new("U024BE7LH"),
        at: noon(),
        reason: None,
        accepted_by: None,
        request: Hash::of_json(&text),
    }
}

async fn a_version_is_live_once_it_is_stored_and_only_the_next_one_can_be(stage: &impl Stage) {
    let files = stage.configurations();
    let (erp, crm) = (AppName::new("erp"), AppName::new("crm"));
    assert_eq!(files.changes().await.unwrap(), 0);
    assert_eq!(files.newest_versions().await.unwrap(), []);
    assert_eq!(files.versions(&erp, 10).await.unwrap(), []);
    assert_eq!(files.version(&erp, 1).await.unwrap(), None);

    let (a, b, c) = (version(1, "a"), version(2, "b"), version(1, "c"));
    assert!(files.save_version(&erp, &a, 0).await.unwrap());
    // Somebody who has not seen it, and somebody who has seen it and counts otherwise.
    assert!(!files.save_version(&erp, &b, 0).await.unwrap());
    assert!(!files.save_version(&erp, &version(1, "d"), 1).await.unwrap());
    assert!(files.save_version(&crm, &c, 1).await.unwrap());
    assert!(files.save_version(&erp, &b, 2).await.unwrap());

    assert_eq!(files.changes().await.unwrap(), 3);
    let mut newest = files.newest_versions().await.unwrap();
    newest.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(newest, [(crm.clone(), c), (erp.clone(), b.clone())]);
    assert_eq!(
        files.versions(&erp, 10).await.unwrap(),
        [b.clone(), a.clone()]
    );
    assert_eq!(files.versions(&erp, 1).await.unwrap(), [b]);
    assert_eq!(files.version(&erp, 1).await.unwrap(), Some(a));
    assert_eq!(files.version(&crm, 2).await.unwrap(), None);
}

async fn the_last_proposal_waits_and_changes_nothing(stage: &impl Stage) {
    let (files, erp) = (stage.configurations(), AppName::new("erp"));
    assert_eq!(files.proposed(&erp).await.unwrap(), None);
    files.propose(&erp, &version(1, "a")).await.unwrap();
    files.propose(&erp, &version(1, "b")).await.unwrap();
    assert_eq!(files.proposed(&erp).await.unwrap(), Some(version(1, "b")));
    assert_eq!(files.proposed(&AppName::new("crm")).await.unwrap(), None);
    assert_eq!(files.changes().await.unwrap(), 0);
    assert_eq!(files.versions(&erp, 10).await.unwrap(), []);
}

contract! {
    a_version_is_live_once_it_is_stored_and_only_the_next_one_can_be on sim, moto;
    the_last_proposal_waits_and_changes_nothing on sim, moto;
}
