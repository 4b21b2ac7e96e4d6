"""What stands before every route: limits, guards, HEAD."""
