//! Task definitions: a revision like the one it is made from, but for what the plan changes.

use std::collections::BTreeSet;

use aws_sdk_ecs::operation::register_task_definition::RegisterTaskDefinitionInput;
use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionInputBuilder;
use aws_sdk_ecs::types::{
    ContainerDefinition, KeyValuePair, Secret, Tag, TaskDefinition, TaskDefinitionField,
    TaskDefinitionStatus,
};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use jiff::SignedDuration;
use sluice_app::ports::TaskDefinitionOrder;
use sluice_core::failure::PortError;
use sluice_core::id::{ContainerName, DeploymentId, TaskDefinitionArn};
use sluice_core::observation::PinnedSecret;
use sluice_core::task_definition::RevisionOrder;

use crate::clients::ClientSet;
use crate::error::{incomplete, passes_by_itself, port_error};

pub(super) const DESCRIBE: &str = "ecs:DescribeTaskDefinition";
const REGISTER: &str = "ecs:RegisterTaskDefinition";
/// AWS sets tags of this prefix itself, and refuses them from anyone else.
const TAGS_OF_AWS: &str = "aws:";
/// Names the deployment that registered a revision, so that revisions of others can be told apart.
pub(super) const DEPLOYMENT_TAG: &str = "sluice:deployment";

/// A revision as ordered: the one it is made from if it is so already, the family's latest if that is,
/// else a new one. Looking at the latest first is what makes a second call find what the first made.
pub(super) async fn ensure(
    clients: &ClientSet,
    deployment: &DeploymentId,
    order: &TaskDefinitionOrder,
) -> Result<TaskDefinitionArn, PortError> {
    let (from, tags) = describe(clients, order.revision.from.as_str()).await?;
    let wanted = changed(&from, order)?;
    // The family is among what is compared.
    let is_active = from.status() == Some(&TaskDefinitionStatus::Active);
    if is_active && is_same(&registration(&wanted, &tags), &registration(&from, &tags)) {
        return Ok(order.revision.from.clone());
    }
    let family = wanted.family().unwrap_or_default();
    if let Some((latest, its_tags)) = latest(clients, family).await?
        && is_same(
            &registration(&wanted, &tags),
            &registration(&latest, &its_tags),
        )
    {
        return arn_of(&latest, DESCRIBE, family);
    }
    let ours = Tag::builder()
        .key(DEPLOYMENT_TAG)
        .value(deployment.as_str())
        .build();
    let answer = registration(&wanted, &tags)
        .tags(ours)
        .send_with(clients.ecs())
        .await
        .map_err(|e| port_error(REGISTER, &format!("the family {family}"), e))?;
    let registered = answer
        .task_definition
        .unwrap_or_else(|| TaskDefinition::builder().build());
    arn_of(&registered, REGISTER, family)
}

/// A task definition, by ARN or (the latest active revision) by family, and its tags.
pub(super) async fn describe(
    clients: &ClientSet,
    name: &str,
) -> Result<(TaskDefinition, Vec<Tag>), PortError> {
    let answer = clients
        .ecs()
        .describe_task_definition()
        .task_definition(name)
        .include(TaskDefinitionField::Tags)
        .send()
        .await
        .map_err(|e| port_error(DESCRIBE, name, e))?;
    let Some(definition) = answer.task_definition else {
        return Err(incomplete(DESCRIBE, name, "task definition"));
    };
    Ok((definition, answer.tags.unwrap_or_default()))
}

/// By family, its latest; by `family:revision`, that. `None` for a family that has no active revision
/// left, and for a revision that there is not.
pub(super) async fn latest(
    clients: &ClientSet,
    family: &str,
) -> Result<Option<(TaskDefinition, Vec<Tag>)>, PortError> {
    let answer = clients
        .ecs()
        .describe_task_definition()
        .task_definition(family)
        .include(TaskDefinitionField::Tags)
        .send()
        .await;
    match answer {
        Ok(answer) => {
            let tags = answer.tags.unwrap_or_default();
            Ok(answer.task_definition.map(|definition| (definition, tags)))
        }
        // "Unable to describe task definition": ECS has no code of its own for it.
        Err(error)
            if error.code() == Some("ClientException")
                && !error.message().is_some_and(passes_by_itself) =>
        {
            Ok(None)
        }
        Err(error) => Err(port_error(DESCRIBE, family, error)),
    }
}

pub(super) fn arn_of(
    definition: &TaskDefinition,
    action: &str,
    family: &str,
) -> Result<TaskDefinitionArn, PortError> {
    let arn = definition.task_definition_arn();
    arn.map(TaskDefinitionArn::new)
        .ok_or_else(|| incomplete(action, family, "ARN"))
}

/// The container of that name.
pub(super) fn container<'a>(
    definition: &'a TaskDefinition,
    name: &ContainerName,
) -> Result<&'a ContainerDefinition, PortError> {
    let containers = definition.container_definitions();
    let found = containers
        .iter()
        .find(|container| container.name() == Some(name.as_str()));
    found.ok_or_else(|| {
        let there: Vec<&str> = containers.iter().filter_map(|one| one.name()).collect();
        PortError::permanent(format!(
            "the task definition {} has no container `{name}`, only {}: correct `container` in \
             sluice.toml",
            definition.task_definition_arn().unwrap_or_default(),
            there.join(", ")
        ))
    })
}

