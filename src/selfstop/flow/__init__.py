"""One function at a time: control-flow graph, conditions, and the facts that hold at each point.

Nothing here knows about files or about how calls are linked across them.
"""
