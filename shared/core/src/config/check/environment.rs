//! Environments: each by itself, and that no two deploy the same ECS service.

use std::collections::BTreeMap;

use super::{
    Known, controls, given, migration, minutes, monitors, or, order, placement, source, stack,
    variables,
};
use crate::config::raw;
use crate::config::reader::{At, Field};
use crate::config::report::{Place, Report};
use crate::config::text::MemberId;
use crate::config::values::{Map, in_words};
use crate::config::{
    Approval, Backup, Bake, Database, Environment, Member, Metrics, NewerRevisions, ScanPolicy,
    Severity,
};
use crate::id::{AlarmName, EnvironmentName, GroupId, UserId};
use crate::tag::TagPattern;

pub(super) fn all(
    environments: &At<Map<EnvironmentName, raw::Environment>>,
    known: &Known<'_>,
    report: &mut Report,
) -> Option<Vec<Environment>> {
    let entries = &environments.value.entries;
    if entries.is_empty() {
        let advice = "add a table such as [environments.staging]";
        report.advise(&environments.place, "no environment at all", advice);
    }
    order::check(&environments.value, report);
    let read: Vec<_> = entries
        .iter()
        .map(|(name, raw)| one(name, raw.get()?, known, report))
        .collect();
    let places = entries.iter().map(|(name, _)| &name.place);
    distinct(
        places
            .zip(&read)
            .filter_map(|(place, read)| Some((place, read.as_ref()?))),
        report,
    );
    read.into_iter().collect()
}

fn one(
    name: &At<EnvironmentName>,
    raw: &raw::Environment,
    known: &Known<'_>,
    report: &mut Report,
) -> Option<Environment> {
    let role = given(&raw.role, |role| {
        if let Some(account) = raw.account.get()
            && role.value.as_str().split(':').nth(4) != Some(account.as_str())
        {
            let message = format!("this role is not of this environment's account, {account}");
            let advice = "correct `account` or `role`: one of them is another environment's";
            report.advise(&role.place, message, advice);
        }
        Some(role.value.clone())
    });
    let tags = raw.tags.at().and_then(|tags| self::tags(tags, report));
    let asked = given(&raw.approval, |at| approval(at, report));
    let roles = controls::roles(raw.roles.as_ref(), report);
    let calendar = controls::calendar(raw, report);
    let services = placement::all(name, raw, known, report);
    let plain = variables::plain(raw, report);
    let secrets = variables::secret(raw, report);
    let backup = given(&raw.backup, |at| backup(at, report));
    let is_asked = raw.approval.is_some();
    let migration_rules = migration::rules(raw.migration_rules.as_ref(), is_asked, report);
    let newer_revisions = or(&raw.newer_revisions, NewerRevisions::Leave, |word| word);
    let source_rule = source::rule(raw.source.as_ref(), is_asked, known, report);
    let stack = stack::one(raw, is_asked, report);
    let restore = given(&raw.restore, |at| approval(at, report));
    controls::restore(raw, report);
    let bake = bake(raw.bake.as_ref(), report);
    let metrics = metrics(raw.metrics.as_ref(), report);
    let alarms = alarms(raw, report);
    let monitors = monitors::all(raw.monitors.as_ref(), report);
    Some(Environment {
        name: name.value.clone(),
        account: raw.account.get()?.clone(),
        region: raw.region.get()?.clone(),
        role: role?,
        cluster: raw.cluster.get()?.clone(),
        tags: tags?,
        after: given(&raw.after, |after| Some(after.value.clone()))?,
        approval: asked?,
        roles: roles?,
        calendar: calendar?,
        services: services?,
        variables: plain?,
        secrets: secrets?,
        backup: backup?,
        migration_rules: migration_rules?,
        newer_revisions: newer_revisions?,
        source_rule: source_rule?,
        stack: stack?,
        restore: restore?,
        scan: scan(raw.scan.as_ref())?,
        bake: bake?,
        metrics: metrics?,
        alarms: alarms?,
        channel: raw.channel.get()?.clone(),
        monitors: monitors?,
    })
}

