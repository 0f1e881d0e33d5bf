//! Where a service's production traffic goes, and whether anyone is there to take it.
//!
//! ECS does not look at the live weights before it starts a deployment, so Sluice must.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::LoadBalancer;
use aws_sdk_elasticloadbalancingv2::types::{Action, ActionTypeEnum, TargetHealthStateEnum};
use sluice_core::failure::PortError;
use sluice_core::observation::TrafficObservation;

use crate::clients::ClientSet;
use crate::error::port_error;

/// The weight of a target group that is alone: ECS's own scale is per cent.
const ALL: u32 = 100;

/// The traffic of a service with these load balancers; `None` where no target group is behind it.
///
/// Of several load balancers the first with a production listener rule counts: ECS shifts them
/// together.
pub(crate) async fn traffic(
    clients: &ClientSet,
    load_balancers: &[LoadBalancer],
) -> Result<Option<TrafficObservation>, PortError> {
    let with_rule = load_balancers.iter().find_map(|load_balancer| {
        load_balancer
            .advanced_configuration()?
            .production_listener_rule()
    });
    let groups = match with_rule {
        Some(rule) => weights(clients, rule).await?,
        None => match load_balancers
            .iter()
            .find_map(LoadBalancer::target_group_arn)
        {
            Some(group) => BTreeMap::from([(group.to_owned(), ALL)]),
            None => return Ok(None),
        },
    };
    let (mut healthy, mut unhealthy) = (0, 0);
    if let Some((group, _)) = groups.iter().max_by_key(|(_, weight)| **weight) {
        (healthy, unhealthy) = health(clients, group).await?;
    }
    let weights = groups
        .into_iter()
        .map(|(arn, weight)| (name_of(&arn), weight))
        .collect();
    Ok(Some(TrafficObservation {
        weights,
        healthy,
        unhealthy,
    }))
}

