"""What can be wrong with an expression, before it runs and while it does.

In:    a position in the text and what is wrong there
Out:   `CompileError` with the text in which cel-go shows issues; `EvaluationError`
Rules: pure
Source: cel-go common/errors.go (the form of a message), as the API server passes it on
"""

from __future__ import annotations

from dataclasses import dataclass

from listwatch.apimachinery.errors import ListWatchError


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong with a text, and where: a character's index."""

    position: int
    message: str


class CompileError(ListWatchError):
    """The text is no expression, or not one of these variables and types. The message is the API server's."""

    def __init__(self, issues: str) -> None:
        super().__init__(f"compilation failed: {issues}")
        self.issues = issues

    @classmethod
    def wrong_type(cls, wanted: object) -> CompileError:
        """The error of an expression whose value is of another type than it has to be."""
        error = cls("")
        error.args = (f"must evaluate to {wanted}",)
        return error

    @classmethod
    def at(cls, source: str, issues: list[Issue]) -> CompileError:
        """The error that shows each issue with its line and a caret under its place."""
        shown = sorted(dict.fromkeys(issues), key=lambda issue: issue.position)
        return cls("\n".join(_show(source, issue) for issue in shown))


class EvaluationError(ListWatchError):
    """The expression has no value for what was given."""


class BudgetError(EvaluationError):
    """The expression takes more steps than it is allowed."""

    def __init__(self) -> None:
        super().__init__("operation cancelled: actual cost limit exceeded")


class IssueFound(Exception):
    """Ends the reading of a text at its first fault; never leaves this package."""

    def __init__(self, position: int, message: str) -> None:
        super().__init__(message)
        self.issue = Issue(position, message)


def _show(source: str, issue: Issue) -> str:
    before = source[: issue.position]
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1)
    lines = source.split("\n")
    text = lines[line - 1].replace("\t", " ")
    return f"ERROR: <input>:{line}:{column + 1}: {issue.message}\n | {text}\n | {'.' * column}^"
