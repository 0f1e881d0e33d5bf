//! Going back on request: to which verified release, with which settings, and what stands against it.
//!
//! A rollback is a deployment like any other, of a release that was verified here before. Nothing
//! about it needs proof or a yes again, so its settings demand none: see [`settings`].

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::{Settings, Strategy};
use crate::id::{DeploymentId, Digest, ImageTag, ServiceName, TaskDefinitionArn};
use crate::observation::PinnedSecret;
use crate::release::VerifiedRelease;

/// What a rollback brings back, as it was when somebody asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    /// The verified release that comes back.
    pub to: VerifiedRelease,
    /// The release that was verified last, and so ran, if any.
    pub from: Option<ImageTag>,
    /// Why, in the words of the one who asked.
    pub reason: String,
    /// The task definition revision that each service had in the deployment that proved it.
    pub revisions: BTreeMap<ServiceName, TaskDefinitionArn>,
    /// The secrets that it had, at their versions. Places, never values.
    pub secrets: Vec<PinnedSecret>,
    /// Releases since then whose migration ran. Where there are any, the one who asked has said
    /// that the old code may meet the new schema.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub migrated: Vec<ImageTag>,
}

/// An image as people name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageReference {
    /// By a tag.
    Tag(ImageTag),
    /// By its digest.
    Digest(Digest),
}

impl ImageReference {
    /// Takes what a person wrote: whatever is no digest is a tag.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        Digest::try_from(text.to_owned())
            .map_or_else(|_| Self::Tag(ImageTag::new(text)), Self::Digest)
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => write!(f, "{tag}"),
            Self::Digest(digest) => write!(f, "{digest}"),
        }
    }
}

/// A release that was verified here, as people name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReleaseReference {
    /// By its image.
    Image(ImageReference),
    /// By the deployment that proved it.
    Deployment(DeploymentId),
}

impl ReleaseReference {
    /// Takes what a person wrote. `dep-` and sixteen hexadecimal digits is a deployment; a tag of
    /// that form could be meant by its digest only.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let is_deployment = text.strip_prefix("dep-").is_some_and(|hex| {
            hex.len() == 16 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
        });
        if is_deployment {
            Self::Deployment(DeploymentId::from_outside(text))
        } else {
            Self::Image(ImageReference::parse(text))
        }
    }

    fn names(&self, verified: &VerifiedRelease) -> bool {
        match self {
            Self::Image(ImageReference::Tag(tag)) => verified.release.tag == *tag,
            Self::Image(ImageReference::Digest(digest)) => verified.release.digest == *digest,
            Self::Deployment(id) => verified.deployment == *id,
        }
    }
}

impl fmt::Display for ReleaseReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(image) => write!(f, "{image}"),
            Self::Deployment(id) => write!(f, "{id}"),
        }
    }
}

/// The release of that name that was verified last. `verified` is an environment's, newest first.
pub fn named<'a>(
    verified: &'a [VerifiedRelease],
    reference: &ReleaseReference,
) -> Option<&'a VerifiedRelease> {
    verified.iter().find(|release| reference.names(release))
}

/// The release that was verified before the one that runs. `verified` is an environment's, newest
/// first.
///
/// One that was brought back stands where it was verified first: before it came what came before it
/// then, and not the release that it took the place of.
pub fn before(verified: &[VerifiedRelease]) -> Option<&VerifiedRelease> {
    let runs = &verified.first()?.release.digest;
    let mut at = 0;
    loop {
        while let Some(first) = &verified[at].restores {
            let older = verified[at..]
                .iter()
                .position(|one| one.deployment == *first);
            match older {
                Some(further) if further > 0 => at += further,
                // Verified longer ago than was read: nothing older is known.
                _ => return None,
            }
        }
        at += 1;
        let candidate = verified.get(at)?;
        if candidate.release.digest != *runs {
            return Some(candidate);
        }
    }
}

/// What was verified, without what lost its schema when the database was restored: it was verified on
/// writes and migrations that are gone. `verified` is an environment's, newest first.
pub fn still_verified(verified: Vec<VerifiedRelease>) -> Vec<VerifiedRelease> {
    let mut until: Option<Timestamp> = None;
    let mut kept = Vec::with_capacity(verified.len());
    for release in verified {
        if until.is_none_or(|until| release.at <= until) {
            until = match (until, release.database_of) {
                (Some(until), Some(of)) => Some(until.min(of)),
                (until, of) => until.or(of),
            };
            kept.push(release);
        }
    }
    kept
}

/// The releases whose migration ran after `to` was verified, and was not found additive: oldest first,
/// each once.
pub fn migrated_since(verified: &[VerifiedRelease], to: &VerifiedRelease) -> Vec<ImageTag> {
    let mut tags: Vec<ImageTag> = Vec::new();
    for release in verified.iter().rev() {
        if release.migrated
            && !release.additive
            && release.at > to.at
            && !tags.contains(&release.release.tag)
        {
            tags.push(release.release.tag.clone());
        }
    }
    tags
}

