"""The conditions that a description names for its own merge, and what answers them."""
