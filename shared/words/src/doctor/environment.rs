//! Services as they run, and what holds them.

use super::Finding;

/// The hook's function is not in the account.
pub fn no_hook(function: &str, account: &str) -> Finding {
    Finding::new(
        format!("There is no function {function} in account {account}."),
        "ECS calls it before green gets traffic, and fails the deployment if it cannot.",
        "infra/deploy environment \"$BUCKET\" --stack-name … --parameter-overrides AccountWide=yes …",
    )
}

/// The role of ECS is not in the account.
pub fn no_hook_role(role: &str, account: &str) -> Finding {
    Finding::new(
        format!("There is no role {role} in account {account}."),
        "ECS calls Sluice's lifecycle hook with it, and refuses a deployment without it.",
        "infra/deploy environment \"$BUCKET\" --stack-name … --parameter-overrides AccountWide=yes …",
    )
}

/// A role that ECS may not assume.
pub fn hook_role_distrusts_ecs(role: &str) -> Finding {
    Finding::new(
        format!("The trust policy of the role {role} does not name ecs.amazonaws.com."),
        "ECS cannot call the lifecycle hook, and fails the deployment.",
        "Deploy the stack that created the role again.",
    )
}

/// No active service.
pub fn no_service(service: &str, cluster: &str) -> Finding {
    Finding::new(
        format!("There is no active service {service} in the cluster {cluster}."),
        "Every deployment to this environment fails while it is planned.",
        "Create the service, or correct `cluster` or `ecs_service` in sluice.toml.",
    )
}

/// A service that ECS does not deploy.
pub fn other_controller(service: &str, controller: &str) -> Finding {
    Finding::new(
        format!("The deployment controller of {service} is {controller}, not ECS."),
        "UpdateService does not deploy such a service: Sluice cannot either.",
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/migrate-codedeploy-to-ecs-bluegreen.html \
         (docs/existing-service.md says what comes after it)",
    )
}

/// Tasks that AWS may stop.
pub fn on_spot(service: &str, cluster: &str) -> Finding {
    Finding::new(
        format!("{service} runs on Fargate Spot."),
        "AWS stops its tasks with two minutes' notice. Of a web service that looks like a release \
         that fails; a scheduler is missing until there is room again.",
        format!(
            "aws ecs update-service --cluster {cluster} --service {service} \
             --capacity-provider-strategy capacityProvider=FARGATE,weight=1 --force-new-deployment"
        ),
    )
}

/// A container that is not there.
pub fn no_container(service: &str, container: &str, has: &[String]) -> Finding {
    Finding::new(
        format!(
            "The task definition of {service} has no container {container}, only: {}.",
            has.join(", ")
        ),
        "Sluice would not know where to put the image: planning fails.",
        format!(
            "Correct `container` of the service in sluice.toml, or name a container {container}."
        ),
    )
}

/// A container that is killed early.
pub fn no_stop_timeout(service: &str, name: &str) -> Finding {
    Finding::new(
        format!("{service} has no stop timeout: ECS kills it 30 s after SIGTERM."),
        "A worker that needs longer loses its task at every deployment.",
        format!("In sluice.toml: [services.{name}] stop_timeout = \"110s\" (Fargate allows 120 s)"),
    )
}

/// A log that Sluice cannot read.
pub fn no_log(service: &str, container: &str, driver: &str) -> Finding {
    Finding::new(
        format!(
            "{container} of {service} logs with {driver}, not with awslogs and a stream prefix."
        ),
        "Migrations run with this task definition. Sluice reads their inspection and their last \
         lines from CloudWatch Logs: without it no migration is judged, and planning fails.",
        "In the task definition: \"logConfiguration\": {\"logDriver\": \"awslogs\", \"options\": \
         {\"awslogs-group\": …, \"awslogs-region\": …, \"awslogs-stream-prefix\": …}}",
    )
}

/// An alarm that does not exist.
pub fn no_alarm(alarm: &str) -> Finding {
    Finding::new(
        format!("There is no alarm {alarm}."),
        "Sluice watches it during a deployment: an alarm that is missing cannot say that the \
         release is healthy.",
        "Create it, or correct `alarms` in sluice.toml.",
    )
}
