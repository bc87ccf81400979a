"""CEL as Kubernetes uses it: validation rules, admission policies, match conditions.

    text ─▶ lexer ─▶ parser (+ macros) ─▶ checker (+ types, overloads) ─▶ evaluator ─▶ a `Program`

Rules: pure. A text is refused with `CompileError` and nothing else, an evaluation fails with `EvaluationError` and
       nothing else, and none takes longer than its budget of steps allows. Our own, since of the libraries for Python
       none checks types against a schema, words its errors as the real server does, or knows Kubernetes' functions.
Source: the CEL specification (github.com/google/cel-spec); Kubernetes docs, "Common Expression Language in Kubernetes"
"""

from listwatch.apiserver.cel.errors import CompileError, EvaluationError
from listwatch.apiserver.cel.program import Environment, Program, compile_rule
from listwatch.apiserver.cel.schema_types import Declaration, declaration_of_node, declaration_of_schema

__all__ = [
    "CompileError",
    "Declaration",
    "Environment",
    "EvaluationError",
    "Program",
    "compile_rule",
    "declaration_of_node",
    "declaration_of_schema",
]
