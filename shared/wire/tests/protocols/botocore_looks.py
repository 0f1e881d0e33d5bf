"""Calls every operation of the endpoint with botocore, which reads AWS's own service models, and
checks what it made of the answers. One argument: the endpoint."""

import datetime
import hashlib
import json
import sys
import warnings

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

URL = sys.argv[1]
ACCOUNT = "111111111111"
CLUSTER = "erp-production"
ASKED = set()


def client(service, region="eu-central-1", key=ACCOUNT, token=None):
    made = botocore.session.get_session().create_client(
        service,
        region_name=region,
        endpoint_url=URL,
        aws_access_key_id=key,
        aws_secret_access_key="none",
        aws_session_token=token,
        config=Config(retries={"max_attempts": 0}),
    )
    made.meta.events.register(
        "before-call.*.*",
        lambda model, **_: ASKED.add(f"{service}:{model.name}"),
    )
    return made


def equal(seen, expected, what):
    assert seen == expected, f"{what}: {seen!r} is not {expected!r}"


def refused(code, call, **arguments):
    try:
        answer = call(**arguments)
    except ClientError as error:
        equal(error.response["Error"]["Code"], code, f"refusal of {arguments}")
        assert error.response["Error"]["Message"], "a refusal says why"
        return
    raise AssertionError(f"{code} was expected for {arguments}, not {answer}")


def is_time(value, what):
    assert isinstance(value, datetime.datetime), f"{what}: {value!r} is no time"


def sts():
    identity = client("sts").get_caller_identity()
    equal(identity["Account"], ACCOUNT, "account")
    role = f"arn:aws:iam::{ACCOUNT}:role/sluice-deployer"
    session = client("sts", key="own").assume_role(RoleArn=role, RoleSessionName="dep-1")
    is_time(session["Credentials"]["Expiration"], "Expiration")
    equal(
        session["AssumedRoleUser"]["Arn"],
        f"arn:aws:sts::{ACCOUNT}:assumed-role/sluice-deployer/dep-1",
        "assumed role",
    )
    within = client("sts", key="ASIA", token=session["Credentials"]["SessionToken"])
    equal(within.get_caller_identity()["Account"], ACCOUNT, "account of the session")
    other = "arn:aws:iam::999999999999:role/sluice"
    refused("AccessDenied", client("sts").assume_role, RoleArn=other, RoleSessionName="dep-1")
    refused("InvalidAction", client("sts").get_session_token)


def ecr():
    ecr = client("ecr", key="222222222222")
    images = ecr.describe_images(repositoryName="erp", imageIds=[{"imageTag": "v1"}])
    (image,) = images["imageDetails"]
    equal(image["imageTags"], ["v1"], "tags")
    is_time(image["imagePushedAt"], "imagePushedAt")
    by_digest = {"imageDigest": image["imageDigest"]}
    scan = ecr.describe_image_scan_findings(repositoryName="erp", imageId=by_digest)
    equal(scan["imageScanStatus"]["status"], "COMPLETE", "scan")
    is_time(scan["imageScanFindings"]["imageScanCompletedAt"], "imageScanCompletedAt")
    got = ecr.batch_get_image(repositoryName="erp", imageIds=[by_digest, {"imageTag": "none"}])
    equal(len(got["images"]), 1, "images")
    equal(got["failures"][0]["failureCode"], "ImageNotFound", "failure")
    none = [{"imageTag": "none"}]
    refused("ImageNotFoundException", ecr.describe_images, repositoryName="erp", imageIds=none)
    refused("RepositoryNotFoundException", ecr.describe_images, repositoryName="none")
    refused("UnknownOperationException", ecr.describe_repositories)
    return image["imageDigest"]


