"""Tempo's colours, from RTE or from a public mirror of its calendar."""
