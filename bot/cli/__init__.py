"""The command line `assay`: one module for each group of commands in `commands`, and the code that they share.

Public modules: `main`.
"""
