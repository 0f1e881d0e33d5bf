"""skopeo itself, and a registry itself: what is a stand-in elsewhere takes what it is called with."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from application import IMAGE, Application, made
from servers import free_port, wait


def test_the_digest_that_was_scanned_is_under_every_tag(
    checked: Application, stand_ins: Path, tmp_path: Path
) -> None:
    with registry(tmp_path) as host:
        real = shutil.which("skopeo", path=os.environ["PATH"])
        assert real, "skopeo is missing: apt-get install skopeo"
        # What differs is where the registry is, and that it has no certificate.
        there = IMAGE.split("/")[0]
        insecure = tmp_path / "registries.conf"
        insecure.write_text(f'[[registry]]\nlocation = "{host}"\ninsecure = true\n')
        options = f"--insecure-policy --registries-conf {insecure}"
        (stand_ins / "skopeo").write_text(
            f'#!/usr/bin/env bash\nexec {real} {options} "${{@//{there}/{host}}}"\n'
        )
        checked.plant("registry-host", host)
        said = made(checked)
        assert "failed" not in said, said.get("push")
        commit, tree = checked.git("rev-parse", "HEAD"), checked.git("rev-parse", "HEAD^{tree}")
        index = json.loads((checked.folder / "build/ci/image/index.json").read_text())
        for tag in [f"tree-{tree}", f"sha-{commit}", f"develop-{commit[:7]}"]:
            accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
            asked = Request(f"http://{host}/v2/erp/manifests/{tag}", headers=accept)
            with urlopen(asked) as answer:
                manifest = json.load(answer)
                digest = answer.headers["Docker-Content-Digest"]
            assert digest == index["manifests"][0]["digest"]
            assert manifest["annotations"]["org.opencontainers.image.revision"] == commit


@contextmanager
def registry(home: Path) -> Iterator[str]:
    host = f"127.0.0.1:{free_port()}"
    config = home / "registry.yml"
    config.write_text(
        "version: 0.1\n"
        f"storage: {{filesystem: {{rootdirectory: {home}/registry}}}}\n"
        f"http: {{addr: '{host}'}}\n"
    )
    with (home / "registry.log").open("w") as log:
        server = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=log, stderr=log)
    try:
        wait(lambda: urlopen(f"http://{host}/v2/").close(), (home / "registry.log").read_text)
        yield host
    finally:
        server.terminate()
        server.wait(timeout=30)
