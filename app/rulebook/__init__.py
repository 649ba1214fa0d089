"""What the payer's clinicians own: reads, checks, tests and replaces the folder of policies."""

from app.determine.book import Rulebook
from app.rulebook.load import load

__all__ = ["Rulebook", "load"]
