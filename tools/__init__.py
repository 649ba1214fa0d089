"""What `make` runs for developers: the locks and the generated pages. Not part of the program."""
