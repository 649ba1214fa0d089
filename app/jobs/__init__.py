"""Background work, run by `forthwith work`."""
