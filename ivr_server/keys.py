"""Words that the service makes for itself once and keeps in the state folder, readable by its own user alone."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cryptography.fernet import Fernet

from crm_bridge.factor_rows import Sealing
from crm_bridge.secret import Secret


def made_once(path: Path, make: Callable[[], str]) -> str:
    """The word in this file; the first to ask makes it, and who asks at the same time gets the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
        try:
            with os.fdopen(handle, "w") as file:
                file.write(make())
            with suppress(FileExistsError):
                os.link(beside, path)
        finally:
            os.unlink(beside)
    return path.read_text().strip()


def sealing(folder: Path) -> Sealing:
    """What seals second factors: IVR_FACTOR_KEY, else the key in the state folder; ValueError when it is no key."""
    given = os.environ.get("IVR_FACTOR_KEY", "")
    key = given or made_once(folder / "factor-key", lambda: Fernet.generate_key().decode())
    try:
        return Sealing(Secret(key))
    except ValueError:
        place = "IVR_FACTOR_KEY" if given else str(folder / "factor-key")
        raise ValueError(f"{place} holds no key: it must be 32 random bytes as URL-safe base64 (44 letters)") from None
