"""Which machine a stop call stops: the instance id followed backwards to where it was born."""
