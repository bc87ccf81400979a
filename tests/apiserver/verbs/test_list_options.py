"""List and watch options: what is read, what is refused and how."""

from __future__ import annotations

import pytest

from listwatch.apiserver.verbs.list_options import (
    ListOptions,
    check_dry_run,
    field_validation,
    parse_list_options,
    version_of,
)
from listwatch.apiserver.wire.request_info import Query
from listwatch.apiserver.wire.statuses import APIFailure


def _options(text: str, *, watch: bool) -> ListOptions:
    return parse_list_options(Query(text), watch=watch)


GOOD = [
    ("", False, None, ""),
    ("limit=5", False, None, ""),
    ("limit=-1", False, None, ""),
    ("resourceVersion=7&resourceVersionMatch=Exact", False, None, "Exact"),
    ("resourceVersion=0&resourceVersionMatch=NotOlderThan", False, None, "NotOlderThan"),
    ("", True, True, "NotOlderThan"),
    ("resourceVersion=0", True, True, "NotOlderThan"),
    ("resourceVersion=7", True, None, ""),
    ("sendInitialEvents=true&resourceVersionMatch=NotOlderThan", True, True, "NotOlderThan"),
    ("sendInitialEvents=false&resourceVersionMatch=NotOlderThan", True, False, "NotOlderThan"),
]


@pytest.mark.parametrize(("query", "watch", "initial", "match"), GOOD)
def test_sound_options_are_read(query: str, *, watch: bool, initial: bool | None, match: str) -> None:
    """A watch without a version has always begun with the state; nothing else is made up."""
    options = _options(query, watch=watch)
    assert (options.send_initial_events, options.match) == (initial, match)


MATCH = "resourceVersionMatch: "
BAD = [
    ("limit=abc", False, 400, 'strconv.ParseInt: parsing "abc": invalid syntax'),
    ("limit=99999999999999999999", False, 400, "value out of range"),
    ("timeoutSeconds=1.5", True, 400, 'strconv.ParseInt: parsing "1.5": invalid syntax'),
    (
        "labelSelector=a+in+(",
        True,
        400,
        "unable to parse requirement: found '', expected: ',', ')' or identifier",
    ),
    ("fieldSelector=nonsense", False, 400, "invalid selector: 'nonsense'; can't understand 'nonsense'"),
    ("resourceVersionMatch=Exact", False, 422, MATCH + "Forbidden: resourceVersionMatch is forbidden unless"),
    ("resourceVersion=0&resourceVersionMatch=Exact", False, 422, 'Forbidden: resourceVersionMatch "exact"'),
    (
        "resourceVersion=1&resourceVersionMatch=X",
        False,
        422,
        'Unsupported value: "X": supported values: "Exact"',
    ),
    (
        "resourceVersion=1&resourceVersionMatch=Exact&continue=a",
        False,
        422,
        "forbidden when continue is provided",
    ),
    ("sendInitialEvents=true", False, 422, "sendInitialEvents is forbidden for list"),
    ("sendInitialEvents=true", True, 422, "sendInitialEvents requires setting resourceVersionMatch"),
    (
        "resourceVersionMatch=NotOlderThan",
        True,
        422,
        "forbidden for watch unless sendInitialEvents is provided",
    ),
    ("sendInitialEvents=true&resourceVersionMatch=Exact", True, 422, 'supported values: "NotOlderThan"]'),
    ("continue=abc", True, 422, "resourceVersionMatch is forbidden when continue is provided"),
]


@pytest.mark.parametrize(("query", "watch", "code", "message"), BAD)
def test_senseless_options_are_refused_in_the_servers_words(
    query: str, *, watch: bool, code: int, message: str
) -> None:
    """What cannot be read is a 400, what does not go together a 422 that tells every cause."""
    with pytest.raises(APIFailure) as refusal:
        _options(query, watch=watch)
    assert refusal.value.code == code
    assert message in refusal.value.status["message"]


@pytest.mark.parametrize(
    ("version", "watch", "code", "reason"),
    [
        ("abc", True, 500, ""),
        ("-1", True, 500, ""),
        ("abc", False, 400, "BadRequest"),
        ("9" * 30, False, 400, "BadRequest"),
    ],
)
def test_a_version_that_is_no_number_is_refused(version: str, *, watch: bool, code: int, reason: str) -> None:
    """A list answers such a version with a 400, a watch with a bare 500, as kube-apiserver does."""
    with pytest.raises(APIFailure) as refusal:
        version_of(_options(f"resourceVersion={version}", watch=watch))
    assert (refusal.value.code, refusal.value.reason) == (code, reason)


def test_dry_run_is_all_or_nothing() -> None:
    """`dryRun=All` is the only value there is."""
    assert check_dry_run(Query("dryRun=All"), "CreateOptions")
    assert not check_dry_run(Query(""), "CreateOptions")
    with pytest.raises(APIFailure) as refusal:
        check_dry_run(Query("dryRun=Some"), "CreateOptions")
    assert refusal.value.status["message"] == (
        'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"'
    )


def test_field_validation_defaults_to_warnings() -> None:
    """Unknown fields are warned of unless the request says otherwise; other values are refused."""
    assert field_validation(Query(""), "CreateOptions") == "Warn"
    assert field_validation(Query("fieldValidation=Strict"), "CreateOptions") == "Strict"
    with pytest.raises(APIFailure):
        field_validation(Query("fieldValidation=Maybe"), "CreateOptions")
