"""The sandbox of a demo: stories that a partner's developer sends, and what is said about them."""