def pushes():
    ecr = client("ecr", key="222222222222")
    config = {"mediaType": "application/vnd.oci.image.config.v1+json"}
    manifest = json.dumps({"schemaVersion": 2, "config": config, "layers": []})
    pushed = ecr.put_image(repositoryName="erp", imageManifest=manifest, imageTag="v2")["image"]
    digest = "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()
    equal(pushed["imageId"], {"imageDigest": digest, "imageTag": "v2"}, "pushed")
    # How an image gets a second tag: its manifest is read and put again.
    got = ecr.batch_get_image(repositoryName="erp", imageIds=[{"imageTag": "v2"}])
    equal(got["images"][0]["imageManifest"], manifest, "manifest")
    again = dict(repositoryName="erp", imageManifest=manifest)
    refused("ImageAlreadyExistsException", ecr.put_image, imageTag="v2", **again)
    ecr.put_image(imageTag="v2-again", **again)
    images = ecr.describe_images(repositoryName="erp", imageIds=[{"imageDigest": digest}])
    equal(images["imageDetails"][0]["imageTags"], ["v2", "v2-again"], "tags")
    other = "sha256:" + "0" * 64
    refused("ImageDigestDoesNotMatchException", ecr.put_image, imageDigest=other, **again)
    bad = dict(repositoryName="erp", imageManifest="no manifest")
    refused("InvalidParameterException", ecr.put_image, **bad)


def secrets():
    manager = client("secretsmanager")
    described = manager.describe_secret(SecretId="erp/database")
    ((version, stages),) = described["VersionIdsToStages"].items()
    equal(stages, ["AWSCURRENT"], "stages")
    value = manager.get_secret_value(SecretId=described["ARN"], VersionId=version)
    assert value["SecretString"].startswith('{"url"'), "the value is JSON with its key"
    is_time(value["CreatedDate"], "CreatedDate")
    refused("ResourceNotFoundException", manager.describe_secret, SecretId="none")
    named = [{"Key": "Name", "Option": "Equals", "Values": ["/erp/sentry-dsn"]}]
    parameters = client("ssm").describe_parameters(ParameterFilters=named)["Parameters"]
    equal([one["Version"] for one in parameters], [1], "versions")
    is_time(parameters[0]["LastModifiedDate"], "LastModifiedDate")


def definitions(ecs, digest):
    described = ecs.describe_task_definition(taskDefinition="erp-web", include=["TAGS"])
    definition = described["taskDefinition"]
    equal(definition["revision"], 1, "revision")
    is_time(definition["registeredAt"], "registeredAt")
    equal(described["tags"], [{"key": "service", "value": "erp-web"}], "tags")
    containers = definition["containerDefinitions"]
    containers[0]["image"] = f"222222222222.dkr.ecr.eu-central-1.amazonaws.com/erp@{digest}"
    containers[0]["ulimits"] = [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}]
    registered = ecs.register_task_definition(
        family="erp-web",
        networkMode="awsvpc",
        containerDefinitions=containers,
        ephemeralStorage={"sizeInGiB": 50},
    )["taskDefinition"]
    equal(registered["revision"], 2, "the new revision")
    equal(registered["ephemeralStorage"], {"sizeInGiB": 50}, "ephemeralStorage")
    equal(registered["containerDefinitions"], containers, "containers")
    refused("ClientException", ecs.describe_task_definition, taskDefinition="none")
    return registered["taskDefinitionArn"], containers[0]


def services(ecs, definition):
    answer = ecs.describe_services(cluster=CLUSTER, services=["erp-web", "none"])
    equal(answer["failures"][0]["reason"], "MISSING", "failure")
    (web,) = answer["services"]
    equal((web["status"], web["desiredCount"], web["runningCount"]), ("ACTIVE", 2, 2), "web")
    equal(web["deploymentController"], {"type": "ECS"}, "controller")
    equal(len(web["currentServiceRevisions"]), 1, "revisions")
    is_time(web["deployments"][0]["createdAt"], "createdAt")
    updated = ecs.update_service(
        cluster=CLUSTER,
        service="erp-web",
        taskDefinition=definition,
        deploymentConfiguration={
            "strategy": "BLUE_GREEN",
            "bakeTimeInMinutes": 5,
            "alarms": {"alarmNames": ["errors"], "enable": True, "rollback": True},
            "lifecycleHooks": [
                {
                    "targetType": "AWS_LAMBDA",
                    "hookTargetArn": f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:hook",
                    "roleArn": f"arn:aws:iam::{ACCOUNT}:role/hook",
                    "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
                    "hookDetails": {"deployment": "dep-1", "direction": "forward"},
                }
            ],
        },
    )["service"]
    equal(updated["taskDefinition"], definition, "task definition")
    hook = updated["deploymentConfiguration"]["lifecycleHooks"][0]
    equal(hook["hookDetails"], {"deployment": "dep-1", "direction": "forward"}, "hook")
    refused("ServiceNotFoundException", ecs.update_service, cluster=CLUSTER, service="none")
    refused("ClusterNotFoundException", ecs.describe_services, cluster="none", services=["a"])
    return web


