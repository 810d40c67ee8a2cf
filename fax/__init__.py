"""The itemised bill as a document, and its delivery."""
