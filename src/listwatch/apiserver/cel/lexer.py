"""The words of an expression.

In:    text
Out:   `Token`s, the last of them the end
Next:  parser.py
Rules: pure; literals are decoded here, so that the parser sees values; a fault is an `IssueFound` with its place
Source: CEL specification, "Lexis"; cel-go's messages
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from listwatch.apiserver.cel.errors import IssueFound
from listwatch.apiserver.cel.values import INT_MAX, UINT_MAX, UInt

_TOKEN: Final = re.compile(
    r"""(?P<space>(?:[\ \t\r\n\f]|//[^\n]*)+)
    |(?P<float>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    |(?P<int>(?:0x[0-9a-fA-F]+|[0-9]+))(?P<unsigned>[uU]?)
    |(?P<prefix>[rR][bB]?|[bB][rR]?|)(?P<quote>\"\"\"|'''|"|')
    |(?P<ident>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<operator>==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()\[\]{}])""",
    re.VERBOSE,
)
_SIMPLE_ESCAPES: Final = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "`": "`",
    "?": "?",
}
_CODE: Final = re.compile(r"[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})")
_WORDS: Final = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Token:
    """A word: `kind` is literal, ident, end, or the operator itself; `value` a literal's value."""

    kind: str
    text: str
    position: int
    value: Any = None


def tokens(source: str) -> list[Token]:
    """The words of `source` and the end.

    Raises:
        IssueFound: Something is no word.
    """
    found: list[Token] = []
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise IssueFound(position, f"Syntax error: token recognition error at: '{source[position]}'")
        position = match.end()
        if match["quote"] is not None:
            token = _string(source, match)
            position = token.position + len(token.text)
            found.append(token)
        elif match["space"] is None:
            found.append(_word(match))
    found.append(Token("end", "<EOF>", len(source)))
    return found


def _word(match: re.Match[str]) -> Token:
    text, position = match.group(), match.start()
    if match["operator"] is not None:
        return Token(text, text, position)
    if match["ident"] is not None:
        if text in _WORDS:
            return Token("literal", text, position, _WORDS[text])
        return Token("in" if text == "in" else "ident", text, position)
    if match["float"] is not None:
        return Token("literal", text, position, float(text))
    digits = match["int"]
    value = int(digits, 16) if digits.startswith("0x") else int(digits)
    if match["unsigned"]:
        if value > UINT_MAX:
            raise IssueFound(position, "invalid uint literal")
        return Token("literal", text, position, UInt(value))
    if value > INT_MAX + 1:  # one more, for the least number after its sign
        raise IssueFound(position, "invalid int literal")
    return Token("literal", text, position, value)


def _string(source: str, match: re.Match[str]) -> Token:
    prefix, quote, start = match["prefix"].lower(), match["quote"], match.end()
    is_raw, is_bytes, is_long = "r" in prefix, "b" in prefix, len(quote) > 1
    parts: list[str] = []
    raw_bytes = bytearray()
    position = start
    while True:
        if source.startswith(quote, position):
            break
        if position >= len(source) or (source[position] in "\r\n" and not is_long):
            shown = source[match.start() : position]
            raise IssueFound(match.start(), f"Syntax error: token recognition error at: '{shown}'")
        character, step = source[position], 1
        code = ""
        if character == "\\" and not is_raw:
            character, step, code = _escape(source, position)
        if is_bytes:
            is_octet = code and code[0] in "xX01234567"
            raw_bytes += bytes([ord(character)]) if is_octet else character.encode("utf-8", "surrogatepass")
        else:
            parts.append(character)
        position += step
    text = source[match.start() : position + len(quote)]
    return Token("literal", text, match.start(), bytes(raw_bytes) if is_bytes else "".join(parts))


def _escape(source: str, position: int) -> tuple[str, int, str]:
    """The character that an escape stands for, how long the escape is, and its code if it has one."""
    following = source[position + 1 : position + 2]
    if (simple := _SIMPLE_ESCAPES.get(following)) is not None and following:
        return simple, 2, ""
    match = _CODE.match(source, position + 1)
    shown = source[position : position + 2]
    if match is None:
        raise IssueFound(position, f"Syntax error: token recognition error at: '{shown}'")
    octal = match[4]
    code = int(octal, 8) if octal else int(match[1] or match[2] or match[3], 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise IssueFound(position, "invalid unicode code point")
    return chr(code), 1 + len(match.group()), match.group()
