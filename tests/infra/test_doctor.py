"""`sluice doctor`, as the program is, on an installation made by the commands of docs/install.md in
ministack: what it says of a good one, and what of one that somebody changed by hand."""

import json
import os
import subprocess
import unittest

from account import REGION, SLUICE, Accounts
from templates import ROOT
from test_stacks import BUCKET, blocks

# What is told of the good one, and why. Besides, everything about 111111111111, the account of staging, for
# which there is no profile.
EXPECTED = {
    "alarm": "ministack's CloudWatch needs a package for the SDK's protocol, which is not installed",
    "environment-rights": "ministack's simulation ignores context keys, and so every condition",
    "slack-answers": "ministack's URLs are names that nobody resolves",
    "snapshot-quota": "ministack does not know DescribeAccountAttributes",
    "target-groups": "the services here have no load balancer",
}


class Doctor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.accounts = Accounts()
        cls.addClassCleanup(cls.accounts.close)
        bucket = {"LocationConstraint": REGION}
        cls.accounts.client("s3").create_bucket(
            Bucket=f"{BUCKET}-{SLUICE}", CreateBucketConfiguration=bucket
        )
        cls.accounts.client("ecr").create_repository(repositoryName="erp")
        for account, text in blocks("One account"):
            there = {}
            if "put-secret-value" in text:
                there = cls.accounts.outputs("sluice")
            cls.accounts.shell(
                text,
                account,
                BUCKET=f"{BUCKET}-{account}",
                BOT_TOKEN_SECRET=there.get("BotTokenSecret", ""),
                SIGNING_SECRET_SECRET=there.get("SigningSecretSecret", ""),
            )

    def doctor(self, *arguments):
        environment = {
            "HOME": str(self.accounts.folder),
            "AWS_ACCESS_KEY_ID": SLUICE,
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.accounts.port}",
        }
        command = [os.environ["SLUICE"], "doctor", str(ROOT / "tests/erp/sluice.toml"), *arguments]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True)
        self.assertIn(ran.returncode, (0, 1, 2), ran.stderr)
        return ran

    def not_fine(self):
        """What was found or could not be looked at, by check and subject."""
        ran = self.doctor("--json")
        report = json.loads(ran.stdout)
        self.assertEqual(report["version"], 1)
        self.assertEqual(report["installation"], {"stack": "sluice", "account": SLUICE, "region": REGION})
        return {
            (one["check"], one["subject"]): one for one in report["looked_at"] if one["outcome"] != "fine"
        }

    def test_faults_made_by_hand_are_found_and_their_fixes_put_them_right(self):
        self.furnish()
        base = self.not_fine()
        told = {check for (check, _), one in base.items() if "111111111111" not in str(one)}
        self.assertEqual(told, set(EXPECTED), "\n".join(map(str, base.values())))
        words = self.doctor()
        self.assertEqual(words.returncode, 1)
        self.assertIn("could not be looked at.", words.stdout.splitlines()[-1])
        faults = self.faults()
        for _, plant in faults:
            plant()
        new = [one for key, one in self.not_fine().items() if key not in base]
        self.assertEqual({one["check"] for one in new}, {check for check, _ in faults})
        fixes = [fix for one in new for fix in one["fix"]]
        self.assertTrue(all(fix.startswith("aws ") for fix in fixes), fixes)
        # The CLI finds the emulator's SQS by this alone.
        there = f"aws --endpoint-url http://127.0.0.1:{self.accounts.port} "
        self.accounts.shell("\n".join(fix.replace("aws ", there, 1) for fix in fixes))
        self.assertEqual(set(self.not_fine()), set(base), "the fixes as they are printed")

    def test_credentials_that_may_not_look_are_no_success(self):
        environment = {"HOME": str(self.accounts.folder), "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": REGION}
        command = [os.environ["SLUICE"], "doctor", str(ROOT / "tests/erp/sluice.toml"), "--json"]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True)
        self.assertEqual((ran.returncode, ran.stdout), (2, ""))
        self.assertIn("nothing was looked at", ran.stderr)

    def furnish(self):
        """What the application's own infrastructure would have made, and what ministack needs to be told again."""
        secrets = self.accounts.client("secretsmanager")
        for name in ("database", "redis", "elasticsearch", "secret-key"):
            secrets.create_secret(Name=f"erp/production/{name}", SecretString='{"url": "x"}')
        self.accounts.client("ssm").put_parameter(
            Name="/erp/production/sentry-dsn", Type="SecureString", Value="x")
        self.accounts.client("rds").create_db_instance(
            DBInstanceIdentifier="erp-production", DBInstanceClass="db.t3.micro", Engine="postgres",
            BackupRetentionPeriod=7, MasterUsername="erp", MasterUserPassword="erp-erp-erp", AllocatedStorage=20)
        ecs = self.accounts.client("ecs")
        ecs.create_cluster(clusterName="erp-production")
        log = {"logDriver": "awslogs", "options": {
            "awslogs-group": "/ecs/erp-production/web", "awslogs-region": REGION, "awslogs-stream-prefix": "ecs"}}
        for service, container in (("web", "app"), ("worker", "worker"), ("beat", "beat")):
            ecs.register_task_definition(
                family=f"erp-production-{service}",
                executionRoleArn=f"arn:aws:iam::{SLUICE}:role/erp-production-execution",
                taskRoleArn=f"arn:aws:iam::{SLUICE}:role/erp-production-task",
                containerDefinitions=[{"name": container, "image": "erp", "logConfiguration": log}])
            ecs.create_service(
                cluster="erp-production", serviceName=f"erp-{service}", desiredCount=0,
                taskDefinition=f"erp-production-{service}")
        self.accounts.client("iam").create_role(
            RoleName="erp-production-execution", AssumeRolePolicyDocument="{}")
        self.accounts.client("iam").put_role_policy(
            RoleName="erp-production-execution", PolicyName="secrets", PolicyDocument=json.dumps({
                "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": [
                    "secretsmanager:GetSecretValue", "ssm:GetParameters"]}]}))
        ecr = self.accounts.client("ecr")
        ecr.put_image_tag_mutability(repositoryName="erp", imageTagMutability="IMMUTABLE")
        ecr.put_image_scanning_configuration(
            repositoryName="erp", imageScanningConfiguration={"scanOnPush": True})
        # ministack 1.5.33 forgets these of the template (`FORGOTTEN` in test_stacks.py), or keeps a number as text.
        functions = self.accounts.client("lambda")
        functions.put_function_recursion_config(FunctionName="sluice-advance", RecursiveLoop="Allow")
        mapping = functions.list_event_source_mappings(FunctionName="sluice-advance")["EventSourceMappings"][0]
        functions.update_event_source_mapping(UUID=mapping["UUID"], ScalingConfig={"MaximumConcurrency": 10})
        self.accounts.client("dynamodb").update_continuous_backups(
            TableName=self.accounts.outputs("sluice")["Table"],
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})

    def faults(self):
        there = self.accounts.resources("sluice")
        functions, queue = self.accounts.client("lambda"), there["Queue"]
        events, table = self.accounts.client("events"), self.accounts.client("dynamodb")
        secrets, ecr = self.accounts.client("secretsmanager"), self.accounts.client("ecr")
        name = self.accounts.outputs("sluice")["Table"]
        mapping = functions.list_event_source_mappings(FunctionName="sluice-advance")["EventSourceMappings"][0]
        rule = there["ImagePushed"].split("|")[-1].split("/")[-1]
        return (
            ("recursion", lambda: functions.put_function_recursion_config(
                FunctionName="sluice-advance", RecursiveLoop="Terminate")),
            ("wake-ups", lambda: functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)),
            ("hook-concurrency", lambda: functions.put_function_concurrency(
                FunctionName="sluice-rollout-hook", ReservedConcurrentExecutions=0)),
            ("operate-url", lambda: functions.update_function_url_config(
                FunctionName="sluice-operate", AuthType="NONE")),
            ("queue-visibility", lambda: self.accounts.client("sqs").set_queue_attributes(
                QueueUrl=queue, Attributes={"VisibilityTimeout": "60"})),
            ("table-protection", lambda: table.update_table(TableName=name, DeletionProtectionEnabled=False)),
            ("table-recovery", lambda: table.update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False})),
            ("event-rule", lambda: events.disable_rule(Name=rule, EventBusName="sluice")),
            ("event-permission", lambda: functions.remove_permission(
                FunctionName="sluice-registry-push", StatementId=self.statement(functions, rule))),
            ("secret", lambda: secrets.delete_secret(SecretId="erp/production/redis", RecoveryWindowInDays=7)),
            ("database-retention", lambda: self.accounts.client("rds").modify_db_instance(
                DBInstanceIdentifier="erp-production", BackupRetentionPeriod=0, ApplyImmediately=True)),
            ("execution-role", lambda: self.accounts.client("iam").put_role_policy(
                RoleName="erp-production-execution", PolicyName="secrets", PolicyDocument=json.dumps({
                    "Version": "2012-10-17", "Statement": [{
                        "Effect": "Allow", "Resource": "*", "Action": "ssm:GetParameters"}]}))),
            ("tag-mutability", lambda: ecr.put_image_tag_mutability(
                repositoryName="erp", imageTagMutability="MUTABLE")),
        )

    def statement(self, functions, rule):
        policy = json.loads(functions.get_policy(FunctionName="sluice-registry-push")["Policy"])
        return next(one["Sid"] for one in policy["Statement"] if rule in str(one))


if __name__ == "__main__":
    unittest.main()
