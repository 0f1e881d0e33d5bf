"""The ERP's own infrastructure: linted, held against its sluice.toml, and installed in ministack by the
commands of infra/app/README.md."""

import json
import re
import tomllib
import unittest

from cfnlint.decode import decode_str

import app
from app import APP, ENVIRONMENT, ERP, REGISTRY, Stack, differences, may_be_lost, parameters, runs_twice
from app_faults import INSTALL, LINTED, PLANTED, TEMPLATE, TOML, TWICE
from templates import ROOT, as_list, policies
from test_lint import findings

NAMES = ("staging", "production")
PAGE = (ROOT / "docs/install.md").read_text()

# In what staging and production may differ, and why. Everything else is the same in both.
MAY_DIFFER = {
    "Environment": "its name",
    "Vpc": "each account has a network of its own",
    "PublicSubnets": "as Vpc",
    "PrivateSubnets": "as Vpc",
    "Certificate": "each has a name of its own",
    "LogLevel": "staging says more",
    "TokenMinutes": "as sluice.toml says",
    "SentryDsn": "errors of staging are no emergency",
    "WebCpu": "size",
    "WebMemory": "size",
    "WebMinimum": "size",
    "WebMaximum": "size",
    "WorkerCpu": "size",
    "WorkerMemory": "size",
    "WorkerMinimum": "size",
    "WorkerMaximum": "size",
    "MultiAz": "a standby doubles the price, and staging may be down",
    "DatabaseClass": "size",
    "DatabaseStorage": "size",
    "DatabaseMaxStorage": "size",
    "BackupDays": "no one needs staging of a month ago",
    "SearchType": "size",
    "SearchStorage": "size",
    "LogDays": "no one reads logs of staging a year later",
}
# What infra/app/deploy gives itself, by what is running.
OF_DEPLOY = {
    "Image",
    "WebTaskDefinition",
    "WorkerTaskDefinition",
    "BeatTaskDefinition",
    "LiveTargetGroup",
    "PrimaryTargetGroup",
}


def decoded(text):
    template, problems = decode_str(text)
    assert not problems, problems
    return json.loads(json.dumps(template))


def planted(text, there, instead):
    assert there in text, there
    return text.replace(there, instead)


