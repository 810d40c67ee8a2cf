"""Bills on their way to fax machines: the worker between the job table, the press and Asterisk."""
