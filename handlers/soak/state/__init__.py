"""The state machine of soaks: evidence compared with facts, and the resulting state."""
