"""Bytes that nobody has thought of, given to what reads files: source, ``# noqa`` comments and configuration.

``targets`` says what has to hold of any bytes, ``seeds`` what to begin with. ``python -m tests.fuzz TARGET`` searches
on from there, guided by coverage; ``tests/test_fuzz.py`` does a little of it without that.
"""
