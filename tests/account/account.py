"""The account in which Sluice's functions run, as ministack plays it: DynamoDB, SQS, EventBridge and
a Lambda that starts real binaries.

    account.py serve PORT            until standard input is closed
    account.py furnish SETTINGS      creates what the infrastructure would; SETTINGS is JSON
    account.py report URL            how often the functions ran, and for how long

ministack takes events whose source is `aws.…` from its own services only, as AWS does. Here the
services are those of the simulated cloud next door, so PutEvents takes them: the one change. And
it carries no events from one account to another, so everything is in one account.
"""

import io
import json
import os
import pathlib
import re
import sys
import threading
import zipfile

REGION = "eu-central-1"
ACCOUNT = "222222222222"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/sluice"
PATTERNS = pathlib.Path(__file__).parents[2] / "infra" / "event-patterns"


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
    from ministack.services import eventbridge

    put_events = eventbridge._put_events
    eventbridge._put_events = lambda data: put_events(data, allow_aws_source=True)
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


def package(binary):
    """A function's package: a bootstrap that becomes the binary, so that a kill meets it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, f"#!/bin/sh\nexec '{binary}'\n")
    return packed.getvalue()


def furnish(settings):
    url = settings["url"]
    sqs, functions, events = (client(one, url) for one in ("sqs", "lambda", "events"))
    dead = sqs.create_queue(QueueName="sluice-advance-dead")["QueueUrl"]
    dead_arn = arn_of(sqs, dead)
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": "50"})
    # AWS wants six times the function's time limit here; a killed function is retried after this.
    attributes = {"VisibilityTimeout": "3", "RedrivePolicy": redrive}
    queue = sqs.create_queue(QueueName="sluice-advance", Attributes=attributes)["QueueUrl"]
    queue_arn = arn_of(sqs, queue)

    arns = {}
    for name, function in settings["functions"].items():
        made = functions.create_function(
            FunctionName=f"sluice-{name}",
            Runtime="provided.al2023",
            Handler="bootstrap",
            Architectures=["x86_64"],
            Role=ROLE,
            Timeout=function["timeout_s"],
            Code={"ZipFile": package(function["binary"])},
            Environment={"Variables": {**settings["environment"], "SLUICE_QUEUE_URL": queue}},
        )
        arns[name] = made["FunctionArn"]
    functions.create_event_source_mapping(
        EventSourceArn=queue_arn,
        FunctionName="sluice-advance",
        BatchSize=5,
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    slack = functions.create_function_url_config(FunctionName="sluice-slack", AuthType="NONE")

    targets = {
        "image-pushed": arns["registry-push"],
        "image-scanned": arns["registry-push"],
        "world-changed": queue_arn,
    }
    for rule, target in targets.items():
        pattern = (PATTERNS / f"{rule}.json").read_text()
        events.put_rule(Name=f"sluice-{rule}", EventPattern=pattern)
        events.put_targets(Rule=f"sluice-{rule}", Targets=[{"Id": "sluice", "Arn": target}])
    events.put_rule(Name="sluice-every-minute", ScheduleExpression="rate(1 minute)")
    minute = [{"Id": "sluice", "Arn": arns["health-check"]}]
    events.put_targets(Rule="sluice-every-minute", Targets=minute)
    print(json.dumps({"slack_url": slack["FunctionUrl"], "queue_url": queue}))


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


def arn_of(sqs, queue):
    answer = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    return answer["Attributes"]["QueueArn"]


if __name__ == "__main__":
    commands = {"serve": serve, "furnish": lambda text: furnish(json.loads(text)), "report": report}
    commands[sys.argv[1]](sys.argv[2])
