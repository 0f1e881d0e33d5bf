//! Names in events, none of them longer than it can be: they are stored, shown in messages and
//! sought in the table.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use sluice_core::id::{
    AccountId, BuildProject, ImageTag, PrincipalArn, PullRequestId, Region, RepositoryName,
    SourceName,
};
use sluice_core::tag;

/// The longest name of any of these kinds is a repository's ARN: 256 characters and what is before
/// them.
const MAX_BYTES: usize = 512;

pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.len() > MAX_BYTES {
        return Err(D::Error::custom(format_args!(
            "a text of {} bytes, and at most {MAX_BYTES} are accepted",
            text.len()
        )));
    }
    Ok(text)
}

pub(crate) fn principal<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<PrincipalArn, D::Error> {
    text(deserializer).map(PrincipalArn::new)
}

pub(crate) fn account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AccountId, D::Error> {
    text(deserializer).map(AccountId::new)
}

pub(crate) fn region<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Region, D::Error> {
    text(deserializer).map(Region::new)
}

pub(crate) fn repository<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<RepositoryName, D::Error> {
    text(deserializer).map(RepositoryName::new)
}

/// What ECR would refuse is not a tag. A tag of a megabyte would be in every message of its
/// deployment, and take minutes to post.
pub(crate) fn tag<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<ImageTag>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let tag = tag::read(&text).ok_or_else(|| {
        D::Error::custom(format_args!(
            "a text of {} bytes that is not an image tag: letters, digits, `.`, `_` and `-`, at \
             most 128",
            text.len()
        ))
    })?;
    Ok(Some(tag))
}

pub(crate) fn optional_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    struct Bounded(#[serde(deserialize_with = "text")] String);
    Ok(Option::<Bounded>::deserialize(deserializer)?.map(|Bounded(text)| text))
}

pub(crate) fn source<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SourceName, D::Error> {
    text(deserializer).map(SourceName::new)
}

pub(crate) fn build_project<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BuildProject, D::Error> {
    text(deserializer).map(BuildProject::new)
}

/// More names than an event has.
const MAX_SOURCES: usize = 10;

pub(crate) fn sources<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<SourceName>, D::Error> {
    #[derive(Deserialize)]
    struct Bounded(#[serde(deserialize_with = "source")] SourceName);
    let names = Vec::<Bounded>::deserialize(deserializer)?;
    if names.len() > MAX_SOURCES {
        return Err(D::Error::custom(format_args!(
            "{} repositories, and at most {MAX_SOURCES} are accepted",
            names.len()
        )));
    }
    Ok(names.into_iter().map(|Bounded(name)| name).collect())
}

/// Twenty digits hold every number that CodeCommit counts to.
const MAX_DIGITS: usize = 20;

pub(crate) fn pull_request<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<PullRequestId, D::Error> {
    let text = text(deserializer)?;
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_number || text.len() > MAX_DIGITS {
        return Err(D::Error::custom(
            "a text that is not a pull request's number",
        ));
    }
    Ok(PullRequestId::new(text))
}
