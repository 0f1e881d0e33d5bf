//! Elastic Load Balancing v2: the rules that ECS shifts, and the targets behind them.
//!
//! The model has a service's two target groups by name; their ARNs, the rules' and the listener's
//! are made from the service's own name here, the same every time.

use sluice_core::id::{ClusterName, EcsServiceName};
use sluice_sim::cloud::{Cloud, Place, Read, RevisionDescription, ServiceDescription};

use crate::caller::Caller;
use crate::form::Form;
use crate::refusal::Refusal;
use crate::xml::Xml;

/// Where the application listens in its container.
pub(crate) const PORT: u16 = 8000;

const SERVICE: &str = "elasticloadbalancing";

pub(crate) fn answer(
    cloud: &Cloud,
    caller: &Caller,
    operation: &str,
    form: &Form,
) -> Result<Xml, Refusal> {
    let place = caller.place(cloud)?;
    let services = cloud.services_seen(&place, Read::Targets);
    match operation {
        "DescribeRules" => describe_rules(&services, form),
        "DescribeListeners" => describe_listeners(&services, form),
        "DescribeTargetGroups" => describe_target_groups(&services, form),
        "DescribeTargetHealth" => describe_target_health(&services, form),
        _ => Err(Refusal::unknown_operation(operation)),
    }
}

/// The ARNs of what stands before a service.
pub(crate) struct Front {
    pub(crate) groups: [String; 2],
    pub(crate) production_rule: String,
    pub(crate) test_rule: String,
    listener: String,
}

impl Front {
    /// `None` for a service without a load balancer.
    pub(crate) fn of(service: &ServiceDescription) -> Option<Self> {
        let groups = service.target_groups.as_ref()?;
        let ServiceDescription {
            place,
            cluster,
            name,
            ..
        } = service;
        let group = |which: usize| {
            let name = &groups[which].0;
            let id = id(cluster, &service.name, name);
            place.arn(SERVICE, format!("targetgroup/{name}/{id}"))
        };
        let balancer = format!("app/{cluster}/{}", id(cluster, name, "balancer"));
        let listener = format!("{balancer}/{}", id(cluster, name, "listener"));
        let rule = |which| rule(place, &listener, &id(cluster, name, which));
        Some(Self {
            groups: [group(0), group(1)],
            production_rule: rule("production"),
            test_rule: rule("test"),
            listener: place.arn(SERVICE, format!("listener/{listener}")),
        })
    }
}

fn rule(place: &Place, listener: &str, id: &str) -> String {
    place.arn(SERVICE, format!("listener-rule/{listener}/{id}"))
}

/// Sixteen hexadecimal digits, as ELB has them: FNV-1a of what is named.
fn id(cluster: &ClusterName, service: &EcsServiceName, of: &str) -> String {
    let named = format!("{cluster}/{service}/{of}");
    let hash = named
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{hash:016x}")
}

fn fronts(services: &[ServiceDescription]) -> impl Iterator<Item = (&ServiceDescription, Front)> {
    services
        .iter()
        .filter_map(|service| Some((service, Front::of(service)?)))
}

fn forward(front: &Front, weights: [u32; 2]) -> Xml {
    let group = |which: usize| {
        Xml::structure()
            .text("TargetGroupArn", &front.groups[which])
            .text("Weight", weights[which])
    };
    let config = Xml::structure().with(
        "TargetGroups",
        Xml::List("member", vec![group(0), group(1)]),
    );
    let action = Xml::structure()
        .text("Type", "forward")
        .text("Order", 1)
        .with("ForwardConfig", config);
    Xml::List("member", vec![action])
}

/// The weights of the production rule, and of the test rule: all on the group under test.
fn weights(service: &ServiceDescription, on_test: bool) -> [u32; 2] {
    let production = service.target_groups.as_ref();
    let production = production.map_or([0, 0], |groups| [groups[0].1, groups[1].1]);
    let tested = service.revisions.iter().rfind(|revision| revision.on_test);
    match tested.filter(|_| on_test) {
        Some(revision) if revision.target_group == 0 => [100, 0],
        Some(_) => [0, 100],
        None => production,
    }
}

fn describe_rules(services: &[ServiceDescription], form: &Form) -> Result<Xml, Refusal> {
    let wanted = form.list("RuleArns.member");
    let of_listener = form.get("ListenerArn");
    let mut rules = Vec::new();
    for (service, front) in fronts(services) {
        for (arn, priority, on_test) in [
            (&front.production_rule, 1, false),
            (&front.test_rule, 2, true),
        ] {
            if wanted.contains(&arn.as_str()) || of_listener == Some(&front.listener) {
                rules.push(
                    Xml::structure()
                        .text("RuleArn", arn)
                        .text("Priority", priority)
                        .with("Conditions", conditions(service))
                        .with("Actions", forward(&front, weights(service, on_test)))
                        .text("IsDefault", false),
                );
            }
        }
    }
    if rules.len() < wanted.len() || rules.is_empty() {
        return Err(Refusal::new("RuleNotFound", "One or more rules not found"));
    }
    Ok(Xml::structure().with("Rules", Xml::List("member", rules)))
}