class Sample(unittest.TestCase):
    def test_planted_faults_are_linted(self):
        text = ENVIRONMENT.read_text()
        for what, (there, instead, rule) in LINTED.items():
            with self.subTest(what):
                self.assertIn(rule, {one[0] for one in findings(planted(text, there, instead))})

    def test_the_stack_is_what_sluice_toml_says(self):
        for name in NAMES:
            found = list(differences(app.read_environment(), app.config(), name, parameters(name), PAGE))
            self.assertEqual(found, [], name)

    def test_each_planted_difference_is_found(self):
        for what, (file, there, instead, said) in PLANTED.items():
            texts = {TEMPLATE: ENVIRONMENT.read_text(), TOML: app.SLUICE_TOML.read_text(), INSTALL: PAGE}
            texts[file] = planted(texts[file], there, instead)
            template, config = decoded(texts[TEMPLATE]), tomllib.loads(texts[TOML])
            found = [
                one for name in NAMES for one in differences(template, config, name, parameters(name), texts[INSTALL])
            ]
            self.assertTrue([one for one in found if said in one], f"{what}: {found}")

    def test_beat_never_runs_twice(self):
        for name in NAMES:
            self.assertEqual(list(runs_twice(app.read_environment(), parameters(name))), [])
        for what, (there, instead, said) in TWICE.items():
            template = decoded(planted(ENVIRONMENT.read_text(), there, instead))
            found = list(runs_twice(template, parameters("production")))
            self.assertTrue([one for one in found if said in one], f"{what}: {found}")

    def test_what_holds_data_outlives_the_stack_and_is_never_replaced(self):
        template = app.read_environment()
        for one in (template, decoded(REGISTRY.read_text())):
            self.assertEqual(list(may_be_lost(one)), [])
        for policy in ("DeletionPolicy: ", "UpdateReplacePolicy: "):
            for kind in ("Retain", "Snapshot"):
                text = planted(ENVIRONMENT.read_text(), policy + kind, f"{policy}Delete")
                self.assertTrue(list(may_be_lost(decoded(text))), policy + kind)
        closed, opened = (
            json.loads((APP / f"{name}.json").read_text())["Statement"]
            for name in ("stack-policy", "stack-policy-open")
        )
        self.assertEqual([one for one in closed if one not in opened], [closed[1]])
        of_type = lambda kinds: {name for name, one in template["Resources"].items() if one["Type"] in kinds}
        denied = lambda one: {name.removeprefix("LogicalResourceId/") for name in one["Resource"]}
        self.assertEqual(closed[1]["Action"], "Update:*")
        sluices = {"AWS::ECS::Service", "AWS::ElasticLoadBalancingV2::ListenerRule"}
        self.assertEqual(denied(closed[1]), of_type(sluices))
        self.assertEqual(set(closed[2]["Action"]), {"Update:Delete", "Update:Replace"})
        listeners = of_type({"AWS::ElasticLoadBalancingV2::Listener"}) - {"Redirect"}
        self.assertEqual(denied(closed[2]), of_type(app.HOLDS_DATA | app.CARRIES_USERS) | listeners)

    def test_first_revisions_are_kept_for_rollbacks(self):
        for name, one in app.read_environment()["Resources"].items():
            if one["Type"] == "AWS::ECS::TaskDefinition":
                self.assertEqual((one["DeletionPolicy"], one["UpdateReplacePolicy"]), ("Retain", "Retain"), name)

    def test_services_and_rules_refer_to_little_that_changes(self):
        """CloudFormation also goes to what refers to something that it changes, and the stack's policy then denies
        the update. An attribute may change with every change of its resource, a name does not."""
        resources = app.read_environment()["Resources"]
        may = {
            "EC2::SecurityGroup",
            "ECS::Cluster",
            "ECS::TaskDefinition",
            "ElasticLoadBalancingV2::Listener",
            "ElasticLoadBalancingV2::ListenerRule",
            "ElasticLoadBalancingV2::TargetGroup",
            "SSM::Parameter",
            "SecretsManager::Secret",
        }
        for name, one in resources.items():
            if one["Type"].split("::", 1)[1] in (
                "ECS::Service",
                "ECS::TaskDefinition",
                "ElasticLoadBalancingV2::ListenerRule",
            ):
                text = json.dumps(one["Properties"])
                self.assertNotIn("Fn::GetAtt", text, name)
                named = re.findall(r'{"Ref": "(\w+)"}', text) + re.findall(r"\$\{(\w+)\}", text)
                self.assertEqual(
                    {resources[to]["Type"].split("::", 1)[1] for to in named if to in resources} - may, set(), name
                )

    def test_the_line_that_the_metric_is_made_of_is_the_one_that_workers_write(self):
        written = re.search(r'log\.info\("(.*?)", ', (ERP / "app/worker.py").read_text())[1]
        stack = Stack(app.read_environment(), parameters("production"))
        (one,) = stack.of_type("AWS::Logs::MetricFilter").values()
        # In front Celery writes time, level and process, in brackets: one field.
        fields = [field.strip() for field in one["FilterPattern"].strip("[]").split(",")]
        words = written.replace("%.3f", "SECONDS").split()
        self.assertEqual(len(fields), 1 + len(words))
        for field, word in zip(fields[1:], words, strict=True):
            name, _, value = field.partition("=")
            self.assertEqual((name, "") if word == "SECONDS" else (name, word), (name, value))
            if word == "SECONDS":
                self.assertEqual(one["MetricTransformations"][0]["MetricValue"], f"${name}")
        self.assertEqual(one["LogGroupName"], "<WorkerLog>")
        self.assertIn('"task": "erp.heartbeat", "schedule": 60.0', (ERP / "app/worker.py").read_text())

    def test_the_registry_takes_no_image_that_has_a_tag(self):
        text = REGISTRY.read_text()
        for days, expected in (("0", None), ("14", 14)):
            stack = Stack(decoded(text), {"Repository": "erp", "UntaggedDays": days, "PullAccounts": ["111111111111"]})
            (one,) = [one for one in stack.of_type("AWS::ECR::Repository").values()]
            self.assertEqual(one["RepositoryName"], app.config()["app"]["repository"])
            self.assertEqual(one["ImageTagMutability"], "IMMUTABLE")
            self.assertTrue(one["ImageScanningConfiguration"]["ScanOnPush"])
            rules = json.loads(one["LifecyclePolicy"]["LifecyclePolicyText"])["rules"] if expected else []
            self.assertEqual("LifecyclePolicy" in one, bool(expected))
            for rule in rules:
                selection = rule["selection"]
                self.assertEqual((selection["tagStatus"], selection["countType"]), ("untagged", "sinceImagePushed"))
                self.assertEqual(selection["countNumber"], expected)
        documented = json.loads((ROOT / "infra/repository-policy.json").read_text())["Statement"][0]
        (statement,) = one["RepositoryPolicyText"]["Statement"]
        self.assertEqual({**statement, "Principal": None}, {**documented, "Principal": None})

    def test_roles_are_narrow(self):
        template = app.read_environment()
        for where, role, statement in policies(
            {
                "Resources": {
                    name: {**one, "Properties": {"Policies": [], **one["Properties"]}}
                    for name, one in template["Resources"].items()
                    if one["Type"] == "AWS::IAM::Role"
                }
            }
        ):
            self.assertEqual(role, "ExecutionRole")
            wide = as_list(statement["Resource"]) == ["*"]
            self.assertEqual(wide, as_list(statement["Action"]) == ["ecr:GetAuthorizationToken"], where)
            self.assertFalse([one for one in as_list(statement["Action"]) if "*" in one])
        for name, one in template["Resources"].items():
            if one["Type"] == "AWS::IAM::Role":
                (trust,) = one["Properties"]["AssumeRolePolicyDocument"]["Statement"]
                service = "ecs.amazonaws.com" if name == "ShiftRole" else "ecs-tasks.amazonaws.com"
                self.assertEqual((trust["Principal"], trust["Action"]), ({"Service": service}, "sts:AssumeRole"))

    def test_everything_is_encrypted_and_private(self):
        for name in NAMES:
            stack = Stack(app.read_environment(), parameters(name))
            (database,) = stack.of_type("AWS::RDS::DBInstance").values()
            self.assertTrue(database["StorageEncrypted"] and database["DeletionProtection"] == "true")
            self.assertFalse(database["PubliclyAccessible"])
            (redis,) = stack.of_type("AWS::ElastiCache::ReplicationGroup").values()
            self.assertTrue(redis["AtRestEncryptionEnabled"] and redis["TransitEncryptionEnabled"])
            (search,) = stack.of_type("AWS::OpenSearchService::Domain").values()
            for member in ("EncryptionAtRestOptions", "NodeToNodeEncryptionOptions", "AdvancedSecurityOptions"):
                self.assertTrue(search[member]["Enabled"], member)
            self.assertTrue(search["DomainEndpointOptions"]["EnforceHTTPS"])
            # Celery looks at no certificate without the last.
            (url,) = [
                one["SecretString"]
                for one in stack.of_type("AWS::SecretsManager::Secret").values()
                if one["Name"].endswith("/redis")
            ]
            self.assertTrue(json.loads(url)["url"].startswith("rediss://:"))
            self.assertTrue(json.loads(url)["url"].endswith("?ssl_cert_reqs=required"))
            for service in stack.services().values():
                self.assertEqual(service["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"], "DISABLED")

    def test_an_outage_in_one_zone_is_survived_in_production(self):
        for name, standby in (("staging", False), ("production", True)):
            stack = Stack(app.read_environment(), parameters(name))
            (database,) = stack.of_type("AWS::RDS::DBInstance").values()
            (redis,) = stack.of_type("AWS::ElastiCache::ReplicationGroup").values()
            (search,) = stack.of_type("AWS::OpenSearchService::Domain").values()
            self.assertEqual(database["MultiAZ"], standby)
            self.assertEqual((redis["MultiAZEnabled"], redis["NumCacheClusters"] > 1), (standby, standby))
            self.assertEqual(search["ClusterConfig"]["ZoneAwarenessEnabled"], standby)
            self.assertEqual(len(search["VPCOptions"]["SubnetIds"]), search["ClusterConfig"]["InstanceCount"])
            self.assertEqual(int(parameters(name)["WebMinimum"]) > 1, standby)

    def test_both_files_give_every_parameter_a_value_that_it_may_have(self):
        about = app.read_environment()["Parameters"]
        for name in NAMES:
            given = parameters(name)
            self.assertEqual(set(given), set(about) - OF_DEPLOY, name)
            for key, value in given.items():
                one = about[key]
                self.assertTrue(re.fullmatch(one.get("AllowedPattern", ".*"), value), f"{name}: {key}")
                self.assertIn(value, map(str, one.get("AllowedValues", [value])), f"{name}: {key}")
                if one["Type"] == "Number":
                    self.assertGreaterEqual(int(value), one.get("MinValue", 0), f"{name}: {key}")
                    self.assertLessEqual(int(value), one.get("MaxValue", int(value)), f"{name}: {key}")
                if key.endswith("Subnets"):
                    self.assertGreaterEqual(len(set(value.split(","))), 2, f"{name}: {key}")
            for service in ("Web", "Worker"):
                self.assertLessEqual(int(given[f"{service}Minimum"]), int(given[f"{service}Maximum"]))
        # A block of one address at most is what the pattern is for.
        self.assertFalse(re.fullmatch(about["TestSource"]["AllowedPattern"], "0.0.0.0/0"))
        self.assertFalse(
            re.fullmatch(about["Image"]["AllowedPattern"], "222222222222.dkr.ecr.eu-central-1.amazonaws.com/erp:v1")
        )

    def test_staging_is_production_but_for_what_is_listed(self):
        staging, production = map(parameters, NAMES)
        self.assertEqual({key for key in staging if staging[key] != production[key]}, set(MAY_DIFFER))
        for name in ("Web", "Worker"):
            ratios = [int(one[f"{name}Memory"]) / int(one[f"{name}Cpu"]) for one in (staging, production)]
            self.assertEqual(*ratios, f"{name}: the memory that a processor has is the same in both")

    def test_errors_are_counted_as_the_alarm_says(self):
        (alarm,) = [
            one
            for one in Stack(app.read_environment(), parameters("production"))
            .of_type("AWS::CloudWatch::Alarm")
            .values()
            if one["AlarmName"].endswith("-5xx")
        ]
        steps = [one for one in alarm["Metrics"] if "Expression" in one]
        self.assertEqual([one["Id"] for one in steps if one.get("ReturnData", True)], ["percent"])
        functions = {"SUM": lambda several: sum(several), "IF": lambda holds, yes, no: yes if holds else no}
        for of_tasks, of_balancer, requests, fires in (
            (0, 0, 1000, False),
            (30, 0, 1000, True),
            (10, 0, 1000, False),
            (4, 0, 4, False),
            (0, 50, 0, True),
        ):
            values = {"of_tasks": of_tasks, "of_balancer": of_balancer, "requests": requests}
            for one in steps:
                values[one["Id"]] = eval(one["Expression"], {"__builtins__": {}, **functions}, values)
            self.assertEqual(values["percent"] > alarm["Threshold"], fires, values)

    def test_the_costs_on_the_page_are_sums(self):
        page = (APP / "README.md").read_text().split("## What it costs")[1]
        rows = [
            [cell.strip() for cell in line.strip("|\n ").split("|")]
            for line in page.splitlines()
            if line.startswith("| ")
        ]
        price = {
            row[0]: float(row[1]) * (730 if row[2] == "hour" else 1)
            for row in rows
            if re.fullmatch(r"[\d.]+", row[1]) and row[2] in ("hour", "month")
        }
        shown = {
            row[0]: list(map(int, row[1:3]))
            for row in rows
            if re.fullmatch(r"\d+", row[1]) and re.fullmatch(r"\d+", row[2])
        }
        sums = []
        for column, (name, units) in enumerate(zip(NAMES, (0.1, 1), strict=True)):
            given = parameters(name)
            size = lambda key: float(given[key])
            nodes = 2 if given["MultiAz"] == "yes" else 1
            task = lambda cpu, memory: price["Fargate, vCPU"] * cpu / 1024 + price["Fargate, GB"] * memory / 1024
            secrets = len(Stack(app.read_environment(), given).of_type("AWS::SecretsManager::Secret"))
            costs = {
                "tasks": sum(
                    size(f"{one}Minimum") * task(size(f"{one}Cpu"), size(f"{one}Memory")) for one in ("Web", "Worker")
                )
                + task(256, 512),
                "load balancer": price["load balancer"] + units * price["load balancer, capacity unit"],
                "PostgreSQL": nodes
                * (price[given["DatabaseClass"]] + size("DatabaseStorage") * price["PostgreSQL's storage, GB"]),
                "Redis": nodes * price[given["RedisType"]],
                "OpenSearch": nodes
                * (price[given["SearchType"]] + size("SearchStorage") * price["OpenSearch's storage, GB"]),
                "secrets": secrets * price["a secret"],
            }
            sums.append({**costs, "sum": sum(costs.values())})
            self.assertEqual(
                {key: round(value) for key, value in sums[-1].items()}, {key: two[column] for key, two in shown.items()}
            )

    def test_the_page_on_ownership_names_all_that_sluice_sends(self):
        source = (ROOT / "shared/aws/src/ecs/update.rs").read_text()
        calls = re.findall(r"\.update_service\(\)(.*?)\.send\(\)", source, re.DOTALL)
        sent = {name.removeprefix("set_") for call in calls for name in re.findall(r"\n\s+\.(\w+)\(", call)}
        sent -= {"cluster", "service", "customize", "config_override", "force_new_deployment", "then_some"}
        # ECS has one configuration of the deployment, and Terraform several attributes for it.
        terraform = {name: {name} for name in sent}
        terraform["deployment_configuration"] |= {
            "alarms",
            "deployment_circuit_breaker",
            "deployment_maximum_percent",
            "deployment_minimum_healthy_percent",
        }
        page = (ROOT / "docs/ownership.md").read_text()
        ignored = re.search(r'"aws_ecs_service".*?ignore_changes = \[(.*?)\]', page, re.DOTALL)[1]
        ignored = {one.strip() for one in ignored.split(",") if one.strip()}
        # ECS itself shifts between the two of this one.
        self.assertEqual(ignored, {one for several in terraform.values() for one in several} | {"load_balancer"})
        self.assertEqual(len(calls), 2)

    def test_it_fits_without_a_bucket(self):
        self.assertLess(len(ENVIRONMENT.read_bytes()), 51_200, "CloudFormation takes no more in a request")


if __name__ == "__main__":
    unittest.main()
