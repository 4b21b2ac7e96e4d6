"""What the errands of `./run` need beyond bash."""
