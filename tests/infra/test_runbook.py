"""docs/runbook.md has a section for each alarm of the templates and for no other; every name in its
commands is one that the templates give, and every AWS command is one that the AWS CLI knows. What is
planted is found."""

import functools
import re
import shlex
import unittest

import botocore.session
from botocore import xform_name

from templates import ENVIRONMENT, ROOT, SLUICE, read

RUNBOOK = ROOT / "docs" / "runbook.md"
SECURITY = ROOT / "docs" / "security.md"
OPERATE = ROOT / "docs" / "operate.md"

# What a section says, in this order.
PARTS = ["**It means**", "**For users:**", "**For deployments:**", "**Do:**", "**It is over**"]

# Stacks that the page names.
STACKS = {"sluice": SLUICE, "erp-production": ENVIRONMENT}

# Options of the AWS CLI itself, and those that it makes of a boolean.
EVERYWHERE = {"query", "output", "max-items", "region", "profile"}


def named(value):
    """A name, as it is for a stack called sluice."""
    if isinstance(value, dict) and "Fn::Sub" in value:
        value = value["Fn::Sub"]
    if value == {"Ref": "AWS::StackName"}:
        value = "sluice"
    if not isinstance(value, str):
        return None
    return value.replace("${AWS::StackName}", "sluice").replace("${Sluice}", "sluice")


@functools.cache
def templates():
    return read(SLUICE), read(ENVIRONMENT)


@functools.cache
def names():
    """Every name that the templates give to what they create."""
    found = set()
    for template in templates():
        for resource in template["Resources"].values():
            for key, value in resource.get("Properties", {}).items():
                if key.endswith("Name") and named(value):
                    found.add(named(value))
    return found


