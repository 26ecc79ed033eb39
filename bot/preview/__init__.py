"""What another policy would say of open and earlier pull requests. Used by reconcile and the command line."""
