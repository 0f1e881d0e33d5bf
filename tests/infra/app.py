"""The ERP's environment as one of its parameter files makes it, held against its sluice.toml."""

import fnmatch
import json
import re
import tomllib

from templates import ROOT, read

APP = ROOT / "infra/app"
ENVIRONMENT = APP / "environment.yaml"
REGISTRY = APP / "registry.yaml"
ERP = ROOT / "tests/erp"
SLUICE_TOML = ERP / "sluice.toml"
IMAGE = f"222222222222.dkr.ecr.eu-central-1.amazonaws.com/erp@sha256:{'a' * 64}"
# ECS kills a task of Fargate after this, whatever it was told.
FARGATE_STOP_S = 120
STRATEGIES = {"blue-green": "BLUE_GREEN", "rolling": "ROLLING", "canary": "CANARY", "linear": "LINEAR"}


def config():
    return tomllib.loads(SLUICE_TOML.read_text())


def parameters(name):
    return json.loads((APP / f"{name}.json").read_text())["Parameters"]


class Stack:
    """A template with values for its parameters: what is left names resources, as `<Blue>`."""

    def __init__(self, template, given):
        self.template = template
        defaults = {name: about.get("Default") for name, about in template["Parameters"].items()}
        self.values = {**defaults, "Image": IMAGE, **given, "AWS::Region": "eu-central-1", "AWS::Partition": "aws"}
        self.values["AWS::AccountId"] = "000000000000"
        resources = template["Resources"].items()
        self.resources = {name: self.value(one) for name, one in resources if self.holds(one.get("Condition"))}

    def holds(self, condition):
        return condition is None or self.test(self.template["Conditions"][condition])

    def test(self, condition):
        ((function, of),) = condition.items()
        if function == "Fn::Not":
            return not self.test(of[0])
        assert function == "Fn::Equals", function
        one, other = map(self.value, of)
        return str(one) == str(other)

    def value(self, there):
        if isinstance(there, list):
            values = map(self.value, there)
            return [one for one in values if one is not None]
        if not isinstance(there, dict):
            return there
        if len(there) == 1:
            ((function, of),) = there.items()
            if function == "Ref":
                return None if of == "AWS::NoValue" else self.values.get(of, f"<{of}>")
            if function == "Fn::GetAtt":
                return f"<{'.'.join(of)}>"
            if function == "Fn::Sub":
                text, own = of if isinstance(of, list) else (of, {})
                values = self.values | self.value(own)
                return re.sub(r"\$\{([^}]+)\}", lambda name: str(values.get(name[1], f"<{name[1]}>")), text)
            if function == "Fn::Split":
                return self.value(of[1]).split(of[0])
            if function == "Fn::If":
                return self.value(of[1] if self.holds(of[0]) else of[2])
            if function == "Fn::Select":
                several = self.value(of[1])
                several = several.split(",") if isinstance(several, str) else several
                return several[int(of[0])]
        return {key: self.value(one) for key, one in there.items() if self.value(one) is not None}

    def of_type(self, kind):
        return {name: one["Properties"] for name, one in self.resources.items() if one["Type"] == kind}

    def named(self, reference):
        """The properties of the resource that a value refers to."""
        return self.resources[reference.strip("<>").split(".")[0]]["Properties"]

    def services(self):
        found = self.of_type("AWS::ECS::Service").values()
        return {one["ServiceName"]: one for one in found}

    def definition(self, service):
        return self.named(service["TaskDefinition"])


def differences(template, config, name, given, page):
    """What of an environment is one way in the stack and another in sluice.toml or docs/install.md."""
    stack = Stack(template, given)
    environment = config["environments"][name]
    services = stack.services()
    ours = {
        environment.get("services", {}).get(one, {}).get("ecs_service", f"{config['app']['name']}-{one}"): one
        for one in config["services"]
    }
    for missing in set(ours) - set(services):
        yield f"the stack has no service {missing}"
    for unknown in set(services) - set(ours):
        yield f"sluice.toml has no service {unknown}"
    if given["Environment"] != name:
        yield f"the file is of {given['Environment']}"
    for ecs_name, service in services.items():
        if ecs_name in ours:
            for said in _service(stack, config, environment, ours[ecs_name], service):
                yield f"{ecs_name}: {said}"
    yield from _addresses(stack, environment)
    yield from _alarms(stack, config, name)
    yield from _secrets(stack, environment)
    databases = {one["DBInstanceIdentifier"] for one in stack.of_type("AWS::RDS::DBInstance").values()}
    backup = environment.get("backup", {}).get("instance", f"erp-{name}")
    if databases != {backup}:
        yield f"the database is {databases}, and {backup} is backed up"
    registry, repository = config["app"]["registry"], config["app"]["repository"]
    pulled = f"arn:aws:ecr:{registry['region']}:{registry['account']}:repository/{repository}"
    if f'"{pulled}"' not in json.dumps(stack.resources["ExecutionRole"]):
        yield f"the execution role may not pull from {pulled}"
    yield from _installed(stack, environment, name, page)


