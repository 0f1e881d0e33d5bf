"""The account in which Sluice's functions run, as ministack plays it: DynamoDB, SQS, EventBridge and
a Lambda that starts real binaries. What is in it, the shipped templates have made.

    account.py serve PORT            until standard input is closed
    account.py install SETTINGS      deploys infra/sluice.yaml and infra/environment.yaml; SETTINGS is JSON
    account.py report URL            how often the functions ran, and for how long
    account.py refused CALLS         which of these calls no role allows; CALLS is JSON

ministack takes events whose source is `aws.…` from its own services only, as AWS does. Here the
services are those of the simulated cloud next door, so PutEvents takes them. And it gives an event to
a function once, where Lambda tries an asynchronous invocation twice more: so it does here. These are the
two changes. It carries no events from one account to another, so everything is in one account.
"""

import json
import os
import pathlib
import platform
import re
import shlex
import shutil
import subprocess
import sys
import threading

REGION = "eu-central-1"
ACCOUNT = "222222222222"
INFRA = pathlib.Path(__file__).parents[2] / "infra"
# The name that `role` of the ERP's sluice.toml has.
ROLE = "sluice-deployer"
BUCKET = "packages"


def serve(port):
    os.environ.update(
        GATEWAY_PORT=port,
        BIND_HOST="127.0.0.1",
        MINISTACK_ACCOUNT_ID=ACCOUNT,
        MINISTACK_REGION=REGION,
        # An asynchronous invocation that failed is tried again, sooner than after AWS's minute.
        LAMBDA_ASYNC_RETRY_BASE_SECONDS="2",
        LAMBDA_ASYNC_RETRY_MAX_SECONDS="4",
    )
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    from ministack.services import eventbridge, lambda_svc

    put_events = eventbridge._put_events
    eventbridge._put_events = lambda data: put_events(data, allow_aws_source=True)

    def dispatch(arn, payload):
        function, _, _ = lambda_svc._get_func_record_for_ref(arn)
        lambda_svc.invoke_async_with_retry(function, json.loads(payload))

    eventbridge._dispatch_to_lambda = dispatch
    sys.argv = ["ministack"]
    from ministack.app import main

    main()


def client(service, url):
    import botocore.session
    from botocore.config import Config

    return botocore.session.get_session().create_client(
        service,
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="none",
        config=Config(retries={"max_attempts": 5}),
    )


def install(settings):
    home, url = pathlib.Path(settings["home"]), settings["url"]
    shutil.copytree(INFRA, home / "infra", dirs_exist_ok=True)
    for name, binary in settings["functions"].items():
        package(home / "target/lambda" / name, binary, {**settings["overrides"], "AWS_SDK_UA_APP_ID": name})
    client("s3", url).create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    architecture = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    deploy(
        home, url, "sluice", "sluice",
        Repositories="erp",
        EnvironmentRoles=f"arn:aws:iam::{ACCOUNT}:role/{ROLE}",
        Config=settings["config"],
        Architecture=architecture,
    )
    deploy(
        home, url, "environment", "erp",
        SluiceAccount=ACCOUNT, RoleName=ROLE,
        Environment="production", Cluster="erp-*", TaskFamilies="erp-*",
        TaskRoles=f"arn:aws:iam::{ACCOUNT}:role/erp-task",
        LogGroups="/ecs/*", Secrets="erp/*", Repositories="erp", Database="erp-production", Restores="yes",
    )
    stacks = client("cloudformation", url)
    outputs = stacks.describe_stacks(StackName="sluice")["Stacks"][0]["Outputs"]
    made = {one["OutputKey"]: one["OutputValue"] for one in outputs}
    queue = hurry(url, made["Queue"])
    functions = client("lambda", url)
    # ministack keeps a number that a parameter gives as text, and fails over it.
    (woken,) = functions.list_event_source_mappings(FunctionName="sluice-advance")["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=woken["UUID"], ScalingConfig=woken["ScalingConfig"])
    variables = {}
    # Without a repository's name the template makes no source-push.
    for name in settings["functions"].keys() - {"source-push"}:
        there = functions.get_function_configuration(FunctionName=f"sluice-{name}")
        variables.update(there["Environment"]["Variables"])
    variables.update(settings["overrides"])
    print(json.dumps({
        "slack_url": made["SlackUrl"], "queue_url": queue, "table": made["Table"], "variables": variables,
    }))


def package(folder, binary, overrides):
    """A function's package: a bootstrap that becomes the binary, so that a kill meets it. The variables
    say that AWS and Slack are on this machine; all others are the template's."""
    folder.mkdir(parents=True, exist_ok=True)
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in overrides.items())
    bootstrap = folder / "bootstrap"
    bootstrap.write_text(f"#!/bin/sh\n{exports}exec {shlex.quote(binary)}\n")
    bootstrap.chmod(0o755)


def deploy(home, url, template, stack, **parameters):
    """As docs/install.md says it."""
    given = [f"{name}={value}" for name, value in parameters.items()]
    command = ["infra/deploy", template, BUCKET, "--stack-name", stack, "--parameter-overrides", *given]
    environment = {
        "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": url,
    }
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{shlex.join(command)}: {done.stdout}{done.stderr}")


def hurry(url, name):
    """A killed function is followed after three seconds, as often as it takes: AWS wants six times the
    function's time limit, and the template gives five tries."""
    sqs = client("sqs", url)
    queue = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    there = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])["Attributes"]
    redrive = {**json.loads(there["RedrivePolicy"]), "maxReceiveCount": 50}
    attributes = {"VisibilityTimeout": "3", "RedrivePolicy": json.dumps(redrive)}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=attributes)
    return queue


def report(url):
    """How often each function ran, and the milliseconds it would be billed for."""
    logs = client("logs", url)
    ran = {}
    for group in logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]:
        name = group["logGroupName"]
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=name)
        texts = [event["message"] for page in pages for event in page["events"]]
        billed = re.findall(r"Billed Duration: (\d+) ms", "\n".join(texts))
        ran[name.rsplit("/", 1)[1]] = {"count": len(billed), "billed_ms": sum(map(int, billed))}
    print(json.dumps(ran))


# IAM's name of a service where it is another one than that which signs, and of a call.
SERVICES = {"monitoring": "cloudwatch"}
CALLS = {
    "dynamodb:TransactWriteItems": ["dynamodb:PutItem", "dynamodb:UpdateItem"],
    "sts:GetCallerIdentity": [],
}


def refused(asked):
    """Of calls, as [function, whether with a role, service, operation], those that the role of the function,
    or the environment's role that it assumes, does not allow."""
    iam = client("iam", asked["url"])
    found = []
    for function, with_role, service, operation in asked["calls"]:
        role = f"sluice-{function}"
        if with_role:
            role = f"{ROLE}-read" if function in ("slack", "operate") else ROLE
        call = f"{SERVICES.get(service, service)}:{operation}"
        if not set(CALLS.get(call, [call])) <= allowed(iam, role):
            found.append(f"{role} may not {call}")
    print(json.dumps(found))


def allowed(iam, role):
    actions = set()
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for statement in document["Statement"]:
            if statement["Effect"] == "Allow":
                action = statement["Action"]
                actions.update(action if isinstance(action, list) else [action])
    return actions


if __name__ == "__main__":
    commands = {
        "serve": serve,
        "install": lambda text: install(json.loads(text)),
        "report": report,
        "refused": lambda text: refused(json.loads(text)),
    }
    commands[sys.argv[1]](sys.argv[2])
