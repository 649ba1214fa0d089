"""CDS Hooks over HTTP: discovery and hook calls; members that we do not know are kept and ignored."""
