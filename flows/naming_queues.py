"""Which queues flows name, and where: a queue that is named may not go away."""

from __future__ import annotations

from collections.abc import Iterator

from flows.flow import Library
from flows.nodes.enqueue import EnqueueNode
from flows.nodes.look_up import LookUpNode
from flows.tracing import Place


def queues_named(library: Library) -> Iterator[tuple[str, Place]]:
    """Each queue with the (flow, node) that names it, in the order of the flows."""
    for name, flow in library.flows.items():
        for node_name, node in flow.nodes.items():
            if isinstance(node, EnqueueNode) and node.queue:
                yield node.queue, (name, node_name)
            elif isinstance(node, LookUpNode) and node.look_up in library.look_ups:
                needs = library.look_ups[node.look_up].needs
                for argument, word in node.given.items():
                    if needs.get(argument, "").rstrip("?") == "queue":
                        yield word, (name, node_name)
