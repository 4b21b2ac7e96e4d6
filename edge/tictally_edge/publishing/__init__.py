"""What the edge tells the broker: label topics, frames, availability, health."""