fn changed(
    from: &TaskDefinition,
    order: &TaskDefinitionOrder,
) -> Result<TaskDefinition, PortError> {
    let RevisionOrder {
        family,
        container: name,
        removes,
        stop_timeout,
        ..
    } = &order.revision;
    container(from, name)?;
    let mut wanted = from.clone();
    if let Some(family) = family {
        wanted.family = Some(family.to_string());
    }
    let ours = wanted
        .container_definitions
        .iter_mut()
        .flatten()
        .filter(|container| container.name() == Some(name.as_str()));
    for container in ours {
        container.image = Some(order.image.clone());
        if let Some(timeout) = stop_timeout {
            container.stop_timeout = Some(whole_seconds(*timeout)?);
        }
        remove(container, removes);
        set_variables(container, order);
        set_secrets(container, &order.secrets);
    }
    Ok(wanted)
}

fn whole_seconds(timeout: SignedDuration) -> Result<i32, PortError> {
    i32::try_from(timeout.as_secs()).map_err(|_| {
        PortError::permanent(format!(
            "a stop timeout of {timeout:#} is more than ECS can store"
        ))
    })
}

/// Takes variables and secrets out. A list that is empty then is as ECS describes one that was never
/// there.
fn remove(container: &mut ContainerDefinition, names: &[String]) {
    let goes = |name: &str| names.iter().any(|gone| gone == name);
    if let Some(environment) = &mut container.environment {
        environment.retain(|pair| !pair.name().is_some_and(goes));
    }
    if let Some(secrets) = &mut container.secrets {
        secrets.retain(|secret| !goes(secret.name()));
        if secrets.is_empty() {
            container.secrets = None;
        }
    }
}

/// Sets the plain variables in their places. ECS refuses a name that is a variable and a secret:
/// what becomes a secret leaves the variables, and the other way round.
fn set_variables(container: &mut ContainerDefinition, order: &TaskDefinitionOrder) {
    let secret: BTreeSet<&str> = order.secrets.iter().map(|s| s.variable.as_str()).collect();
    if let Some(environment) = &mut container.environment {
        environment.retain(|pair| pair.name().is_none_or(|name| !secret.contains(name)));
    }
    for (name, value) in order
        .variables
        .iter()
        .filter(|(name, _)| !secret.contains(name.as_str()))
    {
        if let Some(secrets) = &mut container.secrets {
            secrets.retain(|secret| secret.name() != name);
        }
        let pair = KeyValuePair::builder().name(name).value(value).build();
        let environment = container.environment.get_or_insert_default();
        match environment
            .iter_mut()
            .find(|pair| pair.name() == Some(name))
        {
            Some(there) => *there = pair,
            None => environment.push(pair),
        }
    }
}

fn set_secrets(container: &mut ContainerDefinition, pinned: &[PinnedSecret]) {
    for PinnedSecret {
        variable,
        value_from,
        ..
    } in pinned
    {
        let secrets = container.secrets.get_or_insert_default();
        if let Some(there) = secrets.iter_mut().find(|secret| secret.name() == variable) {
            there.value_from.clone_from(value_from);
            continue;
        }
        let secret = Secret::builder()
            .name(variable)
            .value_from(value_from)
            .build();
        secrets.push(secret.expect("a secret with its name and its place is whole"));
    }
}

/// A registration of the definition as it is. What is not in it, ECS fills in itself: the revision,
/// its status, what it is compatible with and who registered it.
#[expect(
    deprecated,
    reason = "old task definitions still name inference accelerators"
)]
fn registration(definition: &TaskDefinition, tags: &[Tag]) -> RegisterTaskDefinitionInputBuilder {
    // Which deployment registered the one that it is made from says nothing of this one.
    let stays = |tag: &&Tag| {
        let key = tag.key().unwrap_or_default();
        !key.starts_with(TAGS_OF_AWS) && key != DEPLOYMENT_TAG
    };
    let tags: Vec<Tag> = tags.iter().filter(stays).cloned().collect();
    let definition = definition.clone();
    RegisterTaskDefinitionInput::builder()
        .set_family(definition.family)
        .set_task_role_arn(definition.task_role_arn)
        .set_execution_role_arn(definition.execution_role_arn)
        .set_network_mode(definition.network_mode)
        .set_container_definitions(definition.container_definitions)
        .set_volumes(definition.volumes)
        .set_placement_constraints(definition.placement_constraints)
        .set_requires_compatibilities(definition.requires_compatibilities)
        .set_cpu(definition.cpu)
        .set_memory(definition.memory)
        .set_tags((!tags.is_empty()).then_some(tags))
        .set_pid_mode(definition.pid_mode)
        .set_ipc_mode(definition.ipc_mode)
        .set_proxy_configuration(definition.proxy_configuration)
        .set_inference_accelerators(definition.inference_accelerators)
        .set_ephemeral_storage(definition.ephemeral_storage)
        .set_runtime_platform(definition.runtime_platform)
        .set_enable_fault_injection(definition.enable_fault_injection)
}

/// Whether two registrations make the same tasks. ECS does not keep the order of variables, secrets
/// and tags.
fn is_same(
    one: &RegisterTaskDefinitionInputBuilder,
    other: &RegisterTaskDefinitionInputBuilder,
) -> bool {
    sorted(one.clone()) == sorted(other.clone())
}

fn sorted(registration: RegisterTaskDefinitionInputBuilder) -> RegisterTaskDefinitionInputBuilder {
    let mut tags = registration.get_tags().clone();
    if let Some(tags) = &mut tags {
        tags.sort_by(|a, b| a.key().cmp(&b.key()));
    }
    let mut containers = registration.get_container_definitions().clone();
    for container in containers.iter_mut().flatten() {
        if let Some(environment) = &mut container.environment {
            environment.sort_by(|a, b| a.name().cmp(&b.name()));
        }
        if let Some(secrets) = &mut container.secrets {
            secrets.sort_by(|a, b| a.name().cmp(b.name()));
        }
    }
    registration
        .set_tags(tags)
        .set_container_definitions(containers)
}
