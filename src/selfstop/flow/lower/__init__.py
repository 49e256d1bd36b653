"""From a LibCST tree to graphs: scopes, expressions, statements, modules.

This package is the only one that knows LibCST's node types.
"""

from selfstop.flow.lower.module import Frame, Place, Skeleton, lower_function, lower_module

__all__ = ["Frame", "Place", "Skeleton", "lower_function", "lower_module"]
