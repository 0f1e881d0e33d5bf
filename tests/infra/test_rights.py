"""The roles of the templates allow what the code calls, and nothing besides. Each right is used by a
call or stands here with its reason; mutations of the templates show that the checks find what they are
for."""

import json
import re
import unittest

import rights
from templates import ENVIRONMENT, ROOT, SLUICE, as_list, policies, read

STORE = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"}
IMAGES = {
    "ecr:BatchGetImage",
    "ecr:DescribeImageScanFindings",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
}
WORK = STORE | IMAGES | {
    "events:PutEvents", "sns:Publish", "sqs:SendMessage", "secretsmanager:GetSecretValue", "sts:AssumeRole"}
SOURCE = {
    "codecommit:GetBranch",
    "codecommit:GetCommit",
    "codecommit:GetMergeCommit",
    "codecommit:GetPullRequest",
    "codecommit:ListBranches",
    "codecommit:ListPullRequests",
    "codecommit:PostCommentForPullRequest",
    "codecommit:UpdateComment",
    "codecommit:UpdatePullRequestApprovalState",
}
BUILDS = {"codebuild:BatchGetBuilds", "codebuild:ListBuildsForProject"}
LOOKS_AT_COMMITS = {
    "codecommit:GetBranch",
    "codecommit:GetCommit",
    "codecommit:GetMergeCommit",
    "codecommit:ListBranches",
}
LOOKS_AT_DATABASES = {
    "rds:DescribeDBClusterSnapshots",
    "rds:DescribeDBClusters",
    "rds:DescribeDBInstances",
    "rds:DescribeDBSnapshots",
}
LOOKS_AT_SERVICES = {
    "cloudwatch:DescribeAlarms",
    "ecs:DescribeServiceRevisions",
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "ecs:ListServiceDeployments",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
}

