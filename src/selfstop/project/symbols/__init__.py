"""The program as tables: what names, attributes and classes in it mean, whatever the flow of control."""
