"""/sandbox: the pages for a partner's developer, in demo mode only."""
