"""Facts that a posting's text holds: one module a fact, text in, value out, nothing when unsure. Pure."""
