"""AWS accounts as ministack plays them, and the documented commands run in them."""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import botocore.session

from templates import ROOT

REGION = "eu-central-1"
SLUICE, OTHER = "222222222222", "111111111111"
FUNCTIONS = ("registry-push", "source-push", "slack", "operate", "rollout-hook", "advance", "health-check")
UP_WITHIN_S = 90

# `infra/build` takes minutes. Its packages are stood in for by this, and what it is asked for is kept.
BUILD = """#!/bin/sh
cd "$(dirname "$0")/.."
for function in {functions}; do
    mkdir -p "target/lambda/$function"
    printf '#!/bin/sh\\nexit 1\\n' > "target/lambda/$function/bootstrap"
    chmod 755 "target/lambda/$function/bootstrap"
    cp "$2" "target/lambda/$function/"
done
"""


class Accounts:
    def __init__(self):
        free = socket.create_server(("127.0.0.1", 0))
        self.port = free.getsockname()[1]
        free.close()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sluice-infra-"))
        self._make_folder()
        environment = {
            **os.environ,
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_ACCOUNT_ID": SLUICE,
            "MINISTACK_REGION": REGION,
        }
        with open(self.folder / "ministack.log", "w") as log:
            self.server = subprocess.Popen(
                [sys.executable, "-m", "ministack"], env=environment, stdout=log, stderr=log
            )
        self._wait()

    def _make_folder(self):
        shutil.copytree(ROOT / "infra", self.folder / "infra")
        build = self.folder / "infra/build"
        build.write_text(BUILD.format(functions=" ".join(FUNCTIONS)))
        shutil.copy(ROOT / "tests/erp/sluice.toml", self.folder)

    def _wait(self):
        began = time.monotonic()
        while time.monotonic() - began < UP_WITHIN_S:
            try:
                return socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                time.sleep(0.1)
        raise AssertionError("ministack did not come up")

    def close(self):
        self.server.kill()
        self.server.wait()
        shutil.rmtree(self.folder)

    def client(self, service, account=SLUICE):
        return botocore.session.get_session().create_client(
            service,
            region_name=REGION,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id=account,
            aws_secret_access_key="none",
        )

    def shell(self, text, account=SLUICE, **variables):
        """Runs a block of a document."""
        environment = {
            "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            **variables,
        }
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, f"{text}\n{ran.stdout}{ran.stderr}{self.why_not()}"
        return ran.stdout

    def sluice(self, *arguments, account=SLUICE):
        """Runs `sluice` as someone with credentials for an account. The profile `other` has those for the other."""
        credentials = self.folder / ".aws/credentials"
        credentials.parent.mkdir(exist_ok=True)
        credentials.write_text(f"[other]\naws_access_key_id = {OTHER}\naws_secret_access_key = none\n")
        environment = {
            "HOME": str(self.folder),
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
        }
        command = [os.environ["SLUICE"], *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )

    def why_not(self):
        said = []
        for account in (SLUICE, OTHER):
            stacks = self.client("cloudformation", account)
            for stack in stacks.describe_stacks()["Stacks"]:
                events = stacks.describe_stack_events(StackName=stack["StackName"])["StackEvents"]
                said += [
                    f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
                    for event in events
                    if "FAILED" in event["ResourceStatus"]
                ]
        return "\n".join(said)

    def outputs(self, stack, account=SLUICE):
        stacks = self.client("cloudformation", account).describe_stacks(StackName=stack)
        return {one["OutputKey"]: one["OutputValue"] for one in stacks["Stacks"][0].get("Outputs", [])}

    def resources(self, stack, account=SLUICE):
        stacks = self.client("cloudformation", account)
        found = stacks.describe_stack_resources(StackName=stack)["StackResources"]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}
