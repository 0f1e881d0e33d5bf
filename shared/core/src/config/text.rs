//! The texts of the file and the grammar of each, once for the reader and for the schema.

use std::fmt;

use regex_lite::Regex;
use schemars::{Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::reader::{Node, Read, as_key, assignment, wrong_type};
use super::report::{Report, did_you_mean, list};
use super::scan::Day;
use crate::calendar::{Moment, Unreadable, Window};
use crate::id::{
    AccountId, AlarmName, AppName, BranchName, BuildProject, ChannelName, ClusterName,
    ContainerName, EcsServiceName, EnvironmentName, FindingId, PrincipalArn, Region,
    RepositoryName, RoleArn, ServiceName, SourceName, TaskFamily,
};
use crate::signature::PublicKey;
use crate::tag::TagPattern;

/// What a text must be.
struct Grammar {
    /// With its article, such as `an AWS region`.
    what: &'static str,
    /// A regular expression that JSON Schema (ECMA 262) understands too.
    pattern: &'static str,
    /// The pattern in words.
    rule: &'static str,
    /// A text that fits.
    example: &'static str,
}

macro_rules! texts {
    ($($type:ty: $what:literal, $pattern:literal, $rule:literal, $example:literal;)*) => {$(
        impl Read for $type {
            const EXPECTED: &'static str = concat!($what, " in quotes");

            fn example() -> String {
                format!("{:?}", $example)
            }

            fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
                let grammar =
                    Grammar { what: $what, pattern: $pattern, rule: $rule, example: $example };
                read_text::<Self>(node, &grammar, report).map(Self::new)
            }

            fn schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    )*

        #[cfg(test)]
        const EXAMPLES: &[(&str, &str)] = &[$(($pattern, $example)),*];
    };
}

macro_rules! plain_texts {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) struct $name(String);

        impl $name {
            fn new(text: &str) -> Self {
                Self(text.to_owned())
            }

            pub(super) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

plain_texts! {
    /// A path of an HTTP request.
    Path;
    /// Where a service answers.
    Url;
    /// An RFC 6901 pointer.
    JsonPointer;
    /// The name of an environment variable.
    VariableName;
    /// A name or ARN in Secrets Manager.
    SecretName;
    /// A key of a secret's JSON.
    SecretKey;
    /// A name or ARN in SSM Parameter Store.
    ParameterName;
    /// A DB instance or DB cluster identifier.
    DatabaseId;
    /// A Slack user id or user group id.
    MemberId;
    /// A Slack user id.
    UserId;
    /// A line for people.
    Label;
    /// A word of a command.
    Word;
    /// The host of a server for source code.
    SourceHost;
    /// A repository of GitHub.
    GitHubName;
    /// A glob over branches.
    BranchPattern;
    /// An organisation or a project in Sentry.
    Slug;
    /// An event bus.
    BusName;
    /// A topic of SNS.
    TopicArn;
    /// A namespace of metrics.
    Namespace;
    /// A CloudFormation stack.
    StackName;
    /// Where a template is in S3.
    TemplateUrl;
    /// A name in a template: a resource's, a parameter's or a property's.
    LogicalId;
}

// The bounds are those of the services' own API models: ECS 255 characters, ECR 256, RDS 63,
// Secrets Manager 512, CloudWatch 255.
texts! {
    AppName: "an application's name", r"^[a-z][a-z0-9-]{0,31}$",
        "lower-case letters, digits and hyphens, at most 32, a letter first", "erp";
    EnvironmentName: "an environment's name", r"^[a-z][a-z0-9-]{0,31}$",
        "lower-case letters, digits and hyphens, at most 32, a letter first", "staging";
    ServiceName: "a service's name", r"^[a-z][a-z0-9-]{0,31}$",
        "lower-case letters, digits and hyphens, at most 32, a letter first", "web";
    RepositoryName: "an ECR repository's name",
        r"^([a-z0-9]+([._-]+[a-z0-9]+)*/)*[a-z0-9]+([._-]+[a-z0-9]+)*$",
        "lower-case letters, digits, `.`, `_`, `-` and `/`; without the registry's host", "erp";
    ContainerName: "a container's name", r"^[A-Za-z0-9_-]{1,255}$",
        "letters, digits, `_` and `-`", "app";
    ClusterName: "an ECS cluster's name", r"^[A-Za-z0-9_-]{1,255}$",
        "letters, digits, `_` and `-`; the name, not the ARN", "erp";
    EcsServiceName: "an ECS service's name", r"^[A-Za-z0-9_-]{1,255}$",
        "letters, digits, `_` and `-`; the name, not the ARN", "erp-web";
    TaskFamily: "a task definition family's name", r"^[A-Za-z0-9_-]{1,255}$",
        "letters, digits, `_` and `-`; the family, not the ARN and without a revision", "erp-web-base";
    AccountId: "an AWS account", r"^[0-9]{12}$", "twelve digits", "111111111111";
    Region: "an AWS region", r"^[a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2}$",
        "letters and a number, such as eu-central-1", "eu-central-1";
    RoleArn: "an IAM role's ARN", r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$",
        "arn:aws:iam::ACCOUNT:role/NAME", "arn:aws:iam::111111111111:role/sluice-deployer";
    PrincipalArn: "an IAM principal",
        r"^arn:aws[a-z-]*:(iam::[0-9]{12}:user/([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{1,64}|sts::[0-9]{12}:assumed-role/[A-Za-z0-9_+=,.@-]{1,64}/[A-Za-z0-9_+=,.@-]{2,64})$",
        "arn:aws:iam::ACCOUNT:user/NAME, or arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION; \
         `aws sts get-caller-identity` prints your own",
        "arn:aws:sts::222222222222:assumed-role/Deployers/anna@example.com";
    UserId: "a Slack user", r"^[UW][A-Z0-9]{8,}$",
        "a person's id, U… or W…; Slack shows it under \"Copy member ID\"", "U024BE7LH";
    AlarmName: "a CloudWatch alarm's name", r"^[^\x00-\x1f]{1,255}$",
        "1 to 255 characters; the name, not empty", "erp-web-5xx";
    ChannelName: "a Slack channel", r"^(#[^\s#@<>,.A-Z]{1,80}|[CG][A-Z0-9]{8,})$",
        "`#` and the channel's name in lower case, or its id, such as C024BE7LR", "#deploys";
    MemberId: "a Slack user or user group", r"^[SUW][A-Z0-9]{8,}$",
        "an id: U… or W… of a person, S… of a group; Slack shows it under \"Copy member ID\"",
        "S0604QSJC";
    Path: "a path", r"^/[^\s#]*$", "it begins with `/` and has no spaces", "/healthz/ready";
    Url: "a URL", r"^https?://[^\s/?#@]+(/[^\s?#@]*)?$",
        "https:// and a host, without user, query or fragment", "https://erp.example.com";
    JsonPointer: "a JSON pointer", r"^(/([^/~]|~[01])*)*$",
        "`/` before each key, and within a key `~0` for `~` and `~1` for `/` (RFC 6901)", "/status";
    VariableName: "an environment variable's name", r"^[A-Za-z_][A-Za-z0-9_]*$",
        "letters, digits and `_`, no digit first", "LOG_LEVEL";
    SecretName: "a secret's name",
        r"^(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:)?[A-Za-z0-9/_+=.@!-]{1,512}$",
        "the name or the ARN in Secrets Manager, never the value", "erp/staging/database";
    SecretKey: "a key of a secret", r"^[^:]+$", "a key of the secret's JSON, without `:`", "url";
    ParameterName: "a parameter's name",
        r"^(arn:aws[a-z-]*:ssm:[a-z0-9-]+:[0-9]{12}:parameter)?/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$",
        "the name or the ARN in SSM Parameter Store, never the value", "/erp/staging/sentry-dsn";
    DatabaseId: "an RDS identifier", r"^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$",
        "letters, digits and single hyphens, a letter first; the identifier, not the endpoint",
        "erp-production";
    Label: "a name", r"^\S(.*\S)?$", "one line, not empty", "the API is ready";
    Word: "a word of the command", r"^[^\x00]+$", "not empty", "alembic";
    FindingId: "a scanner's id of a finding", r"^[A-Za-z0-9][A-Za-z0-9._:-]{1,99}$",
        "letters, digits, `.`, `_`, `:` and `-`", "CVE-2026-0861";
    SourceName: "a CodeCommit repository's name", r"^[A-Za-z0-9._-]{1,100}$",
        "letters, digits, `.`, `_` and `-`, at most 100; the name, not the URL", "erp";
    BuildProject: "a CodeBuild project's name", r"^[A-Za-z0-9][A-Za-z0-9_-]{1,254}$",
        "letters, digits, `_` and `-`, from 2 to 255; the name, not the ARN", "erp-ci";
    GitHubName: "a repository of GitHub",
        r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}/[A-Za-z0-9._-]{0,99}[A-Za-z0-9_-]$",
        "its owner and its name, with one `/` between them; not the URL", "acme/erp";
    BranchName: "a branch's name", r"^[A-Za-z0-9_][A-Za-z0-9._/+-]{0,254}$",
        "letters, digits, `.`, `_`, `-`, `+` and `/`, without refs/heads/", "develop";
    BranchPattern: "a branch pattern", r"^[A-Za-z0-9_*?][A-Za-z0-9._/+*?-]{0,254}$",
        "a branch's name in which `*` stands for any run of characters and `?` for one",
        "release/*";
    SourceHost: "a host", r"^[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?$",
        "lower-case letters, digits, hyphens and dots, without https://", "git.example.com";
    Slug: "a slug", r"^[a-z0-9_][a-z0-9_-]{0,99}$",
        "lower-case letters, digits, `_` and `-`, as in the address of its page", "erp";
    BusName: "an event bus",
        r"^(arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/)?[A-Za-z0-9/._-]{1,256}$",
        "the name or the ARN of a bus in EventBridge", "deployments";
    Namespace: "a namespace of metrics", r"^[A-Za-z0-9._/#-]{1,255}$",
        "letters, digits, `.`, `_`, `-`, `/` and `#`", "Sluice";
    TopicArn: "an SNS topic's ARN",
        r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$",
        "arn:aws:sns:REGION:ACCOUNT:NAME; not the name alone",
        "arn:aws:sns:eu-central-1:222222222222:deployments";
    StackName: "a CloudFormation stack's name", r"^[A-Za-z][A-Za-z0-9-]{0,127}$",
        "letters, digits and hyphens, a letter first; the name, not the ARN", "erp-production";
    TemplateUrl: "a template's address",
        r"^https://[a-z0-9.-]+\.amazonaws\.com(\.cn)?/[A-Za-z0-9{}!_.*'()/+-]{1,900}$",
        "the https:// address of an object in S3; `{commit}` stands for the release's commit",
        "https://erp-templates.s3.eu-central-1.amazonaws.com/{commit}/environment.yaml";
    LogicalId: "a name in a template", r"^[A-Za-z0-9]{1,255}$", "letters and digits",
        "CacheNodeType";
}

fn read_text<'a, T: Read>(
    node: &Node<'a>,
    grammar: &Grammar,
    report: &mut Report,
) -> Option<&'a str> {
    let regex = Regex::new(grammar.pattern).expect("a test compiles every pattern");
    let Grammar {
        what,
        rule,
        example,
        ..
    } = grammar;
    // Someone may have written the value where its place belongs.
    let key = &node.place.key;
    let hidden = !node.is_key && (key.contains(".secrets.") || key.contains(".monitors."));
    let text = match node.value {
        DeValue::String(text) if regex.is_match(text) => return Some(text),
        DeValue::String(text) => text,
        DeValue::Integer(number) if !hidden && regex.is_match(number.as_str()) => {
            let message = format!("{what} is a text, and this is a number");
            report.instead(&node.place, message, written(node, number.as_str()));
            return None;
        }
        _ => return wrong_type::<T>(node, report).and(None),
    };
    let shown = if hidden {
        "this text".to_owned()
    } else {
        shown(text)
    };
    let message = format!("{shown} is not {what}: {rule}");
    let slips = if hidden { Vec::new() } else { slips(text) };
    let meant = slips.into_iter().find(|text| regex.is_match(text));
    let better = meant.as_deref().unwrap_or(example);
    report.instead(&node.place, message, written(node, better));
    None
}