fn tags(tags: &At<Vec<Field<TagPattern>>>, report: &mut Report) -> Option<Vec<TagPattern>> {
    if tags.value.is_empty() {
        let text = "tags = [\"v*\"], or with GitFlow for staging [\"develop-*\", \"release-*\"]";
        report.instead(
            &tags.place,
            "no image tag can ever reach this environment",
            text,
        );
    }
    distinct_elements(&tags.value, "pattern", report);
    tags.value.iter().map(|tag| tag.get().cloned()).collect()
}

/// Reports each element that stands in the list for the second time.
pub(super) fn distinct_elements<T: PartialEq + ToString>(
    list: &[Field<T>],
    what: &str,
    report: &mut Report,
) {
    for (index, element) in list.iter().enumerate() {
        let Some(at) = element.at() else { continue };
        if list[..index]
            .iter()
            .any(|earlier| earlier.get() == Some(&at.value))
        {
            let message = format!("the {what} `{}` is here twice", at.value.to_string());
            report.advise(&at.place, message, "remove one of the two");
        }
    }
}

fn alarms(raw: &raw::Environment, report: &mut Report) -> Option<Vec<AlarmName>> {
    let Some(alarms) = &raw.alarms else {
        return Some(Vec::new());
    };
    let alarms = alarms.get()?;
    distinct_elements(alarms, "alarm", report);
    alarms.iter().map(|alarm| alarm.get().cloned()).collect()
}

fn approval(at: &At<raw::Approval>, report: &mut Report) -> Option<Approval> {
    let raw = &at.value;
    let approvers: Option<Vec<Member>> = raw.approvers.at().and_then(|list| {
        if list.value.is_empty() {
            let text = "approvers = [\"S0604QSJC\"], with ids of Slack users and user groups";
            report.instead(&list.place, "no one could approve", text);
        }
        distinct_elements(&list.value, "approver", report);
        list.value.iter().map(|id| id.get().map(member)).collect()
    });
    let quorum = or(&raw.quorum, 1, |quorum| quorum.small());
    if let (Some(approvers), Some(quorum)) = (&approvers, quorum) {
        // A group's members are known only at the click, so only named users can be counted.
        let all_users = approvers
            .iter()
            .all(|approver| matches!(approver, Member::User(_)));
        let users = approvers.len();
        if all_users && users > 0 && usize::from(quorum) > users {
            let place = raw
                .quorum
                .as_ref()
                .and_then(Field::at)
                .map_or(&at.place, |at| &at.place);
            let message = format!("{quorum} must approve, and only {users} may");
            let text = format!("quorum = {users}, or name more approvers");
            report.instead(place, message, text);
        }
    }
    Some(Approval {
        approvers: approvers?,
        quorum: quorum?,
        four_eyes: or(&raw.four_eyes, true, |four_eyes| four_eyes)?,
        expires: or(&raw.expires, minutes(8 * 60), |expires| expires.get())?,
    })
}

pub(super) fn member(id: &MemberId) -> Member {
    match id.as_str() {
        group if group.starts_with('S') => Member::Group(GroupId::new(group)),
        user => Member::User(UserId::new(user)),
    }
}

fn backup(at: &At<raw::Backup>, report: &mut Report) -> Option<Backup> {
    let raw = &at.value;
    let database = match (&raw.instance, &raw.cluster) {
        (Some(instance), None) => instance
            .get()
            .map(|id| Database::Instance(id.as_str().to_owned())),
        (None, Some(cluster)) => cluster
            .get()
            .map(|id| Database::Cluster(id.as_str().to_owned())),
        (instance, _) => {
            let message = match instance {
                Some(_) => "this names an instance and a cluster: which one is backed up?",
                None => "this does not say which database is backed up",
            };
            let text = "instance = \"erp-production\" for RDS, or cluster = \"…\" for Aurora";
            report.instead(&at.place, message, text);
            None
        }
    };
    Some(Backup {
        database: database?,
        timeout: or(&raw.timeout, minutes(60), |timeout| timeout.get())?,
        keep: or(&raw.keep, 5, |keep| keep.get())?,
        rehearse: or(&raw.rehearse, false, |rehearse| rehearse)?,
    })
}

