"""Which files there are, and what they say at a first look, before anything is parsed with LibCST."""
