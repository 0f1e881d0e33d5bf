//! Monitors: nothing is sent in the clear, and a secret's place is not its value.

use super::given;
use crate::config::reader::{At, Field};
use crate::config::report::Report;
use crate::config::text::{Label, SecretName, Url};
use crate::config::{Monitor, raw};

const SENTRY: &str = "https://sentry.io";
pub(super) const GITHUB: &str = "https://api.github.com";
const DATADOG: &str = "https://api.datadoghq.com";
const PAGERDUTY: &str = "https://events.pagerduty.com";
const OPSGENIE: &str = "https://api.opsgenie.com";
const NAMESPACE: &str = "Sluice";

/// What the values of secrets begin with at those who give them out.
const VALUES: [&str; 10] = [
    "glsa_",
    "glc_",
    "eyJ",
    "sntrys_",
    "sntryu_",
    "whsec_",
    "xoxb-",
    "ghp_",
    "ghs_",
    "github_pat_",
];

pub(super) fn all(raw: Option<&Field<raw::Monitors>>, report: &mut Report) -> Option<Vec<Monitor>> {
    let Some(raw) = raw else {
        return Some(Vec::new());
    };
    let raw = raw.get()?;
    let each = [
        given(&raw.grafana, |at| grafana(&at.value, report)),
        given(&raw.sentry, |at| sentry(&at.value, report)),
        given(&raw.loki, |at| loki(at, report)),
        given(&raw.event_bridge, |at| {
            let bus = at.value.bus.get()?.as_str().to_owned();
            Some(Monitor::EventBridge { bus })
        }),
        given(&raw.webhook, |at| webhook(&at.value, report)),
        given(&raw.github, |at| github(&at.value, report)),
        given(&raw.datadog, |at| datadog(&at.value, report)),
        given(&raw.pagerduty, |at| pagerduty(&at.value, report)),
        given(&raw.opsgenie, |at| opsgenie(&at.value, report)),
        given(&raw.sns, |at| {
            let topic = at.value.topic.get()?.as_str().to_owned();
            Some(Monitor::Sns { topic })
        }),
        given(&raw.cloudwatch, |at| cloudwatch(&at.value, report)),
    ];
    let each: Option<Vec<_>> = each.into_iter().collect();
    Some(each?.into_iter().flatten().collect())
}

fn grafana(raw: &raw::Grafana, report: &mut Report) -> Option<Monitor> {
    let (url, token) = (address(&raw.url, report), place(&raw.token, report));
    Some(Monitor::Grafana {
        url: url?,
        token: token?,
    })
}

fn sentry(raw: &raw::Sentry, report: &mut Report) -> Option<Monitor> {
    let url = given_address(&raw.url, report);
    let token = place(&raw.token, report);
    let projects = raw.projects.at().and_then(|projects| {
        if projects.value.is_empty() {
            let text = "projects = [\"erp\"], with the slugs of Sentry's projects";
            report.instead(
                &projects.place,
                "a release in Sentry has a project at least",
                text,
            );
            return None;
        }
        let slugs = projects.value.iter();
        slugs
            .map(|slug| Some(slug.get()?.as_str().to_owned()))
            .collect()
    });
    Some(Monitor::Sentry {
        url: url?.unwrap_or_else(|| SENTRY.to_owned()),
        organization: raw.organization.get()?.as_str().to_owned(),
        projects: projects?,
        token: token?,
        prefix: text(&raw.prefix)?.unwrap_or_default(),
        repository: text(&raw.repository)?,
    })
}

fn loki(at: &At<raw::Loki>, report: &mut Report) -> Option<Monitor> {
    let raw = &at.value;
    let url = address(&raw.url, report);
    let token = given(&raw.token, |at| place_at(at, report));
    if raw.user.is_some() && raw.token.is_none() {
        let advice = "add `token`, the name of the secret with the password or token";
        report.advise(&at.place, "`user` is here without `token`", advice);
    }
    Some(Monitor::Loki {
        url: url?,
        user: text(&raw.user)?,
        token: token?,
        tenant: text(&raw.tenant)?,
    })
}

fn webhook(raw: &raw::Webhook, report: &mut Report) -> Option<Monitor> {
    let (url, secret) = (address(&raw.url, report), place(&raw.secret, report));
    Some(Monitor::Webhook {
        url: url?,
        secret: secret?,
    })
}