# What each role's holder calls. That no function calls more, `tests/account` shows with the real
# binaries; that the adapters make these calls and no others is read from their source.
CALLED = {
    SLUICE: {
        "RegistryPushRole": STORE | {"sqs:SendMessage"},
        "SourcePushRole": SOURCE
        | BUILDS
        | {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem", "secretsmanager:GetSecretValue", "sqs:SendMessage"},
        "SlackRole": STORE
        | {"sqs:SendMessage", "secretsmanager:GetSecretValue", "sts:AssumeRole", "ecr:DescribeImages"},
        "OperateRole": STORE
        | {"sqs:SendMessage", "secretsmanager:GetSecretValue", "sts:AssumeRole", "ecr:DescribeImages"},
        "RolloutHookRole": {"dynamodb:GetItem", "dynamodb:Query", "sqs:SendMessage"},
        "AdvanceRole": WORK | LOOKS_AT_COMMITS,
        "HealthCheckRole": WORK | SOURCE | BUILDS,
        "ForwardRole": {"events:PutEvents"},
    },
    ENVIRONMENT: {
        "Role": None,  # Whatever an adapter calls with a role.
        "ReadRole": LOOKS_AT_DATABASES
        | LOOKS_AT_SERVICES
        | {"cloudformation:DescribeStacks", "cloudformation:GetTemplate", "ecr:DescribeImages"},
        "RolloutHookRole": {"dynamodb:GetItem", "dynamodb:Query", "sqs:SendMessage"},
        "ForwardRole": {"events:PutEvents"},
    },
}

LOG = ("logs:CreateLogStream", "logs:PutLogEvents")
INTERFACES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)
# Rights that no call of the code uses, and what they are for.
UNCALLED = {
    **{action: "Lambda writes a function's log with the function's role" for action in LOG},
    **{action: "Lambda makes a function's interfaces in a VPC with its role" for action in INTERFACES},
    "sqs:DeleteMessage": "Lambda takes messages off the queue with the role of advance",
    "sqs:GetQueueAttributes": "Lambda takes messages off the queue with the role of advance",
    "sqs:ReceiveMessage": "Lambda takes messages off the queue with the role of advance",
    "lambda:InvokeFunction": "ECS calls the hook with it",
    "ecs:TagResource": "RegisterTaskDefinition with tags needs it",
    "rds:AddTagsToResource": "CreateDBSnapshot and all that makes a copy, with tags, need it",
    "rds:ListTagsForResource": "RDS tells the tags of what it describes only to who may list them",
    "iam:PassRole": "RegisterTaskDefinition, RunTask, UpdateService and copies name roles",
    "s3:GetObject": "CloudFormation reads a template with the caller's right to it",
    "kms:CreateGrant": "RDS encrypts a copy with the caller's right to its key",
    "kms:Decrypt": "DynamoDB, SQS and Secrets Manager decrypt with the caller's right to the key",
    "kms:DescribeKey": "RDS looks at a copy's key with the caller's right to it",
    "kms:GenerateDataKey": "SQS encrypts a message with the caller's right to the key",
}
# Statements of `Resource: "*"` with an action that could be narrowed, and why it is not.
WIDE = {
    "cloudformation:GetTemplateSummary": "a template in S3 is no resource of CloudFormation's",
    "ecs:ListTasks": "its only resource is a machine, of which Fargate has none; the cluster is a condition",
    "cloudwatch:GetMetricData": "its only resource is a dataset; the metrics of a load balancer are none",
    "cloudwatch:DescribeAlarms": "narrowed it is silent about composite alarms",
    **{action: "the interfaces are not there before; the code itself is denied them" for action in INTERFACES},
}
# Actions that need several resources, by what is in the ARN of each; a quote is its end.
EACH_OF = {
    "rds:CreateDBSnapshot": ("db:${Database}'", "snapshot:sluice-${Environment}-", "snapshot:sluice-rehearsal-"),
    "rds:CreateDBClusterSnapshot": ("cluster:${Database}'", "cluster-snapshot:sluice-"),
    "rds:CreateDBInstance": (":db:sluice-rehearsal-", ":db:${Database}-restored-", ":pg:*", ":subgrp:*"),
    "rds:RestoreDBInstanceFromDBSnapshot": (
        ":db:sluice-rehearsal-", ":db:${Database}-restored-", ":snapshot:sluice-", ":pg:*", ":og:*", ":subgrp:*"),
    "rds:RestoreDBInstanceToPointInTime": (
        ":db:${Database}'", ":db:${Database}-restored-", ":pg:*", ":og:*", ":subgrp:*"),
    "rds:RestoreDBClusterFromSnapshot": (
        ":cluster:sluice-rehearsal-", ":cluster:${Database}-restored-", ":cluster-snapshot:sluice-", ":cluster-pg:*",
        ":subgrp:*"),
    "rds:RestoreDBClusterToPointInTime": (
        ":cluster:${Database}'", ":cluster:${Database}-restored-", ":cluster-pg:*", ":subgrp:*"),
    "rds:ModifyDBInstance": (
        ":db:${Database}'", ":db:${Database}-restored-", ":db:${Database}-before-", ":db:sluice-rehearsal-", ":pg:*"),
    "rds:ModifyDBCluster": (":cluster:${Database}'", ":cluster:${Database}-restored-", ":cluster-pg:*"),
    "cloudformation:GetTemplateSummary": (":stack/${Stack}/", " *'"),
    "ecs:StopServiceDeployment": (":service/", ":service-deployment/"),
    "ecs:DescribeServiceRevisions": (":service/", ":service-revision/"),
}
# Whose wake-ups and dead letters go where.
WRITES_TO = {
    "RegistryPushRole": ("Queue", "DeadLetters"),
    "SourcePushRole": ("DeadLetters",),
    "SlackRole": ("Queue",),
    "OperateRole": ("Queue",),
    "RolloutHookRole": ("Queue",),
    "AdvanceRole": ("Queue",),
    "HealthCheckRole": ("Queue", "DeadLetters"),
}
# Actions that are allowed only under a condition of this key.
CONDITIONED = {
    **{action: (SLUICE, "aws:ResourceAccount") for action in SOURCE | BUILDS},
    "ecr:BatchGetImage": (SLUICE, "aws:ResourceAccount"),
    "ecr:DescribeImages": (SLUICE, "aws:ResourceAccount"),
    "ecs:ListTasks": (ENVIRONMENT, "ecs:cluster"),
    "ecs:RunTask": (ENVIRONMENT, "ecs:cluster"),
    "ecs:TagResource": (ENVIRONMENT, "ecs:CreateAction"),
    "iam:PassRole": (ENVIRONMENT, "iam:PassedToService"),
    "kms:CreateGrant": (ENVIRONMENT, "kms:GrantIsForAWSResource"),
    "kms:DescribeKey": (ENVIRONMENT, "kms:ViaService"),
}
DELETES = {
    "rds:DeleteDBCluster": "aws:ResourceTag/sluice:purpose",
    "rds:DeleteDBInstance": "aws:ResourceTag/sluice:purpose",
    "rds:DeleteDBClusterSnapshot": "aws:ResourceTag/sluice:deployment",
    "rds:DeleteDBSnapshot": "aws:ResourceTag/sluice:deployment",
}