def deployments(ecs, definition):
    listed = ecs.list_service_deployments(
        cluster=CLUSTER, service="erp-web", status=["PENDING", "IN_PROGRESS"]
    )["serviceDeployments"]
    equal(len(listed), 1, "service deployments")
    is_time(listed[0]["createdAt"], "createdAt")
    arn = listed[0]["serviceDeploymentArn"]
    answer = ecs.describe_service_deployments(serviceDeploymentArns=[arn, arn + "0"])
    equal(answer["failures"][0]["reason"], "MISSING", "failure")
    (whole,) = answer["serviceDeployments"]
    equal(whole["status"], "PENDING", "status")
    equal(whole["deploymentConfiguration"]["strategy"], "BLUE_GREEN", "strategy")
    target = whole["targetServiceRevision"]
    equal(target["requestedProductionTrafficWeight"], 0.0, "weight")
    revisions = ecs.describe_service_revisions(serviceRevisionArns=[target["arn"]])
    (revision,) = revisions["serviceRevisions"]
    equal(revision["taskDefinition"], definition, "task definition of the revision")
    stopped = ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    equal(stopped["serviceDeploymentArn"], arn, "stopped")
    (whole,) = ecs.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"]
    equal(whole["status"], "ROLLBACK_REQUESTED", "status")
    is_time(whole["rollback"]["startedAt"], "startedAt")
    refused(
        "ServiceDeploymentNotFoundException",
        ecs.stop_service_deployment,
        serviceDeploymentArn=arn + "0",
    )


def tasks(ecs, definition, container, network):
    order = dict(
        cluster=CLUSTER,
        taskDefinition=definition,
        clientToken="dep-1",
        startedBy="dep-1",
        networkConfiguration=network,
        overrides={"containerOverrides": [{"name": container["name"], "command": ["true"]}]},
    )
    (task,) = ecs.run_task(**order)["tasks"]
    equal(ecs.run_task(**order)["tasks"][0]["taskArn"], task["taskArn"], "the same task")
    equal(ecs.list_tasks(cluster=CLUSTER, startedBy="dep-1")["taskArns"], [task["taskArn"]], "ours")
    answer = ecs.describe_tasks(cluster=CLUSTER, tasks=[task["taskArn"], "none"])
    equal(answer["failures"][0]["reason"], "MISSING", "failure")
    equal(answer["tasks"][0]["lastStatus"], "PENDING", "status")
    is_time(answer["tasks"][0]["createdAt"], "createdAt")
    without = {k: v for k, v in order.items() if k != "networkConfiguration"}
    refused("InvalidParameterException", ecs.run_task, **without)
    other = {**order, "overrides": {}}
    refused("ConflictException", ecs.run_task, **other)
    logs = client("logs")
    place = dict(logGroupName="/ecs/erp-web", logStreamName="ecs/web/none")
    refused("ResourceNotFoundException", logs.get_log_events, **place)


def balancers(web):
    elb = client("elbv2")
    balancer = web["loadBalancers"][0]
    advanced = balancer["advancedConfiguration"]
    (rule,) = elb.describe_rules(RuleArns=[advanced["productionListenerRule"]])["Rules"]
    groups = rule["Actions"][0]["ForwardConfig"]["TargetGroups"]
    equal([group["Weight"] for group in groups], [100, 0], "weights")
    equal(groups[1]["TargetGroupArn"], advanced["alternateTargetGroupArn"], "green")
    health = elb.describe_target_health(TargetGroupArn=balancer["targetGroupArn"])
    states = [one["TargetHealth"]["State"] for one in health["TargetHealthDescriptions"]]
    equal(states, ["healthy", "healthy"], "health")
    listener = advanced["productionListenerRule"].replace("listener-rule", "listener")
    listener = listener.rsplit("/", 1)[0]
    (found,) = elb.describe_listeners(ListenerArns=[listener])["Listeners"]
    equal(found["Port"], 443, "port")
    refused("RuleNotFound", elb.describe_rules, RuleArns=["none"])
    refused("TargetGroupNotFound", elb.describe_target_health, TargetGroupArn="none")


