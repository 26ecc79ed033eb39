"""Assaymaster: the machine that receives, remembers, observes and applies. It knows no rule of any check."""
