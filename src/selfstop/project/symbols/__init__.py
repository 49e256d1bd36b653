"""What names, attributes, classes and calls of a program mean, flow of control aside, and what is asked of it."""
