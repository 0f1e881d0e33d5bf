//! The load balancer's metrics in CloudWatch.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, StatusCode,
};
use jiff::Timestamp;
use sluice_app::ports::{Metrics, MetricsQuery, Target};
use sluice_core::failure::PortError;
use sluice_core::metrics::{Counts, Measured, Minutes};

use crate::clients::Clients;
use crate::ecs::{TargetGroups, groups};
use crate::error::port_error;
use crate::time::{date_time, timestamp};

const NAMESPACE: &str = "AWS/ApplicationELB";
const ACTION: &str = "cloudwatch:GetMetricData";

/// The period of the load balancer's metrics, in seconds.
const PERIOD_S: i32 = 60;

/// What is read of a target group: its part of the id, the metric, the statistic.
const READ: [(&str, &str, &str); 3] = [
    ("requests", "RequestCount", "Sum"),
    ("errors", "HTTPCode_Target_5XX_Count", "Sum"),
    ("p90", "TargetResponseTime", "p90"),
];

/// The [`Metrics`] port: GetMetricData, after ListServiceDeployments and DescribeServiceRevisions
/// have said which target group is whose.
#[derive(Clone, Debug)]
pub struct CloudWatchMetrics {
    clients: Arc<Clients>,
}

impl CloudWatchMetrics {
    /// The port over shared clients.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self { clients }
    }
}

#[async_trait]
impl Metrics for CloudWatchMetrics {
    async fn measured(&self, target: &Target, query: &MetricsQuery) -> Result<Measured, PortError> {
        let clients = self.clients.of(target).await?;
        let (service, revision) = (&query.ecs_service, &query.task_definition);
        let found = groups(&clients, &target.cluster, service, revision, query.since).await?;
        let Some(groups) = found else {
            return Ok(Measured::default());
        };
        let mut pages = clients
            .cloudwatch()
            .get_metric_data()
            .set_metric_data_queries(Some(queries(&groups)))
            .start_time(date_time(query.from))
            .end_time(date_time(query.until))
            .into_paginator()
            .send();
        let mut points = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let on = format!("the target groups of {service}");
            let page = page.map_err(|e| port_error(ACTION, &on, e))?;
            for result in page.metric_data_results() {
                take(result, &on, &mut points)?;
            }
        }
        Ok(Measured {
            old: minutes("old", &points),
            new: minutes("new", &points),
        })
    }
}

fn queries(groups: &TargetGroups) -> Vec<MetricDataQuery> {
    let sides = [("old", &groups.old), ("new", &groups.new)];
    let of_both = sides.into_iter().flat_map(|(side, group)| {
        READ.map(|(what, metric, stat)| {
            let metric = Metric::builder()
                .namespace(NAMESPACE)
                .metric_name(metric)
                .dimensions(dimension("TargetGroup", group))
                .dimensions(dimension("LoadBalancer", &groups.load_balancer))
                .build();
            let stat = MetricStat::builder()
                .metric(metric)
                .period(PERIOD_S)
                .stat(stat)
                .build();
            MetricDataQuery::builder()
                .id(format!("{side}_{what}"))
                .metric_stat(stat)
                .build()
        })
    });
    of_both.collect()
}

fn dimension(name: &str, value: &str) -> Dimension {
    Dimension::builder().name(name).value(value).build()
}

/// Points by query and minute.
type Points = BTreeMap<(String, Timestamp), f64>;

fn take(result: &MetricDataResult, on: &str, points: &mut Points) -> Result<(), PortError> {
    let id = result.id().unwrap_or_default();
    match result.status_code() {
        Some(StatusCode::InternalError) => {
            let message = format!("{ACTION} on {on}: CloudWatch could not read {id}");
            return Err(PortError::retryable(message));
        }
        Some(StatusCode::Forbidden) => {
            let message = format!("{ACTION} on {on}: CloudWatch may not read {id}");
            return Err(PortError::needs_person(message));
        }
        _ => {}
    }
    let times = result.timestamps().iter().map(timestamp);
    for (at, value) in times.zip(result.values()) {
        if let Some(at) = at {
            points.insert((id.to_owned(), at), *value);
        }
    }
    Ok(())
}