def _service(stack, config, environment, name, service):
    about = config["services"][name]
    cluster = stack.named(service["Cluster"])["ClusterName"]
    if cluster != environment["cluster"]:
        yield f"in the cluster {cluster}, not {environment['cluster']}"
    containers = stack.definition(service)["ContainerDefinitions"]
    wanted = about.get("container", name)
    if [one["Name"] for one in containers] != [wanted]:
        yield f"the containers are not just {wanted}"
        return
    (container,) = containers
    # Roles are named by name: test_services_and_rules_refer_to_little_that_changes.
    balancers = service.get("LoadBalancers", [])
    named = [stack.definition(service)[member] for member in ("ExecutionRoleArn", "TaskRoleArn")]
    named += [one["AdvancedConfiguration"]["RoleArn"] for one in balancers]
    roles = {one["RoleName"] for one in stack.of_type("AWS::IAM::Role").values()}
    for missing in {arn.split("/")[-1] for arn in named} - roles:
        yield f"the role {missing} is not in the stack"
    yield from _container(stack, about, environment, container)
    yield from _rollout(about, environment.get("services", {}).get(name, {}), service)
    if about["kind"] == "web":
        yield from _web(stack, about, service, container)
    elif "LoadBalancers" in service:
        yield "it is behind a load balancer"


def _container(stack, about, environment, container):
    timeout = container["StopTimeout"]
    if timeout > FARGATE_STOP_S or timeout != int(about.get("stop_timeout", f"{timeout}s").removesuffix("s")):
        yield f"the stop timeout is {timeout} s, not {about.get('stop_timeout')}"
    log = container["LogConfiguration"]
    if log["LogDriver"] != "awslogs" or not {"awslogs-group", "awslogs-region", "awslogs-stream-prefix"} <= set(
        log["Options"]
    ):
        yield "Sluice cannot read its log"
    if log["Options"].get("awslogs-group") not in {
        one["LogGroupName"] for one in stack.of_type("AWS::Logs::LogGroup").values()
    }:
        yield "its log group is not in the stack"
    variables = {one["Name"]: str(one["Value"]) for one in container["Environment"]}
    if variables != environment["variables"]:
        yield f"the variables are {variables}"
    found = {}
    for secret in container["Secrets"]:
        reference, _, key = secret["ValueFrom"].removesuffix("::").partition(">:")
        there = stack.named(reference)
        kind = "parameter" if there.get("Type") == "String" else "secret"
        found[secret["Name"]] = {kind: there["Name"]} | ({"key": key} if key else {})
    if found != environment["secrets"]:
        yield f"the secrets are {found}"


def _rollout(about, placement, service):
    rollout = service["DeploymentConfiguration"]
    for member in ("LifecycleHooks", "Alarms"):
        if member in rollout:
            yield f"{member} are Sluice's"
    if "DesiredCount" in service:
        yield "the desired count is autoscaling's"
    if service.get("DeploymentController", {}).get("Type", "ECS") != "ECS":
        yield "ECS does not deploy it"
    wanted = STRATEGIES[placement.get("strategy", "blue-green")] if about["kind"] == "web" else "ROLLING"
    if rollout["Strategy"] != wanted:
        yield f"{rollout['Strategy']} is not {wanted}"


