"""What git says of a pull request: commits, secrets in them, changed protected lines, stale mentions.

Used by observe.
"""
