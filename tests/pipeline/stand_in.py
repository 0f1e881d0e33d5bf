"""Stands in for docker, skopeo, trivy, cosign and aws: there is no container engine and no AWS here.

    stand_in.py TOOL ARGUMENTS...

Each call is a line in $STAND_IN/calls. docker writes an OCI layout as it is asked for; skopeo,
cosign and aws share one registry, whose tags are immutable, as ECR's can be. `$STAND_IN/fails` has the
beginnings of calls that fail.
"""

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

HOME = Path(os.environ["STAND_IN"])
REGISTRY = HOME / "registry.json"


def registry() -> dict[str, Any]:
    return json.loads(REGISTRY.read_text()) if REGISTRY.exists() else {"tags": {}, "images": {}}


def save(state: dict[str, Any]) -> None:
    REGISTRY.write_text(json.dumps(state))


def fail(why: str) -> None:
    print(why, file=sys.stderr)
    sys.exit(1)


def options(arguments: list[str], name: str) -> list[str]:
    return [value for at, value in zip(arguments, arguments[1:], strict=False) if at == name]


def docker(arguments: list[str]) -> None:
    if arguments[:2] != ["buildx", "build"]:
        return
    pairs = [value.removeprefix("manifest:") for value in options(arguments, "--annotation")]
    annotations = dict(pair.split("=", 1) for pair in pairs)
    if (HOME / "buildx-does-not-annotate").exists():
        annotations = {}
    (output,) = options(arguments, "--output")
    # Each build is another image, as builds are: its configuration has the time in it.
    second = len((HOME / "calls").read_text().splitlines()) % 60
    config = {
        "created": f"2026-01-05T09:00:{second:02}Z",
        "architecture": "amd64",
        "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(LAYER).hexdigest()]},
    }
    blobs: dict[str, bytes] = {}
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": put(blobs, "config.v1+json", json.dumps(config).encode()),
        "layers": [put(blobs, "layer.v1.tar", LAYER)],
        "annotations": annotations,
    }
    image = put(blobs, "manifest.v1+json", json.dumps(manifest).encode())
    blobs["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [image]}).encode()
    blobs["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
    assert output.startswith("type=oci,tar=false,"), output
    for name, content in blobs.items():
        path = Path(output.split("dest=", 1)[1], name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


# An empty archive: what is in the image, no test asks.
LAYER = bytes(1024)


def put(blobs: dict[str, bytes], media: str, content: bytes) -> dict[str, Any]:
    """Adds a blob, and gives its descriptor."""
    digest = hashlib.sha256(content).hexdigest()
    blobs[f"blobs/sha256/{digest}"] = content
    media = f"application/vnd.oci.image.{media}"
    return {"mediaType": media, "digest": f"sha256:{digest}", "size": len(content)}


def skopeo(arguments: list[str]) -> None:
    source, target = arguments[-2:]
    state = registry()
    if source.startswith("oci:"):
        folder = Path(source.removeprefix("oci:"))
        (image,) = json.loads((folder / "index.json").read_text())["manifests"]
        manifest = json.loads((folder / "blobs" / image["digest"].replace(":", "/")).read_text())
        state["images"][image["digest"]] = {"annotations": manifest["annotations"], "beside": []}
        digest = image["digest"]
    else:
        digest = source.split("@")[1]
        if digest not in state["images"]:
            fail(f"manifest unknown: {digest}")
    if "@" in target:
        assert target.endswith(digest), f"pushed {digest} as {target}"
    else:
        tag = target.rsplit(":", 1)[1]
        if state["tags"].setdefault(tag, digest) != digest:
            fail(f"tag invalid: The image tag '{tag}' already exists and cannot be overwritten")
    save(state)


def trivy(arguments: list[str]) -> None:
    (output,) = options(arguments, "--output")
    (form,) = options(arguments, "--format")
    (layout,) = options(arguments, "--input")
    # It takes what `docker save` writes, or a layout's folder: no archive of one.
    assert Path(layout, "index.json").is_file(), layout
    found = HOME / "trivy.json"
    report = found.read_text() if found.exists() else '{"SchemaVersion": 2, "Results": []}'
    sbom = '{"bomFormat": "CycloneDX", "specVersion": "1.6"}'
    Path(output).write_text(report if form == "json" else sbom)


def cosign(arguments: list[str]) -> None:
    state = registry()
    digest = arguments[-1].split("@")[1]
    if (HOME / "registry-host").exists():
        return  # the registry is another one, which test_registry.py looks at
    if digest not in state["images"]:
        fail(f"MANIFEST_UNKNOWN: {digest}")
    state["images"][digest]["beside"].append(arguments[0])
    save(state)


def aws(arguments: list[str]) -> None:
    if arguments[:2] == ["ecr", "get-login-password"]:
        print("a-password")
        return
    assert arguments[:2] == ["ecr", "describe-images"], arguments
    (image,) = options(arguments, "--image-ids")
    tag = image.removeprefix("imageTag=")
    real = HOME / "registry-host"
    digest = of_registry(real.read_text(), tag) if real.exists() else registry()["tags"].get(tag)
    if digest is None:
        fail(
            "An error occurred (ImageNotFoundException) when calling the DescribeImages operation:"
            f" The image with imageId {{{image}}} does not exist"
        )
    print(digest)


def of_registry(host: str, tag: str) -> str | None:
    """What a real one has under that tag."""
    # Here, so that the many calls that ask no real one start quicker.
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
    address = f"http://{host}/v2/erp/manifests/{tag}"
    try:
        with urlopen(Request(address, headers=accept, method="HEAD")) as answer:
            digest: str = answer.headers["Docker-Content-Digest"]
            return digest
    except HTTPError as error:
        assert error.code == 404, error
        return None


def main(tool: str, arguments: list[str]) -> None:
    if "--password-stdin" in arguments:
        assert sys.stdin.read() == "a-password\n"
    with (HOME / "calls").open("a") as calls:
        calls.write(json.dumps([tool, *arguments]) + "\n")
    fails = HOME / "fails"
    said = " ".join([tool, *arguments])
    for line in fails.read_text().splitlines() if fails.exists() else []:
        if said.startswith(line):
            fail(f"{line}: (AccessDeniedException) is not authorized to perform this")
    {"docker": docker, "skopeo": skopeo, "trivy": trivy, "cosign": cosign, "aws": aws}[tool](arguments)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
