"""The commands of docs/existing-service.md, run as they stand there on a service that ECS updates in place, and what
`sluice init` drafts from it before and after."""

import json
import re
import tomllib
import unittest

from account import Accounts
from templates import ROOT

PAGE = ROOT / "docs/existing-service.md"
CLUSTER, SERVICE = "erp-production", "erp-web"


def blocks():
    found = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(found) == 7, len(found)
    return found


class Existing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.accounts = Accounts()
        cls.addClassCleanup(cls.accounts.close)
        cls.ecs, cls.elb, cls.iam = (cls.accounts.client(name) for name in ("ecs", "elbv2", "iam"))
        ec2 = cls.accounts.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{part}.0/24")["Subnet"]["SubnetId"] for part in range(2)
        ]
        group = cls.elb.create_target_group(
            Name="erp-web-blue", Protocol="HTTP", Port=8000, VpcId=vpc, TargetType="ip", HealthCheckPath="/healthz/ready"
        )
        cls.blue = group["TargetGroups"][0]["TargetGroupArn"]
        balancer = cls.elb.create_load_balancer(Name="erp", Subnets=subnets)
        cls.balancer = balancer["LoadBalancers"][0]["LoadBalancerArn"]
        cls.elb.create_listener(
            LoadBalancerArn=cls.balancer,
            Protocol="HTTPS",
            Port=443,
            Certificates=[{"CertificateArn": "arn:aws:acm:eu-central-1:222222222222:certificate/erp"}],
            DefaultActions=[{"Type": "forward", "TargetGroupArn": cls.blue}],
        )
        cls.ecs.create_cluster(clusterName=CLUSTER)
        image = "222222222222.dkr.ecr.eu-central-1.amazonaws.com/erp:v1.0.0"
        container = {"name": "app", "image": image, "portMappings": [{"containerPort": 8000}], "memory": 64}
        cls.ecs.register_task_definition(family="erp-web", containerDefinitions=[container])
        cls.ecs.create_service(
            cluster=CLUSTER,
            serviceName=SERVICE,
            taskDefinition="erp-web:1",
            desiredCount=1,
            loadBalancers=[{"targetGroupArn": cls.blue, "containerName": "app", "containerPort": 8000}],
        )

    def service(self):
        (service,) = self.ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"]
        (balanced,) = service["loadBalancers"]
        return service["deploymentConfiguration"], balanced

    # The shell's variables live from one block to the next, as for whoever types them.
    def test_a_rolling_service_becomes_blue_green_and_goes_back(self):
        *there, back = blocks()
        before = self.drafts()
        self.assertIn('strategy = "rolling"', before)
        for step in ("a second target group (step 1)", "a test listener (step 3)", "a role for ECS to shift with (step 4)"):
            self.assertIn(step, before)
        self.assertIn('ready = "/healthz/ready"', before)
        self.assertIn('tags = ["v*"]', before)
        self.assertIn('url = "https://', before)
        said = self.accounts.shell("\n".join([*there, 'echo "$BOTH"']), LOAD_BALANCER=self.balancer)
        ((action,),) = [json.loads(line) for line in said.splitlines() if line.startswith("[{")]
        configuration, balanced = self.service()
        self.assertEqual(configuration["strategy"], "BLUE_GREEN")
        self.assertEqual(balanced["targetGroupArn"], self.blue)
        self.assertEqual((balanced["containerName"], balanced["containerPort"]), ("app", 8000))
        shift = balanced["advancedConfiguration"]
        green = shift["alternateTargetGroupArn"]
        self.alike(green)
        for name, port in (("productionListenerRule", 443), ("testListenerRule", 8443)):
            with self.subTest(name):
                self.forwards(shift[name], port)
        # Both rules have the actions that the page calls $BOTH.
        self.assertEqual("\n".join(there).count('--actions "$BOTH"'), 2)
        weights = {one["TargetGroupArn"]: one["Weight"] for one in action["ForwardConfig"]["TargetGroups"]}
        self.assertEqual(weights, {self.blue: 100, green: 0}, "users notice nothing")
        after = self.drafts()
        self.assertIn('strategy = "blue-green"', after)
        self.assertIn(':8443"', after)
        self.assertNotIn("lacks", after)
        role = shift["roleArn"].split("/")[-1]
        policies = self.iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        names = [one["PolicyArn"].split("/")[-1] for one in policies]
        self.assertEqual(names, ["AmazonECSInfrastructureRolePolicyForLoadBalancers"])
        functions = "\n".join(there[-1].splitlines()[:1])
        given = f"CLUSTER={CLUSTER}\nSERVICE={SERVICE}\n{functions}\n{back}"
        self.accounts.shell(given)
        configuration, balanced = self.service()
        self.assertEqual(configuration["strategy"], "ROLLING")
        self.assertEqual(balanced["targetGroupArn"], self.blue)

    def drafts(self):
        """The file from what runs, without its line breaks in comments."""
        ran = self.accounts.sluice("init", "--cluster", CLUSTER, "-")
        # Alarms are unknown: ministack's CloudWatch does not speak the SDK's protocol.
        self.assertEqual(ran.returncode, 2, ran.stderr)
        tomllib.loads(ran.stdout)
        return ran.stdout.replace("\n# ", " ")

    def alike(self, green):
        both = self.elb.describe_target_groups(TargetGroupArns=[self.blue, green])["TargetGroups"]
        shape = ("Protocol", "Port", "VpcId", "TargetType", "HealthCheckPath")
        first, second = ([one[key] for key in shape] for one in both)
        self.assertEqual(first, second)

    # ministack 1.5.33 forgets which groups a rule of its API forwards to.
    def forwards(self, arn, port):
        (rule,) = self.elb.describe_rules(RuleArns=[arn])["Rules"]
        self.assertEqual([one["Type"] for one in rule["Actions"]], ["forward"])
        self.assertEqual([one["Values"] for one in rule["Conditions"]], [["/*"]])
        listeners = self.elb.describe_listeners(LoadBalancerArn=self.balancer)["Listeners"]
        (listener,) = [one for one in listeners if one["Port"] == port]
        rules = self.elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        self.assertIn(arn, [one["RuleArn"] for one in rules])

