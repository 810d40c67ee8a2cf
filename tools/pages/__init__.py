"""The reference pages, each made from what the code says of itself."""