def instances():
    rds = client("rds")
    (instance,) = rds.describe_db_instances()["DBInstances"]
    equal(instance["DBInstanceStatus"], "available", "status")
    equal(instance["StorageEncrypted"], True, "encrypted")
    ids = dict(DBInstanceIdentifier="erp", DBSnapshotIdentifier="s-1")
    tags = [{"Key": "sluice:deployment", "Value": "dep-1"}]
    made = rds.create_db_snapshot(**ids, Tags=tags)["DBSnapshot"]
    equal((made["Status"], made["PercentProgress"]), ("creating", 0), "snapshot")
    (listed,) = rds.describe_db_snapshots(DBInstanceIdentifier="erp")["DBSnapshots"]
    equal(listed["TagList"], tags, "tags")
    refused("DBSnapshotAlreadyExists", rds.create_db_snapshot, **ids)
    refused("DBInstanceNotFound", rds.describe_db_instances, DBInstanceIdentifier="none")
    refused("DBSnapshotNotFound", rds.describe_db_snapshots, DBSnapshotIdentifier="none")
    gone = rds.delete_db_snapshot(DBSnapshotIdentifier="s-1")["DBSnapshot"]
    equal(gone["DBSnapshotIdentifier"], "s-1", "deleted")


def clusters():
    rds = client("rds", region="eu-west-1")
    (cluster,) = rds.describe_db_clusters()["DBClusters"]
    equal((cluster["Status"], cluster["Engine"]), ("available", "aurora-postgresql"), "cluster")
    ids = dict(DBClusterIdentifier="erp", DBClusterSnapshotIdentifier="s-1")
    tags = [{"Key": "sluice:deployment", "Value": "dep-1"}]
    rds.create_db_cluster_snapshot(**ids, Tags=tags)
    found = rds.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier="s-1")
    (listed,) = found["DBClusterSnapshots"]
    equal((listed["TagList"], listed["StorageEncrypted"]), (tags, True), "cluster snapshot")
    refused("DBClusterSnapshotAlreadyExistsFault", rds.create_db_cluster_snapshot, **ids)
    busy = {**ids, "DBClusterSnapshotIdentifier": "s-2"}
    refused("InvalidDBClusterStateFault", rds.create_db_cluster_snapshot, **busy)
    rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="s-1")
    none = dict(DBClusterSnapshotIdentifier="s-1")
    refused("DBClusterSnapshotNotFoundFault", rds.delete_db_cluster_snapshot, **none)


def alarms():
    cloudwatch = client("cloudwatch")
    kinds = ["MetricAlarm", "CompositeAlarm"]
    answer = cloudwatch.describe_alarms(AlarmNames=["errors", "none"], AlarmTypes=kinds)
    (alarm,) = answer["MetricAlarms"]
    equal((alarm["AlarmName"], alarm["StateValue"]), ("errors", "OK"), "alarm")
    is_time(alarm["StateUpdatedTimestamp"], "StateUpdatedTimestamp")
    equal(answer["CompositeAlarms"], [], "composite alarms")
    refused("UnknownOperationException", cloudwatch.list_metrics)


def main():
    warnings.simplefilter("error")
    sts()
    digest = ecr()
    pushes()
    secrets()
    ecs = client("ecs")
    definition, container = definitions(ecs, digest)
    web = services(ecs, definition)
    deployments(ecs, definition)
    tasks(ecs, definition, container, web["networkConfiguration"])
    refused("UnknownOperationException", ecs.list_clusters)
    balancers(web)
    instances()
    clusters()
    alarms()
    print(f"{len(ASKED)} operations asked")


main()
