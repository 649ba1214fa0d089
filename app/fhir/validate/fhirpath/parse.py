"""Read a FHIRPath expression into a small tree of JSON lists. Only build steps import this module.

The grammar is the one of the fhirpathpy package (ANTLR); it takes 1 to 30 ms an expression and
0.2 s to import, so fact files and caches keep the tree, and a server never parses.

A tree is one of
    ["this"] ["index"] ["total"]          $this, $index, $total
    ["str", text] ["num", digits] ["bool", true] ["date" | "time", text] ["qty", digits, unit]
    ["none"]                              {}
    ["var", name]                         %name
    [".", left, name]                     left.name; a bare name has ["this"] on its left
    ["fn", left, name, argument ...]      left.name(argument ...)
    ["is" | "as" | "ofType", left, type]  both spellings, operator and function
    ["at", left, index] ["neg", term]
    ["op", sign, left, right]             and or xor implies = != ~ !~ < <= > >= | & + - * / div mod in contains
"""

from __future__ import annotations

import re

from antlr4 import CommonTokenStream, InputStream, ParseTreeWalker, Token
from antlr4.error.ErrorListener import ErrorListener
from fhirpathpy.parser.ASTPathListener import ASTPathListener
from fhirpathpy.parser.generated.FHIRPathLexer import FHIRPathLexer
from fhirpathpy.parser.generated.FHIRPathParser import FHIRPathParser

from .nodes import Ast, BadExpression

_TYPE_FUNCTIONS = ("is", "as", "ofType")
_ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "f": "\f"}
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)


class _Refuse(ErrorListener):  # type: ignore[misc]
    # Name and arguments are ANTLR's.
    def syntaxError(  # noqa: N802
        self,
        recognizer: object,  # noqa: ARG002
        symbol: object,  # noqa: ARG002
        line: int,  # noqa: ARG002
        column: int,
        msg: str,
        e: object,  # noqa: ARG002
    ) -> None:
        raise BadExpression(f"column {column}: {msg}")


def parse(expression: str) -> Ast:
    """The tree of `expression`, made of lists, strings and booleans only; BadExpression if it is not FHIRPath."""
    lexer = FHIRPathLexer(InputStream(expression))
    stream = CommonTokenStream(lexer)
    parser = FHIRPathParser(stream)
    for part in (lexer, parser):
        part.removeErrorListeners()
        part.addErrorListener(_Refuse())
    tree = parser.expression()
    if stream.LA(1) != Token.EOF:
        raise BadExpression(f"unexpected text after {tree.getText()[-20:]!r}")
    listener = ASTPathListener()  # type: ignore[no-untyped-call]
    ParseTreeWalker().walk(listener, tree)
    return _expression(listener.parentStack[0]["children"][0], ["this"])


def _expression(node: dict[str, object], focus: Ast) -> Ast:
    kind = str(node["type"])
    children: list[dict[str, object]] = node.get("children", [])  # type: ignore[assignment]
    signs: list[str] = node["terminalNodeText"]  # type: ignore[assignment]
    if kind in ("TermExpression", "InvocationTerm", "ParenthesizedTerm", "LiteralTerm"):
        return _expression(children[0], focus)
    if kind == "InvocationExpression":
        return _expression(children[1], _expression(children[0], focus))
    if kind == "IndexerExpression":
        return ["at", _expression(children[0], focus), _expression(children[1], focus)]
    if kind == "PolarityExpression":
        term = _expression(children[0], focus)
        return ["neg", term] if signs[0] == "-" else term
    if kind == "TypeExpression":
        return [signs[0], _expression(children[0], focus), _type_name(str(children[1]["text"]))]
    if kind.endswith("Expression"):
        return ["op", signs[0], _expression(children[0], focus), _expression(children[1], focus)]
    if kind.endswith("Literal"):
        return _literal(kind, node)
    return _invocation(kind, children, focus)


def _invocation(kind: str, children: list[dict[str, object]], focus: Ast) -> Ast:
    if kind == "MemberInvocation":
        return [".", focus, _identifier(children[0])]
    if kind == "FunctionInvocation":
        return _function(children[0]["children"], focus)  # type: ignore[arg-type]
    if kind in ("ThisInvocation", "IndexInvocation", "TotalInvocation"):
        return [kind.removesuffix("Invocation").lower()]
    if kind == "ExternalConstantTerm":
        inner: list[dict[str, object]] = children[0].get("children", [])  # type: ignore[assignment]
        if inner:
            return ["var", _identifier(inner[0])]
        text: list[str] = children[0]["terminalNodeText"]  # type: ignore[assignment]
        return ["var", _string(text[-1])]
    raise BadExpression(f"{kind} is not supported")


def _function(children: list[dict[str, object]], focus: Ast) -> Ast:
    name = _identifier(children[0])
    given: list[dict[str, object]] = children[1]["children"] if len(children) > 1 else []  # type: ignore[assignment]
    arguments = [_expression(argument, ["this"]) for argument in given]
    if name in _TYPE_FUNCTIONS and len(arguments) == 1:
        return [name, focus, _type_name(_dotted(arguments[0]))]
    return ["fn", focus, name, *arguments]


def _dotted(tree: Ast) -> str:
    if tree[0] != ".":
        raise BadExpression("a type name was expected")
    return str(tree[2]) if tree[1] == ["this"] else f"{_dotted(tree[1])}.{tree[2]}"


def _type_name(text: str) -> str:
    return text.replace("`", "").removeprefix("FHIR.")


def _identifier(node: dict[str, object]) -> str:
    text = str(node["text"])
    return _string(text) if text[:1] in "`'\"" else text


def _literal(kind: str, node: dict[str, object]) -> Ast:
    text = str(node.get("text", ""))
    if kind == "StringLiteral":
        return ["str", _string(text)]
    if kind == "NumberLiteral":
        return ["num", text]
    if kind == "BooleanLiteral":
        return ["bool", text == "true"]
    if kind == "NullLiteral":
        return ["none"]
    if kind == "DateTimeLiteral":
        return ["date", text[1:]]
    if kind == "TimeLiteral":
        return ["time", text[2:]]
    if kind == "QuantityLiteral":
        digits, unit = re.fullmatch(r"([0-9.]+)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
        return ["qty", digits, _string(unit) if unit[:1] == "'" else unit]
    raise BadExpression(f"{kind} is not supported")


def _string(quoted: str) -> str:
    def plain(found: re.Match[str]) -> str:
        mark = found.group(1)
        return chr(int(mark[1:], 16)) if len(mark) == 5 else _ESCAPES.get(mark, mark)

    return _ESCAPE.sub(plain, quoted[1:-1])
