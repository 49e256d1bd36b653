"""Many files at once: which there are, how they import each other, and what they say together."""
