"""The templates of `infra/`, as CloudFormation reads them."""

import functools
import json
import pathlib

from cfnlint.decode import decode

ROOT = pathlib.Path(__file__).parents[2]
SLUICE = ROOT / "infra" / "sluice.yaml"
ENVIRONMENT = ROOT / "infra" / "environment.yaml"


@functools.cache
def _read(path):
    template, problems = decode(str(path))
    assert not problems, problems
    return json.dumps(template)


def read(path):
    """A template that may be changed."""
    return json.loads(_read(path))


def as_list(value):
    return value if isinstance(value, list) else [value]


def branches(value):
    """What a value of a list may be: an `If` is both of its sides, and `AWS::NoValue` is none."""
    if isinstance(value, dict) and "Fn::If" in value:
        _, yes, no = value["Fn::If"]
        return branches(yes) + branches(no)
    if value == {"Ref": "AWS::NoValue"}:
        return []
    return [value]


def policies(template):
    """(resource, role or policy, statement) of every policy that a role has or may have."""
    resources = template["Resources"]
    found = []
    for name, resource in resources.items():
        properties = resource["Properties"]
        documents = []
        if resource["Type"] == "AWS::IAM::Role":
            inline = [one for entry in properties["Policies"] for one in branches(entry)]
            documents = [(name, one["PolicyDocument"]) for one in inline]
        elif resource["Type"] == "AWS::IAM::Policy":
            roles = [role["Ref"] for role in properties["Roles"]]
            documents = [(role, properties["PolicyDocument"]) for role in roles]
        elif resource["Type"] == "AWS::IAM::ManagedPolicy":
            documents = [(role, properties["PolicyDocument"]) for role in _attached(resources, name)]
        for role, document in documents:
            for entry in document["Statement"]:
                found += [(name, role, statement) for statement in branches(entry)]
    return found


def _attached(resources, policy):
    for name, resource in resources.items():
        managed = resource["Properties"].get("ManagedPolicyArns", [])
        if any({"Ref": policy} in branches(entry) for entry in managed):
            yield name
