"""The sample ERP as an application of its own: a git repository, with the pipeline copied to `ci/`."""

import os
import shutil
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

import servers
from application import IMAGE, Application, at
from servers import Servers
from services import Osv, Webhook, serving

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TARGET = ROOT / "target" / "pipeline"


@pytest.fixture(scope="session")
def running() -> Iterator[Servers]:
    with servers.started() as started:
        yield started


@pytest.fixture
def osv() -> Iterator[Osv]:
    osv = Osv()
    with serving(osv):
        yield osv


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    webhook = Webhook()
    with serving(webhook):
        yield webhook


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ERP on the Python that is here: the project's own may not be."""
    folder = tmp_path_factory.mktemp("template") / "erp"
    shutil.copytree(ROOT / "tests/erp", folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "infra/ci/stages", folder / "ci/stages")
    here = ".".join(map(str, sys.version_info[:2]))
    wanted = (folder / ".python-version").read_text().strip()
    for name in [".python-version", "Dockerfile"]:
        path = folder / name
        path.write_text(path.read_text().replace(wanted, here))
    return folder


@pytest.fixture
def stand_ins(tmp_path: Path) -> Path:
    """A folder for the path: the tools that are not here."""
    folder = tmp_path / "stand-ins"
    folder.mkdir()
    for tool in ["docker", "skopeo", "trivy", "cosign", "aws"]:
        program = folder / tool
        program.write_text(f'#!/bin/sh\nexec {sys.executable} -IS {HERE}/stand_in.py {tool} "$@"\n')
        program.chmod(0o755)
    return folder


@pytest.fixture
def erp(osv: Osv, webhook: Webhook, template: Path, stand_ins: Path, tmp_path: Path) -> Application:
    folder = tmp_path / "erp"
    shutil.copytree(template, folder)
    kept = ["PATH", "HOME", "LANG"]
    environment = {name: os.environ[name] for name in kept if name in os.environ} | {
        "CI_VENV": str(Path(sys.prefix)),
        "CI_PYTHON": sys.executable,
        "CI_OSV_URL": osv.url,
        "CI_WEBHOOK": webhook.url,
        "CI_IMAGE": IMAGE,
        "CI_SIGNING_KEY": "awskms:///alias/erp-images",
        "CI_REF": "refs/heads/develop",
        "CI_BUILD_URL": "https://ci.example.com/builds/7",
        "CI_SOURCE": "https://github.com/acme/erp",
        "MYPY_CACHE_DIR": str(TARGET / "mypy"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "STAND_IN": str(tmp_path),
    }
    environment["PATH"] = f"{stand_ins}:{environment['PATH']}"
    application = Application(folder, environment)
    application.git("init", "--quiet", "--initial-branch=develop")
    application.commit("Take orders")
    return application


@pytest.fixture
def served(erp: Application, running: Servers) -> Iterator[Application]:
    """The ERP with an empty database and Redis."""
    database = f"run_{uuid.uuid4().hex}"
    erp.environment["DATABASE_URL"] = running.database(database)
    erp.environment["REDIS_URL"] = f"redis://127.0.0.1:{running.redis}/0"
    yield erp
    running.drop(database)


@pytest.fixture
def checked(erp: Application) -> Application:
    """The ERP as it is before its image is built."""
    at(erp)
    return erp
