"""People at seats: their states, their calls, what they write down; over the live picture of the floor."""
