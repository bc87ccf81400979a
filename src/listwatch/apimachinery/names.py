"""What may be called what: the syntax of names, label keys and label values.

In:    a string somebody wants to use as a name
Out:   the problems with it, in the API server's words; an empty list when there are none
Next:  apimachinery/selector.py (label keys and values), apiserver/kinds/validation.py (everything else)
Rules: pure; lengths are counted in bytes of UTF-8, as Go counts them
Source: Kubernetes concepts, "Object Names and IDs" and "Labels and Selectors: syntax and character set";
        wording of apimachinery v0.36 (pkg/util/validation, pkg/api/validate/content)
"""

from __future__ import annotations

import re
from typing import Final

_LABEL_KEY: Final = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_LABEL_VALUE: Final = f"({_LABEL_KEY})?"
_DNS_LABEL: Final = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_DNS_SUBDOMAIN: Final = rf"{_DNS_LABEL}(\.{_DNS_LABEL})*"
_DNS_1035_LABEL: Final = "[a-z]([-a-z0-9]*[a-z0-9])?"
_CONFIG_KEY: Final = "[-._a-zA-Z0-9]+"
_PERCENT: Final = "[0-9]+%"
_ENV_NAME: Final = "[ -<>-~]+"

_matches_label_key: Final = re.compile(_LABEL_KEY).fullmatch
_matches_label_value: Final = re.compile(_LABEL_VALUE).fullmatch
_matches_dns_label: Final = re.compile(_DNS_LABEL).fullmatch
_matches_dns_subdomain: Final = re.compile(_DNS_SUBDOMAIN).fullmatch
_matches_dns_1035_label: Final = re.compile(_DNS_1035_LABEL).fullmatch
_matches_config_key: Final = re.compile(_CONFIG_KEY).fullmatch
_matches_percent: Final = re.compile(_PERCENT).fullmatch
_matches_env_name: Final = re.compile(_ENV_NAME).fullmatch

_MAX_LABEL: Final = 63
_MAX_SUBDOMAIN: Final = 253


def _byte_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _pattern_problem(message: str, pattern: str, *examples: str) -> str:
    shown = " or ".join(f"'{example}'," for example in examples)
    return f"{message} (e.g. {shown} regex used for validation is '{pattern}')"


def _label_key_problem(subject: str) -> str:
    return _pattern_problem(
        f"{subject} must consist of alphanumeric characters, '-', '_' or '.', "
        "and must start and end with an alphanumeric character",
        _LABEL_KEY,
        "MyName",
        "my.name",
        "123-abc",
    )


def qualified_name_problems(text: str) -> list[str]:
    """What keeps `text` from being a label key, an annotation key or a finalizer: `[prefix/]name`."""
    prefix, slash, name = text.partition("/")
    if "/" in name:
        return [
            f"{_label_key_problem('a valid label key')}"
            " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        ]
    problems: list[str] = []
    if not slash:
        name = prefix
    elif not prefix:
        problems.append("prefix part must be non-empty")
    else:
        problems.extend(f"prefix part {problem}" for problem in _subdomain_problems(prefix, unit="bytes"))
    if not name:
        problems.append("name part must be non-empty")
    elif _byte_length(name) > _MAX_LABEL:
        problems.append(f"name part must be no more than {_MAX_LABEL} bytes")
    if not _matches_label_key(name):
        problems.append(_label_key_problem("name part"))
    return problems


def label_value_problems(text: str) -> list[str]:
    """What keeps `text` from being the value of a label; the empty string is a value."""
    problems: list[str] = []
    if _byte_length(text) > _MAX_LABEL:
        problems.append(f"must be no more than {_MAX_LABEL} bytes")
    if not _matches_label_value(text):
        problems.append(
            _pattern_problem(
                "a valid label must be an empty string or consist of alphanumeric characters,"
                " '-', '_' or '.', and must start and end with an alphanumeric character",
                _LABEL_VALUE,
                "MyValue",
                "my_value",
                "12345",
            )
        )
    return problems


def _subdomain_problems(text: str, *, unit: str) -> list[str]:
    problems: list[str] = []
    if _byte_length(text) > _MAX_SUBDOMAIN:
        problems.append(f"must be no more than {_MAX_SUBDOMAIN} {unit}")
    if not _matches_dns_subdomain(text):
        problems.append(
            _pattern_problem(
                "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters,"
                " '-' or '.', and must start and end with an alphanumeric character",
                _DNS_SUBDOMAIN,
                "example.com",
            )
        )
    return problems


def dns_subdomain_problems(text: str) -> list[str]:
    """What keeps `text` from being a DNS subdomain (RFC 1123), the name of most kinds of object."""
    return _subdomain_problems(text, unit="characters")


def dns_label_problems(text: str) -> list[str]:
    """What keeps `text` from being a DNS label (RFC 1123): namespaces, containers, volumes."""
    problems: list[str] = []
    if _byte_length(text) > _MAX_LABEL:
        problems.append(f"must be no more than {_MAX_LABEL} characters")
    if not _matches_dns_label(text):
        if _matches_dns_subdomain(text):
            problems.append("must not contain dots")
        else:
            problems.append(
                _pattern_problem(
                    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
                    "and must start and end with an alphanumeric character",
                    _DNS_LABEL,
                    "my-name",
                    "123-abc",
                )
            )
    return problems


def dns_1035_label_problems(text: str) -> list[str]:
    """What keeps `text` from being a DNS label of the older kind (RFC 1035): it starts with a letter."""
    problems: list[str] = []
    if _byte_length(text) > _MAX_LABEL:
        problems.append(f"must be no more than {_MAX_LABEL} characters")
    if not _matches_dns_1035_label(text):
        problems.append(
            _pattern_problem(
                "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
                "start with an alphabetic character, and end with an alphanumeric character",
                _DNS_1035_LABEL,
                "my-name",
                "abc-123",
            )
        )
    return problems


def path_segment_problems(text: str) -> list[str]:
    """What keeps `text` from being one segment of a URL path: roles and their bindings ask no more."""
    if text in {".", ".."}:
        return [f"may not be '{text}'"]
    return [f"may not contain '{character}'" for character in "/%" if character in text]


def config_key_problems(text: str) -> list[str]:
    """What keeps `text` from being a key of a ConfigMap or Secret, which becomes a file name."""
    problems: list[str] = []
    if _byte_length(text) > _MAX_SUBDOMAIN:
        problems.append(f"must be no more than {_MAX_SUBDOMAIN} characters")
    if not _matches_config_key(text):
        problems.append(
            _pattern_problem(
                "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
                _CONFIG_KEY,
                "key.name",
                "KEY_NAME",
                "key-name",
            )
        )
    if text == ".":
        problems.append("must not be '.'")
    elif text == "..":
        problems.append("must not be '..'")
    elif text.startswith(".."):
        problems.append("must not start with '..'")
    return problems


def percent_problems(text: str) -> list[str]:
    """What keeps `text` from being a percentage such as `25%`."""
    if _matches_percent(text):
        return []
    message = "a valid percent string must be a numeric string followed by an ending '%'"
    return [_pattern_problem(message, _PERCENT, "1%", "93%")]


def env_name_problems(text: str) -> list[str]:
    """What keeps `text` from being the name of an environment variable."""
    if _matches_env_name(text):
        return []
    message = (
        "a valid environment variable name must consist only of printable ASCII characters other than '='"
    )
    return [message]
