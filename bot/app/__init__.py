"""The parts put together: the machine that the commands share, and the service. Used by what starts the program."""
