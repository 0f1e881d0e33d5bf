"""The commands of docs/install.md, run as they stand there: what they create, change and remove is read
back, and every payload of `events/` goes to whom it should."""

import json
import re
import time
import unittest

from account import FUNCTIONS, OTHER, SLUICE, Accounts
from templates import ROOT, read
from templates import SLUICE as TEMPLATE

BUCKET = "packages"
# What ministack 1.5.33 takes and forgets, so that only the template says it.
FORGOTTEN = {
    ("Table", "PointInTimeRecoverySpecification"): {"PointInTimeRecoveryEnabled": True},
    ("Table", "ResourcePolicy"): "HasOtherAccounts",
    ("Bus", "Policy"): "HasOtherAccounts",
    ("Advance", "RecursiveLoop"): "Allow",
    ("Advance", "VpcConfig"): "HasVpc",
    ("Advance", "KmsKeyArn"): "HasKey",
    ("HealthCheck", "VpcConfig"): "HasVpc",
    ("RolloutHook", "ReservedConcurrentExecutions"): "ReservesHook",
}

# Which rule lets a payload through: those of image-pushed and image-scanned go to registry-push, those of
# source-changed to source-push, those of world-changed to the queue.
GOES_TO = {
    "ecr-push-attestation": "ImagePushed",
    "ecr-push-develop": "ImagePushed",
    "ecr-push-index": "ImagePushed",
    "ecr-push-index-child": "ImagePushed",
    "ecr-push-release": "ImagePushed",
    "ecr-push-signature": "ImagePushed",
    "ecr-push-twice": "ImagePushed",
    "ecr-push-unknown-tag": "ImagePushed",
    "ecr-push-untagged": "ImagePushed",
    "ecr-push-version": "ImagePushed",
    "ecr-scan-complete": "ImageScanned",
    "ecr-scan-critical": "ImageScanned",
    "ecr-scan-failed": "ImageScanned",
    "inspector2-scan": "ImageScanned",
    **{
        f"codecommit-{name}": "SourceChanged"
        for name in (
            "branch-created", "branch-deleted", "branch-merged", "branch-pushed", "foreign-repository",
            "pull-closed", "pull-merged", "pull-opened", "pull-updated", "tag-created", "unreferenced-merge",
        )
    },
    **{
        f"codebuild-{name}": "BuildEnded"
        for name in ("failed", "failed-twice", "stopped", "succeeded")
    },
    "ecs-deployment-completed": "WorldChanged",
    "ecs-deployment-failed": "WorldChanged",
    "ecs-task-stopped": "WorldChanged",
    "rds-snapshot-created": "WorldChanged",
}
GOES_NOWHERE = {
    "codebuild-foreign-account": "another account's",
    "codebuild-foreign-project": "not one of these projects",
    "codebuild-started": "not the end of a build",
    "codecommit-comment": "a comment",
    "codecommit-foreign-account": "another account's",
    "ecr-delete": "no push",
    "ecr-push-failed": "no success",
    "ecr-push-foreign-registry": "another account's",
    "ecr-push-foreign-repository": "not deployed from",
    "ecr-referrer-push": "no image",
    "foreign-source": "not from ECR, ECS or RDS",
    "schedule-minute": "the schedule's own, which needs no pattern",
}


def blocks(title):
    """The commands below a heading of docs/install.md: (account, text)."""
    page = (ROOT / "docs/install.md").read_text()
    section = page.split(f"\n## {title}\n")[1].split("\n## ")[0]
    found = re.findall(r"```sh(?: in (\d+))?\n(.*?)```", section, re.DOTALL)
    assert found, title
    return [(account or SLUICE, text) for account, text in found]


