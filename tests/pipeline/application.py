"""An application that has the pipeline, and what running it shows."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IMAGE = "222222222222.dkr.ecr.eu-central-1.amazonaws.com/erp"

# As buildspec.yml and the workflow call them; test_files.py holds both against it.
STAGES = [
    "checkout",
    "set-up",
    "lint",
    "sast",
    "types",
    "dependencies",
    "test",
    "coverage",
    "image",
    "scan",
    "push",
    "notify",
]


@dataclass(frozen=True)
class Ended:
    stage: str
    status: int
    said: str


@dataclass
class Application:
    folder: Path
    environment: dict[str, str]

    def stage(self, name: str, **settings: str) -> Ended:
        """Runs one stage, as CI does."""
        return self.run(name, [self.folder / "ci/stages" / name], settings)

    def script(self, name: str, *arguments: str) -> Ended:
        """Runs the part of a stage that is Python, after its tool has been run."""
        return self.run(name, [sys.executable, self.folder / "ci/stages" / name, *arguments], {})

    def run(self, name: str, command: list[str | Path], settings: dict[str, str]) -> Ended:
        run = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Ended(name, run.returncode, run.stdout)

    def pipeline(self, **settings: str) -> list[Ended]:
        """All stages: the first that fails is followed by `notify` alone."""
        ended = []
        for name in STAGES[:-1]:
            ended.append(self.stage(name, **settings))
            if ended[-1].status:
                break
        return [*ended, self.stage("notify", **settings)]

    def write(self, path: str, text: str) -> None:
        where = self.folder / path
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.folder / path).read_text()
        assert old in text, f"{path} has no {old!r}"
        self.write(path, text.replace(old, new))

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
        run = subprocess.run(
            ["git", *who, *arguments], cwd=self.folder, capture_output=True, text=True, check=True
        )
        return run.stdout.strip()

    def commit(self, subject: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={subject}")
        return self.git("rev-parse", "HEAD")

    @property
    def calls(self) -> list[list[str]]:
        """What the stand-ins were called with, in order."""
        calls = Path(self.environment["STAND_IN"], "calls")
        return [json.loads(line) for line in calls.read_text().splitlines()] if calls.exists() else []

    @property
    def registry(self) -> dict[str, dict[str, Any]]:
        registry = Path(self.environment["STAND_IN"], "registry.json")
        state: dict[str, dict[str, Any]] = {"tags": {}, "images": {}}
        return json.loads(registry.read_text()) if registry.exists() else state

    def plant(self, name: str, text: str = "") -> None:
        """What a stand-in finds beside it."""
        Path(self.environment["STAND_IN"], name).write_text(text)


def at(erp: Application, **settings: str) -> None:
    """What the stages before `image` leave, which test_stages.py really runs."""
    ended = erp.stage("checkout", **settings)
    assert ended.status == 0, ended.said
    erp.write("build/ci/tests.xml", '<testsuites><testsuite tests="15" skipped="1"/></testsuites>')
    erp.write("build/ci/coverage.results", "percent=93\n")
    erp.write("build/ci/bandit.results", "findings=1\nexceptions=0\n")
    until = "exceptions_until=2099-03-01\n"
    erp.write("build/ci/pip-audit.results", f"findings=2\nexceptions=1\n{until}")


def made(erp: Application, **settings: str) -> dict[str, str]:
    """Image, scan and push; what each said, up to the one that failed."""
    said = {}
    for stage in ["image", "scan", "push"]:
        ended = erp.stage(stage, **settings)
        said[stage] = ended.said
        if ended.status:
            said["failed"] = stage
            break
    return said
