"""The pytest plugin: the fixture `cluster`, and what makes it as a test wishes.

In:    `@pytest.mark.cluster(…)`, ini options, a fixture `cluster_template` of the user's
Out:   a `Cluster` for each test; on failure, what was asked of it, in the report
Rules: loaded in every session of whoever has listwatch installed, so nothing of listwatch is imported before a test
       asks for a cluster. Fixtures are plain functions: they serve synchronous tests and those of any asynchronous
       plugin alike, since the server has a thread of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from listwatch.testing.cluster import Cluster

_SHOWN_REQUESTS = 25
_MARKER = (
    "cluster(*, simulate, nodes, delays, tls, clock, seed, manifests, crds, users, audit_log, env): how the fixture "
    "`cluster` is made, see listwatch.testing.Cluster; env=True sets KUBECONFIG during the test"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the ini options."""
    parser.addini(
        "cluster_simulate", "simulate a scheduler and kubelets in every cluster", "bool", default=False
    )
    parser.addini("cluster_tls", "let every cluster speak HTTPS", "bool", default=True)
    parser.addini("cluster_env", "set KUBECONFIG during every test with a cluster", "bool", default=False)
    parser.addini("cluster_manifests", "files or folders that every cluster begins with", "paths", default=[])
    group = parser.getgroup("listwatch", "clusters for tests")
    group.addoption(
        "--cluster-requests",
        type=int,
        metavar="N",
        default=_SHOWN_REQUESTS,
        help=f"show the last N requests to the cluster of a failed test (default: {_SHOWN_REQUESTS})",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", _MARKER)


@pytest.fixture(scope="session")
def _cluster_thread() -> Iterator[None]:
    """The servers' thread, kept from the first cluster to the session's end."""
    from listwatch.testing import server_thread  # noqa: PLC0415 (see the module's rules)

    with server_thread.shared():
        yield


@pytest.fixture(scope="session")
def cluster_factory(pytestconfig: pytest.Config, _cluster_thread: None) -> Iterator[Callable[..., Cluster]]:
    """Makes started clusters that live until the end of the session, with the arguments of `Cluster`.

    For a `cluster_template` of one's own, or for tests that need two clusters.
    """
    with ExitStack() as clusters:

        def make(**options: Any) -> Cluster:
            return clusters.enter_context(_new(pytestconfig, options))

        yield make


@pytest.fixture(scope="session")
def cluster_template() -> Cluster | None:
    """What each test's `cluster` is a fork of: none, unless a conftest.py overrides this fixture.

    An override is of scope "session" too, and returns what `cluster_factory(manifests=…)` made.
    """
    return None


@pytest.fixture
def cluster(
    request: pytest.FixtureRequest, cluster_template: Cluster | None, _cluster_thread: None
) -> Iterator[Cluster]:
    """A Kubernetes API server of this test's own: see `listwatch.testing.Cluster`.

    A fork of `cluster_template` if there is one, else as `@pytest.mark.cluster(…)` says.
    """
    options = _marked(request.node)
    is_in_env = options.pop("env", None)
    if is_in_env is None:
        is_in_env = request.config.getini("cluster_env")
    manifests: list[Any] = []
    if cluster_template is None:
        made = _new(request.config, options)
    else:
        manifests = [options.pop("crds", ()), options.pop("manifests", ())]
        if options:
            raise pytest.UsageError(
                f"{request.node.nodeid}: a fork of cluster_template is made as that was; "
                f"@pytest.mark.cluster cannot change {', '.join(sorted(options))}"
            )
        made = cluster_template.fork()
    with made as started, ExitStack() as steps:
        for each in manifests:
            started.apply(each)
        if is_in_env:
            steps.enter_context(started.environment())
        yield started


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what was asked of a failed test's cluster to its report."""
    report = yield
    journal: Any = getattr(getattr(item, "funcargs", {}).get("cluster"), "journal", None)
    shown = item.config.getoption("cluster_requests")
    is_wanted = report.when == "call" and report.failed and shown
    if is_wanted and journal is not None and (requests := list(journal)[-shown:]):
        told = "\n".join(str(each) for each in requests)
        report.sections.append((f"last {len(requests)} requests to the cluster", told))
    return report


def _marked(node: pytest.Item) -> dict[str, Any]:
    """The options of all `cluster` marks of a test, its class and its module; the nearest wins."""
    options: dict[str, Any] = {}
    for mark in reversed(list(node.iter_markers("cluster"))):
        if mark.args:
            raise pytest.UsageError(
                f"{node.nodeid}: @pytest.mark.cluster takes keywords only, not {mark.args!r}"
            )
        options.update(mark.kwargs)
    return options


def _new(config: pytest.Config, options: dict[str, Any]) -> Cluster:
    from listwatch.testing.cluster import Cluster  # noqa: PLC0415 (see the module's rules)

    given = {
        "simulate": config.getini("cluster_simulate"),
        "tls": config.getini("cluster_tls"),
        **options,
        "manifests": [*config.getini("cluster_manifests"), options.get("manifests", ())],
    }
    try:
        return Cluster(**given)
    except TypeError as error:
        raise pytest.UsageError(f"@pytest.mark.cluster: {error}") from None
