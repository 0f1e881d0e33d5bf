//! The EventBridge patterns in `infra/` let through what Sluice wants to hear, in the shapes AWS
//! sends it. A pattern that misses its event fails in silence: only a test tells.

use std::path::Path;

use serde_json::Value;

/// EventBridge's rule, for the patterns used here: every field named must be there, and be one of
/// the values listed.
fn matches(pattern: &Value, event: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields
            .iter()
            .all(|(name, field)| event.get(name).is_some_and(|value| matches(field, value))),
        Value::Array(values) => values.contains(event),
        _ => false,
    }
}

fn read(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let text = std::fs::read_to_string(&path).expect("the file is there");
    serde_json::from_str(&text).expect("it is JSON")
}

#[test]
fn each_pattern_lets_its_events_through_and_no_others() {
    let patterns = [
        "build-ended",
        "image-pushed",
        "image-scanned",
        "source-changed",
        "world-changed",
    ]
    .map(|name| (name, read(&format!("infra/event-patterns/{name}.json"))));
    let events = [
        ("ecr-push-release", Some("image-pushed")),
        ("ecr-push-version", Some("image-pushed")),
        ("ecr-push-index", Some("image-pushed")),
        ("ecr-push-untagged", Some("image-pushed")),
        ("ecr-push-failed", None),
        ("ecr-delete", None),
        ("ecr-scan-complete", Some("image-scanned")),
        ("ecr-scan-failed", Some("image-scanned")),
        ("inspector2-scan", Some("image-scanned")),
        ("ecs-deployment-completed", Some("world-changed")),
        ("ecs-deployment-failed", Some("world-changed")),
        ("ecs-task-stopped", Some("world-changed")),
        ("rds-snapshot-created", Some("world-changed")),
        ("codecommit-branch-pushed", Some("source-changed")),
        ("codecommit-branch-deleted", Some("source-changed")),
        ("codecommit-pull-opened", Some("source-changed")),
        ("codecommit-pull-merged", Some("source-changed")),
        ("codecommit-comment", None),
        ("codebuild-failed", Some("build-ended")),
        ("codebuild-stopped", Some("build-ended")),
        ("codebuild-succeeded", Some("build-ended")),
        ("codebuild-started", None),
        ("foreign-source", None),
        ("schedule-minute", None),
    ];
    for (event, expected) in events {
        let payload = read(&format!("events/{event}.json"));
        let through: Vec<&str> = patterns
            .iter()
            .filter(|(_, pattern)| matches(pattern, &payload))
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(through, Vec::from_iter(expected), "{event}");
    }
}
