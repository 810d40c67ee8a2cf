"""The drawing's parts: what stands on a card, where the cards stand, and how they are painted."""
