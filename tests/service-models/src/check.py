"""Whether AWS knows a request: each is read back by the service's own model, as botocore has it.

Reads a request a line from standard input, as JSON, and answers each with a line: the call, and what
AWS's model does not know of it. Ends with its input.
"""

import base64
import io
import json
import re
import sys
from urllib.parse import parse_qsl, unquote

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import RpcV2CBORParser

# The signing name in the credential scope, and botocore's names of what is signed so.
SERVICES = {
    "dynamodb": ["dynamodb"],
    "ecr": ["ecr"],
    "ecs": ["ecs"],
    "cloudformation": ["cloudformation"],
    "elasticloadbalancing": ["elb", "elbv2"],
    "events": ["events"],
    "iam": ["iam"],
    "lambda": ["lambda"],
    "logs": ["logs"],
    "monitoring": ["cloudwatch"],
    "rds": ["rds"],
    "codebuild": ["codebuild"],
    "codecommit": ["codecommit"],
    "secretsmanager": ["secretsmanager"],
    "sns": ["sns"],
    "sqs": ["sqs"],
    "ssm": ["ssm"],
    "sts": ["sts"],
}
# IAM's name of a service where it is another one than that which signs.
IAM = {"monitoring": "cloudwatch"}
INTEGER, NUMBER = re.compile(r"-?\d+"), re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")
ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
MODELS = {}


class Unknown(Exception):
    """A request of which no more can be said than this."""


def models(signed_for):
    if signed_for not in SERVICES:
        raise Unknown(f"no service signs as `{signed_for}`, of those that Sluice calls")
    if signed_for not in MODELS:
        load = Loader().load_service_model
        MODELS[signed_for] = [
            ServiceModel(load(name, "service-2"), name) for name in SERVICES[signed_for]
        ]
    return MODELS[signed_for]


def signed_for(headers):
    found = re.search(r"Credential=[^/]*/\d{8}/[^/]*/([^/]*)/aws4_request", headers.get("authorization", ""))
    if not found:
        raise Unknown("it is not signed")
    return found[1]


def at(path, name):
    return f"{path}.{name}" if path else name


def operation_of(model, name):
    if name not in model.operation_names:
        raise Unknown(f"{model.service_name} has no operation `{name}`")
    return model.operation_model(name)


def has_enum(shape, value, path, problems):
    if shape.enum and value not in shape.enum:
        problems.append(f"{path}: `{value}` is none of {', '.join(shape.enum)}")


def members_of(shape):
    """By their names in the protocol."""
    return {
        member.serialization.get("name", name): (name, member)
        for name, member in shape.members.items()
    }


class Tree:
    """A body that is a tree already: JSON, or CBOR."""

    def __init__(self, cbor):
        self.is_blob = (lambda v: isinstance(v, bytes)) if cbor else is_base64
        # Every JSON protocol here counts seconds; botocore's CBOR parser makes a time of its tag.
        self.is_time = (lambda v: hasattr(v, "isoformat")) if cbor else is_number

    def check(self, shape, value, path, problems):
        if getattr(shape, "is_document_type", False):
            return
        if shape.type_name == "structure":
            self.structure(shape, value, path, problems)
        elif shape.type_name == "list":
            if not isinstance(value, list):
                return wrong(path, value, "a list", problems)
            for number, one in enumerate(value):
                self.check(shape.member, one, f"{path}[{number}]", problems)
        elif shape.type_name == "map":
            if not isinstance(value, dict):
                return wrong(path, value, "a map", problems)
            for key, one in value.items():
                has_enum(shape.key, key, path, problems)
                self.check(shape.value, one, at(path, key), problems)
        else:
            self.scalar(shape, value, path, problems)

    def structure(self, shape, value, path, problems):
        if not isinstance(value, dict):
            return wrong(path, value, "a structure", problems)
        members = members_of(shape)
        for name, one in value.items():
            if name not in members:
                problems.append(f"{at(path, name)}: {shape.name} has no such member")
                continue
            self.check(members[name][1], one, at(path, name), problems)
        for wire_name, (name, _) in members.items():
            if name in shape.required_members and wire_name not in value:
                problems.append(f"{at(path, wire_name)}: {shape.name} must have it")
        if getattr(shape, "is_tagged_union", False) and len(value) != 1:
            problems.append(f"{path}: of the union {shape.name} one member is wanted, not {len(value)}")

    def scalar(self, shape, value, path, problems):
        kinds = {
            "string": ("a text", lambda v: isinstance(v, str)),
            "boolean": ("true or false", lambda v: isinstance(v, bool)),
            "integer": ("a whole number", is_integer),
            "long": ("a whole number", is_integer),
            "float": ("a number", is_number),
            "double": ("a number", is_number),
            "blob": ("a blob", self.is_blob),
            "timestamp": ("a time", self.is_time),
        }
        said, is_of_kind = kinds[shape.type_name]
        if not is_of_kind(value):
            return wrong(path, value, said, problems)
        if shape.type_name == "string":
            has_enum(shape, value, path, problems)


def is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_base64(value):
    try:
        return isinstance(value, str) and base64.b64decode(value, validate=True) is not None
    except ValueError:
        return False


def wrong(path, value, wanted, problems):
    problems.append(f"{path}: {wanted} is wanted, not a {type(value).__name__}")


