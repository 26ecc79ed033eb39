"""The repositories of the sandbox, kept with the `git` program."""
