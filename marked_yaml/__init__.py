"""YAML with places: text in, a value or every problem at once out, each with file, line and column.

The one reader of everything people write for this product: flows, prompts, mappings, settings, dialogues.
"""

from marked_yaml.composing import Marked, at_path, read
from marked_yaml.problems import Mistakes, Problem, meant
from marked_yaml.shaping import shaped

__all__ = ["Marked", "Mistakes", "Problem", "at_path", "meant", "read", "shaped"]