class Form:
    """A body in the query protocol: every leaf has its whole path as its name."""

    def __init__(self, pairs):
        self.left = dict(pairs)

    def has(self, prefix):
        return any(name == prefix or name.startswith(prefix + ".") for name in self.left)

    def check(self, shape, prefix, problems):
        if shape.type_name == "structure":
            self.structure(shape, prefix, problems)
        elif shape.type_name == "list":
            self.items(shape, prefix, problems)
        elif shape.type_name == "map":
            self.entries(shape, prefix, problems)
        elif prefix in self.left:
            self.scalar(shape, prefix, problems)

    def structure(self, shape, prefix, problems):
        for wire_name, (name, member) in members_of(shape).items():
            path = at(prefix, wire_name)
            if self.has(path):
                self.check(member, path, problems)
            elif name in shape.required_members:
                problems.append(f"{path}: {shape.name} must have it")

    def items(self, shape, prefix, problems):
        # An empty list is its name alone.
        if self.left.get(prefix) == "":
            del self.left[prefix]
        name = shape.member.serialization.get("name")
        if shape.serialization.get("flattened"):
            path = at(prefix.rpartition(".")[0], name) if name else prefix
        else:
            path = at(prefix, name or "member")
        number = 1
        while self.has(at(path, number)):
            self.check(shape.member, at(path, number), problems)
            number += 1

    def entries(self, shape, prefix, problems):
        path = prefix if shape.serialization.get("flattened") else at(prefix, "entry")
        key = shape.key.serialization.get("name", "key")
        value = shape.value.serialization.get("name", "value")
        number = 1
        while self.has(at(path, number)):
            self.check(shape.key, at(at(path, number), key), problems)
            self.check(shape.value, at(at(path, number), value), problems)
            number += 1

    def scalar(self, shape, path, problems):
        value = self.left.pop(path)
        kinds = {
            "boolean": ("true or false", lambda v: v in ("true", "false")),
            "integer": ("a whole number", INTEGER.fullmatch),
            "long": ("a whole number", INTEGER.fullmatch),
            "float": ("a number", NUMBER.fullmatch),
            "double": ("a number", NUMBER.fullmatch),
            "blob": ("a blob", is_base64),
            "timestamp": ("a time", ISO_8601.fullmatch),
            "string": ("a text", lambda _: True),
        }
        said, is_of_kind = kinds[shape.type_name]
        if not is_of_kind(value):
            problems.append(f"{path}: {said} is wanted, not `{value}`")
        if shape.type_name == "string":
            has_enum(shape, value, path, problems)


def json_request(model, headers, body):
    prefix, _, name = headers["x-amz-target"].rpartition(".")
    if prefix != model.metadata["targetPrefix"]:
        raise Unknown(f"`{prefix}` is not {model.service_name}'s prefix of x-amz-target")
    expected = f"application/x-amz-json-{model.metadata['jsonVersion']}"
    problems = []
    if headers.get("content-type") != expected:
        problems.append(f"content-type: `{expected}` is wanted, not `{headers.get('content-type')}`")
    operation = operation_of(model, name)
    check_tree(operation, Tree(cbor=False), json.loads(body), problems)
    return name, problems


def check_tree(operation, tree, value, problems):
    if operation.input_shape:
        tree.check(operation.input_shape, value, "", problems)
    elif value:
        problems.append(f"{operation.name} takes nothing, and was given {sorted(value)}")


def form_request(candidates, body):
    form = Form(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
    name, version = form.left.pop("Action", None), form.left.pop("Version", None)
    model = next((m for m in candidates if m.metadata["apiVersion"] == version), None)
    if model is None or not name:
        raise Unknown(f"`{name}` of version `{version}` is no call of {candidates[0].service_name}")
    if "query" not in model.metadata["protocols"]:
        raise Unknown(f"{model.service_name} does not speak the query protocol")
    operation, problems = operation_of(model, name), []
    if operation.input_shape:
        form.structure(operation.input_shape, "", problems)
    problems.extend(f"{left}: {name} has no such member" for left in sorted(form.left))
    return name, problems


def cbor_request(model, path, headers, body):
    service, _, name = path.removeprefix("/service/").partition("/operation/")
    if service != model.metadata["targetPrefix"]:
        raise Unknown(f"`{service}` is not {model.service_name}'s name in a path")
    problems = []
    if headers.get("smithy-protocol") != "rpc-v2-cbor":
        problems.append("smithy-protocol: `rpc-v2-cbor` is wanted")
    if headers.get("content-type") != "application/cbor":
        problems.append(f"content-type: `application/cbor` is wanted, not `{headers.get('content-type')}`")
    operation = operation_of(model, name)
    value = RpcV2CBORParser().parse_data_item(io.BufferedReader(io.BytesIO(body))) if body else {}
    check_tree(operation, Tree(cbor=True), value, problems)
    return name, problems


def check(request):
    headers = {name.lower(): value for name, value in request["headers"]}
    body, path = base64.b64decode(request["body"]), unquote(request["path"])
    service = signed_for(headers)
    candidates = models(service)
    if "x-amz-target" in headers:
        name, problems = json_request(candidates[0], headers, body)
    elif path.startswith("/service/"):
        name, problems = cbor_request(candidates[0], path, headers, body)
    else:
        name, problems = form_request(candidates, body)
    return f"{IAM.get(service, service)}:{name}", problems


def answer(line):
    request = json.loads(line)
    try:
        call, problems = check(request)
    except Unknown as why:
        call, problems = request["path"], [str(why)]
    return {"call": call, "problems": problems}


for line in sys.stdin:
    print(json.dumps(answer(line)), flush=True)