fn github(raw: &raw::GitHub, report: &mut Report) -> Option<Monitor> {
    let url = given_address(&raw.url, report);
    let token = place(&raw.token, report);
    let at = raw.repository.at()?;
    let repository = at.value.as_str();
    let parts: Vec<&str> = repository.split('/').collect();
    let is_name = |part: &&str| !part.is_empty() && !part.contains(char::is_whitespace);
    if parts.len() != 2 || !parts.iter().all(is_name) {
        let text = "repository = \"acme/erp\", with its owner and its name";
        report.instead(&at.place, "this is no repository of GitHub", text);
        return None;
    }
    Some(Monitor::GitHub {
        url: url?.unwrap_or_else(|| GITHUB.to_owned()),
        repository: repository.to_owned(),
        token: token?,
    })
}

fn datadog(raw: &raw::Datadog, report: &mut Report) -> Option<Monitor> {
    let (url, key) = (given_address(&raw.url, report), place(&raw.key, report));
    Some(Monitor::Datadog {
        url: url?.unwrap_or_else(|| DATADOG.to_owned()),
        key: key?,
    })
}

fn pagerduty(raw: &raw::PagerDuty, report: &mut Report) -> Option<Monitor> {
    let (url, key) = (given_address(&raw.url, report), place(&raw.key, report));
    Some(Monitor::PagerDuty {
        url: url?.unwrap_or_else(|| PAGERDUTY.to_owned()),
        key: key?,
    })
}

fn opsgenie(raw: &raw::Opsgenie, report: &mut Report) -> Option<Monitor> {
    let (url, key) = (given_address(&raw.url, report), place(&raw.key, report));
    Some(Monitor::Opsgenie {
        url: url?.unwrap_or_else(|| OPSGENIE.to_owned()),
        key: key?,
    })
}

fn cloudwatch(raw: &raw::CloudWatch, report: &mut Report) -> Option<Monitor> {
    let namespace = given(&raw.namespace, |at| {
        if at.value.as_str().starts_with("AWS/") {
            let message = "namespaces that begin with `AWS/` are those of AWS's own metrics";
            report.instead(&at.place, message, "namespace = \"Sluice\"");
            return None;
        }
        Some(at.value.as_str().to_owned())
    });
    Some(Monitor::CloudWatch {
        namespace: namespace?.unwrap_or_else(|| NAMESPACE.to_owned()),
    })
}

fn text(field: &Option<Field<Label>>) -> Option<Option<String>> {
    given(field, |at| Some(at.value.as_str().to_owned()))
}

pub(super) fn given_address(
    field: &Option<Field<Url>>,
    report: &mut Report,
) -> Option<Option<String>> {
    given(field, |at| address_at(at, report))
}

fn address(field: &Field<Url>, report: &mut Report) -> Option<String> {
    address_at(field.at()?, report)
}

/// A token goes with every request, so the way must be private: HTTPS, or this machine.
fn address_at(at: &At<Url>, report: &mut Report) -> Option<String> {
    let url = at.value.as_str().trim_end_matches('/');
    let host = url.strip_prefix("http://");
    let host = host.and_then(|rest| rest.split(['/', ':']).next());
    if let Some(host) = host
        && !["localhost", "127.0.0.1"].contains(&host)
    {
        let message = "this address is not private: what is sent there can be read on the way";
        report.advise(&at.place, message, "write https:// in place of http://");
        return None;
    }
    Some(url.to_owned())
}

fn place(field: &Field<SecretName>, report: &mut Report) -> Option<String> {
    place_at(field.at()?, report)
}

pub(super) fn place_at(at: &At<SecretName>, report: &mut Report) -> Option<String> {
    let name = at.value.as_str();
    if VALUES.iter().any(|begin| name.starts_with(begin)) || is_uuid(name) {
        let message = "this looks like the secret itself, and secrets do not belong in a file";
        let advice = "store it in Secrets Manager, in Sluice's own account, and write its name \
                      here; replace the value, since it was written down";
        report.advise(&at.place, message, advice);
        return None;
    }
    Some(name.to_owned())
}

/// Opsgenie's keys are UUIDs.
fn is_uuid(name: &str) -> bool {
    let parts = name.split('-').map(str::len);
    let is_in_it = |byte: u8| byte == b'-' || byte.is_ascii_hexdigit();
    parts.eq([8, 4, 4, 4, 12]) && name.bytes().all(is_in_it)
}
