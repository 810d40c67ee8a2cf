"""One file per kind of node; ``flows.kinds`` is the list of them."""

from flows.nodes.node import Node

__all__ = ["Node"]