/// `text` as it is written in the place of `node`: as a key, in a list, or after its key.
fn written(node: &Node<'_>, text: &str) -> String {
    match node.place.name() {
        _ if node.is_key => as_key(text),
        name if name.ends_with(']') => format!("{text:?}"),
        name => format!("{name} = {text:?}"),
    }
}

/// What a text may have been meant to be. Nothing that may carry a password is repeated.
fn slips(text: &str) -> Vec<String> {
    let text = text.trim();
    if text.contains("://") || text.len() > 60 {
        return Vec::new();
    }
    let last = text.rsplit('/').next().unwrap_or_default();
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit()).len();
    let (word, number) = text.split_at(text.len() - digits);
    vec![
        format!("/{text}"),
        format!("#{text}"),
        format!("#{}", text.to_lowercase().replace(' ', "-")),
        last.to_owned(),
        text.to_lowercase(),
        text.to_lowercase().replace(['_', ' '], "-"),
        text.replace('-', "_"),
        text.replace('-', ""),
        format!("{word}-{number}"),
    ]
}

/// The text in backticks, or words in its place when it is long or may carry a password.
pub(super) fn shown(text: &str) -> String {
    match text {
        "" => "an empty text".to_owned(),
        _ if text.contains("://") && text.contains('@') => "this URL with a user in it".to_owned(),
        _ if text.chars().count() > 60 || text.contains(char::is_control) => "this text".to_owned(),
        _ => format!("`{text}`"),
    }
}

