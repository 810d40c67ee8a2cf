"""Everything SQL: look-ups, the journal, passwords, staff, the outbox; and an in-memory twin."""
