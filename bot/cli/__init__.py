"""The command line `assay`: one module for each group of commands in `commands`, and beside it what they share.

Public modules: `main`.
"""
