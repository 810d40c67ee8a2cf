"""The floor: who waits in which queue, who answers, who talks with whom; as Asterisk tells it, people unknown."""
