"""Text in, postings out."""
