"""What both programs need to run as services."""
