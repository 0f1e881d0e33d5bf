"""The commands of infra/app/README.md, run as they stand there, with deployments in between that change what
Sluice and ECS change: the stack leaves that alone."""

import json
import re
import string
import subprocess
import tomllib
import unittest

import jmespath

import app
from account import OTHER, SLUICE, Accounts
from app import APP, Stack, parameters
from templates import ROOT

STACK = "erp-staging-app"
RUNNING = app.IMAGE.replace("a" * 64, "b" * 64)
# Of what ministack 1.5.33 knows nothing, so that only the template says it.
UNKNOWN = {
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::EC2::SecurityGroupEgress",
}
METRIC_MATH = "ErrorsAlarm"
# What it takes and forgets. Its rules forward to one target group, the first, whatever the weights.
FORGOTTEN = {
    ("Web", "HealthCheckGracePeriodSeconds"): 60,
    ("Beat", "AvailabilityZoneRebalancing"): "DISABLED",
    ("WebDefinition", "RuntimePlatform"): {"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"},
    ("Redis", "SnapshotRetentionLimit"): 7,
    ("SearchPassword", "GenerateSecretString"): {
        "PasswordLength": 48,
        "ExcludeCharacters": "".join(sorted(set(string.punctuation) - set("-._~"))),
        "RequireEachIncludedType": True,
    },
}

# What a revision of a task definition takes over from the one before, besides its containers.
MEMBERS = ("family", "taskRoleArn", "executionRoleArn", "networkMode", "requiresCompatibilities", "cpu", "memory")


def blocks(title):
    """The commands below a heading of infra/app/README.md: (account, text)."""
    section = (APP / "README.md").read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
    found = re.findall(r"```sh in (\d+)\n(.*?)```", section, re.DOTALL)
    assert found, title
    return found


def known(template):
    """Without what ministack does not know, or in words that it does."""
    resources = template["Resources"]
    gone = {name for name, one in resources.items() if one["Type"] in UNKNOWN} | {METRIC_MATH}
    for name in gone:
        del resources[name]
    for one in resources.values():
        before = one.get("DependsOn", [])
        before = [name for name in (before if isinstance(before, list) else [before]) if name not in gone]
        one.pop("DependsOn", None)
        one.update({"DependsOn": before} if before else {})
        generated = one["Properties"].get("GenerateSecretString", {})
        if generated.pop("ExcludePunctuation", False):
            generated["ExcludeCharacters"] = string.punctuation
    return template


