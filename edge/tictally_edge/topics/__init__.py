"""What the edge publishes for hubs: topic names and retained messages."""
