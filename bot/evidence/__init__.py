"""Evidence of a soak from a CI job's logs and artifacts. Used by the command line and the demo.

Public modules: `ci_run`, `collect`, `logs`.
"""
