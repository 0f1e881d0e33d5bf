"""What Sluice's `advance` is at its start, as one would write it in Python: the same clients, the
same two secrets, the same first call for a wake-up. Only to compare with."""

import json
import os
import urllib.request

import boto3
from slack_sdk import WebClient

RUNTIME = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"

# What `advance` works with; botocore reads a service's model when its client is made.
SERVICES = ("dynamodb", "sqs", "ecr", "ecs", "rds", "elbv2", "cloudwatch", "logs", "ssm", "sts")
CLIENTS = {service: boto3.client(service) for service in SERVICES}
SECRETS = boto3.client("secretsmanager")
TOKEN = SECRETS.get_secret_value(SecretId=os.environ["SLUICE_SLACK_BOT_TOKEN_ARN"])
SLACK = WebClient(token=TOKEN["SecretString"], base_url=os.environ["SLUICE_SLACK_URL"] + "/")


def handler(event):
    failures = []
    for record in event["Records"]:
        deployment = json.loads(record["body"])["deployment"]
        key = {"pk": {"S": f"deployment#{deployment}"}, "sk": {"S": "state"}}
        found = CLIENTS["dynamodb"].get_item(TableName=os.environ["SLUICE_TABLE"], Key=key)
        if "Item" in found:
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


while True:
    with urllib.request.urlopen(f"{RUNTIME}/next") as invocation:
        request = invocation.headers["Lambda-Runtime-Aws-Request-Id"]
        answer = json.dumps(handler(json.load(invocation))).encode()
    urllib.request.urlopen(f"{RUNTIME}/{request}/response", data=answer).close()
