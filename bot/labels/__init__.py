"""Label sets: the catalog `labels.yaml`, its lint, and making a repository match it.

Used by plan, reconcile, setup and the command line.
"""
