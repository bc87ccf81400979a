"""The library: every function of the documentation, by its documented examples and edges."""

from __future__ import annotations

from typing import Any

import pytest

from listwatch.apiserver.cel import Environment, EvaluationError


def _value(source: str) -> Any:
    return Environment({}).compile(source).evaluate({})


@pytest.mark.parametrize(
    "source",
    [
        "'hello'.charAt(4) == 'o' && 'hello'.charAt(5) == ''",
        "'hello mellow'.indexOf('ello') == 1 && 'hello mellow'.indexOf('ello', 2) == 7",
        "'hello mellow'.lastIndexOf('ello') == 7 && 'hello mellow'.lastIndexOf('ello', 6) == 1",
        "['a', 'b'].join() == 'ab' && ['a', 'b'].join('-') == 'a-b'",
        "'TacoCat'.lowerAscii() == 'tacocat' && 'Tacocat\u00e9'.upperAscii() == 'TACOCAT\u00e9'",
        "'hello hello'.replace('he', 'we') == 'wello wello' && 'aaa'.replace('a', 'b', 2) == 'bba'",
        "'a b c'.split(' ') == ['a', 'b', 'c'] && 'a b c'.split(' ', 2) == ['a', 'b c']"
        " && 'ab'.split('') == ['a', 'b']",
        "'tacocat'.substring(4) == 'cat' && 'tacocat'.substring(0, 4) == 'taco'",
        "' \\n\\ttrim\\n '.trim() == 'trim' && 'gums'.reverse() == 'smug'",
        "strings.quote('a\"b\\n') == '\"a\\\\\"b\\\\n\"'",
        "'%s is %d, %.2f, %x, %X, %b, %o, 100%%'.format(['a', 7, 2.5, 255, 'hi', 5, 8])"
        " == 'a is 7, 2.50, ff, 6869, 101, 10, 100%'",
        "'%s %s'.format([['a', 'b'], {'k': null}]) == '[a, b] {k: null}'",
        "'abc'.startsWith('a') && 'abc'.endsWith('c') && 'abc'.contains('b')",
        "'abc 123'.matches('[0-9]+') && matches('abc', '^a.c$') && !'abc'.matches('^b')",
        "'abc 123'.find('[0-9]*$') == '123' && '123 abc 456'.findAll('[0-9]+', 1) == ['123']",
        "'123 abc 456'.findAll('[0-9]+') == ['123', '456'] && 'x'.find('[0-9]') == ''",
        "[1, 2].isSorted() && ![2, 1].isSorted() && [1, 2, 3].sum() == 6 && ['a', 'b'].max() == 'b'",
        "[1.0, 2.0].sum() == 3.0 && [duration('1h'), duration('1m')].sum() == duration('61m')",
        "[2, 1].min() == 1 && [1, 2, 1].indexOf(1) == 0 && [1, 2, 1].lastIndexOf(1) == 2 && [1].indexOf(3) == -1",
        "sets.contains([1, 2], [2]) && sets.equivalent([1, 1], [1]) && sets.intersects([1, 2], [2, 3])",
        "math.greatest(1, 2, 3) == 3 && math.least(1.5, 2.5) == 1.5 && math.greatest([4, 9]) == 9",
        "math.ceil(1.2) == 2.0 && math.floor(-1.2) == -2.0 && math.round(2.5) == 3.0 && math.trunc(-1.9) == -1.0",
        "math.abs(-3) == 3 && math.sign(-2.0) == -1.0 && math.bitOr(1, 6) == 7 && math.bitNot(0) == -1",
        "math.bitShiftLeft(1, 3) == 8 && math.bitShiftRight(-8, 1) > 0 && math.sqrt(9) == 3.0",
        "isURL('https://user@e.com:80/p?q=1') && !isURL('a b') && !isURL('../x') && isURL('/absolute')",
        "url('https://e.com:80/p').getHost() == 'e.com:80' && url('https://[::1]:80/').getHostname() == '::1'",
        "url('https://e.com:80/p').getPort() == '80' && url('https://e.com/a%20b').getEscapedPath() == '/a%20b'",
        "url('https://e.com/p?k=a&k=b').getQuery() == {'k': ['a', 'b']} && url('/p').getScheme() == ''",
        "isIP('127.0.0.1') && !isIP('127.0.0.256') && !isIP('::ffff:1.2.3.4') && ip('::1').family() == 6",
        "ip('127.0.0.1').isLoopback() && ip('0.0.0.0').isUnspecified() && ip('fe80::1').isLinkLocalUnicast()",
        "ip('224.0.0.1').isLinkLocalMulticast() && ip('192.168.0.1').isGlobalUnicast()",
        "ip.isCanonical('2001:db8::abcd') && !ip.isCanonical('2001:DB8::ABCD') && string(ip('::1')) == '::1'",
        "isCIDR('192.168.0.0/24') && !isCIDR('192.168.0.0') && cidr('192.168.0.0/24').containsIP('192.168.0.5')",
        "cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24') && cidr('10.0.0.5/8').ip() == ip('10.0.0.5')",
        "cidr('192.168.0.7/24').masked() == cidr('192.168.0.0/24') && cidr('::1/128').prefixLength() == 128",
        "quantity('500Ki').isGreaterThan(quantity('0.1Mi')) && isQuantity('1.3Gi') && !isQuantity('200K')",
        "quantity('50k').add(20) == quantity('50020') && quantity('1').sub(quantity('2')).sign() == -1",
        "quantity('50000000G').isInteger() && !quantity('0.5').isInteger() && quantity('10k').asInteger() == 10000",
        "quantity('200M').compareTo(quantity('0.2G')) == 0 && quantity('1500m').asApproximateFloat() == 1.5",
        "isSemver('1.2.3') && !isSemver('v1.0') && isSemver('v01.01', true) && semver('1.2.3').minor() == 2",
        "semver('1.0.0').isGreaterThan(semver('1.0.0-rc.1')) && semver('1.0.0-2').isLessThan(semver('1.0.0-10'))",
        "!format.dns1123Label().validate('my-label').hasValue() && format.named('uuid').hasValue()",
        "format.dns1123Label().validate('Bad_').value().size() == 1 && !format.named('nope').hasValue()",
        "format.dns1123LabelPrefix().validate('my-').hasValue() == false && format.date().validate('x').hasValue()",
        "timestamp('2023-05-28T00:00:00.5Z').getMilliseconds() == 500 && timestamp(0).getFullYear() == 1970",
        "timestamp('2023-05-28T23:00:00Z').getDate('+02:00') == 29"
        " && timestamp('2023-05-28T00:00:00Z').getDayOfWeek() == 0",
        "timestamp('2023-01-02T00:00:00Z').getDayOfYear() == 1 && timestamp('2023-05-28T00:00:00Z').getMonth() == 4",
        "timestamp('2023-05-28T02:00:00+02:00') == timestamp('2023-05-28T00:00:00Z')",
        "duration('90m').getHours() == 1 && duration('1.5s').getMilliseconds() == 1500"
        " && string(duration('1h')) == '3600s'",
        "timestamp('2023-01-01T00:00:00Z') + duration('24h') == timestamp('2023-01-02T00:00:00Z')",
        "string(1.0) == '1' && string(true) == 'true' && string(b'a') == 'a' && double('1.5') == 1.5 && bool('true')",
        "int('-5') == -5 && uint(3) == 3u && int(3.9) == 3 && bytes('a') == b'a' && size('\u00e9') == 1",
        "int(timestamp('1970-01-01T00:01:00Z')) == 60 && string(timestamp(0)) == '1970-01-01T00:00:00Z'",
        "jsonpatch.escapeKey('a/b~c') == 'a~1b~0c'",
    ],
)
def test_documented_examples_hold(source: str) -> None:
    """The functions do what the documentation of Kubernetes and CEL says."""
    assert _value(source) is True


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("'abc'.charAt(4)", "index out of range: 4"),
        ("'abc'.substring(2, 1)", "invalid substring range. start: 2, end: 1"),
        ("'a'.matches('(')", "error parsing regexp: missing ): ("),
        ("'a'.matches('(?=a)')", "error parsing regexp: invalid perl operator: (?="),
        ("duration('1x')", 'time: invalid duration "1x"'),
        ("ip('1.2.3')", 'IP Address "1.2.3" parse error during conversion from string'),
        (
            "quantity('x')",
            "quantities must match the regular expression '",
        ),
        ("[].map(x, 1).min()", "min called on empty list"),
        ("timestamp(0).getHours('Nowhere/Land')", "unknown time zone Nowhere/Land"),
        (
            "'%d'.format(['a'])",
            "error during formatting: decimal clause can only be used on integers",
        ),
        ("'%s'.format([])", "index 0 out of range"),
        ("math.bitShiftLeft(1, -1)", "math.bitShiftLeft() negative offset: -1"),
        ("quantity('0.5').asInteger()", "cannot convert value to integer"),
    ],
)
def test_bad_arguments_are_failures(source: str, message: str) -> None:
    """A function that cannot answer fails with a sentence."""
    with pytest.raises(EvaluationError) as raised:
        _value(source)
    assert str(raised.value).startswith(message)


def test_patterns_do_not_backtrack() -> None:
    """A pattern that makes backtracking matchers run for ever answers at once."""
    assert _value(f"'{'a' * 60}b'.matches('^(a+)+$')") is False
