"""Finds code that stops the machine it runs on without having counted to a threshold first."""

__version__ = "0.1.0"
