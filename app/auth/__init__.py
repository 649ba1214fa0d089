"""Who may call what: scopes, the roles that hold them, and how a caller is known."""
