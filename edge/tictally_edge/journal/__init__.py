"""Journal: numbers frames and stores two weeks of them, in memory, and on disk while the broker is away."""
