"""Mutation testing of the flow analysis."""
