"""On demand: parses what may matter, links it, and goes on until nothing new is asked for."""