fn scan(raw: Option<&Field<raw::Scan>>) -> Option<ScanPolicy> {
    let Some(raw) = raw else {
        return Some(ScanPolicy {
            block: Some(Severity::Critical),
            wait: minutes(10),
            except: Vec::new(),
        });
    };
    let raw = raw.get()?;
    Some(ScanPolicy {
        block: or(&raw.block, Some(Severity::Critical), |block| block.0)?,
        wait: or(&raw.wait, minutes(10), |wait| wait.get())?,
        // Of the whole file: whoever reads that adds them.
        except: Vec::new(),
    })
}

fn bake(raw: Option<&Field<raw::Bake>>, report: &mut Report) -> Option<Bake> {
    let Some(raw) = raw else {
        return Some(Bake {
            duration: minutes(10),
            every: minutes(1),
            failures: 3,
            samples: 3,
        });
    };
    let at = raw.at()?;
    let raw = &at.value;
    let bake = Bake {
        duration: or(&raw.duration, minutes(10), |duration| duration.get())?,
        every: or(&raw.every, minutes(1), |every| every.get())?,
        failures: or(&raw.failures, 3, |failures| failures.small())?,
        samples: or(&raw.samples, 3, |samples| samples.small())?,
    };
    // A bake of nothing asks for no samples: it is how a team turns baking off.
    let needed = bake.every * i32::from(bake.samples);
    if !bake.duration.is_zero() && bake.duration < needed {
        let [duration, every, needed] = [bake.duration, bake.every, needed].map(in_words);
        let samples = bake.samples;
        let message =
            format!("a bake of {duration} has no time for {samples} samples, one every {every}");
        let advice = format!("let `duration` be {needed} or longer, or ask for fewer `samples`");
        report.advise(&at.place, message, advice);
    }
    Some(bake)
}

fn metrics(raw: Option<&Field<raw::Metrics>>, report: &mut Report) -> Option<Option<Metrics>> {
    let default = Metrics::default();
    let Some(raw) = raw else {
        return Some(Some(default));
    };
    let at = raw.at()?;
    let raw = &at.value;
    let metrics = Metrics {
        least_requests: or(&raw.least_requests, default.least_requests, |n| n.get())?,
        more_errors: or(&raw.more_errors, default.more_errors, |n| n.get())?,
        slower_percent: or(&raw.slower_percent, default.slower_percent, |n| n.get())?,
        slower: or(&raw.slower, default.slower, |time| time.get())?,
    };
    let compare = or(&raw.compare, true, |compare| compare)?;
    if !compare && metrics != Metrics::default() {
        let advice = "remove the other keys, or `compare = false`";
        report.advise(&at.place, "what is not compared needs no bounds", advice);
    }
    Some(compare.then_some(metrics))
}

/// Two names for one ECS service would deploy over each other.
fn distinct<'a>(
    environments: impl Iterator<Item = (&'a Place, &'a Environment)>,
    report: &mut Report,
) {
    let mut taken = BTreeMap::new();
    for (place, environment) in environments {
        let Environment {
            account,
            region,
            cluster,
            name,
            services,
            ..
        } = environment;
        for (service, placement) in services {
            let ecs_service = &placement.ecs_service;
            let Some((owner, other)) =
                taken.insert((account, region, cluster, ecs_service), (name, service))
            else {
                continue;
            };
            let message = format!(
                "`{service}` is the ECS service `{ecs_service}` of the cluster `{cluster}`, and so \
                 is `{other}` of {owner}"
            );
            let advice = format!(
                "give one of them another ecs_service in [{}.services]",
                place.key
            );
            report.advise(place, message, advice);
        }
    }
}
