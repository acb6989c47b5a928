"""The board's pages, by what they are about."""
