"""A soak played through without a server. Used by the command line."""
