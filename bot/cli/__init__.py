"""The command line `assay`: one module for each group of commands in `commands`, and the code that they share.

`reports` prints what the checks say; the words of the comment on Forgejo are in `bot.plan`.

Public modules: `main`.
"""