/// Target groups on the rule, by ARN. ECS takes a listener in place of a rule where the load
/// balancer is a network one.
async fn weights(clients: &ClientSet, rule: &str) -> Result<BTreeMap<String, u32>, PortError> {
    let is_rule = rule.contains(":listener-rule/");
    let actions = if is_rule {
        let answer = clients.elb().describe_rules().rule_arns(rule).send().await;
        let answer =
            answer.map_err(|e| port_error("elasticloadbalancing:DescribeRules", rule, e))?;
        answer
            .rules
            .unwrap_or_default()
            .pop()
            .and_then(|rule| rule.actions)
    } else {
        let answer = clients
            .elb()
            .describe_listeners()
            .listener_arns(rule)
            .send()
            .await;
        let answer =
            answer.map_err(|e| port_error("elasticloadbalancing:DescribeListeners", rule, e))?;
        answer
            .listeners
            .unwrap_or_default()
            .pop()
            .and_then(|listener| listener.default_actions)
    };
    let forward = actions
        .unwrap_or_default()
        .into_iter()
        .find(|action| action.r#type() == Some(&ActionTypeEnum::Forward));
    let Some(forward) = forward else {
        return Err(PortError::needs_person(format!(
            "the production listener rule {rule} forwards to no target group: set it to forward to \
             the service's two target groups, one with weight 100 and the other with 0"
        )));
    };
    Ok(groups_of(&forward))
}

/// The weights that an action forwards with, by target group.
pub(crate) fn groups_of(forward: &Action) -> BTreeMap<String, u32> {
    let weighted = forward
        .forward_config()
        .map(|config| config.target_groups())
        .unwrap_or_default();
    let weighted: BTreeMap<String, u32> = weighted
        .iter()
        .filter_map(|group| {
            let weight = group
                .weight()
                .and_then(|weight| u32::try_from(weight).ok())
                .unwrap_or(ALL);
            Some((group.target_group_arn()?.to_owned(), weight))
        })
        .collect();
    if weighted.is_empty() {
        return forward
            .target_group_arn()
            .map(|arn| (arn.to_owned(), ALL))
            .into_iter()
            .collect();
    }
    weighted
}

/// Healthy targets, and those that are not. A draining target is on its way out: neither.
async fn health(clients: &ClientSet, group: &str) -> Result<(u32, u32), PortError> {
    let answer = clients
        .elb()
        .describe_target_health()
        .target_group_arn(group)
        .send()
        .await;
    let answer =
        answer.map_err(|e| port_error("elasticloadbalancing:DescribeTargetHealth", group, e))?;
    let (mut healthy, mut unhealthy) = (0, 0);
    for target in answer.target_health_descriptions() {
        match target.target_health().and_then(|health| health.state()) {
            Some(TargetHealthStateEnum::Healthy) => healthy += 1,
            Some(TargetHealthStateEnum::Draining) => {}
            _ => unhealthy += 1,
        }
    }
    Ok((healthy, unhealthy))
}

/// The name in `arn:…:targetgroup/NAME/ID`: what people see in the console.
fn name_of(arn: &str) -> String {
    arn.split('/').nth(1).unwrap_or(arn).to_owned()
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::AdvancedConfiguration;
    use sluice_core::failure::ErrorClass;

    use super::*;
    use crate::test_cloud::{Answer, Asked, TestCloud, target};

    const BLUE: &str = "arn:aws:elasticloadbalancing:eu-central-1:111111111111:targetgroup/erp-blue/73e2d6bc24d8a067";
    const GREEN: &str = "arn:aws:elasticloadbalancing:eu-central-1:111111111111:targetgroup/erp-green/09966783158cda59";
    const RULE: &str = "arn:aws:elasticloadbalancing:eu-central-1:111111111111:listener-rule/app/erp/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee";
    const LISTENER: &str = "arn:aws:elasticloadbalancing:eu-central-1:111111111111:listener/net/erp/50dc6c495c0c9188/f2f7dc8efc522ab2";

    fn balancer(rule: Option<&str>) -> LoadBalancer {
        let advanced = rule.map(|rule| {
            AdvancedConfiguration::builder()
                .alternate_target_group_arn(GREEN)
                .production_listener_rule(rule)
                .build()
        });
        LoadBalancer::builder()
            .target_group_arn(BLUE)
            .container_name("web")
            .set_advanced_configuration(advanced)
            .build()
    }

    fn forward() -> String {
        let member = |arn, weight| {
            format!(
                "<member><TargetGroupArn>{arn}</TargetGroupArn><Weight>{weight}</Weight></member>"
            )
        };
        format!(
            "<member><Type>forward</Type><ForwardConfig><TargetGroups>{}{}</TargetGroups>\
             </ForwardConfig></member>",
            member(BLUE, 0),
            member(GREEN, 100)
        )
    }

    fn answer(asked: &Asked) -> Answer {
        let target =
            |state| format!("<member><TargetHealth><State>{state}</State></TargetHealth></member>");
        let result = match asked.operation.as_str() {
            "DescribeRules" => {
                format!(
                    "<Rules><member><Actions>{}</Actions></member></Rules>",
                    forward()
                )
            }
            "DescribeListeners" => format!(
                "<Listeners><member><DefaultActions>{}</DefaultActions></member></Listeners>",
                forward()
            ),
            "DescribeTargetHealth" => format!(
                "<TargetHealthDescriptions>{}{}{}{}</TargetHealthDescriptions>",
                target("healthy"),
                target("healthy"),
                target("draining"),
                target("unhealthy")
            ),
            other => panic!("no one should ask for {other}"),
        };
        let name = &asked.operation;
        Answer::xml(&format!(
            "<{name}Response><{name}Result>{result}</{name}Result></{name}Response>"
        ))
    }

    async fn traffic_of(
        cloud: &TestCloud,
        balancers: &[LoadBalancer],
    ) -> Result<Option<TrafficObservation>, PortError> {
        traffic(&cloud.clients.of(&target()).await.unwrap(), balancers).await
    }

    #[tokio::test]
    async fn the_weights_are_the_rules_and_the_health_is_that_of_the_group_with_the_traffic() {
        for (arn, operation) in [(RULE, "DescribeRules"), (LISTENER, "DescribeListeners")] {
            let cloud = TestCloud::new(answer);
            let seen = traffic_of(&cloud, &[balancer(Some(arn))])
                .await
                .unwrap()
                .unwrap();
            let weights =
                BTreeMap::from([("erp-blue".to_owned(), 0), ("erp-green".to_owned(), 100)]);
            assert_eq!(
                seen,
                TrafficObservation {
                    weights,
                    healthy: 2,
                    unhealthy: 1
                }
            );
            assert_eq!(cloud.asked(operation).len(), 1);
            assert_eq!(
                cloud.asked("DescribeTargetHealth")[0]["TargetGroupArn"],
                GREEN
            );
        }
    }

    #[tokio::test]
    async fn without_a_rule_the_one_target_group_has_it_all() {
        let cloud = TestCloud::new(answer);
        let seen = traffic_of(&cloud, &[balancer(None)])
            .await
            .unwrap()
            .unwrap();
        assert_eq!(seen.weights, BTreeMap::from([("erp-blue".to_owned(), 100)]));
        assert_eq!(
            cloud.asked("DescribeTargetHealth")[0]["TargetGroupArn"],
            BLUE
        );
    }

    #[tokio::test]
    async fn a_service_behind_nothing_has_no_traffic() {
        let cloud = TestCloud::new(answer);
        assert_eq!(traffic_of(&cloud, &[]).await.unwrap(), None);
        assert!(cloud.everything_asked().is_empty());
    }

    #[tokio::test]
    async fn a_rule_that_forwards_nowhere_is_for_a_person() {
        let cloud = TestCloud::new(|_| {
            Answer::xml(
                "<DescribeRulesResponse><DescribeRulesResult><Rules><member><Actions><member>\
                 <Type>fixed-response</Type></member></Actions></member></Rules>\
                 </DescribeRulesResult></DescribeRulesResponse>",
            )
        });
        let error = traffic_of(&cloud, &[balancer(Some(RULE))])
            .await
            .unwrap_err();
        assert_eq!(error.class, ErrorClass::NeedsPerson);
        assert!(error.message.contains(RULE), "{error}");
    }

    #[tokio::test]
    async fn a_rule_that_is_gone_is_refused_for_good() {
        let cloud = TestCloud::new(|_| {
            Answer::xml_error(400, "RuleNotFound", "One or more rules not found")
        });
        let error = traffic_of(&cloud, &[balancer(Some(RULE))])
            .await
            .unwrap_err();
        assert_eq!(error.class, ErrorClass::Permanent);
        assert!(
            error.message.contains("elasticloadbalancing:DescribeRules"),
            "{error}"
        );
    }
}
