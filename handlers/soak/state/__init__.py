"""The state machine of soaks: evidence held against facts, and the state that follows."""
