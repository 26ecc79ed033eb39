"""The JSON of each kind of thing, in the names and types of the server that the sandbox is."""
