"""From classes of paths to verdicts, and to witnesses that a reader can check."""
