"""The configuration: what may be said (`connections`), and how it is read from a file (`file`)."""
