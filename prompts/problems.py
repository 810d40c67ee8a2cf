"""Problems of catalogues are those of every file that people write."""

from marked_yaml import Mistakes, Problem, meant

__all__ = ["Mistakes", "Problem", "meant"]