class Stacks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.accounts = Accounts()
        cls.addClassCleanup(cls.accounts.close)
        for account in (SLUICE, OTHER):
            bucket = {"LocationConstraint": "eu-central-1"}
            cls.accounts.client("s3", account).create_bucket(
                Bucket=f"{BUCKET}-{account}", CreateBucketConfiguration=bucket
            )
        cls.accounts.client("ecr").create_repository(repositoryName="erp")

    def run_blocks(self, title):
        for account, text in blocks(title):
            there = self.outputs("sluice") if "infra/build" not in text else {}
            self.accounts.shell(
                text,
                account,
                BUCKET=f"{BUCKET}-{account}",
                BOT_TOKEN_SECRET=there.get("BotTokenSecret", ""),
                SIGNING_SECRET_SECRET=there.get("SigningSecretSecret", ""),
                TABLE=there.get("Table", ""),
                QUEUE=there.get("Queue", ""),
            )

    def outputs(self, stack):
        stacks = self.accounts.client("cloudformation").describe_stacks()["Stacks"]
        return self.accounts.outputs(stack) if any(one["StackName"] == stack for one in stacks) else {}

    # One after the other, as an installation goes.
    def test_installed_extended_upgraded_removed(self):
        commands = sum(text.count("infra/") + text.count("aws ") for _, text in blocks("One account"))
        self.assertLessEqual(commands, 5, "commands to install")
        began = time.monotonic()
        self.run_blocks("One account")
        print(f"\ninstalled in {time.monotonic() - began:.1f} s", flush=True)
        with self.subTest("without source code"):
            self.without_source()
        self.run_blocks("Source code")
        for check in (
            self.table, self.forgotten, self.queues, self.functions, self.url, self.operate, self.rules, self.patterns,
            self.alarms, self.dashboard, self.secrets, self.environment,
        ):
            with self.subTest(check.__name__):
                check()
        kept = self.accounts.resources("sluice")
        self.run_blocks("Several accounts")
        with self.subTest("other account"):
            self.other_account()
        self.run_blocks("Upgrading")
        self.everything_on()
        after = self.accounts.resources("sluice")
        self.assertEqual({name: after[name] for name in kept}, kept, "nothing was replaced by an update")
        self.run_blocks("Removing")
        self.removed(kept)

    def table(self):
        table = self.accounts.client("dynamodb")
        name = self.outputs("sluice")["Table"]
        there = table.describe_table(TableName=name)["Table"]
        self.assertTrue(there["DeletionProtectionEnabled"])
        keys = [one["AttributeName"] for one in there["KeySchema"]]
        self.assertEqual(keys, ["pk", "sk"])
        (due,) = there["GlobalSecondaryIndexes"]
        self.assertEqual(due["IndexName"], "due")
        self.assertEqual([one["AttributeName"] for one in due["KeySchema"]], ["due_shard", "due_at"])
        self.assertEqual(due["Projection"], {"ProjectionType": "KEYS_ONLY"})

    def forgotten(self):
        resources = read(TEMPLATE)["Resources"]
        for (name, member), expected in FORGOTTEN.items():
            there = resources[name]["Properties"][member]
            there = there["Fn::If"][0] if "Fn::If" in there else there
            self.assertEqual(there, expected, f"{name}.{member}")

    def without_source(self):
        names = {one["FunctionName"] for one in self.accounts.client("lambda").list_functions()["Functions"]}
        self.assertEqual(names, {f"sluice-{name}" for name in FUNCTIONS} - {"sluice-source-push"})
        self.assertNotIn("SourceChanged", self.accounts.resources("sluice"))

    def queues(self):
        sqs = self.accounts.client("sqs")
        resources = self.accounts.resources("sluice")
        read = lambda url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        queue, dead = read(resources["Queue"]), read(resources["DeadLetters"])
        redrive = json.loads(queue["RedrivePolicy"])
        self.assertEqual(redrive["deadLetterTargetArn"], dead["QueueArn"])
        self.assertEqual(int(redrive["maxReceiveCount"]), 5)
        functions = self.accounts.client("lambda")
        advance = functions.get_function_configuration(FunctionName="sluice-advance")
        self.assertGreaterEqual(int(queue["VisibilityTimeout"]), 6 * advance["Timeout"])
        self.assertIn("events.amazonaws.com", queue["Policy"])
        self.assertIn("events.amazonaws.com", dead["Policy"])
        (mapping,) = functions.list_event_source_mappings(FunctionName="sluice-advance")["EventSourceMappings"]
        self.assertEqual(mapping["EventSourceArn"], queue["QueueArn"])
        self.assertEqual(mapping["FunctionResponseTypes"], ["ReportBatchItemFailures"])
        self.assertEqual(mapping["ScalingConfig"], {"MaximumConcurrency": 10})
        for name in ("registry-push", "source-push", "health-check"):
            failed = functions.get_function_event_invoke_config(
                FunctionName=f"sluice-{name}", Qualifier="$LATEST"
            )
            self.assertEqual(failed["DestinationConfig"]["OnFailure"]["Destination"], dead["QueueArn"])

    def functions(self):
        functions = self.accounts.client("lambda")
        settings = (ROOT / "shared/runtime/src/settings.rs").read_text().split("#[cfg(test)]")[0]
        known = set(re.findall(r"SLUICE_[A-Z_]+", settings))
        seen = set()
        for name in FUNCTIONS:
            there = functions.get_function_configuration(FunctionName=f"sluice-{name}")
            self.assertEqual(there["Runtime"], "provided.al2023")
            self.assertEqual(there["Role"], f"arn:aws:iam::{SLUICE}:role/sluice-{name}")
            self.assertEqual(there["LoggingConfig"]["LogGroup"], f"/aws/lambda/sluice-{name}")
            variables = there["Environment"]["Variables"]
            self.assertNotIn("", variables.values(), name)
            seen |= set(variables)
        # Another server in Slack's place is for tests; the workspace was not given.
        self.assertEqual(seen, known - {"SLUICE_SLACK_URL", "SLUICE_SLACK_TEAM_ID"})
        for arn in ("SLUICE_SLACK_BOT_TOKEN_ARN", "SLUICE_SLACK_SIGNING_SECRET_ARN"):
            slack = functions.get_function_configuration(FunctionName="sluice-slack")
            self.assertRegex(slack["Environment"]["Variables"][arn], "^arn:aws:secretsmanager:")

    def url(self):
        functions = self.accounts.client("lambda")
        url = functions.get_function_url_config(FunctionName="sluice-slack")
        self.assertEqual(url["AuthType"], "NONE")
        self.assertEqual(url["FunctionUrl"], self.outputs("sluice")["SlackUrl"])
        policy = json.loads(functions.get_policy(FunctionName="sluice-slack")["Policy"])
        actions = sorted(statement["Action"] for statement in policy["Statement"])
        self.assertEqual(actions, ["lambda:InvokeFunction", "lambda:InvokeFunctionUrl"])

    def operate(self):
        functions = self.accounts.client("lambda")
        url = functions.get_function_url_config(FunctionName="sluice-operate")
        self.assertEqual(url["AuthType"], "AWS_IAM")
        outputs = self.outputs("sluice")
        self.assertEqual(url["FunctionUrl"], outputs["OperateUrl"])
        # ministack answers with an empty policy where Lambda has none.
        own = json.loads(functions.get_policy(FunctionName="sluice-operate")["Policy"])
        self.assertEqual(own["Statement"], [], "nobody is let in by the function itself")
        iam, arn = self.accounts.client("iam"), outputs["OperatePolicy"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        function = functions.get_function_configuration(FunctionName="sluice-operate")["FunctionArn"]
        allowed = {one["Action"]: (one["Resource"], one["Condition"]) for one in document["Statement"]}
        # Who may call the function directly may claim to be anyone.
        self.assertEqual(allowed, {
            "lambda:InvokeFunctionUrl": (function, {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}),
            "lambda:InvokeFunction": (function, {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}),
        })

    def rules(self):
        events = self.accounts.client("events")
        resources = self.accounts.resources("sluice")
        arn = lambda name: f"arn:aws:lambda:eu-central-1:{SLUICE}:function:sluice-{name}"
        queue = self.accounts.client("sqs").get_queue_attributes(
            QueueUrl=resources["Queue"], AttributeNames=["QueueArn"]
        )["Attributes"]["QueueArn"]
        bus = events.describe_event_bus(Name="sluice")["Arn"]
        for rule, bus_name, target in (
            ("ImagePushed", "sluice", arn("registry-push")),
            ("ImageScanned", "sluice", arn("registry-push")),
            ("SourceChanged", "sluice", arn("source-push")),
            ("BuildEnded", "sluice", arn("source-push")),
            ("WorldChanged", "sluice", queue),
            ("Forward", "default", bus),
            ("EveryMinute", "default", arn("health-check")),
        ):
            name = resources[rule].split("|")[-1]
            (there,) = events.list_targets_by_rule(Rule=name, EventBusName=bus_name)["Targets"]
            self.assertEqual(there["Arn"], target, rule)
            self.assertIn("DeadLetterConfig", there, rule)

    def pattern(self, rule, bus="sluice"):
        name = self.accounts.resources("sluice")[rule].split("|")[-1]
        return self.accounts.client("events").describe_rule(Name=name, EventBusName=bus)["EventPattern"]

    def patterns(self):
        events = self.accounts.client("events")
        rules = ("ImagePushed", "ImageScanned", "SourceChanged", "BuildEnded", "WorldChanged")
        patterns = {rule: self.pattern(rule) for rule in rules}
        forward = self.pattern("Forward", "default")
        # They are those of event-patterns/, with accounts and repositories.
        files = ("image-pushed", "image-scanned", "source-changed", "build-ended", "world-changed")
        for rule, file in zip(patterns, files, strict=True):
            there = json.loads(patterns[rule])
            self.assertEqual(there.pop("account"), [SLUICE])
            for name in ("repository-name", "project-name"):
                there.get("detail", {}).pop(name, None)
            self.assertEqual(there, json.loads((ROOT / f"infra/event-patterns/{file}.json").read_text()))
        payloads = {path.stem: path.read_text() for path in (ROOT / "events").glob("*.json")}
        enveloped = {name for name, text in payloads.items() if '"detail-type"' in text and name != "malformed"}
        enveloped = {name for name in enveloped if not name.startswith("sqs-")}
        self.assertEqual(enveloped, set(GOES_TO) | set(GOES_NOWHERE), "a payload that this test does not know")
        matches = lambda pattern, event: events.test_event_pattern(EventPattern=pattern, Event=event)["Result"]
        for name in sorted(enveloped):
            through = [rule for rule, pattern in patterns.items() if matches(pattern, payloads[name])]
            self.assertEqual(through, [GOES_TO[name]] if name in GOES_TO else [], name)
            if through:
                self.assertTrue(matches(forward, payloads[name]), f"{name} reaches Sluice's bus")

    def alarms(self):
        topic = self.outputs("sluice")["Alarms"]
        alarms = self.accounts.client("cloudwatch").describe_alarms()["MetricAlarms"]
        names = {alarm["AlarmName"].removeprefix("sluice-") for alarm in alarms}
        kinds = {f"{name}-{kind}" for name in FUNCTIONS for kind in ("errors", "throttles")}
        self.assertEqual(names, kinds | {"dead-letters", "old-wake-up", "slack-slow", "no-minute"})
        for alarm in alarms:
            self.assertEqual((alarm["AlarmActions"], alarm["OKActions"]), ([topic], [topic]))
            silent = "breaching" if alarm["AlarmName"] == "sluice-no-minute" else "notBreaching"
            self.assertEqual(alarm["TreatMissingData"], silent, alarm["AlarmName"])
        mails = self.accounts.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        self.assertEqual([one["Endpoint"] for one in mails], ["oncall@example.com"])

    def dashboard(self):
        board = self.accounts.client("cloudwatch").get_dashboard(DashboardName="sluice")
        widgets = json.loads(board["DashboardBody"])["widgets"]
        named = {name for widget in widgets for metric in widget["properties"]["metrics"] for name in metric[3:4]}
        resources = self.accounts.resources("sluice")
        queues = {resources[name].rsplit("/", 1)[1] for name in ("Queue", "DeadLetters")}
        self.assertEqual(named, {f"sluice-{name}" for name in FUNCTIONS} | queues)

    def secrets(self):
        secrets = self.accounts.client("secretsmanager")
        for output, value in (("BotTokenSecret", "xoxb-…"), ("SigningSecretSecret", "…")):
            there = secrets.get_secret_value(SecretId=self.outputs("sluice")[output])
            self.assertEqual(there["SecretString"], value)

    def environment(self):
        iam = self.accounts.client("iam")
        for role, callers in (("sluice-deployer", ["advance", "health-check"]), ("sluice-deployer-read", ["slack", "operate"])):
            (trust,) = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]["Statement"]
            arns = trust["Condition"]["ArnEquals"]["aws:PrincipalArn"]
            arns = arns if isinstance(arns, list) else [arns]
            self.assertEqual(arns, [f"arn:aws:iam::{SLUICE}:role/sluice-{name}" for name in callers])
            self.assertEqual(trust["Condition"]["StringLike"], {"sts:RoleSessionName": "dep-*"})
        names = iam.list_role_policies(RoleName="sluice-deployer")["PolicyNames"]
        self.assertEqual(sorted(names), ["copies", "services", "snapshots"])
        documents = [
            iam.get_role_policy(RoleName="sluice-deployer", PolicyName=name)["PolicyDocument"] for name in names
        ]
        size = sum(len(json.dumps(one, separators=(",", ":"))) for one in documents)
        self.assertLess(size, 10_240, "IAM takes no more of one role")

    def other_account(self):
        here = self.outputs("sluice")
        functions = self.accounts.client("lambda", OTHER)
        hook = functions.get_function_configuration(FunctionName="sluice-rollout-hook")
        variables = hook["Environment"]["Variables"]
        self.assertEqual(variables["SLUICE_TABLE"], f"arn:aws:dynamodb:eu-central-1:{SLUICE}:table/{here['Table']}")
        self.assertTrue(variables["SLUICE_QUEUE_URL"].endswith(f"/{SLUICE}/{here['Queue']}"))
        own = self.accounts.client("lambda").get_function_configuration(FunctionName="sluice-advance")
        filled = lambda arn: arn.replace("{account}", OTHER).replace("{region}", "eu-central-1")
        own = own["Environment"]["Variables"]
        self.assertEqual(filled(own["SLUICE_ROLLOUT_HOOK_ARN"]), hook["FunctionArn"])
        caller = self.accounts.client("iam", OTHER).get_role(RoleName="sluice-call-hook-eu-central-1")["Role"]
        self.assertEqual(filled(own["SLUICE_ROLLOUT_HOOK_ROLE_ARN"]), caller["Arn"])
        self.assertEqual(json.loads(self.pattern("WorldChanged"))["account"], [SLUICE, OTHER])
        queue = self.accounts.client("sqs").get_queue_attributes(
            QueueUrl=self.accounts.resources("sluice")["Queue"], AttributeNames=["Policy"]
        )["Attributes"]["Policy"]
        self.assertIn("sluice-rollout-hook-*", queue)
        allowed = self.accounts.client("iam").get_role_policy(RoleName="sluice-slack", PolicyName="slack")
        assumed = [one for one in allowed["PolicyDocument"]["Statement"] if one["Action"] == "sts:AssumeRole"]
        self.assertEqual(
            assumed[0]["Resource"],
            [f"arn:aws:iam::{account}:role/sluice-deployer-read" for account in (SLUICE, OTHER)],
        )
        alarms = self.accounts.client("cloudwatch", OTHER).describe_alarms()["MetricAlarms"]
        names = sorted(alarm["AlarmName"] for alarm in alarms)
        self.assertEqual(names, ["sluice-rollout-hook-errors", "sluice-rollout-hook-throttles"])
        policy = self.accounts.client("ecr").get_repository_policy(repositoryName="erp")["policyText"]
        self.assertIn(OTHER, policy)

    def everything_on(self):
        self.accounts.shell(
            f'infra/deploy sluice "{BUCKET}-{SLUICE}" --stack-name sluice --parameter-overrides OwnKey=yes '
            "Subnets=subnet-1,subnet-2 SecurityGroups=sg-1 SlackTeam=T024BE7LH HookConcurrency=0 WorkTimeout=300"
        )
        key = self.outputs("sluice")["Key"]
        iam = self.accounts.client("iam")
        attached = {
            name: [
                one["PolicyName"].split("-")[1]
                for one in iam.list_attached_role_policies(RoleName=f"sluice-{name}")["AttachedPolicies"]
            ]
            for name in FUNCTIONS
        }
        in_vpc = {"advance", "health-check"}
        for name, policies in attached.items():
            self.assertEqual(sorted(policies), ["InVpc", "UseKey"] if name in in_vpc else ["UseKey"], name)
        table = self.accounts.client("dynamodb").describe_table(TableName=self.outputs("sluice")["Table"])
        self.assertEqual(table["Table"]["SSEDescription"]["KMSMasterKeyArn"], key)
        queue = self.accounts.client("sqs").get_queue_attributes(
            QueueUrl=self.accounts.resources("sluice")["Queue"], AttributeNames=["All"]
        )["Attributes"]
        self.assertEqual(queue["VisibilityTimeout"], "1800")

    def removed(self, kept):
        for account, stacks in ((SLUICE, ("sluice", "erp-production")), (OTHER, ("erp-staging",))):
            client = self.accounts.client("cloudformation", account)
            for stack in stacks:
                client.delete_stack(StackName=stack)
                client.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
        self.assertEqual(self.accounts.client("dynamodb").list_tables()["TableNames"], [kept["Table"]])
        secrets = self.accounts.client("secretsmanager").list_secrets()["SecretList"]
        self.assertEqual(len(secrets), 2)
        for account in (SLUICE, OTHER):
            self.assertEqual(self.accounts.client("lambda", account).list_functions()["Functions"], [])
            self.assertEqual(self.accounts.client("iam", account).list_roles()["Roles"], [])
            self.assertEqual(self.accounts.client("events", account).list_rules()["Rules"], [])
        self.assertEqual(self.accounts.client("sqs").list_queues().get("QueueUrls", []), [])
        self.assertEqual(self.accounts.client("logs").describe_log_groups()["logGroups"], [])


if __name__ == "__main__":
    unittest.main()
