"""Every stage on the ERP: green as it is, and one planted fault fails the one stage it is for, with
words that say what to do."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from application import STAGES, Application
from services import JINJA, Osv, Webhook

CHECKS = ["lint", "sast", "types", "dependencies", "test", "coverage"]


def test_the_erp_as_it_is_passes_every_stage(served: Application, osv: Osv, webhook: Webhook) -> None:
    erp = served
    ended = erp.pipeline()
    for stage in ended:
        assert stage.status == 0, stage.said
    assert [stage.stage for stage in ended] == STAGES
    # What the requirements bring along is asked about too, not only what they name.
    assert {"fastapi", "starlette", "gunicorn", "bandit"} <= set(osv.asked)

    commit = erp.git("rev-parse", "HEAD")
    (image,) = erp.registry["images"].values()
    tests = image["annotations"]["sluice.ci.tests"]
    assert image["annotations"] == {
        "org.opencontainers.image.revision": commit,
        "org.opencontainers.image.version": f"develop-{commit[:7]}",
        "org.opencontainers.image.source": "https://github.com/acme/erp",
        "sluice.committed-at": erp.git("log", "-1", "--format=%cI"),
        "sluice.pushed-by": "ada@example.com",
        "sluice.ci.build": "https://ci.example.com/builds/7",
        "sluice.ci.tests": tests,
        "sluice.ci.coverage": image["annotations"]["sluice.ci.coverage"],
        "sluice.ci.findings": "0",
        "sluice.ci.exceptions": "0",
    }
    assert int(tests) >= 15 and int(image["annotations"]["sluice.ci.coverage"]) >= 90
    (told,) = webhook.texts
    assert told.startswith(f"*erp develop {commit[:7]}: CI passed*\nTake orders\nPushed as tree-")
    assert told.endswith("<https://ci.example.com/builds/7|the build>")


@dataclass(frozen=True)
class Fault:
    stage: str
    said: list[str]
    write: dict[str, str] = field(default_factory=dict)
    replace: dict[str, tuple[str, str]] = field(default_factory=dict)
    append: dict[str, str] = field(default_factory=dict)


def days(count: int) -> str:
    return str(datetime.now(UTC).date() + timedelta(days=count))


def exception(until: str, of: str = "CVE-2025-27516") -> str:
    return (
        f'\n[scan]\nexcept = [{{ id = "{of}", by = "the platform team",'
        f' reason = "no template is anybody\'s but ours", until = "{until}" }}]\n'
    )


FAULTS = {
    "an unformatted file": Fault(
        "lint",
        ["app/unformatted.py", "the files above are not formatted", "Run `black .`"],
        {"app/unformatted.py": '"""Unformatted."""\n\n__all__ = [ ]\n'},
    ),
    "an unused import": Fault(
        "lint",
        ["F401", "`os` imported but unused", "Run `ruff check --fix .`"],
        {"app/unused.py": '"""Unused."""\n\nimport os\n'},
    ),
    "a shell that gets what a user typed": Fault(
        "sast",
        ["B602", "app/settings.py:", "Change the code", "`scan.except` in sluice.toml"],
        {},
        {
            "app/settings.py": (
                "from functools import lru_cache\n",
                "import subprocess\nfrom functools import lru_cache\n",
            ),
        },
        {
            "app/settings.py": "\n\ndef listed(folder: str) -> int:\n"
            '    return subprocess.run(f"ls {folder}", shell=True, check=False).returncode\n',
        },
    ),
    "a wrong type": Fault(
        "types",
        ["app/settings.py", "Incompatible types in assignment", "mypy found the wrong types"],
        {},
        {"app/settings.py": ("expire_minutes: int = 60", 'expire_minutes: int = "60"')},
    ),
    "a failing test": Fault(
        "test",
        ["FAILED tests/test_broken.py::test_broken", "tests failed", "`pytest NAME` runs one"],
        {"tests/test_broken.py": "def test_broken() -> None:\n    assert 1 + 1 == 3\n"},
    ),
    "a migration that does not run": Fault(
        "test",
        ["the migrations do not run on an empty database", "`alembic upgrade head`"],
        {},
        {
            "alembic/versions/5fa2d8b7c614_numbers_of_invoices.py": (
                'down_revision = "c7d09e31f5a8"',
                'down_revision = "000000000000"',
            ),
        },
    ),
    "code that no test reaches": Fault(
        "coverage",
        ["% are demanded", "Missing"],
        {
            "app/unreached.py": "".join(
                f"\n\ndef unreached_{n}() -> int:\n    return {n}\n" for n in range(200)
            ).lstrip("\n")
        },
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_fails_the_one_stage_it_is_for(served: Application, name: str) -> None:
    erp, fault = served, FAULTS[name]
    for path, text in fault.write.items():
        erp.write(path, text)
    for path, (old, new) in fault.replace.items():
        erp.replace(path, old, new)
    for path, text in fault.append.items():
        erp.write(path, (erp.folder / path).read_text() + text)
    erp.commit(name)
    assert erp.stage("checkout").status == 0
    # What is asked about dependencies does not depend on any of these: it is tested below.
    ended = {stage: erp.stage(stage) for stage in CHECKS if stage != "dependencies"}
    failed = {stage for stage, end in ended.items() if end.status}
    # Without tests there is no coverage to speak of.
    expected = {"test", "coverage"} if fault.said[0].startswith("the migrations") else {fault.stage}
    assert failed == expected, ended
    for words in fault.said:
        assert words in ended[fault.stage].said
    assert f"{fault.stage} FAILED: " in ended[fault.stage].said
    assert "\nNo image is pushed, so nothing is deployed.\nTo do: " in ended[fault.stage].said


VULNERABLE = {("jinja2", "3.1.5"): [JINJA]}


def with_severity(severity: str | None) -> dict[tuple[str, str], list[dict[str, Any]]]:
    record = {key: value for key, value in JINJA.items() if key != "database_specific"}
    if severity:
        record["database_specific"] = {"severity": severity}
    return {("jinja2", "3.1.5"): [record]}


def test_a_vulnerable_pin(erp: Application, osv: Osv) -> None:
    osv.known = VULNERABLE
    pinned(erp)
    ended = erp.stage("dependencies")
    assert ended.status and "jinja2" in osv.asked
    for words in [
        "CVE-2025-27516       high      jinja2 3.1.5 (fixed in 3.1.6)",
        "dependencies FAILED: findings of high severity or worse, or of an unknown one: CVE-2025-27516",
        "To do: Raise the version in requirements/ to one with the fix.",
        "an entry with `id`, `by`, `reason` and `until` under `scan.except` in sluice.toml",
    ]:
        assert words in ended.said
    # What pip-audit found stays the same from here on: only the judgement of it differs.
    report = erp.folder / "build/ci/pip-audit.json"
    over = "the exception of CVE-2025-27516 by the platform team expired on"
    none: dict[str, Any] = {"dependencies": []}
    config = (erp.folder / "sluice.toml").read_text()
    found = json.loads(report.read_text())
    for about, known, audit, excepted, refused in [
        ("until the end of today", VULNERABLE, found, exception(days(0)), None),
        ("by its other id", VULNERABLE, found, exception(days(9), "GHSA-cpwx-vrp4-4pq7"), None),
        ("another one", VULNERABLE, found, exception(days(9), "CVE-2000-0001"), "CVE-2025-27516"),
        ("expired", VULNERABLE, found, exception(days(-1)), over),
        ("expired and not needed", VULNERABLE, none, exception(days(-1)), over),
        ("medium", with_severity("MODERATE"), found, "", None),
        ("not rated", with_severity(None), found, "", "CVE-2025-27516"),
    ]:
        osv.known = known
        report.write_text(json.dumps(audit))
        erp.write("sluice.toml", f"{excepted}\n{config}")
        ended = erp.script("findings.py", "pip-audit", "build/ci", "--block", "high")
        assert (ended.status != 0) == (refused is not None), f"{about}: {ended.said}"
        assert refused is None or refused in ended.said, about
        # Bandit does not tell of what is not its own.
        assert erp.script("findings.py", "bandit", "build/ci", "--block", "high").status == 0


def pinned(erp: Application) -> None:
    """One requirement alone, so that pip has little to find out; and nothing that Bandit found."""
    for path in (erp.folder / "requirements").iterdir():
        path.unlink()
    erp.write("requirements/prod.txt", "jinja2==3.1.5\n")
    erp.write("build/ci/bandit.json", '{"errors": [], "results": []}')


def test_a_scanner_that_fails_is_not_taken_for_one_that_found_nothing(
    erp: Application, osv: Osv
) -> None:
    pinned(erp)
    gone = erp.stage("dependencies", CI_OSV_URL="http://127.0.0.1:9")
    assert gone.status and "pip-audit itself failed" in gone.said
    erp.write("app/syntax.py", "def (:\n")
    unread = erp.stage("sast")
    assert unread.status and "Bandit cannot read app/syntax.py" in unread.said


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('{ id = "CVE-1", by = "ada", reason = "r" }', "has no until"),
        ('{ id = "CVE-1", until = "2099-01-01" }', "has no by and no reason"),
        ('{ id = "CVE-1", by = "a", reason = "r", until = "soon" }', "is no date: soon"),
    ],
)
def test_an_exception_that_nobody_answers_for_is_refused(
    erp: Application, entry: str, said: str
) -> None:
    erp.replace("sluice.toml", "[app]\n", f"[scan]\nexcept = [{entry}]\n[app]\n")
    ended = erp.stage("sast")
    assert ended.status and said in ended.said


def test_bandits_exceptions_stand_in_the_same_file(erp: Application) -> None:
    erp.write("app/shell.py", 'import subprocess\n\nsubprocess.run("ls $HOME", shell=True)\n')
    erp.replace("sluice.toml", "[app]\n", f"{exception(days(9), 'B602')}\n[app]\n")
    assert "excepted" in erp.stage("sast", CI_SAST_BLOCK="medium").said
    erp.replace("sluice.toml", days(9), days(-9))
    ended = erp.stage("sast")
    assert ended.status and "the exception of B602 by the platform team expired" in ended.said


def test_set_up_refuses_another_python_than_the_projects(erp: Application) -> None:
    for path, old, said in [
        (".python-version", "3.", "and .python-version says 2."),
        ("Dockerfile", "FROM python:3.", "the Dockerfile is not made from python:3."),
    ]:
        before = (erp.folder / path).read_text()
        erp.replace(path, old, old.replace("3.", "2."))
        ended = erp.stage("set-up")
        assert ended.status and said in ended.said, ended.said
        erp.write(path, before)
    erp.write("requirements/test.txt", "-r base.txt\nfastapi==0.0.0\n")
    ended = erp.stage("set-up")
    assert ended.status and "requirements/dev.txt cannot be installed" in ended.said


def test_set_up_starts_the_services_where_there_are_none(erp: Application) -> None:
    assert erp.stage("set-up", CI_SERVICES="docker").status == 0
    started = [call for call in erp.calls if call[:2] == ["docker", "run"]]
    assert [call[call.index("--publish") + 1] for call in started] == ["5432:5432", "6379:6379"]
    assert started[0][-1] == "public.ecr.aws/docker/library/postgres:17"


def test_checkout_builds_the_commit_that_was_asked_for(erp: Application) -> None:
    first = erp.git("rev-parse", "HEAD")
    erp.commit("Take more orders")
    assert erp.stage("checkout", CI_COMMIT=first).status == 0
    assert erp.git("rev-parse", "HEAD") == first
    erp.replace("Dockerfile", "erp", "crm")
    ended = erp.stage("checkout")
    assert ended.status and "files differ from commit" in ended.said
    ended = erp.stage("checkout", CI_COMMIT="0" * 40)
    assert ended.status and "It was removed by a forced push" in ended.said
    erp.git("checkout", "--quiet", "--force", "develop")
    assert erp.stage("checkout", CI_REF="").status == 0
    erp.git("checkout", "--quiet", "--detach")
    ended = erp.stage("checkout", CI_REF="")
    assert ended.status and "it is not known which branch or tag is built" in ended.said
    ended = erp.stage("checkout", CI_REF="", CODEBUILD_SOURCE_VERSION="refs/heads/hotfix/ERP-7")
    assert ended.status == 0 and "checkout: hotfix/ERP-7 at " in ended.said


def test_people_are_told_what_failed_and_what_to_do(erp: Application, webhook: Webhook) -> None:
    erp.write("app/unused.py", "import os\n")
    erp.commit("Ping <!channel> & <https://evil.example|the build>")
    ended = erp.pipeline()
    assert [stage.stage for stage in ended] == ["checkout", "set-up", "lint", "notify"]
    (told,) = webhook.texts
    assert "CI FAILED*" in told and "To do: Run `ruff check --fix .`" in told
    assert "Ping &lt;!channel&gt; &amp; &lt;https://evil" in told
    assert erp.calls == []


def test_slack_that_does_not_answer_fails_no_build(erp: Application, webhook: Webhook) -> None:
    erp.stage("checkout")
    webhook.status = 500
    ended = erp.stage("notify")
    assert ended.status == 0 and "notify: nobody was told" in ended.said
    assert webhook.url not in ended.said


def test_a_stage_says_which_one_is_missing_before_it(erp: Application) -> None:
    ended = erp.stage("image")
    assert ended.status and "Run the stage `checkout` first" in ended.said
    assert erp.calls == []