def _web(stack, about, service, container):
    ports = [one["ContainerPort"] for one in container["PortMappings"]]
    (balancer,) = service["LoadBalancers"]
    if (balancer["ContainerName"], [balancer["ContainerPort"]]) != (container["Name"], ports):
        yield "the load balancer asks another container or port"
    more = balancer["AdvancedConfiguration"]
    groups = [balancer["TargetGroupArn"], more["AlternateTargetGroupArn"]]
    if len(set(groups)) != 2:
        yield "blue and green are one target group"
    for group in map(stack.named, groups):
        if group["HealthCheckPath"] != about["live"]:
            yield f"{group['Name']} asks {group['HealthCheckPath']}"
        if ([group["Port"]], group["TargetType"]) != (ports, "ip"):
            yield f"{group['Name']} is of other targets"
    for rule in (more["ProductionListenerRule"], more["TestListenerRule"]):
        (action,) = stack.named(rule)["Actions"]
        weights = {one["TargetGroupArn"]: one["Weight"] for one in action["ForwardConfig"]["TargetGroups"]}
        if (set(weights), sorted(weights.values())) != (set(groups), [0, 100]):
            yield f"{rule} does not forward to blue and green, all to one of them"
    dockerfile = (ERP / "Dockerfile").read_text()
    if f"EXPOSE {ports[0]}\n" not in dockerfile or f'"0.0.0.0:{ports[0]}"' not in dockerfile:
        yield f"the image does not listen on {ports}"
    if "gunicorn" not in dockerfile or "uvicorn.workers.UvicornWorker" not in dockerfile or "Command" in container:
        yield "it is not Gunicorn with Uvicorn's workers"
    graceful = int(re.search(r'"--graceful-timeout", "(\d+)"', dockerfile)[1])
    if graceful >= container["StopTimeout"]:
        yield f"Gunicorn ends its requests after {graceful} s, which is too late"


def _addresses(stack, environment):
    (web,) = [one for one in stack.services().values() if "LoadBalancers" in one]
    more = web["LoadBalancers"][0]["AdvancedConfiguration"]
    placement = environment["services"]["web"]
    for key, rule in (("url", more["ProductionListenerRule"]), ("test_url", more["TestListenerRule"])):
        listener = stack.named(stack.named(rule)["ListenerArn"])
        scheme, port = re.fullmatch(r"(https?)://[^:/]+(?::(\d+))?", placement[key]).groups()
        if (scheme.upper(), int(port or 443)) != (listener["Protocol"], listener["Port"]):
            yield f"{key} is not the listener on {listener['Port']}"
    (group,) = [
        one
        for one in stack.of_type("AWS::EC2::SecurityGroup").values()
        if any(rule.get("FromPort") == 80 for rule in one["SecurityGroupIngress"])
    ]
    for rule in group["SecurityGroupIngress"]:
        if rule["FromPort"] not in (80, 443) and rule["CidrIp"].endswith("/0"):
            yield "the test listener is open to the internet"


def _alarms(stack, config, name):
    there = {one["AlarmName"] for one in stack.of_type("AWS::CloudWatch::Alarm").values()}
    # Sluice may leave alarms alone in an environment, and they are the same everywhere.
    named = {
        alarm.replace(f"erp-{other}-", f"erp-{name}-")
        for other, one in config["environments"].items()
        for alarm in one.get("alarms", [])
    }
    if there != named:
        yield f"the alarms are {sorted(there)}, sluice.toml names {sorted(named)}"
    (filters,) = stack.of_type("AWS::Logs::MetricFilter").values()
    (metric,) = filters["MetricTransformations"]
    metric = (metric["MetricNamespace"], metric["MetricName"])
    policies = stack.of_type("AWS::ApplicationAutoScaling::ScalingPolicy").values()
    followed = [
        one["TargetTrackingScalingPolicyConfiguration"].get("CustomizedMetricSpecification") for one in policies
    ]
    followed = [one for one in followed if one]
    followed += [
        one for one in stack.of_type("AWS::CloudWatch::Alarm").values() if one["AlarmName"].endswith("-queue-age")
    ]
    if {(one["Namespace"], one["MetricName"]) for one in followed} != {metric}:
        yield f"nothing writes what {followed} follow"