/// Conditions have their values in them, and once more in the configuration of their field.
fn conditions(service: &ServiceDescription) -> Xml {
    let settings = service.front.as_ref();
    let all = settings.into_iter().flat_map(|front| &front.conditions);
    let conditions = all.map(|(field, values)| {
        let values = || {
            let values = values.iter();
            Xml::List(
                "member",
                values.map(|value| Xml::Text(value.clone())).collect(),
            )
        };
        let config = match field.as_str() {
            "host-header" => "HostHeaderConfig",
            _ => "PathPatternConfig",
        };
        Xml::structure()
            .text("Field", field)
            .with("Values", values())
            .with(config, Xml::structure().with("Values", values()))
    });
    Xml::List("member", conditions.collect())
}

fn describe_target_groups(services: &[ServiceDescription], form: &Form) -> Result<Xml, Refusal> {
    let wanted = form.list("TargetGroupArns.member");
    let mut groups = Vec::new();
    for (service, front) in fronts(services) {
        let Some(settings) = &service.front else {
            continue;
        };
        for arn in front
            .groups
            .iter()
            .filter(|arn| wanted.contains(&arn.as_str()))
        {
            let codes = Xml::structure().text("HttpCode", &settings.healthy_codes);
            groups.push(
                Xml::structure()
                    .text("TargetGroupArn", arn)
                    .text("Protocol", "HTTP")
                    .text("Port", PORT)
                    .text("TargetType", "ip")
                    .text("HealthCheckEnabled", true)
                    .text("HealthCheckProtocol", "HTTP")
                    .text("HealthCheckPort", "traffic-port")
                    .text("HealthCheckPath", &settings.health_path)
                    .text("HealthCheckIntervalSeconds", settings.interval_s)
                    .text("HealthCheckTimeoutSeconds", settings.timeout_s)
                    .text("HealthyThresholdCount", settings.healthy_after)
                    .text("UnhealthyThresholdCount", settings.unhealthy_after)
                    .with("Matcher", codes),
            );
        }
    }
    if groups.len() < wanted.len() || groups.is_empty() {
        let said = "One or more target groups not found";
        return Err(Refusal::new("TargetGroupNotFound", said));
    }
    Ok(Xml::structure().with("TargetGroups", Xml::List("member", groups)))
}

fn describe_listeners(services: &[ServiceDescription], form: &Form) -> Result<Xml, Refusal> {
    let wanted = form.list("ListenerArns.member");
    let mut listeners = Vec::new();
    for (service, front) in fronts(services) {
        if wanted.contains(&front.listener.as_str()) {
            listeners.push(
                Xml::structure()
                    .text("ListenerArn", &front.listener)
                    .text("Port", 443)
                    .text("Protocol", "HTTPS")
                    .with("DefaultActions", forward(&front, weights(service, false))),
            );
        }
    }
    if listeners.is_empty() {
        return Err(Refusal::new(
            "ListenerNotFound",
            "One or more listeners not found",
        ));
    }
    Ok(Xml::structure().with("Listeners", Xml::List("member", listeners)))
}

fn describe_target_health(services: &[ServiceDescription], form: &Form) -> Result<Xml, Refusal> {
    let wanted = form.require("TargetGroupArn")?;
    let found = fronts(services).find_map(|(service, front)| {
        let group = front.groups.iter().position(|arn| arn == wanted)?;
        Some((service, group))
    });
    let Some((service, group)) = found else {
        return Err(Refusal::new(
            "TargetGroupNotFound",
            "One or more target groups not found",
        ));
    };
    let behind = service
        .revisions
        .iter()
        .filter(|revision| revision.target_group == group);
    let targets = behind
        .flat_map(|revision| (0..revision.running).map(move |n| target(revision, n)))
        .collect();
    Ok(Xml::structure().with("TargetHealthDescriptions", Xml::List("member", targets)))
}

fn target(revision: &RevisionDescription, number: u32) -> Xml {
    let health = if revision.healthy {
        Xml::structure().text("State", "healthy")
    } else {
        Xml::structure()
            .text("State", "unhealthy")
            .text("Reason", "Target.FailedHealthChecks")
            .text("Description", "Health checks failed")
    };
    let address = format!("10.0.{}.{}", revision.id % 250, number % 250 + 4);
    let target = Xml::structure().text("Id", address).text("Port", PORT);
    Xml::structure()
        .with("Target", target)
        .text("HealthCheckPort", PORT)
        .with("TargetHealth", health)
}
