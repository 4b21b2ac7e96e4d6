"""The current state of sites, once and as a stream."""
