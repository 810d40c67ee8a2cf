"""A call from its offer to its record: route, converse, end."""
