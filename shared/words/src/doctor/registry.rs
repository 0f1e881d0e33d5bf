//! Where images come from.

use super::Finding;

/// No such repository.
pub fn no_repository(repository: &str, account: &str) -> Finding {
    Finding::new(
        format!("There is no repository {repository} in account {account}."),
        "Nothing can be pushed, and nothing deployed.",
        format!("aws ecr create-repository --repository-name {repository}"),
    )
}

/// A repository whose images nobody scans.
pub fn not_scanned(repository: &str) -> Finding {
    Finding::new(
        format!("Images in {repository} are not scanned when they are pushed."),
        "sluice.toml blocks on findings of the scan (`scan.block`): a deployment waits for the \
         scan and then fails.",
        format!(
            "aws ecr put-image-scanning-configuration --repository-name {repository} \
             --image-scanning-configuration scanOnPush=true"
        ),
    )
}

/// A repository in which tags can move.
pub fn mutable(repository: &str) -> Finding {
    Finding::new(
        format!("Tags in {repository} can be moved to another image."),
        "Sluice deploys by digest, so a deployment stays what was approved; but people who read \
         v1.4.0 later may see another image than the one that ran.",
        format!(
            "aws ecr put-image-tag-mutability --repository-name {repository} \
             --image-tag-mutability IMMUTABLE"
        ),
    )
}
