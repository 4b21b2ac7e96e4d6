"""The apps of Home Assistant: complete folders that its supervisor builds, and a run of both under a Docker engine."""