impl Read for TagPattern {
    const EXPECTED: &'static str = "a tag pattern in quotes";

    fn example() -> String {
        "\"v*\"".to_owned()
    }

    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        let DeValue::String(text) = node.value else {
            return wrong_type(node, report);
        };
        Self::parse(text)
            .map_err(|error| {
                let advice = "`*` stands for any run of characters, `?` for one; CI writes a \
                              branch's `/` as `-`: \"release-*\"";
                report.advise(&node.place, error.to_string(), advice);
            })
            .ok()
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^[A-Za-z0-9_*?][A-Za-z0-9._*?-]*$" })
    }
}

/// Texts with a grammar of their own, which says what was probably meant.
macro_rules! parsed {
    ($($type:ty: $expected:literal, $example:literal, $pattern:literal;)*) => {$(
        impl Read for $type {
            const EXPECTED: &'static str = $expected;

            fn example() -> String {
                format!("{:?}", $example)
            }

            fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
                let DeValue::String(text) = node.value else {
                    return wrong_type(node, report);
                };
                Self::parse(text)
                    .map_err(|Unreadable { what, meant }| {
                        let message = match text.is_empty() {
                            true => what,
                            false => format!("{}: {what}", shown(text)),
                        };
                        let better = meant.as_deref().unwrap_or($example);
                        report.instead(&node.place, message, written(node, better));
                    })
                    .ok()
            }

            fn schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    )*};
}

