"""When a frame was read: the monotonic clock, and a wall clock that has proved itself."""
