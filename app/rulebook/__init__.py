"""What the payer's clinicians own: reads, checks, tests and replaces the folder of policies."""

from app.determine.book import Rulebook
from app.rulebook.load import load
from app.rulebook.shelf import InForce, Shelf, folder_in_force

__all__ = ["InForce", "Rulebook", "Shelf", "folder_in_force", "load"]
