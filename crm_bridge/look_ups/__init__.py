"""The look-ups by subject: plain functions ``(room, arguments) -> Answer``, run in one transaction each."""