parsed! {
    Window: "a deployment window in quotes", "Mon-Thu 09:00-17:00 Europe/Berlin",
        r"^[A-Z][a-z]{2}([-,][A-Z][a-z]{2})*\s+[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]\s+[A-Za-z][A-Za-z0-9_+/-]*$";
    Day: "a day in quotes, such as \"2026-03-01\"", "2026-03-01", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$";
    Moment: "a moment in quotes, such as \"2026-12-19 18:00 Europe/Berlin\"",
        "2026-12-19 18:00 Europe/Berlin",
        r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\s+[0-2][0-9]:[0-5][0-9]\s+[A-Za-z][A-Za-z0-9_+/-]*$";
}

/// A wrong one is not shown: it may be a private key.
impl Read for PublicKey {
    const EXPECTED: &'static str = "a public key in PEM, in quotes";

    fn example() -> String {
        "\"\"\"-----BEGIN PUBLIC KEY-----\n…\"\"\"".to_owned()
    }

    fn read(node: &Node<'_>, report: &mut Report) -> Option<Self> {
        let DeValue::String(text) = node.value else {
            return wrong_type(node, report);
        };
        let advice = "`cosign public-key` prints it";
        Self::parse(text)
            .map_err(|problem| report.advise(&node.place, problem.to_string(), advice))
            .ok()
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// One of a few words.
pub(super) fn read_choice<T: Read + Clone>(
    node: &Node<'_>,
    choices: &[(&str, T)],
    report: &mut Report,
) -> Option<T> {
    let DeValue::String(text) = node.value else {
        return wrong_type(node, report);
    };
    if let Some((_, choice)) = choices.iter().find(|(word, _)| word == text) {
        return Some(choice.clone());
    }
    let words = || choices.iter().map(|(word, _)| *word);
    let message = format!("{} is not one of {}", shown(text), list(words(), "or"));
    let lower = text.to_lowercase();
    let near = words().find(|word| word.to_lowercase() == lower);
    match near.or_else(|| did_you_mean(text, words())) {
        Some(word) => report.instead(
            &node.place,
            message,
            format!("{} = {word:?}", node.place.name()),
        ),
        None => report.instead(&node.place, message, assignment::<T>(node.place.name())),
    }
    None
}

/// Types that are one of a few words.
macro_rules! choices {
    ($($type:ty: $expected:literal, [$(($word:literal, $value:expr)),* $(,)?];)*) => {$(
        impl $crate::config::reader::Read for $type {
            const EXPECTED: &'static str = $expected;

            fn example() -> String {
                let words = [$($word),*];
                format!("{:?}", words[0])
            }

            fn read(
                node: &$crate::config::reader::Node<'_>,
                report: &mut $crate::config::report::Report,
            ) -> Option<Self> {
                $crate::config::text::read_choice(node, &[$(($word, $value)),*], report)
            }

            fn schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": [$($word),*] })
            }
        }
    )*};
}

pub(super) use choices;

#[cfg(test)]
mod tests {
    use regex_lite::Regex;

    use super::EXAMPLES;

    #[test]
    fn every_pattern_compiles_and_takes_its_example() {
        for (pattern, example) in EXAMPLES {
            assert!(
                Regex::new(pattern).unwrap().is_match(example),
                "{pattern} on {example}"
            );
        }
    }
}
