"""Publishing: label topics, frames, availability and health."""
