"""Other programs that read a Linky and publish it: the format of each, as one file, and what they have in common."""
