"""The digest of the one image in an OCI layout, which must be annotated with the commit.

layout.py FOLDER COMMIT
"""

import json
import sys
from pathlib import Path


def main(folder: Path, commit: str) -> int:
    images = json.loads((folder / "index.json").read_text())["manifests"]
    if len(images) != 1:
        print(f"{folder} holds {len(images)} images, not one", file=sys.stderr)
        return 1
    digest: str = images[0]["digest"]
    manifest = json.loads((folder / "blobs" / digest.replace(":", "/")).read_text())
    said = manifest.get("annotations", {}).get("org.opencontainers.image.revision")
    if said != commit:
        print(f"{digest} is annotated with commit {said}, not {commit}", file=sys.stderr)
        return 1
    print(digest)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
