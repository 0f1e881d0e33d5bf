"""`sluice doctor`, as the program is, on an installation made by the commands of docs/install.md in
ministack: what it says of a good one, and what of one that somebody changed by hand."""

import json
import os
import subprocess
import unittest

from account import REGION, SLUICE, Accounts
from templates import ROOT
from test_stacks import BUCKET, blocks


class Doctor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.accounts = Accounts()
        cls.addClassCleanup(cls.accounts.close)
        bucket = {"LocationConstraint": REGION}
        cls.accounts.client("s3").create_bucket(
            Bucket=f"{BUCKET}-{SLUICE}", CreateBucketConfiguration=bucket
        )
        cls.accounts.client("ecr").create_repository(repositoryName="erp")
        for account, text in blocks("One account"):
            there = {}
            if "put-secret-value" in text:
                there = cls.accounts.outputs("sluice")
            cls.accounts.shell(
                text,
                account,
                BUCKET=f"{BUCKET}-{account}",
                BOT_TOKEN_SECRET=there.get("BotTokenSecret", ""),
                SIGNING_SECRET_SECRET=there.get("SigningSecretSecret", ""),
            )

    def doctor(self, *arguments):
        environment = {
            "HOME": str(self.accounts.folder),
            "AWS_ACCESS_KEY_ID": SLUICE,
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.accounts.port}",
        }
        command = [os.environ["SLUICE"], "doctor", str(ROOT / "tests/erp/sluice.toml"), *arguments]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True)
        self.assertIn(ran.returncode, (0, 1, 2), ran.stderr)
        return ran

    def looked(self):
        ran = self.doctor("--json")
        report = json.loads(ran.stdout)
        return {(one["check"], one["subject"]): one for one in report["looked_at"]}

    def test_show(self):
        print(self.doctor().stdout)


if __name__ == "__main__":
    unittest.main()