@functools.cache
def alarms():
    """(name, resource, template) of every alarm."""
    return {
        (named(resource["Properties"]["AlarmName"]), name, str(path.relative_to(ROOT)))
        for path in (SLUICE, ENVIRONMENT)
        for name, resource in read(path)["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }


def commands(text):
    """Every line of every block, with those that a line ends in a backslash."""
    for block in re.findall(r"```sh\n(.*?)```", text, re.S):
        yield from block.replace("\\\n", " ").splitlines()


def calls(line):
    """The words of each call of `aws` in a line, also of those in `$(...)` and in pipes."""
    for start in re.finditer(r"(?:^|[;|({&] ?|while )aws (?=[a-z])", line):
        words, depth, quote = "", 0, ""
        for letter in line[start.end():]:
            if quote:
                quote = "" if letter == quote else quote
            elif letter in "'\"":
                quote = letter
            elif letter in "();|&<>" and depth == 0:
                break
            if not quote and letter in "()":
                depth += 1 if letter == "(" else -1
            words += letter
        words = re.sub(r'"\$\(.*?\)"|\$\(.*?\)', "VALUE", words)
        yield shlex.split(words)


@functools.cache
def models():
    return botocore.session.get_session()


@functools.cache
def services():
    return set(models().get_available_services())


@functools.cache
def operations(service):
    model = models().get_service_model(service)
    return {xform_name(name, "-"): model.operation_model(name) for name in model.operation_names}


def options(operation):
    found = set()
    for name, shape in (operation.input_shape.members if operation.input_shape else {}).items():
        found.add(xform_name(name, "-"))
        if shape.type_name == "boolean":
            found.add("no-" + xform_name(name, "-"))
    return found


@functools.cache
def misspelt(words):
    """What the AWS CLI would refuse in a call."""
    service, verb, *rest = words
    if service not in services():
        return [f"aws {service}: no such service"]
    if verb == "wait":
        verb, *rest = rest
        waiters = models().get_waiter_model(service)
        known = {xform_name(name, "-"): waiters.get_waiter(name).operation for name in waiters.waiter_names}
        if verb not in known:
            return [f"aws {service} wait {verb}: no such waiter"]
        verb = xform_name(known[verb], "-")
    if verb not in operations(service):
        return [f"aws {service} {verb}: no such operation"]
    operation = operations(service)[verb]
    known = options(operation) | EVERYWHERE
    given = {word[2:] for word in rest if word.startswith("--")}
    found = [f"aws {service} {verb} --{one}: no such option" for one in sorted(given - known)]
    required = operation.input_shape.required_members if operation.input_shape else []
    missing = {xform_name(name, "-") for name in required} - given
    return found + [f"aws {service} {verb}: --{one} is missing" for one in sorted(missing)]


def wrong(text):
    """Everything that does not agree with the templates, in words."""
    found = []
    rows = set(re.findall(r"^\| \[`([^`]+)`\]\(#\1\) \| `([^`]+)` \| `([^`]+)` \|", text, re.M))
    found += [f"the alarm {one} is not in the table" for one in sorted(alarms() - rows)]
    found += [f"the table's {one} is no alarm of the templates" for one in sorted(rows - alarms())]

    sections = dict(re.findall(r"^### `([^`]+)`\n(.*?)(?=^##)", text, re.M | re.S))
    expected = {name for name, _, _ in alarms()}
    found += [f"the alarm {one} has no section" for one in sorted(expected - set(sections))]
    found += [f"the section {one} is about no alarm" for one in sorted(set(sections) - expected)]
    for name, section in sections.items():
        places = [section.find(part) for part in PARTS]
        if -1 in places or places != sorted(places):
            found.append(f"the section {name} does not say {', '.join(PARTS)} in this order")

    sluice, _ = templates()
    lines = list(commands(text))
    block = "\n".join(lines)
    given = set(re.findall(r"^([A-Z_]+)=", block, re.M))
    for line in lines:
        # Names in the prose of a command, such as a reason, are not names of resources.
        bare = re.sub(r'--(?:reason|description) "[^"]*"', "", line)
        for name in re.findall(r"(?<![\w:./-])(?:/aws/lambda/)?sluice-[a-z][a-z-]*[a-z]", bare):
            if name not in names():
                found.append(f"`{name}` in `{line}` is no name of the templates")
        for hook in re.findall(r'endswith\(":([^"]+)"\)', bare):
            if hook not in names():
                found.append(f"`{hook}` in `{line}` is no name of the templates")
        for output in re.findall(r"\$\(output (\w+)\)", line):
            if output not in sluice["Outputs"]:
                found.append(f"the stack has no output {output}")
        for resource in re.findall(r"\$\(resource (\w+)\)", line):
            if resource not in sluice["Resources"]:
                found.append(f"the stack has no resource {resource}")
        for variable in re.findall(r"\$([A-Z_]+)", line):
            if variable not in given:
                found.append(f"${variable} in `{line}` is set nowhere")
        for stack in re.findall(r"--stack-name ([\w-]+)", line):
            if stack not in STACKS:
                found.append(f"the stack {stack} in `{line}` is deployed by no command of docs/install.md")
        for parameters in re.findall(r"infra/deploy sluice .*--parameter-overrides (.*)", line):
            for pair in shlex.split(parameters):
                if pair.split("=")[0] not in sluice["Parameters"]:
                    found.append(f"infra/sluice.yaml has no parameter {pair}")
        for words in calls(line):
            found += [f"{one}, in `{line}`" for one in misspelt(tuple(words))]

    return found + dangling(text)


def dangling(text):
    """Links of a page in docs/ that lead nowhere."""
    found = [f"#{target} is no heading" for target in re.findall(r"\]\(#([^)]+)\)", text) if target not in anchors(text)]
    for page, target in re.findall(r"\]\(([\w./-]+\.md)(?:#([^)]+))?\)", text):
        path = (RUNBOOK.parent / page).resolve()
        if not path.is_file():
            found.append(f"{page} does not exist")
        elif target and target not in anchors(path.read_text()):
            found.append(f"{page} has no heading #{target}")
    return found


def anchors(text):
    """What GitHub makes of the headings."""
    titles = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


# What is planted: what stands there, what is put in its place, and what is then said.
PLANTED = {
    "a section that is missing": (
        r"### `sluice-no-minute`\n.*?(?=### )", "", "the alarm sluice-no-minute has no section"),
    "a section about nothing": (
        r"### `sluice-no-minute`", "### `sluice-no-hour`", "the section sluice-no-hour is about no alarm"),
    "an alarm that is not in the table": (
        r"\| \[`sluice-slack-slow`\].*?\n", "", "'SlackSlowAlarm', 'infra/sluice.yaml') is not in the table"),
    "the wrong template": (
        r"`HookErrorsAlarm` \| `infra/environment.yaml`", "`HookErrorsAlarm` | `infra/other.yaml`",
        "is no alarm of the templates"),
    "a section without its end": (
        r"\*\*It is over\*\* when the queue is empty", "Then go", "the section sluice-dead-letters does not say"),
    "a function that does not exist": (
        r"--function-name sluice-health-check", "--function-name sluice-healthcheck",
        "`sluice-healthcheck` in"),
    "a log group that does not exist": (
        r"errors /aws/lambda/sluice-operate", "errors /aws/lambda/sluice-operator",
        "`/aws/lambda/sluice-operator` in"),
    "an output that does not exist": (
        r"output DeadLetters", "output DeadLetter", "the stack has no output DeadLetter"),
    "a resource that does not exist": (
        r"resource EveryMinute", "resource Minutely", "the stack has no resource Minutely"),
    "a variable that is set nowhere": (
        r'--table-name "\$TABLE"', '--table-name "$TABEL"', "$TABEL in"),
    "a parameter that does not exist": (
        r"HookConcurrency=20\n", "HooksConcurrency=20\n", "has no parameter HooksConcurrency=20"),
    "a hook that is not ours": (
        r":sluice-rollout-hook\"", ':sluice-hook"', "`sluice-hook` in"),
    "another stack": (
        r"delete-stack --stack-name sluice\n", "delete-stack --stack-name slice\n", "the stack slice in"),
    "an operation that does not exist": (
        r"stop-service-deployment", "abort-service-deployment", "aws ecs abort-service-deployment: no such operation"),
    "an option that does not exist": (
        r"--stop-type ROLLBACK", "--type ROLLBACK", "aws ecs stop-service-deployment --type: no such option"),
    "an option that is required": (
        r"purge-queue --queue-url", "purge-queue --query", "aws sqs purge-queue: --queue-url is missing"),
    "an operation inside another command": (
        r"\(aws sqs get-queue-attributes", "(aws sqs read-queue-attributes", "aws sqs read-queue-attributes"),
    "a heading that does not exist": (
        r"\(#upgrade\)", "(#upgrading)", "#upgrading is no heading"),
    "a heading of another page": (
        r"install.md#upgrading", "install.md#upgrade", "install.md has no heading #upgrade"),
}


class Runbook(unittest.TestCase):
    def test_it_agrees_with_the_templates(self):
        text = RUNBOOK.read_text()
        self.assertEqual("", "\n".join(wrong(text)))
        self.assertGreater(sum(len(list(calls(line))) for line in commands(text)), 50)
        self.assertGreaterEqual(len(alarms()), 18)

    def test_the_pages_beside_it_name_what_there_is(self):
        for page in (SECURITY, OPERATE):
            with self.subTest(page.name):
                text = page.read_text()
                self.assertEqual([], dangling(text))
                for name in re.findall(r"`(sluice-[a-z-]+(?:-REGION)?)`", text):
                    self.assertIn(name.replace("REGION", "${AWS::Region}"), names())

    def test_what_is_planted_is_found(self):
        text = RUNBOOK.read_text()
        for what, (there, planted, said) in PLANTED.items():
            with self.subTest(what):
                changed = re.sub(there, lambda _: planted, text, count=1, flags=re.S)
                self.assertNotEqual(text, changed, "nothing was planted")
                self.assertTrue(any(said in one for one in wrong(changed)), wrong(changed))


if __name__ == "__main__":
    unittest.main()
