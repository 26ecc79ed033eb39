"""Which targets are due for what, and what listings told of them; in few statements, whatever the number of targets.

Public modules: `due`, `listed`, `marking`.
"""
