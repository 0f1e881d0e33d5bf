//! GetMetricData, of the target groups of a load balancer.

use ciborium::Value as Cbor;
use jiff::Timestamp;
use sluice_core::metrics::{Counts, Minutes};
use sluice_sim::cloud::{Cloud, Read, ServiceDescription};

use crate::caller::Caller;
use crate::cbor::{self, map, time};
use crate::elb::Front;
use crate::refusal::Refusal;

pub(super) fn answer(cloud: &Cloud, caller: &Caller, input: &Cbor) -> Result<Cbor, Refusal> {
    let place = caller.place(cloud)?;
    let services = cloud.services_seen(&place, Read::Targets);
    let from = moment(input, "StartTime")?;
    let until = moment(input, "EndTime")?;
    let queries = cbor::member(input, "MetricDataQueries").and_then(Cbor::as_array);
    let queries = queries.ok_or_else(|| missing("MetricDataQueries"))?;
    let mut results = Vec::new();
    for query in queries {
        let stat = cbor::member(query, "MetricStat").ok_or_else(|| missing("MetricStat"))?;
        let metric = cbor::member(stat, "Metric").ok_or_else(|| missing("Metric"))?;
        let minutes = match of_group(&services, metric) {
            Some((service, group)) if text(metric, "Namespace") == "AWS/ApplicationELB" => {
                let name = (&*place, &service.cluster, &service.name);
                cloud.requests_in(name, group, from, until)
            }
            _ => Minutes::new(),
        };
        let read = reader(text(metric, "MetricName"), text(stat, "Stat"))?;
        results.push(result(text(query, "Id"), &minutes, read));
    }
    Ok(map([("MetricDataResults", Cbor::Array(results))]))
}

/// What a statistic of a metric is of a minute; `None` where it has no point.
type Reader = fn(&Counts) -> Option<f64>;

fn reader(metric: &str, stat: &str) -> Result<Reader, Refusal> {
    match (metric, stat) {
        ("RequestCount", "Sum") => Ok(|counts| Some(f64::from(counts.requests))),
        // What did not happen has no point.
        ("HTTPCode_Target_5XX_Count", "Sum") => {
            Ok(|counts| (counts.errors > 0).then(|| f64::from(counts.errors)))
        }
        ("TargetResponseTime", "p90") => Ok(|counts| Some(f64::from(counts.p90_ms?) / 1000.0)),
        _ => Err(Refusal::new(
            "InvalidParameterValueException",
            format!("the simulated cloud has no {stat} of {metric}"),
        )),
    }
}

/// The newest point first, as CloudWatch has them.
fn result(id: &str, minutes: &Minutes, read: Reader) -> Cbor {
    let points = || {
        let newest_first = minutes.iter().rev();
        newest_first.filter_map(|(at, counts)| Some((*at, read(counts)?)))
    };
    map([
        ("Id", Cbor::Text(id.to_owned())),
        ("Label", Cbor::Text(id.to_owned())),
        ("StatusCode", Cbor::Text("Complete".to_owned())),
        (
            "Timestamps",
            Cbor::Array(points().map(|(at, _)| time(at.as_second())).collect()),
        ),
        (
            "Values",
            Cbor::Array(points().map(|(_, value)| Cbor::Float(value)).collect()),
        ),
    ])
}

/// Whose target group the dimensions name, and which of the two.
fn of_group<'a>(
    services: &'a [ServiceDescription],
    metric: &Cbor,
) -> Option<(&'a ServiceDescription, usize)> {
    let dimensions = cbor::member(metric, "Dimensions")?.as_array()?;
    let value = |name: &str| {
        let named = dimensions.iter().find(|one| text(one, "Name") == name)?;
        Some(text(named, "Value"))
    };
    let (group, balancer) = (value("TargetGroup")?, value("LoadBalancer")?);
    services.iter().find_map(|service| {
        let front = Front::of(service)?;
        let is_its = front.production_rule.contains(&format!("/{balancer}/"));
        let groups = front.groups.iter();
        let at = groups
            .into_iter()
            .position(|arn| arn.ends_with(&format!(":{group}")))?;
        is_its.then_some((service, at))
    })
}

fn text<'a>(of: &'a Cbor, name: &str) -> &'a str {
    cbor::member(of, name)
        .and_then(Cbor::as_text)
        .unwrap_or_default()
}

fn moment(input: &Cbor, name: &str) -> Result<Timestamp, Refusal> {
    let given = cbor::member(input, name).ok_or_else(|| missing(name))?;
    let number = given.as_tag().map_or(given, |(_, number)| number);
    let whole = number
        .as_integer()
        .and_then(|whole| i64::try_from(whole).ok());
    #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970")]
    let second = whole.or_else(|| number.as_float().map(|seconds| seconds as i64));
    let moment = second.and_then(|second| Timestamp::from_second(second).ok());
    moment.ok_or_else(|| missing(name))
}

fn missing(name: &str) -> Refusal {
    Refusal::new(
        "MissingRequiredParameterException",
        format!("The parameter {name} is required"),
    )
}
