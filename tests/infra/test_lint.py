"""cfn-lint finds nothing in any template of `infra/`, and it does find what is planted."""

import unittest

from cfnlint import ManualArgs, lint
from cfnlint.decode import decode_str

from templates import ENVIRONMENT, ROOT, SLUICE

# What every template begins with.
TEMPLATE = "AWSTemplateFormatVersion"

# What cfn-lint says and is not heard, and why.
EXCEPTIONS = {
    "W3002": "the functions' code is a folder here: `infra/deploy` has the AWS CLI put it into S3",
}

# A fault of each kind: where, what stands there, what is planted, and the rule that finds it.
PLANTED = {
    "a property that does not exist": (
        SLUICE, "RecursiveLoop: Allow", "RecursionLoop: Allow", "E3002"),
    "a value that is not allowed": (
        SLUICE, "Runtime: provided.al2023", "Runtime: provided.al2032", "E3030"),
    "a number out of bounds": (
        SLUICE, "MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 2000000", "E3034"),
    "a rate in wrong words": (
        SLUICE, "rate(1 minute)", "rate(1 minutes)", "E3027"),
    "a reference to nothing": (
        SLUICE, "SLUICE_QUEUE_URL: !Ref Queue", "SLUICE_QUEUE_URL: !Ref Qeue", "E1020"),
    "an attribute that is none": (
        SLUICE, "!GetAtt DeadLetters.QueueName", "!GetAtt DeadLetters.Nam", "E1010"),
    "an action that IAM does not know": (
        SLUICE, "dynamodb:UpdateItem]", "dynamodb:TransactWriteItems]", "W3037"),
    "a condition that is none": (
        SLUICE, "KmsMasterKeyId: !If [HasKey", "KmsMasterKeyId: !If [HasAKey", "E1028"),
    "a parameter that is not used": (
        ENVIRONMENT, "RetentionInDays: !Ref LogDays", "RetentionInDays: 365", "W2001"),
    "a policy that is no policy": (
        ENVIRONMENT, 'Version: "2012-10-17"', 'Version: "2012-10-71"', "E3510"),
    "what is required and missing": (
        ENVIRONMENT, "      Role: !GetAtt RolloutHookRole.Arn\n", "", "E3003"),
    "a circle": (
        SLUICE, "deadLetterTargetArn: !GetAtt DeadLetters.Arn", "deadLetterTargetArn: !GetAtt Queue.Arn", "E3004"),
    "state that may go with the stack": (
        SLUICE, "    DeletionPolicy: Retain\n", "", "I3011"),
}


def findings(text):
    """What cfn-lint has to say of it: (rule, line, words)."""
    config = ManualArgs(regions=["eu-central-1"], include_checks=["I"])
    template, problems = decode_str(text)
    found = problems or lint(text, config=config)
    return [(one.rule.id, one.linenumber, one.message) for one in found]


class Lint(unittest.TestCase):
    def test_nothing_is_found(self):
        paths = [path for path in (ROOT / "infra").rglob("*.yaml") if TEMPLATE in path.read_text()]
        self.assertLessEqual({SLUICE, ENVIRONMENT}, set(paths))
        unheard = set()
        for path in paths:
            found = findings(path.read_text())
            unheard |= {rule for rule, _, _ in found if rule in EXCEPTIONS}
            self.assertEqual([one for one in found if one[0] not in EXCEPTIONS], [], path.name)
        self.assertEqual(unheard, set(EXCEPTIONS), "an exception that is not needed")

    def test_planted_faults_are_found(self):
        for what, (path, there, planted, rule) in PLANTED.items():
            with self.subTest(what):
                text = path.read_text()
                self.assertIn(there, text)
                found = findings(text.replace(there, planted))
                self.assertIn(rule, {one[0] for one in found})


if __name__ == "__main__":
    unittest.main()
