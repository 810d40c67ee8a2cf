"""A process that saves one word after the other, and says each when it is saved; until it is killed."""

from __future__ import annotations

import sys

from crm_bridge import receptions
from crm_bridge.database import Limits, engine_for
from crm_bridge.receptions import Reception, id_of


def main() -> None:
    """Save, say, and again."""
    engine = engine_for(sys.argv[1], Limits()).execution_options(write=True)
    new = Reception(id=id_of("typist", "c-1"), agent="typist", call="c-1")
    with engine.begin() as connection:
        kept = receptions.begin(connection, new)
    version, word = kept.version, int(kept.asked or 0)
    while True:
        word += 1
        with engine.begin() as connection:
            version = receptions.save(connection, new, version, {"asked": str(word)}).version
        print(word, flush=True)


if __name__ == "__main__":
    main()
