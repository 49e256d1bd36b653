"""Benchmarks of selfstop against its targets; see README.md beside this file."""