/// What a rollback is carried out with: the environment as it is `now`, and of the application what
/// the verified release was deployed with `then`.
///
/// - Nothing is migrated, so nothing is backed up.
/// - Nobody is asked, no scan and no success elsewhere is waited for: it was verified here.
/// - All traffic moves at once and there is no bake. It is needed now, and ran here before.
/// - Alarms do not count: they ring for what is taken away.
/// - Services that have no place here any more stay out; so does what was added since.
pub fn settings(now: &Settings, then: &Settings) -> Settings {
    let mut settings = now.clone();
    let places = &now.environment.services;
    settings.services = then.services.clone();
    settings
        .services
        .retain(|service| places.contains_key(&service.name));
    settings.smoke_tests = then.smoke_tests.clone();
    settings
        .smoke_tests
        .retain(|test| places.contains_key(&test.service));
    settings.migration = None;
    let environment = &mut settings.environment;
    environment
        .variables
        .clone_from(&then.environment.variables);
    environment.secrets.clone_from(&then.environment.secrets);
    environment.backup = None;
    environment.approval = None;
    environment.after = None;
    environment.scan.block = None;
    environment.bake.duration = SignedDuration::ZERO;
    environment.alarms.clear();
    for placement in environment.services.values_mut() {
        if placement.strategy.shifts_traffic() {
            placement.strategy = Strategy::BlueGreen;
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{ImageReference, ReleaseReference, before, migrated_since, named, still_verified};
    use crate::id::{DeploymentId, Digest, ImageTag, RepositoryName};
    use crate::release::{Release, VerifiedRelease};

    /// `4` is verified by `dep-4` at minute 4; `6:3` brings `3` back at minute 6.
    fn verified(history: &[&str]) -> Vec<VerifiedRelease> {
        let one = |text: &&str| {
            let (at, restores) = match text.split_once(':') {
                Some((at, first)) => (at, Some(first)),
                None => (*text, None),
            };
            let image = restores.unwrap_or(at);
            let time = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(at.parse().unwrap());
            VerifiedRelease {
                release: Release {
                    registry: String::new(),
                    repository: RepositoryName::new("erp"),
                    tag: ImageTag::new(format!("v1.{image}")),
                    digest: Digest::try_from(format!("sha256:{}", image.repeat(64))).unwrap(),
                    pushed_at: time,
                },
                deployment: DeploymentId::from_outside(format!("dep-{at}")),
                at: time,
                migrated: restores.is_none(),
                additive: false,
                restores: restores.map(|first| DeploymentId::from_outside(format!("dep-{first}"))),
                database_of: None,
            }
        };
        history.iter().rev().map(one).collect()
    }

    #[test]
    fn the_way_back_leads_to_what_was_verified_before_what_runs() {
        for (history, expected) in [
            (&["3", "4", "5"] as &[&str], Some("v1.4")),
            (&["3"], None),
            (&[], None),
            // 5 was bad and 4 was brought back: further back is 3, not 5.
            (&["3", "4", "5", "6:4"], Some("v1.3")),
            // 7 came after the rollback, and before it ran 4.
            (&["3", "4", "5", "6:4", "7"], Some("v1.4")),
            (&["3", "4", "5", "6:4", "7:3"], None),
            (&["2", "3", "4", "5", "6:4", "7:3"], Some("v1.2")),
            // Verified too long ago to be known.
            (&["5", "6:4"], None),
        ] {
            let verified = verified(history);
            let found = before(&verified).map(|found| found.release.tag.to_string());
            assert_eq!(found.as_deref(), expected, "{history:?}");
        }
    }

    #[test]
    fn the_same_image_deployed_again_is_not_what_came_before() {
        let mut verified = verified(&["3", "4", "5"]);
        verified[0].release.digest = verified[1].release.digest.clone();
        assert_eq!(before(&verified).unwrap().release.tag.as_str(), "v1.3");
    }

    #[test]
    fn a_release_is_named_by_tag_digest_or_deployment() {
        let verified = verified(&["3", "4"]);
        let find = |text: &str| named(&verified, &ReleaseReference::parse(text));
        assert_eq!(find("v1.3").unwrap().deployment.as_str(), "dep-3");
        let digest = verified[1].release.digest.to_string();
        assert_eq!(find(&digest).unwrap().deployment.as_str(), "dep-3");
        assert_eq!(find("v1.9"), None);
        let id = "dep-0123456789abcdef";
        assert_eq!(
            ReleaseReference::parse(id),
            ReleaseReference::Deployment(DeploymentId::from_outside(id))
        );
        assert_eq!(
            ReleaseReference::parse("dep-loy"),
            ReleaseReference::Image(ImageReference::Tag(ImageTag::new("dep-loy")))
        );
    }

    #[test]
    fn what_lost_its_schema_is_verified_no_more() {
        let mut all = verified(&["2", "3", "4", "5", "6:3", "7"]);
        // The restore at minute 6 brought 3 back, and the database of minute 3.
        all[1].database_of = Some(all[4].at);
        let kept: Vec<String> = still_verified(all)
            .iter()
            .map(|release| release.deployment.to_string())
            .collect();
        assert_eq!(kept, ["dep-7", "dep-6", "dep-3", "dep-2"]);
    }

    #[test]
    fn migrations_since_are_told_oldest_first() {
        let verified = verified(&["3", "4", "5", "6:4"]);
        let said = |at: usize| -> Vec<String> {
            let tags = migrated_since(&verified, &verified[at]);
            tags.iter().map(ToString::to_string).collect()
        };
        assert_eq!(said(3), ["v1.4", "v1.5"]);
        assert_eq!(said(2), ["v1.5"]);
        assert_eq!(said(0), [""; 0]);
    }
}
