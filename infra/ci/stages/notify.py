"""The result of the pipeline as a Slack message, posted to the incoming webhook in CI_WEBHOOK.

notify.py FOLDER
"""

import json
import os
import sys
import urllib.request
from pathlib import Path


def results(folder: Path, stage: str) -> dict[str, str]:
    """What a stage recorded; nothing if the build did not get that far."""
    path = folder / f"{stage}.results"
    lines = path.read_text().splitlines() if path.exists() else []
    return dict(line.split("=", 1) for line in lines)


def escaped(text: str) -> str:
    """A commit's subject may be anyone's text: it must not ping people or forge a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def words(folder: Path) -> str:
    source = results(folder, "checkout")
    path = folder / "stages"
    stages = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
    failed = [name for name, status, _ in stages if status != "0"]
    name = os.environ.get("CI_APP") or Path.cwd().name
    where = source.get("tag") or source.get("branch") or "an unknown branch"
    commit = source.get("commit", "")[:7]
    ended = "FAILED" if failed or not stages else "passed"
    lines = [f"*{escaped(name)} {escaped(where)} {commit}: CI {ended}*"]
    if source.get("subject"):
        lines.append(escaped(source["subject"]))
    if failed:
        refusal = folder / "refusal"
        said = refusal.read_text().strip() if refusal.exists() else f"{failed[0]} failed"
        lines.append(escaped(said))
    elif not stages:
        lines.append("No stage ran. To do: read the build's log.")
    elif pushed := results(folder, "push"):
        lines.append(f"Pushed as {escaped(pushed['tags'])}")
    seconds = sum(int(taken) for _, _, taken in stages)
    build = source.get("build")
    lines.append(f"{seconds} s" + (f" · <{build}|the build>" if build else ""))
    return "\n".join(lines)


def main(folder: Path) -> int:
    text = words(folder)
    print(text)
    webhook = os.environ.get("CI_WEBHOOK")
    if not webhook:
        return 0
    body = json.dumps({"text": text}).encode()
    request = urllib.request.Request(webhook, body, {"Content-Type": "application/json"})
    try:
        urllib.request.urlopen(request, timeout=10).close()
    except OSError as error:
        # The address is a secret: the error must not contain it.
        print(f"notify: Slack did not take it: {type(error).__name__}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
