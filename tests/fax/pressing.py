"""A process that converts the PDF named first into the folder named second, for as long as it takes."""

from __future__ import annotations

import sys
from pathlib import Path

from fax.press import Limits, convert

convert(Path(sys.argv[1]), Path(sys.argv[2]), Limits(memory=16 << 30))
