"""Observations from elsewhere: what importers read, how runs are stored, and the quarters that they fill."""
