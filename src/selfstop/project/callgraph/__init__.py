"""Who can reach a stop call, over which calls, and what is known where a function is entered."""