/// A minute without a point of `RequestCount` had no request, or none has come yet. In one that has
/// it, errors without a point are none.
fn minutes(side: &str, points: &Points) -> Minutes {
    let requests = format!("{side}_requests");
    let counted = points.iter().filter(|((id, _), _)| *id == requests);
    let counted = counted.filter(|(_, count)| **count >= 1.0);
    let point = |what: &str, at: Timestamp| points.get(&(format!("{side}_{what}"), at)).copied();
    counted
        .map(|((_, at), count)| {
            let counts = Counts {
                requests: whole(*count),
                errors: point("errors", *at).map_or(0, whole),
                // It is told in seconds.
                p90_ms: point("p90", *at).map(|seconds| whole(seconds * 1000.0)),
            };
            (*at, counts)
        })
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast stays within the bounds, and no target group has four billion requests a minute"
)]
fn whole(value: f64) -> u32 {
    value.round() as u32
}

#[cfg(test)]
mod tests {
    use aws_smithy_cbor::Encoder;
    use aws_smithy_types::DateTime;
    use serde_json::json;
    use sluice_core::failure::ErrorClass;
    use sluice_core::id::{EcsServiceName, TaskDefinitionArn};

    use super::*;
    use crate::test_cloud::{Answer, Asked, TestCloud, target};

    const ELB: &str = "arn:aws:elasticloadbalancing:eu-central-1:111111111111";
    const NEW: &str = "arn:aws:ecs:eu-central-1:111111111111:task-definition/erp-web:42";
    const REVISION: &str =
        "arn:aws:ecs:eu-central-1:111111111111:service-revision/erp/erp-web/4980306466373578042";

    fn noon() -> Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn query() -> MetricsQuery {
        MetricsQuery {
            ecs_service: EcsServiceName::new("erp-web"),
            task_definition: TaskDefinitionArn::new(NEW),
            since: noon(),
            from: noon(),
            until: "2026-03-01T12:05:00Z".parse().unwrap(),
        }
    }

