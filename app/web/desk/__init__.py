"""The reviewer's desk: its JSON interface."""