def conditions(statement):
    return {key for keys in statement.get("Condition", {}).values() for key in keys}


def unused_and_missing(path, template):
    has = rights.allowed(template)
    for role, calls in CALLED[path].items():
        calls = rights.called_by_roles() if calls is None else calls
        for action in sorted(calls - has.get(role, set())):
            yield f"{role} lacks {action}"
    for role, actions in has.items():
        calls = CALLED[path].get(role, set())
        calls = rights.called_by_roles() if calls is None else calls
        for action in sorted(actions - calls - set(UNCALLED)):
            yield f"{role} has {action}, which is not used"


def too_wide(template, known):
    for where, _, statement in policies(template):
        if statement["Effect"] == "Deny":
            continue
        for action in as_list(statement["Action"]):
            if action.lower() not in known:
                yield f"{where}: {action} is no action"
            elif known[action.lower()] and as_list(statement["Resource"]) == ["*"] and action not in WIDE:
                yield f"{where}: {action} is not narrowed to a resource"
            elif not known[action.lower()] and as_list(statement["Resource"]) != ["*"]:
                yield f"{where}: {action} knows no resources, so this allows nothing"


def too_narrow(path, template):
    resources = {}
    for _, role, statement in policies(template):
        if statement["Effect"] == "Allow":
            for action in as_list(statement["Action"]):
                resources.setdefault((role, action), []).extend(as_list(statement["Resource"]))
    for (role, action), there in resources.items():
        text = " ".join(f"{one}'" for one in map(str, there))
        for needed in EACH_OF.get(action, ()):
            if needed not in text:
                yield f"{role}: {action} lacks {needed}"
    if path == SLUICE:
        for role, queues in WRITES_TO.items():
            sent = str(resources.get((role, "sqs:SendMessage"), []))
            for queue in queues:
                if f"['{queue}', 'Arn']" not in sent:
                    yield f"{role}: sqs:SendMessage to {queue}"
        for role in ("HealthCheckRole", "OperateRole"):
            queried = map(str, resources.get((role, "dynamodb:Query"), []))
            if sum("Table" in one for one in queried) < 2:
                yield f"{role}: dynamodb:Query of the table and of its index"


def unconditional(path, template):
    statements = [statement for _, _, statement in policies(template)]
    for statement in (one for one in statements if one["Effect"] == "Allow"):
        for action in as_list(statement["Action"]):
            where, key = CONDITIONED.get(action, (None, None))
            if where == path and key not in conditions(statement):
                yield f"{action} without {key}"
            if action == "kms:Decrypt" and statement.get("Sid") == "KeyOfSecrets":
                if "kms:ViaService" not in conditions(statement):
                    yield "kms:Decrypt without kms:ViaService"
            if action in DELETES:
                yield from undeniable(action, statement, statements)