def _secrets(stack, environment):
    """What names sluice.toml has, the stack has; and each of its secrets is read, or is a part of one that is."""
    secrets = stack.of_type("AWS::SecretsManager::Secret")
    texts = "".join(one.get("SecretString", "") for one in secrets.values())
    texts += json.dumps(
        [
            stack.of_type(one)
            for one in ("AWS::RDS::DBInstance", "AWS::ElastiCache::ReplicationGroup", "AWS::OpenSearchService::Domain")
        ]
    )
    named = {one["secret"] for one in environment["secrets"].values() if "secret" in one}
    for logical, one in secrets.items():
        parts = f"{{{{resolve:secretsmanager:<{logical}>:"
        if one["Name"] not in named and texts.count(parts) != 2:
            yield f"the secret {one['Name']} is used by nothing"
        if "SecretString" in one and "{{resolve:" not in one["SecretString"]:
            yield f"the secret {one['Name']} is in the template"
    allowed = json.dumps(stack.resources["ExecutionRole"])
    for logical, one in secrets.items():
        if (f'"<{logical}>"' in allowed) != (one["Name"] in named):
            yield f"the execution role and {one['Name']}"


def _installed(stack, environment, name, page):
    """docs/install.md gives Sluice rights by names: those that the stack has."""
    block = next(one for one in re.findall(r"```sh.*?```", page, re.DOTALL) if f"--stack-name erp-{name} " in one)
    rights = dict(re.findall(r"'?([A-Z]\w+)=([^\s']+)'?", block))
    account = environment["account"]
    roles = {
        f"arn:aws:iam::{account}:role/{one['RoleName']}"
        for key, one in stack.of_type("AWS::IAM::Role").items()
        if key in ("ExecutionRole", "TaskRole")
    }
    if set(rights["TaskRoles"].split(",")) != roles:
        yield f"install.md passes {rights['TaskRoles']}, the tasks have {sorted(roles)}"
    checks = {
        "Cluster": [one["ClusterName"] for one in stack.of_type("AWS::ECS::Cluster").values()],
        "TaskFamilies": [one["Family"] for one in stack.of_type("AWS::ECS::TaskDefinition").values()],
        "LogGroups": [
            one["LogGroupName"]
            for key, one in stack.of_type("AWS::Logs::LogGroup").items()
            if key in ("WebLog", "WorkerLog", "BeatLog")
        ],
        "Secrets": [one["Name"] for one in stack.of_type("AWS::SecretsManager::Secret").values()],
        "Database": [one["DBInstanceIdentifier"] for one in stack.of_type("AWS::RDS::DBInstance").values()],
    }
    for key, names in checks.items():
        for one in names:
            if key in rights and not fnmatch.fnmatchcase(one, rights[key]):
                yield f"install.md's {key}={rights[key]} leaves out {one}"


def runs_twice(template, given):
    """How two of Celery's beat could run at once."""
    stack = Stack(template, given)
    beat = stack.services()["erp-beat"]
    rollout = beat["DeploymentConfiguration"]
    if (rollout["MinimumHealthyPercent"], rollout["MaximumPercent"]) != (0, 100):
        yield "ECS starts the new one before the old one has stopped"
    if beat.get("AvailabilityZoneRebalancing") != "DISABLED":
        yield "ECS starts another one to move it to another zone"
    if rollout["Strategy"] != "ROLLING":
        yield "green runs beside blue"
    if beat.get("DesiredCount", 1) != 1:
        yield "several are wanted"
    for target in stack.of_type("AWS::ApplicationAutoScaling::ScalableTarget").values():
        if "<Beat." in target["ResourceId"] or "erp-beat" in target["ResourceId"]:
            yield "autoscaling starts more"
    for name, service in stack.services().items():
        for container in stack.definition(service)["ContainerDefinitions"]:
            words = container.get("Command", [])
            if {"beat", "-B", "--beat"} & set(words) and name != "erp-beat":
                yield f"{name} runs one too"
    if "beat" not in stack.definition(beat)["ContainerDefinitions"][0].get("Command", []):
        yield "the service does not run beat"


# What holds what people wrote, and what opens it.
HOLDS_DATA = {
    "AWS::RDS::DBInstance",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::OpenSearchService::Domain",
    "AWS::SecretsManager::Secret",
    "AWS::ECR::Repository",
}
# What stops serving users if it is replaced.
CARRIES_USERS = {
    "AWS::ECS::Cluster",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
}


def may_be_lost(template):
    for name, one in template["Resources"].items():
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            kept = {"Retain"} if one["Type"] == "AWS::SecretsManager::Secret" else {"Retain", "Snapshot"}
            if one["Type"] in HOLDS_DATA and one.get(policy) not in kept:
                yield f"{name} has no {policy}"


def read_environment():
    """A template that may be changed."""
    return read(ENVIRONMENT)
