"""The bill's own words in each language: labels, headings, and the sentences of the stamped line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fax.words.chinese import CHINESE
from fax.words.english import ENGLISH
from fax.words.wording import Words

WORDS: Final[Mapping[str, Words]] = {"zh-CN": CHINESE, "en-US": ENGLISH}

__all__ = ["WORDS", "Words"]
