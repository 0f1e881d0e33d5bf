"""PostgreSQL and Redis of the tests' own, on ports of their own, gone when the tests are over."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Servers:
    postgres: int
    redis: int
    psql: Path

    def database(self, name: str) -> str:
        """The address of a new, empty database."""
        self.sql(f"CREATE DATABASE {name}")
        return f"postgresql://ci@127.0.0.1:{self.postgres}/{name}"

    def drop(self, name: str) -> None:
        self.sql(f"DROP DATABASE {name} (FORCE)")

    def sql(self, statement: str) -> None:
        where = ["-h", "127.0.0.1", "-p", str(self.postgres), "-U", "ci", "-d", "postgres"]
        subprocess.run([self.psql, "-Xq", *where, "-c", statement], check=True)


@contextmanager
def started() -> Iterator[Servers]:
    postgres, redis = free_port(), free_port()
    binaries = postgres_binaries()
    # Not under target/: PostgreSQL refuses root, and another user may not get there.
    home = Path(tempfile.mkdtemp(prefix="sluice-pipeline-"))
    data = home / "data"
    as_user: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(home, "nobody")
        as_user = ["setpriv", "--reuid=nobody", "--clear-groups", "--"]
    initdb: list[str | Path] = [
        binaries / "initdb",
        "-D",
        data,
        "--username=ci",
        "--auth=trust",
        "--no-sync",
    ]
    subprocess.run(
        [*as_user, *initdb, "--encoding=UTF8", "--locale=C"], check=True, stdout=subprocess.DEVNULL
    )
    settings = [f"port={postgres}", "listen_addresses=127.0.0.1", "fsync=off"]
    settings += ["unix_socket_directories=", "max_connections=30"]
    options = [option for setting in settings for option in ("-c", setting)]
    redis_options = ["--port", str(redis), "--bind", "127.0.0.1", "--save", "", "--dir", str(home)]
    servers: list[subprocess.Popen[bytes]] = [
        subprocess.Popen([*as_user, binaries / "postgres", "-D", data, *options], stderr=log(home)),
        subprocess.Popen(["redis-server", *redis_options], stdout=subprocess.DEVNULL),
    ]
    try:
        running = Servers(postgres, redis, binaries / "psql")
        wait(lambda: running.sql("SELECT 1"), (home / "log").read_text)
        wait(lambda: socket.create_connection(("127.0.0.1", redis)).close(), lambda: "Redis")
        yield running
    finally:
        for server in servers:
            server.terminate()
        for server in servers:
            server.wait(timeout=30)
        shutil.rmtree(home)


def log(home: Path) -> int:
    return os.open(home / "log", os.O_WRONLY | os.O_CREAT)


def wait(attempt: Callable[[], object], why: Callable[[], str]) -> None:
    for _ in range(300):
        try:
            attempt()
        except (OSError, subprocess.CalledProcessError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"a server does not start: {why()}")


def postgres_binaries() -> Path:
    """Debian keeps them out of the path."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = versions[-1] if versions else Path(shutil.which("initdb") or "")
    assert found.is_file(), "PostgreSQL's server is missing: apt-get install postgresql"
    return found.parent


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
