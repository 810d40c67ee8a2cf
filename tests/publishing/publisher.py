"""A process that publishes as fast as it can, to be killed. Arguments: the folders of versions, flows and prompts.

Each version's files all hold the same mark, so that a mixture would be seen; every third time it is a roll back.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from ivr_server.publishing.deeds import Deed
from ivr_server.publishing.folder import Folder, prints
from ivr_server.publishing.versions import Version, Versions


def marked(mark: str) -> dict[str, str]:
    """Twelve files with one mark."""
    return {f"flows/flow_{letter}.yaml": f"flow: {letter}  # {mark}\n" for letter in "abcdefghijkl"}


def main(place: Path, flows: Path, prompts: Path) -> None:
    """For ever."""
    versions, folder = Versions(place), Folder(flows, prompts, place)
    count = 0
    while True:
        count += 1
        published, now = versions.published(), time.time()
        if count % 3 or published < 2:
            files = marked(f"{count} {now}")
            version = Version(author="a", reason="r", at=now, source="studio")
            number = versions.publish(files, version, published, Deed(0, now, "a", "publish", 0)).number
        else:
            number = published - 1
            versions.point(number, published, Deed(0, now, "a", "roll_back", 0))
        folder.write(number, versions.files(number), prints(folder.read()))
        print(number, flush=True)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
