"""Reads what Sluice sends to Slack with slack_sdk's models, signs requests as slack_sdk does, and
reads the app's manifest."""

import json
import sys

import yaml
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from slack_sdk.signature import Clock, SignatureVerifier


def as_sent(value):
    """Tuples as lists, and nothing that is not there."""
    return json.loads(json.dumps(value))


def block(sent):
    known = Block.parse(sent)
    assert known is not None and known.type == sent["type"], f"no block of Slack: {sent}"
    # to_dict runs every validator of the SDK, down to the last text.
    assert as_sent(known.to_dict()) == sent, f"the SDK reads it otherwise: {sent}\n{known.to_dict()}"


def chars(value):
    """Of every text in it."""
    if isinstance(value, dict):
        own = value["text"] if isinstance(value.get("text"), str) else ""
        return len(own) + sum(chars(inner) for inner in value.values())
    return sum(chars(inner) for inner in value) if isinstance(value, list) else 0


def views(seen):
    for message in seen["messages"]:
        assert message["text"].strip(), f"no text for notifications: {message}"
        assert 1 <= len(message["blocks"]) <= 50, message
        # About where Slack begins to say `msg_blocks_too_long`.
        assert chars(message["blocks"]) <= 13_200, message
        for sent in message["blocks"]:
            block(sent)
    for view in seen["views"]:
        for sent in view["blocks"]:
            block(sent)
        known = as_sent(View(**view).to_dict())
        assert known == view, f"the SDK reads it otherwise: {view}\n{known}"
    return {"messages": len(seen["messages"]), "views": len(seen["views"])}


class At(Clock):
    def __init__(self, now):
        self.at = now

    def now(self):
        return self.at


def signatures(asked):
    secret, now = asked["secret"], asked["now"]
    verifier = SignatureVerifier(secret, At(now))
    others = SignatureVerifier("another-secret")
    signed = []
    for body in asked["bodies"]:
        for seconds, good in [(0, True), (-299, True), (-301, False)]:
            timestamp = str(now + seconds)
            signature = verifier.generate_signature(timestamp=timestamp, body=body)
            signed.append((timestamp, body, signature, good))
            # The SDK agrees about which are good.
            assert verifier.is_valid(body, timestamp, signature) == good
        timestamp = str(now)
        signed.append((timestamp, body, others.generate_signature(timestamp=timestamp, body=body), False))
        signed.append((timestamp, body + " ", verifier.generate_signature(timestamp=timestamp, body=body), False))
        signed.append((timestamp, body, "v0=", False))
    ours = all(
        verifier.is_valid(one["body"], one["timestamp"], one["signature"]) for one in asked["ours"]
    )
    keys = ("timestamp", "body", "signature", "good")
    return {"ours_are_valid": ours, "signed": [dict(zip(keys, one)) for one in signed]}


what, path = sys.argv[1:]
with open(path, encoding="utf-8") as file:
    print(json.dumps({"views": views, "signatures": signatures, "manifest": yaml.safe_load}[what](json.load(file))))
