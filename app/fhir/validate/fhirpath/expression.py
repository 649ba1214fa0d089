"""One call from text to function, for tools and tests. It parses, so it is slow (see the package)."""

from __future__ import annotations

from .checks import Expression, compile_ast
from .parse import parse


def compile_expression(expression: str, type_name: str = "Resource") -> Expression:
    """A function (node, context) -> items for a FHIRPath text; BadExpression if it is none.

    It raises PathError or NotSupported when evaluation fails. `type_name`: see the package docstring.
    """
    return compile_ast(parse(expression), type_name)
