//! What names in AWS tell: of which environment something is, and what it is called without that.

/// An environment that a name speaks of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stage {
    /// How far it is from users: 4 is production.
    pub(crate) rank: u8,
    /// What it is called.
    pub(crate) name: String,
}

/// The rank of production.
pub(crate) const PRODUCTION: u8 = 4;

/// Words for environments, by rank.
const STAGES: [&[&str]; 5] = [
    &["dev", "develop", "development", "sandbox", "local"],
    &["test", "testing", "qa", "integration", "nonprod"],
    &[
        "staging",
        "stage",
        "stg",
        "uat",
        "acceptance",
        "demo",
        "preview",
    ],
    &["preprod"],
    &["production", "prod", "prd", "live"],
];
/// Before `prod` in a name they make it another environment.
const NOT_YET: [&str; 3] = ["pre", "non", "not"];
/// Words of a name that say only what it is the name of.
const NOISE: [&str; 9] = [
    "cluster", "ecs", "fargate", "service", "services", "svc", "stack", "app", "task",
];
/// AWS's own bound, and that of the file: a name there has at most so many characters.
const LONGEST: usize = 32;

/// The words of a name, in lower case, without what CloudFormation adds to make it unique.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut parts: Vec<&str> = name.split(['-', '_', '/', '.']).collect();
    if parts.len() > 1 && parts.last().is_some_and(|last| is_generated(last)) {
        parts.pop();
    }
    let words = parts.into_iter().flat_map(|part| humps(without_hash(part)));
    let mut words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
    let mut at = 1;
    while at < words.len() {
        let is_prod = STAGES[4].contains(&words[at].as_str());
        if is_prod && NOT_YET.contains(&words[at - 1].as_str()) {
            let stage = if words[at - 1] == "pre" {
                "preprod"
            } else {
                "nonprod"
            };
            words.splice(at - 1..=at, [stage.to_owned()]);
        }
        at += 1;
    }
    words
}

/// `-AbC123dEf456` at the end of a name.
fn is_generated(part: &str) -> bool {
    let has = |is: fn(&char) -> bool| part.chars().any(|c| is(&c));
    (11..=13).contains(&part.len())
        && has(char::is_ascii_digit)
        && has(char::is_ascii_uppercase)
        && part.chars().all(|c| c.is_ascii_alphanumeric())
}

/// `WebD69D759B` is `Web`: the CDK puts eight digits behind each name.
fn without_hash(part: &str) -> &str {
    let Some(at) = part.len().checked_sub(8).filter(|at| *at > 0) else {
        return part;
    };
    let Some((name, hash)) = part.split_at_checked(at) else {
        return part;
    };
    let is_hash = hash
        .chars()
        .all(|c| c.is_ascii_digit() || ('A'..='F').contains(&c));
    if is_hash && hash.chars().any(|c| c.is_ascii_digit()) {
        name
    } else {
        part
    }
}

/// `ErpProduction` is two words.
fn humps(part: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in part.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            words.push(String::new());
        }
        before = c;
        words
            .last_mut()
            .expect("there is one")
            .extend(c.to_lowercase());
    }
    words
}

fn rank(word: &str) -> Option<u8> {
    let at = STAGES.iter().position(|words| words.contains(&word))?;
    u8::try_from(at).ok()
}

/// The environment that a name speaks of: the last one, since `test-production` is a production.
pub(crate) fn stage(name: &str) -> Option<Stage> {
    let words = words(name);
    let found = words
        .iter()
        .rev()
        .find_map(|word| Some((rank(word)?, word)));
    found.map(|(rank, word)| Stage {
        rank,
        name: word.clone(),
    })
}

/// A name without words for environments, without `noise`, and without what every name has.
pub(crate) fn essence(name: &str, noise: &[String]) -> Option<String> {
    let is_said = |word: &String| {
        rank(word).is_none() && !NOISE.contains(&word.as_str()) && !noise.contains(word)
    };
    let words: Vec<String> = words(name).into_iter().filter(is_said).collect();
    plain(&words.join("-"))
}

/// A name as the file takes it: lower-case letters, digits and hyphens, a letter first.
pub(crate) fn plain(name: &str) -> Option<String> {
    let word = |c: char| match c.to_ascii_lowercase() {
        c if c.is_ascii_lowercase() || c.is_ascii_digit() => c,
        _ => '-',
    };
    let text: String = name.chars().map(word).collect();
    let text = text.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    let parts: Vec<&str> = text.split('-').filter(|part| !part.is_empty()).collect();
    let text: String = parts.join("-").chars().take(LONGEST).collect();
    let text = text.trim_end_matches('-');
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_environment() {
        for (name, stage) in [
            ("erp-production", Some((4, "production"))),
            ("prod_cluster", Some((4, "prod"))),
            (
                "ErpStagingStack-ClusterEB0386A7-x1Y2z3A4b5C6",
                Some((2, "staging")),
            ),
            ("erp-pre-prod", Some((3, "preprod"))),
            ("nonProd", Some((1, "nonprod"))),
            ("product-api", None),
            ("delivery", None),
            ("main", None),
            ("", None),
        ] {
            let found = super::stage(name).map(|one| (one.rank, one.name));
            let found = found.as_ref().map(|(rank, name)| (*rank, name.as_str()));
            assert_eq!(found, stage, "{name}");
        }
    }

    #[test]
    fn a_name_without_its_environment_and_its_application_is_what_it_does() {
        let noise = ["erp".to_owned()];
        for (name, essence) in [
            ("erp-web", Some("web")),
            ("erp-production-celery-worker", Some("celery-worker")),
            ("ErpStack-WebServiceD69D759B-AbC123dEf456", Some("web")),
            ("erp", None),
            ("erp-service", None),
            ("2fa", Some("fa")),
            ("web__API", Some("web-api")),
        ] {
            assert_eq!(super::essence(name, &noise).as_deref(), essence, "{name}");
        }
    }

    #[test]
    fn a_plain_name_is_one_that_the_file_takes() {
        let long = "a".repeat(80);
        assert_eq!(plain(&long).map(|name| name.len()), Some(32));
        assert_eq!(plain("shop/api").as_deref(), Some("shop-api"));
        assert_eq!(plain("Ünïcode \"\n"), Some("n-code".to_owned()));
        assert_eq!(plain("123"), None);
    }
}
