//! Sets up what payload files refer to: images in the registry, with the findings that a scan in
//! the files tells of.

use std::collections::BTreeMap;

use serde_json::Value;
use sluice_core::config::{Config, Severity};
use sluice_core::id::{AccountId, Digest, ImageTag, Region, RepositoryName};
use sluice_sim::cloud::{Cloud, ImageBehaviour, Push, ScanBehaviour};
use sluice_sim::world::World;

use super::PayloadFile;

/// Puts the images that the files refer to into the registry, which is where their events come
/// from.
pub(super) fn furnish(world: &World, files: &[PayloadFile], config: &Config) {
    world.with_cloud(|cloud| {
        for file in files {
            furnished(cloud, &file.payload, files, config);
        }
        // They were pushed before the story begins: the files report it.
        cloud.take_emitted();
    });
}

/// Puts the image of one event into the registry, if it reports a push.
pub fn furnished(cloud: &mut Cloud, event: &Value, files: &[PayloadFile], config: &Config) {
    let detail = &event["detail"];
    if event["source"] != "aws.ecr" || detail["repository-name"] != config.repository.as_str() {
        return;
    }
    let digest = detail["image-digest"].as_str().unwrap_or_default();
    let Ok(digest) = Digest::try_from(digest.to_owned()) else {
        return;
    };
    if let (Some(account), Some(region)) = (event["account"].as_str(), event["region"].as_str()) {
        cloud.set_registry(&AccountId::new(account), &Region::new(region));
    }
    for tag in tags(detail) {
        cloud.push_image(Push {
            tag: Some(ImageTag::new(tag)),
            ..image(&config.repository, digest.clone(), findings(files, &digest))
        });
    }
}

fn image(repository: &RepositoryName, digest: Digest, scan: ScanBehaviour) -> Push {
    let behaviour = ImageBehaviour {
        scan,
        ..ImageBehaviour::default()
    };
    Push::image(repository, "", digest).behaving(behaviour)
}

/// `image-tag` of a push, `image-tags` of a scan. A deletion and a failed push bring nothing.
fn tags(detail: &Value) -> Vec<&str> {
    let pushed = detail["action-type"] == "PUSH" && detail["result"] == "SUCCESS";
    let of_push = detail["image-tag"].as_str().filter(|_| pushed);
    let of_scan = detail["image-tags"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    of_push.into_iter().chain(of_scan).collect()
}

/// What the last scan of this digest among the files found.
fn findings(files: &[PayloadFile], digest: &Digest) -> ScanBehaviour {
    let of_this = |file: &&PayloadFile| {
        file.payload["detail-type"] == "ECR Image Scan"
            && file.payload["detail"]["image-digest"] == digest.as_str()
    };
    let Some(scan) = files.iter().rev().find(of_this) else {
        return ScanBehaviour::default();
    };
    let detail = &scan.payload["detail"];
    if detail["scan-status"] != "COMPLETE" {
        return ScanBehaviour::Fails("the scan ended as FAILED".to_owned());
    }
    let counts = detail["finding-severity-counts"].clone();
    let counts: BTreeMap<Severity, u32> = serde_json::from_value(counts).unwrap_or_default();
    ScanBehaviour::Finds(counts.into())
}