def undeniable(action, statement, statements):
    if DELETES[action] not in conditions(statement):
        yield f"{action} of what is not Sluice's"
    denies = [one for one in statements if one["Effect"] == "Deny" and action in as_list(one["Action"])]
    if not any(DELETES[action] in conditions(one) and one["Resource"] == "*" for one in denies):
        yield f"{action} is not denied of what is not Sluice's"


def too_trusting(template):
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::IAM::Role":
            continue
        for statement in resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]:
            needed = {"aws:PrincipalArn", "sts:RoleSessionName"} if "AWS" in statement["Principal"] else set()
            for key in sorted(needed - conditions(statement)):
                yield f"{name} is assumed without {key}"


def problems(path, template, known):
    return [
        *unused_and_missing(path, template),
        *too_wide(template, known),
        *too_narrow(path, template),
        *unconditional(path, template),
        *too_trusting(template),
    ]


def mutants(path):
    """(what was done, the template) of each mutation: every action taken away, one more given, every
    resource made wide, every condition dropped, every denial dropped."""
    count = len(policies(read(path)))
    for number in range(count):
        where, _, statement = policies(read(path))[number]
        sid = f"{where}.{statement.get('Sid', number)}"
        if statement["Effect"] == "Deny":
            template = read(path)
            policies(template)[number][2]["Effect"] = "Allow"
            yield f"{sid}: allowed instead of denied", template
            continue
        for action in as_list(statement["Action"]):
            template = read(path)
            left = [one for one in as_list(statement["Action"]) if one != action]
            policies(template)[number][2]["Action"] = left
            yield f"{sid}: without {action}", template
        template = read(path)
        policies(template)[number][2]["Action"] = [*as_list(statement["Action"]), "ecs:DeleteService"]
        yield f"{sid}: one action more", template
        if as_list(statement["Resource"]) != ["*"]:
            template = read(path)
            policies(template)[number][2]["Resource"] = "*"
            yield f"{sid}: any resource", template
        if "Condition" in statement:
            template = read(path)
            del policies(template)[number][2]["Condition"]
            yield f"{sid}: without condition", template