class Stacks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.accounts = Accounts()
        cls.addClassCleanup(cls.accounts.close)
        cls.folder = cls.accounts.folder / "infra/app"
        cls.write_template(lambda template: None)
        for account, name in ((OTHER, "staging"), (SLUICE, "production")):
            cls.make_network(account, name)

    @classmethod
    def write_template(cls, change):
        template = known(app.read_environment())
        change(template["Resources"])
        (cls.folder / "environment.yaml").write_text(json.dumps(template))

    @classmethod
    def make_network(cls, account, name):
        ec2 = cls.accounts.client("ec2", account)
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{part}.0/24", AvailabilityZone=f"eu-central-1{zone}")
            for part, zone in enumerate("abab")
        ]
        ids = [one["Subnet"]["SubnetId"] for one in subnets]
        file = cls.folder / f"{name}.json"
        given = json.loads(file.read_text())
        given["Parameters"] |= {"Vpc": vpc, "PublicSubnets": ",".join(ids[:2]), "PrivateSubnets": ",".join(ids[2:])}
        file.write_text(json.dumps(given, indent=2))

    def client(self, service):
        return self.accounts.client(service, OTHER)

    def run_blocks(self, title, only=None):
        for number, (account, text) in enumerate(blocks(title)):
            if only is None or number == only:
                self.accounts.shell(text, account, IMAGE=app.IMAGE)

    def refused(self, text):
        with self.assertRaises(AssertionError) as said:
            self.accounts.shell(text, OTHER)
        return str(said.exception)

    def set_parameter(self, **values):
        file = self.folder / "staging.json"
        given = json.loads(file.read_text())
        given["Parameters"] |= values
        file.write_text(json.dumps(given, indent=2))

    # One after the other, as the life of an environment goes.
    def test_created_deployed_to_changed_removed(self):
        self.run_blocks("Installing")
        for check in (self.created, self.forgotten, self.secrets, self.registry, self.drafted):
            with self.subTest(check.__name__):
                check()
        for number in range(10):
            self.deploys(number)
        self.stays_what_sluice_made_it()
        self.services_change_with_what_they_run()
        self.refuses_what_is_half_done()
        self.task_definitions_change_under_the_running_image()
        self.removed()

    def created(self):
        given = json.loads((self.folder / "staging.json").read_text())["Parameters"]
        stack = Stack(app.read_environment(), given)
        ecs = self.client("ecs")
        for name, wanted in stack.services().items():
            there = self.service(name)
            self.assertEqual(there["status"], "ACTIVE")
            rollout, said = there["deploymentConfiguration"], wanted["DeploymentConfiguration"]
            self.assertEqual(rollout["strategy"], said["Strategy"])
            self.assertEqual(rollout["minimumHealthyPercent"], said["MinimumHealthyPercent"])
            self.assertEqual(rollout["maximumPercent"], said["MaximumPercent"])
            definition = ecs.describe_task_definition(taskDefinition=there["taskDefinition"])["taskDefinition"]
            (container,) = definition["containerDefinitions"]
            (said,) = stack.definition(wanted)["ContainerDefinitions"]
            self.assertEqual((container["name"], container["image"]), (said["Name"], app.IMAGE))
            self.assertEqual(container["stopTimeout"], said["StopTimeout"])
        (web,) = self.service("erp-web")["loadBalancers"]
        more = web["advancedConfiguration"]
        resources = self.accounts.resources(STACK, OTHER)
        self.assertEqual(
            (web["targetGroupArn"], more["alternateTargetGroupArn"]), (resources["Blue"], resources["Green"])
        )
        self.assertEqual(self.live("ProductionRule"), resources["Blue"])
        names = {one["AlarmName"] for one in self.client("cloudwatch").describe_alarms()["MetricAlarms"]}
        self.assertEqual(names, {"erp-staging-latency", "erp-staging-queue-age"})
        (database,) = self.client("rds").describe_db_instances()["DBInstances"]
        self.assertEqual(database["DBInstanceIdentifier"], "erp-staging")
        self.assertTrue(database["StorageEncrypted"] and database["DeletionProtection"])
        (redis,) = self.client("elasticache").describe_replication_groups()["ReplicationGroups"]
        self.assertTrue(redis["TransitEncryptionEnabled"] and redis["AtRestEncryptionEnabled"])
        for name in ("web", "worker", "beat"):
            (group,) = self.client("logs").describe_log_groups(logGroupNamePrefix=f"/ecs/erp-staging/{name}")[
                "logGroups"
            ]
            self.assertEqual(group["retentionInDays"], 30)
        policy = self.client("cloudformation").get_stack_policy(StackName=STACK)["StackPolicyBody"]
        self.assertEqual(json.loads(policy), json.loads((APP / "stack-policy.json").read_text()))
        (made,) = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        self.assertTrue(made["EnableTerminationProtection"])

    def forgotten(self):
        stack = Stack(app.read_environment(), parameters("staging"))
        for (name, member), expected in FORGOTTEN.items():
            there = stack.resources[name]["Properties"][member]
            if member == "GenerateSecretString":
                there = {**there, "ExcludeCharacters": "".join(sorted(there["ExcludeCharacters"]))}
            self.assertEqual(str(there), str(expected), f"{name}.{member}")

    def secrets(self):
        secrets = self.client("secretsmanager")
        value = lambda name: secrets.get_secret_value(SecretId=f"erp/staging/{name}")["SecretString"]
        for name, begin, end in (
            ("database", "postgresql://erp:{}@", ":5432/erp?sslmode=require"),
            ("redis", "rediss://:{}@", ":6379/0?ssl_cert_reqs=required"),
            ("elasticsearch", "https://erp:{}@", ""),
        ):
            url, password = json.loads(value(name))["url"], value(f"{name}-password")
            self.assertTrue(url.startswith(begin.format(password)) and url.endswith(end), f"{name}: its parts")
            # It stands in an address as it is.
            self.assertRegex(password, r"\A[A-Za-z0-9._~-]{48}\Z", f"{name}: its characters")
        self.assertRegex(value("secret-key"), r"\A[A-Za-z0-9]{64}\Z")
        self.client("ssm").get_parameter(Name="/erp/staging/sentry-dsn")
        shown = json.dumps(self.client("cloudformation").describe_stacks(StackName=STACK), default=str)
        shown += self.client("cloudformation").get_template(StackName=STACK)["TemplateBody"].__repr__()
        for name in ("database-password", "redis-password", "elasticsearch-password", "secret-key"):
            self.assertNotIn(value(name), shown)

    def registry(self):
        (there,) = self.accounts.client("ecr").describe_repositories()["repositories"]
        self.assertEqual((there["repositoryName"], there["imageTagMutability"]), ("erp", "IMMUTABLE"))
        self.assertTrue(there["imageScanningConfiguration"]["scanOnPush"])
        policy = self.accounts.client("ecr").get_repository_policy(repositoryName="erp")["policyText"]
        self.assertIn(OTHER, policy)

    def drafted(self):
        """`sluice init` drafts the ERP's own file from what was just created, in two accounts."""
        self.give_secrets(OTHER, "staging")
        self.give_secrets(SLUICE, "production")
        clusters = ("--cluster", "erp-staging", "--cluster", "erp-production", "--also", "other")
        answers = (
            "--answer=approvers=S0604QSJC,U024BE7LH",
            "--answer=staging.web.url=https://erp-staging.example.com",
            "--answer=production.web.url=https://erp.example.com",
        )
        ran = self.accounts.sluice("init", "drafted.toml", *clusters, *answers)
        # ministack's CloudWatch does not speak the SDK's protocol: alarms are unknown, and the file says so.
        self.assertEqual(ran.returncode, 2, ran.stderr)
        self.assertIn("unknown: AWS's answer to cloudwatch:DescribeAlarms", " ".join(ran.stderr.split()))
        file = self.accounts.folder / "drafted.toml"
        ours, own = tomllib.loads(file.read_text()), app.config()
        self.assertEqual(ours["app"], own["app"])
        for name, service in own["services"].items():
            there = ours["services"][name]
            self.assertEqual(there["kind"], service["kind"], name)
            self.assertEqual(there.get("container", name), service.get("container", name))
            # The target groups ask only `live`: nothing in AWS knows the other path.
            self.assertEqual(there.get("live"), service.get("live"))
        for name, there in own["environments"].items():
            drafted = ours["environments"][name]
            for key in ("account", "region", "cluster", "role", "tags", "channel", "after", "secrets", "variables"):
                self.assertEqual(drafted.get(key), there.get(key), f"{name}: {key}")
            web, place = drafted["services"]["web"], there["services"]["web"]
            self.assertEqual(web, {"strategy": "blue-green", **place}, name)
        backup = ours["environments"]["production"]["backup"]
        self.assertEqual(backup, {"instance": own["environments"]["production"]["backup"]["instance"]})
        self.assertNotIn("backup", ours["environments"]["staging"])
        again = self.accounts.sluice("init", "drafted.toml", *clusters)
        self.assertEqual(again.returncode, 1)
        self.assertIn("drafted.toml exists, and nothing was written", " ".join(again.stderr.split()))
        self.types_what_is_next(ran.stderr)

    def give_secrets(self, account, name):
        """ministack's CloudFormation forgets the secrets of containers. Revisions that have those of sluice.toml."""
        ecs, secrets = self.accounts.client("ecs", account), self.accounts.client("secretsmanager", account)
        there = []
        for variable, place in app.config()["environments"][name]["secrets"].items():
            origin = place.get("parameter") or secrets.describe_secret(SecretId=place["secret"])["ARN"]
            there.append({"name": variable, "valueFrom": f"{origin}:{place['key']}::" if "key" in place else origin})
        for service in ("web", "worker", "beat"):
            described = ecs.describe_task_definition(taskDefinition=f"erp-{name}-{service}")
            runs = described["taskDefinition"]
            containers = [{**one, "secrets": there} for one in runs["containerDefinitions"]]
            made = ecs.register_task_definition(
                containerDefinitions=containers, **{member: runs[member] for member in MEMBERS}
            )["taskDefinition"]["taskDefinitionArn"]
            ecs.update_service(cluster=f"erp-{name}", service=f"erp-{service}", taskDefinition=made)

    def types_what_is_next(self, said):
        """The commands that it names at the end; the last one is that of docs/install.md."""
        following = [line.split("   ")[0].strip() for line in said.split("Next:\n")[1].splitlines()]
        *works, build = following
        self.assertEqual(len(works), 2)
        for command in works:
            program, *arguments = command.split(" ")
            self.assertEqual(program, "sluice")
            more = ["--headless"] if "demo" in arguments else []
            ran = self.accounts.sluice(*arguments, *more)
            self.assertEqual(ran.returncode, 0, f"{command}:\n{ran.stdout}{ran.stderr}")
        page = (ROOT / "docs/install.md").read_text()
        self.assertIn(f"\n{build.replace('drafted.toml', 'sluice.toml')}\n", page)

    # ── What Sluice and ECS do, by their calls ────────────────────────────────────────────────────

    def service(self, name):
        (there,) = self.client("ecs").describe_services(cluster="erp-staging", services=[name])["services"]
        return there

    def live(self, rule):
        (there,) = self.client("elbv2").describe_rules(RuleArns=[self.accounts.resources(STACK, OTHER)[rule]])["Rules"]
        return there["Actions"][0]["TargetGroupArn"]

    def shift(self, to):
        resources = self.accounts.resources(STACK, OTHER)
        for rule in ("ProductionRule", "TestRule"):
            action = {"Type": "forward", "TargetGroupArn": resources[to]}
            self.client("elbv2").modify_rule(RuleArn=resources[rule], Actions=[action])

    def deploys(self, number):
        """A release, as Sluice asks for it and as ECS ends: the traffic changes sides."""
        ecs = self.client("ecs")
        for name in ("erp-web", "erp-worker", "erp-beat"):
            there = self.service(name)
            runs = ecs.describe_task_definition(taskDefinition=there["taskDefinition"])["taskDefinition"]
            containers = runs["containerDefinitions"]
            containers[0]["image"] = RUNNING.replace("b" * 62, f"{number:062d}") if number < 9 else RUNNING
            pinned = f"arn:aws:secretsmanager:eu-central-1:{OTHER}:secret:erp/staging/redis-AbCdEf:url::{number:032d}"
            containers[0]["secrets"] = [{"name": "REDIS_URL", "valueFrom": pinned}]
            made = ecs.register_task_definition(
                containerDefinitions=containers,
                tags=[{"key": "sluice:deployment", "value": f"dep-{number}"}],
                **{member: runs[member] for member in MEMBERS},
            )["taskDefinition"]["taskDefinitionArn"]
            rollout = {
                **there["deploymentConfiguration"],
                "alarms": {"alarmNames": [], "enable": False, "rollback": False},
            }
            if name == "erp-web":
                rollout["strategy"] = ("BLUE_GREEN", "CANARY", "LINEAR")[number % 3]
                rollout["lifecycleHooks"] = [
                    {
                        "hookTargetArn": f"arn:aws:lambda:eu-central-1:{OTHER}:function:sluice-rollout-hook",
                        "roleArn": f"arn:aws:iam::{OTHER}:role/sluice-call-hook-eu-central-1",
                        "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
                    }
                ]
            ecs.update_service(
                cluster="erp-staging", service=name, taskDefinition=made, deploymentConfiguration=rollout
            )
        self.settled()
        self.shift("Green" if number % 2 == 0 else "Blue")

    def settled(self):
        """Waits until ECS shows one deployment of each service."""
        waiter = self.client("ecs").get_waiter("services_stable")
        services = ["erp-web", "erp-worker", "erp-beat"]
        waiter.wait(cluster="erp-staging", services=services, WaiterConfig={"Delay": 0.2, "MaxAttempts": 300})

    def stack(self):
        """The stack with the parameters that it has now."""
        (there,) = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        given = {one["ParameterKey"]: one["ParameterValue"] for one in there["Parameters"]}
        return Stack(app.read_environment(), given)

    def world(self):
        members = ("taskDefinition", "desiredCount", "deploymentConfiguration", "loadBalancers")
        services = {name: self.service(name) for name in ("erp-web", "erp-worker", "erp-beat")}
        seen = {name: [one[member] for member in members] for name, one in services.items()}
        return seen | {rule: self.live(rule) for rule in ("ProductionRule", "TestRule")}

    # ── What the stack does after it ──────────────────────────────────────────────────────────────

    def stays_what_sluice_made_it(self):
        self.client("ecs").update_service(cluster="erp-staging", service="erp-worker", desiredCount=2)  # autoscaling
        self.shift("Green")
        before, texts = self.world(), self.stack()
        # The template's, that of `give_secrets`, and ten releases.
        self.assertTrue(before["erp-web"][0].endswith("/erp-staging-web:12"), before["erp-web"][0])
        self.set_parameter(LogDays="60", BackupDays="14")
        self.run_blocks("Changing it", only=0)
        self.assertEqual(self.world(), before)
        (group,) = self.client("logs").describe_log_groups(logGroupNamePrefix="/ecs/erp-staging/web")["logGroups"]
        self.assertEqual(group["retentionInDays"], 60)
        self.run_blocks("Changing it", only=0)
        self.assertEqual(self.world(), before, "and nothing at all is no change either")
        for kind in ("AWS::ECS::Service", "AWS::ElasticLoadBalancingV2::ListenerRule"):
            self.assertEqual(self.stack().of_type(kind), texts.of_type(kind), "so AWS leaves them alone too")

    def services_change_with_what_they_run(self):
        before = self.world()
        self.write_template(lambda resources: resources["Web"]["Properties"].update(HealthCheckGracePeriodSeconds=90))
        self.run_blocks("Changing it", only=1)
        after = self.world()
        self.assertEqual(self.service("erp-web")["healthCheckGracePeriodSeconds"], 90)
        for name in ("erp-web", "erp-worker", "erp-beat"):
            self.assertEqual(after[name][0], before[name][0], f"{name} runs the same revision")
            self.assertEqual(len(self.service(name)["deployments"]), 1, f"{name} was not deployed")
            self.assertEqual(after[name][3], before[name][3], f"{name} has its target groups")
        # AWS sends a changed service whole, and not only what changed as ministack does.
        sent = self.stack()
        for name, one in sent.services().items():
            self.assertEqual(one["TaskDefinition"], before[name][0], f"{name} keeps its revision")
        self.assertEqual(sent.services()["erp-web"]["LoadBalancers"][0]["TargetGroupArn"], "<Blue>")
        for rule in sent.of_type("AWS::ElasticLoadBalancingV2::ListenerRule").values():
            groups = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
            weights = {one["TargetGroupArn"]: one["Weight"] for one in groups}
            self.assertEqual(weights, {"<Blue>": 0, "<Green>": 100}, "the live target group is what it was")
        self.shift("Green")
        self.closed()

    def closed(self):
        policy = self.client("cloudformation").get_stack_policy(StackName=STACK)["StackPolicyBody"]
        self.assertEqual(json.loads(policy), json.loads((APP / "stack-policy.json").read_text()))

    def refuses_what_is_half_done(self):
        """What ministack cannot show is answered in its place: weights, and a deployment that takes its time."""
        (query,) = re.findall(r"^weighted='(.*)'$", (APP / "deploy").read_text(), re.MULTILINE)
        group = lambda name, weight: {"TargetGroupArn": name, "Weight": weight}
        action = lambda a, b: {"Type": "forward", "ForwardConfig": {"TargetGroups": [group("a", a), group("b", b)]}}
        asked = lambda *weights: jmespath.search(query, {"Rules": [{"Actions": [action(*weights)]}]})
        self.assertEqual((asked(0, 100), asked(100, 0), asked(60, 40)), (["b"], ["a"], ["a", "b"]))
        before = self.world()
        for call, answer, said in (
            ("describe-rules", r"blue\tgreen", "the production rule forwards to: blue\tgreen"),
            ("describe-services", r"erp-web\t1\tweb:3\tblue\nerp-beat\t2\tbeat:3\tNone", "ECS is deploying erp-beat"),
            ("describe-services", r"erp-web\t1\tweb:3\tblue", "ECS shows 1 of the three services"),
        ):
            folder = self.accounts.folder / "bin"
            folder.mkdir(exist_ok=True)
            (folder / "aws").write_text(
                f"""#!/bin/sh\nfor word; do [ "$word" != {call} ] || {{ printf '{answer}\\n'; exit; }}; done\n"""
                'PATH=${PATH#*:} exec aws "$@"\n'
            )
            (folder / "aws").chmod(0o755)
            self.assertIn(said, self.refused(f"PATH={folder}:$PATH; infra/app/deploy staging --services"))
            self.closed()
        self.assertEqual(self.world(), before)

    def task_definitions_change_under_the_running_image(self):
        self.set_parameter(WorkerMemory="2048")
        self.run_blocks("Changing it", only=2)
        self.settled()
        for name in ("erp-web", "erp-worker", "erp-beat"):
            there = self.service(name)["taskDefinition"]
            definition = self.client("ecs").describe_task_definition(taskDefinition=there)["taskDefinition"]
            self.assertEqual(definition["containerDefinitions"][0]["image"], RUNNING, name)
            if name == "erp-worker":
                self.assertEqual(definition["memory"], "2048")
        before = self.world()
        self.run_blocks("Changing it", only=0)
        self.assertEqual(self.world(), before, "the next update leaves it alone")

    def removed(self):
        ran = [self.service(name)["taskDefinition"] for name in ("erp-web", "erp-worker", "erp-beat")]
        self.run_blocks("Removing it")
        stacks = self.client("cloudformation")
        stacks.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
        self.assertEqual(self.client("rds").describe_db_instances()["DBInstances"], [])
        snapshots = self.client("rds").describe_db_snapshots()["DBSnapshots"]
        self.assertEqual([one["DBInstanceIdentifier"] for one in snapshots], ["erp-staging"])
        domains = self.client("opensearch").list_domain_names()["DomainNames"]
        self.assertEqual([one["DomainName"] for one in domains], ["erp-staging"])
        secrets = self.client("secretsmanager").list_secrets()["SecretList"]
        self.assertEqual(len(secrets), 7)
        for revision in ran:
            there = self.client("ecs").describe_task_definition(taskDefinition=revision)["taskDefinition"]
            self.assertEqual(there["status"], "ACTIVE", "the stack deregisters no revision")
        # The other environment is as it was.
        (there,) = self.accounts.client("cloudformation").describe_stacks(StackName="erp-production-app")["Stacks"]
        self.assertEqual(there["StackStatus"], "CREATE_COMPLETE")

    def test_the_command_says_how_it_is_used(self):
        for words in ("", "nowhere", "nowhere --services", "stack-policy"):
            ran = subprocess.run([ROOT / "infra/app/deploy", *words.split()], capture_output=True, text=True)
            self.assertEqual((ran.returncode, ran.stdout), (2, ""), words)
            self.assertIn("usage: infra/app/deploy", ran.stderr)


if __name__ == "__main__":
    unittest.main()
