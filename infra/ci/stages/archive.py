"""The digest of the one image in an OCI archive, which must be annotated with the commit.

archive.py IMAGE.TAR COMMIT
"""

import json
import sys
import tarfile
from typing import Any


def main(path: str, commit: str) -> int:
    with tarfile.open(path) as archive:

        def read(name: str) -> Any:
            member = archive.extractfile(name)
            assert member is not None, name
            return json.load(member)

        images = read("index.json")["manifests"]
        if len(images) != 1:
            print(f"{path} holds {len(images)} images, not one", file=sys.stderr)
            return 1
        digest: str = images[0]["digest"]
        manifest = read("blobs/" + digest.replace(":", "/"))
    said = manifest.get("annotations", {}).get("org.opencontainers.image.revision")
    if said != commit:
        print(f"{digest} is annotated with commit {said}, not {commit}", file=sys.stderr)
        return 1
    print(digest)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
