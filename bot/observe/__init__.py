"""From a target to its snapshot. Used by preview and reconcile."""
