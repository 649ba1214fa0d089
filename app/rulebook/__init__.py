"""What the payer's clinicians own: reads, checks, tests and replaces the folder of policies."""

from app.determine.book import Rulebook
from app.rulebook.load import load
from app.rulebook.shelf import InForce, Shelf

__all__ = ["InForce", "Rulebook", "Shelf", "load"]
