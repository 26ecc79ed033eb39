"""What the sandbox sends: events after pushes and changes, signed webhooks."""
