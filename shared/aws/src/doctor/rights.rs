//! What roles allow, as IAM simulates it.
//!
//! The simulation knows a role's own policies and its boundary. It does not know policies of
//! resources, and nothing is called.

use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, PolicyEvaluationDecisionType};
use sluice_core::config::Config;
use sluice_doctor::facts::{Decided, Decision, Facts, Role, RoleRights, Seen};
use sluice_doctor::rights::{Question, hidden_from_environment, known_to_environment, questions};

use super::Eyes;
use super::policy::decoded;
use super::seen::{found, seen};
use crate::clients::ClientSet;

/// The roles of all environments that exist.
pub(super) async fn of_environments(
    eyes: &Eyes,
    configs: &[Config],
    facts: &Facts,
) -> Vec<RoleRights> {
    let mut rights = Vec::new();
    for config in configs {
        for environment in &config.environments {
            let Some(there) = facts.environment(&config.app, &environment.name) else {
                continue;
            };
            let known = known_to_environment(config, environment, there, facts);
            let holders = ["environment", "environment-read"];
            for ((arn, role), holder) in there.roles.iter().zip(holders) {
                if matches!(role, Ok(None)) {
                    continue;
                }
                let title = format!("{}/{}", config.app, environment.name);
                let clients = eyes.of(&environment.account, &environment.region);
                rights.push(RoleRights {
                    holder: title,
                    role: arn.clone(),
                    of_function: false,
                    decisions: match clients {
                        Ok(clients) => decisions(&clients, arn, &questions(holder, &known)).await,
                        Err(why) => Err(why),
                    },
                    unasked: hidden_from_environment(there),
                });
            }
        }
    }
    rights
}

pub(super) async fn decisions(
    clients: &ClientSet,
    role: &str,
    questions: &[Question],
) -> Seen<Vec<Decision>> {
    let mut decisions = Vec::new();
    for question in questions {
        let context = question.context.iter().map(|(key, value)| {
            ContextEntry::builder()
                .context_key_name(key)
                .context_key_type(ContextKeyTypeEnum::String)
                .context_key_values(value)
                .build()
        });
        let call = clients
            .iam()
            .simulate_principal_policy()
            .policy_source_arn(role)
            .set_action_names(Some(question.actions.clone()))
            .resource_arns(&question.resource)
            .set_context_entries(Some(context.collect()))
            .send();
        let answer = seen("iam:SimulatePrincipalPolicy", role, call).await?;
        let results = answer.evaluation_results.unwrap_or_default();
        decisions.extend(results.into_iter().map(|result| Decision {
            action: result.eval_action_name,
            resource: question.resource.clone(),
            decision: match result.eval_decision {
                PolicyEvaluationDecisionType::Allowed => Decided::Allowed,
                PolicyEvaluationDecisionType::ExplicitDeny => Decided::Denied,
                _ => Decided::NotAllowed,
            },
        }));
    }
    Ok(decisions)
}

/// A role, by its ARN or its name.
pub(super) async fn role(clients: &ClientSet, role: &str) -> Seen<Option<Role>> {
    let name = role.rsplit('/').next().unwrap_or(role);
    let call = clients.iam().get_role().role_name(name).send();
    let there = found("iam:GetRole", role, &["NoSuchEntity"], call).await?;
    Ok(there.and_then(|answer| answer.role).map(|role| Role {
        arn: role.arn,
        trust: decoded(
            role.assume_role_policy_document
                .as_deref()
                .unwrap_or_default(),
        ),
    }))
}
