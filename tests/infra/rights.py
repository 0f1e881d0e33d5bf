"""What the roles of the templates allow, held against what the code calls."""

import functools
import json
import pathlib
import re

import cfnlint
from botocore.session import get_session

from templates import ROOT, as_list, policies

SOURCE = ROOT / "shared" / "aws" / "src"
# Services by the names that `ClientSet` and IAM have for them, and botocore's.
SERVICES = {
    "cloudformation": ("cloudformation", "cloudformation"),
    "cloudwatch": ("cloudwatch", "cloudwatch"),
    "codebuild": ("codebuild", "codebuild"),
    "codecommit": ("codecommit", "codecommit"),
    "dynamodb": ("dynamodb", "dynamodb"),
    "ecr": ("ecr", "ecr"),
    "ecs": ("ecs", "ecs"),
    "event_bridge": ("events", "events"),
    "iam": ("iam", "iam"),
    "lambda": ("lambda", "lambda"),
    "elb": ("elasticloadbalancing", "elbv2"),
    "logs": ("logs", "logs"),
    "rds": ("rds", "rds"),
    "secrets_manager": ("secretsmanager", "secretsmanager"),
    "sns": ("sns", "sns"),
    "sqs": ("sqs", "sqs"),
    "ssm": ("ssm", "ssm"),
    "sts": ("sts", "sts"),
}
# Calls that the SDK makes by another way than its client's methods, and where that stands.
IN_OTHER_WORDS = {
    "ecs:RegisterTaskDefinition": "RegisterTaskDefinitionInput::builder()",
    "sts:AssumeRole": "AssumeRoleProvider::builder(",
}
# Calls that no function makes: `create_table` is what tests have for a table.
OF_TESTS = {"dynamodb:CreateTable", "dynamodb:DescribeTable"}
# Calls for which IAM has other names. A transaction is allowed by what is in it.
ACTIONS = {
    # As its reference says; there is no action of its own.
    "ecr:ListImageReferrers": {"ecr:BatchGetImage"},
    "dynamodb:TransactWriteItems": {"dynamodb:PutItem", "dynamodb:UpdateItem"},
    "sts:GetCallerIdentity": set(),  # It needs no right.
}
# What is called with Sluice's own credentials, by file; everything else is with a role.
OWN_FILES = (
    "clients.rs", "codebuild.rs", "codecommit.rs", "dynamodb/", "event_bus.rs", "own_secret.rs", "sqs.rs", "topic.rs",
)
# What `sluice doctor` reads, with a person's own credentials. No function has it.
DOCTOR_FILES = ("doctor/",)
# Asked with the environment's role where the registry is in its account, and with Sluice's own elsewhere.
EITHER_FILES = ("ecr",)


def _sources():
    for path in sorted(SOURCE.rglob("*.rs")):
        name = path.relative_to(SOURCE).as_posix()
        if "tests" not in name and name != "test_cloud.rs":
            yield name, path.read_text().split("#[cfg(test)]\nmod tests {")[0]


@functools.cache
def calls():
    """Each call that the adapters make, and the files that make it, by the methods of the SDK's clients."""
    session = get_session()
    operations = {}
    for client, (iam, botocore) in SERVICES.items():
        for operation in session.get_service_model(botocore).operation_names:
            snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", operation).lower()
            operations.setdefault(snake, {})[client] = f"{iam}:{operation}"
    found = {}
    for name, text in _sources():
        for match in re.finditer(r"\.(\w+)\(\)", text):
            candidates = operations.get(match[1])
            if candidates:
                client = _client_before(name, text[: match.start()], candidates)
                found.setdefault(candidates[client], set()).add(name)
        for call, words in IN_OTHER_WORDS.items():
            if words in text:
                found.setdefault(call, set()).add(name)
    return found


def _client_before(name, text, candidates):
    if len(candidates) == 1:
        return next(iter(candidates))
    named = re.findall(r"\.(%s)\(\)" % "|".join(SERVICES), text)
    return named[-1] if named and named[-1] in candidates else name.split("/")[0].removesuffix(".rs")


def named_calls():
    """Each call that the adapters name in their errors."""
    return {
        call
        for _, text in _sources()
        for call in re.findall(r'"([a-z]+:[A-Z][A-Za-z]+)"', text)
    }


def actions(call):
    return ACTIONS.get(call, {call})


@functools.cache
def called_by_functions():
    return _called(lambda name: name.startswith(OWN_FILES + EITHER_FILES))


@functools.cache
def called_by_roles():
    return _called(lambda name: not name.startswith(OWN_FILES + DOCTOR_FILES))


@functools.cache
def called_by_doctor():
    return _called(lambda name: name.startswith(DOCTOR_FILES), of_tests=set())


def _called(by, of_tests=frozenset(OF_TESTS)):
    return {
        action
        for call, files in calls().items()
        if call not in of_tests and any(map(by, files))
        for action in actions(call)
    }


def allowed(template):
    """The actions that each role may have, by role."""
    found = {}
    for _, role, statement in policies(template):
        if statement["Effect"] == "Allow":
            found.setdefault(role, set()).update(as_list(statement["Action"]))
    return found


def known_actions():
    """IAM's actions and the kinds of resources that each can be narrowed to, as AWS publishes them."""
    path = pathlib.Path(cfnlint.__file__).parent / "data/AdditionalSpecs/Policies.json"
    services = json.loads(path.read_text())
    return {
        f"{service}:{action}".lower(): about.get("Resources", [])
        for service, has in services.items()
        for action, about in has["Actions"].items()
    }
