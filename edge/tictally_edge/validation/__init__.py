"""Validation: what of a decoded frame may be published, as decided by earlier frames and by plausibility."""
