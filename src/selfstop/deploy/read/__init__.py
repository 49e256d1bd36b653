"""Readers of the files that deploy a program, one module for each format, from text to `selfstop.deploy.model`."""