def trusting_mutants(path):
    """Each condition under which somebody else's role assumes one, dropped."""
    for name, resource in read(path)["Resources"].items():
        if resource["Type"] != "AWS::IAM::Role":
            continue
        trust = resource["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]
        for operator in trust.get("Condition", {}) if "AWS" in trust["Principal"] else ():
            template = read(path)
            properties = template["Resources"][name]["Properties"]
            del properties["AssumeRolePolicyDocument"]["Statement"][0]["Condition"][operator]
            yield f"{name}: assumed without {operator}", template


# Mutations that change nothing that these checks are about, and why.
SURVIVORS = {
    "without logs:": "what Lambda itself does shows only in Lambda",
    "without ec2:": "what Lambda itself does shows only in Lambda",
    "without sqs:DeleteMessage": "what Lambda itself does shows only in Lambda",
    "without sqs:GetQueueAttributes": "what Lambda itself does shows only in Lambda",
    "without sqs:ReceiveMessage": "what Lambda itself does shows only in Lambda",
    "without events:": "what EventBridge itself does shows only there",
    "without lambda:": "what ECS itself does shows only there",
    "without s3:": "what CloudFormation does with the caller's right",
    "without kms:": "what other services do with the caller's right",
    "without iam:PassRole": "needed by ECS's and RDS's own checks",
    "without ecs:TagResource": "needed by ECS's own checks",
    "without rds:AddTagsToResource": "needed by RDS's own checks",
    "without rds:ListTagsForResource": "what RDS shows",
}


class Rights(unittest.TestCase):
    def setUp(self):
        self.known = rights.known_actions()

    def test_the_calls_are_read_from_the_source(self):
        calls = rights.calls()
        self.assertGreater(len(calls), 45)
        self.assertEqual(set(calls), rights.named_calls(), "by method, and by the name in the error")

    def test_functions_call_what_their_roles_list(self):
        called = set().union(*CALLED[SLUICE].values())
        self.assertEqual(called, rights.called_by_functions())

    def test_exactly_what_is_called_is_allowed(self):
        for path in CALLED:
            self.assertEqual(problems(path, read(path), self.known), [], path.name)

    def test_reasons_are_of_rights_that_are_there(self):
        has = set().union(*(set().union(*rights.allowed(read(path)).values()) for path in CALLED))
        self.assertEqual(set(UNCALLED) - has, set())
        called = rights.called_by_roles() | rights.called_by_functions()
        self.assertEqual(set(UNCALLED) & called, set())

    def test_mutations_are_found(self):
        for path in CALLED:
            for what, template in [*mutants(path), *trusting_mutants(path)]:
                with self.subTest(f"{path.name}: {what}"):
                    if not problems(path, template, self.known):
                        self.assertTrue(any(reason in what for reason in SURVIVORS), "not found")


# Rights of an environment's role that doctor does not ask about: those for an environment's stack, and those
# for rehearsals and restores, since IAM's simulation cannot be given several resources with their tags at once.
NOT_ASKED = {
    "cloudformation:CreateChangeSet",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:GetTemplate",
    "cloudformation:GetTemplateSummary",
    "rds:CreateDBInstance",
    "rds:DeleteDBCluster",
    "rds:DeleteDBInstance",
    "rds:RebootDBInstance",
    "rds:RestoreDBClusterToPointInTime",
    "rds:RestoreDBInstanceToPointInTime",
}
READS = ("Describe", "Get", "List", "Simulate", "Test")


class Doctor(unittest.TestCase):
    """What `sluice doctor` may do, and the rights that it asks IAM about."""

    def test_the_policy_allows_what_doctor_reads_and_nothing_besides(self):
        policy = json.loads((ROOT / "infra/doctor-policy.json").read_text())
        everything, token = policy["Statement"]
        self.assertEqual(set(everything["Action"]), rights.called_by_doctor())
        for action in everything["Action"]:
            self.assertIn(action.lower(), rights.known_actions())
            self.assertTrue(action.split(":")[1].startswith(READS), action)
        self.assertEqual(token["Action"], "secretsmanager:GetSecretValue")
        self.assertTrue(token["Resource"].endswith(":secret:BotToken-*"))
        self.assertIn("BotToken", read(SLUICE)["Resources"], "CloudFormation names the secret after this")

    def test_it_asks_about_the_rights_that_the_functions_use(self):
        table = json.loads((ROOT / "shared/doctor/src/rights.json").read_text())
        asked = {
            holder: {action for line in lines for action in line["actions"]} for holder, lines in table.items()
        }
        allowed = rights.allowed(read(SLUICE))
        for role, called in CALLED[SLUICE].items():
            if role == "ForwardRole":
                continue
            name = re.sub(r"(?<!^)(?=[A-Z])", "-", role.removesuffix("Role")).lower()
            self.assertEqual(called - asked[name], set(), name)
            self.assertEqual(asked[name] - allowed[role], set(), name)
        allowed = rights.allowed(read(ENVIRONMENT))
        self.assertEqual(rights.called_by_roles() - asked["environment"], NOT_ASKED)
        self.assertEqual(asked["environment"] - allowed["Role"], set())
        self.assertEqual(CALLED[ENVIRONMENT]["ReadRole"] - NOT_ASKED - asked["environment-read"], set())
        self.assertEqual(asked["environment-read"] - allowed["ReadRole"], set())


if __name__ == "__main__":
    unittest.main()