    /// What CloudWatch says: the query's id, its status, and points as seconds after noon.
    type Said = (&'static str, &'static str, &'static [(i64, f64)]);

    fn said(results: &[Said]) -> Answer {
        let mut cbor = Encoder::new(Vec::new());
        cbor.begin_map()
            .str("MetricDataResults")
            .array(results.len());
        for (id, status, points) in results {
            cbor.begin_map()
                .str("Id")
                .str(id)
                .str("StatusCode")
                .str(status);
            cbor.str("Timestamps").array(points.len());
            for (after, _) in *points {
                cbor.timestamp(&DateTime::from_secs(noon().as_second() + after));
            }
            cbor.str("Values").array(points.len());
            for (_, value) in *points {
                cbor.double(*value);
            }
            cbor.end();
        }
        cbor.end();
        Answer::cbor(cbor.into_writer())
    }

    fn ecs(asked: &Asked, rule: &str, resolved: bool) -> Answer {
        let group = |name: &str| format!("{ELB}:targetgroup/{name}/0123456789abcdef");
        let mut revision = json!({
            "serviceRevisionArn": REVISION,
            "taskDefinition": NEW,
            "loadBalancers": [{
                "targetGroupArn": group("erp-blue"),
                "containerName": "web",
                "containerPort": 8000,
                "advancedConfiguration": {
                    "alternateTargetGroupArn": group("erp-green"),
                    "productionListenerRule": format!("{ELB}:{rule}"),
                },
            }],
        });
        if resolved {
            revision["resolvedConfiguration"] =
                json!({ "loadBalancers": [{ "targetGroupArn": group("erp-green") }] });
        }
        Answer::json(&match asked.operation.as_str() {
            "ListServiceDeployments" => json!({ "serviceDeployments": [{
                "serviceDeploymentArn": "arn:aws:ecs:eu-central-1:111111111111:service-deployment/erp/erp-web/1",
                "targetServiceRevisionArn": REVISION,
                "createdAt": noon().as_second(),
            }] }),
            "DescribeServiceRevisions" => json!({ "serviceRevisions": [revision] }),
            other => panic!("no one should ask for {other}"),
        })
    }

    const RULE: &str = "listener-rule/app/erp/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee";

    fn cloud(results: &'static [Said]) -> TestCloud {
        TestCloud::new(move |asked| match asked.operation.as_str() {
            "GetMetricData" => said(results),
            _ => ecs(asked, RULE, true),
        })
    }

    async fn measured(cloud: &TestCloud) -> Result<Measured, PortError> {
        let port = CloudWatchMetrics::new(cloud.clients.clone());
        port.measured(&target(), &query()).await
    }

    #[tokio::test]
    async fn errors_without_a_point_are_none_where_there_are_requests() {
        let cloud = cloud(&[
            ("old_requests", "Complete", &[(60, 2700.0), (0, 2650.0)]),
            ("old_errors", "Complete", &[(60, 3.0)]),
            ("old_p90", "Complete", &[(60, 0.1804), (0, 0.2)]),
            ("new_requests", "Complete", &[(60, 300.0)]),
            ("new_errors", "Complete", &[(60, 6.0), (120, 1.0)]),
            ("new_p90", "Complete", &[]),
        ]);
        let at = |after: i64| Timestamp::from_second(noon().as_second() + after).unwrap();
        let counts = |requests, errors, p90_ms| Counts {
            requests,
            errors,
            p90_ms,
        };
        let expected = Measured {
            old: [
                (at(0), counts(2650, 0, Some(200))),
                (at(60), counts(2700, 3, Some(180))),
            ]
            .into(),
            new: [(at(60), counts(300, 6, None))].into(),
        };
        assert_eq!(measured(&cloud).await.unwrap(), expected);
    }

    #[test]
    fn each_group_is_asked_for_by_its_dimensions() {
        let groups = TargetGroups {
            load_balancer: "app/erp/50dc6c495c0c9188".to_owned(),
            old: "targetgroup/erp-blue/0123456789abcdef".to_owned(),
            new: "targetgroup/erp-green/0123456789abcdef".to_owned(),
        };
        let asked = queries(&groups);
        let ids: Vec<&str> = asked.iter().filter_map(MetricDataQuery::id).collect();
        assert_eq!(
            ids,
            [
                "old_requests",
                "old_errors",
                "old_p90",
                "new_requests",
                "new_errors",
                "new_p90"
            ]
        );
        let stat = asked[5].metric_stat().unwrap();
        let metric = stat.metric().unwrap();
        assert_eq!(metric.namespace(), Some("AWS/ApplicationELB"));
        assert_eq!(metric.metric_name(), Some("TargetResponseTime"));
        assert_eq!((stat.stat(), stat.period()), (Some("p90"), Some(60)));
        let dimensions: Vec<_> = metric
            .dimensions()
            .iter()
            .map(|one| (one.name().unwrap(), one.value().unwrap()))
            .collect();
        assert_eq!(
            dimensions,
            [
                ("TargetGroup", "targetgroup/erp-green/0123456789abcdef"),
                ("LoadBalancer", "app/erp/50dc6c495c0c9188"),
            ]
        );
    }

    #[tokio::test]
    async fn what_cloudwatch_could_not_read_is_no_zero() {
        for (status, class) in [
            ("InternalError", ErrorClass::Retryable),
            ("Forbidden", ErrorClass::NeedsPerson),
        ] {
            let results: &'static [Said] = match status {
                "InternalError" => &[("new_errors", "InternalError", &[])],
                _ => &[("new_errors", "Forbidden", &[])],
            };
            let error = measured(&cloud(results)).await.unwrap_err();
            assert_eq!(error.class, class, "{error}");
            assert!(error.message.contains("new_errors"), "{error}");
        }
    }

    #[tokio::test]
    async fn without_an_application_load_balancer_there_is_nothing_to_read() {
        for (rule, resolved) in [
            ("listener/net/erp/50dc6c495c0c9188/f2f7dc8efc522ab2", true),
            (RULE, false),
        ] {
            let cloud = TestCloud::new(move |asked| ecs(asked, rule, resolved));
            assert_eq!(measured(&cloud).await.unwrap(), Measured::default());
        }
    }
}
