"""From a snapshot to reports, to what should exist, to what differs.

Pure: no I/O, no clock. Used by preview, reconcile and the command line.
"""
