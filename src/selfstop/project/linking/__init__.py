"""Calls joined to the functions they run: summaries, and what holds once a call has returned."""
