"""Python parts of the tasks of `./run`."""
