"""The pytest plugin, in sessions of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from testing_kit import run_pytest

pytest_plugins = ["pytester"]
SRC = Path(__file__).parents[2] / "src"


def test_a_cluster_for_each_test(pytester: pytest.Pytester) -> None:
    """Tests get clusters of their own, by functions, classes and with marks of all levels."""
    pytester.makepyfile(
        """
        import pytest
        POD = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: c, image: i}]}}"

        def test_writes(cluster):
            cluster.apply(POD)
            assert len(cluster.list("pods")) == 1

        def test_sees_nothing_of_it(cluster):
            assert cluster.list("pods") == []

        @pytest.mark.cluster(simulate=True, clock="virtual")
        class TestLife:
            @pytest.mark.cluster(manifests=POD)
            def test_a_pod_runs(self, cluster):
                cluster.clock.advance(30)
                assert cluster.get("pods/web")["status"]["phase"] == "Running"

            def test_nodes(self, cluster):
                assert len(cluster.list("nodes")) == 1

        @pytest.mark.cluster(env=True)
        def test_environment(cluster):
            import os
            assert os.environ["KUBECONFIG"] == str(cluster.kubeconfig_path)
        """
    )
    run_pytest(pytester).assert_outcomes(passed=5)


def test_asynchronous_tests(pytester: pytest.Pytester) -> None:
    """The same fixture serves a test that is a coroutine."""
    pytester.makepyfile(
        """
        from listwatch.api.core_v1 import Namespace

        async def test_namespaces(cluster):
            async with cluster.async_client() as client:
                names = [each.name for each in await client.resource(Namespace).list()]
            assert "default" in names
        """
    )
    run_pytest(pytester, "-o", "asyncio_mode=auto").assert_outcomes(passed=1)


def test_forks_of_a_template(pytester: pytest.Pytester) -> None:
    """A session's template is loaded once, and every test has a fork of it, with manifests of its own on top."""
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def cluster_template(cluster_factory):
            return cluster_factory(manifests="{apiVersion: v1, kind: Namespace, metadata: {name: shop}}")
        """
    )
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("time", [1, 2])
        def test_shop(cluster, cluster_template, time):
            assert cluster.revision == cluster_template.revision
            cluster.delete("namespaces/shop")

        @pytest.mark.cluster(manifests="{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop}}")
        def test_more(cluster):
            assert cluster.get("cm/shop/a")

        @pytest.mark.cluster(tls=True)
        def test_cannot_be_changed(cluster):
            pass
        """
    )
    result = run_pytest(pytester)
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["*@pytest.mark.cluster cannot change tls*"])


def test_ini_options(pytester: pytest.Pytester) -> None:
    """What all clusters of a project begin with stands in its configuration."""
    pytester.makeini(
        """
        [pytest]
        cluster_simulate = true
        cluster_manifests = deploy
        """
    )
    pytester.mkdir("deploy").joinpath("all.yaml").write_text(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"
    )
    pytester.makepyfile(
        """
        def test_begun(cluster):
            assert cluster.get("cm/a") and cluster.list("nodes")
        """
    )
    run_pytest(pytester).assert_outcomes(passed=1)


def test_a_failed_test_shows_its_requests(pytester: pytest.Pytester) -> None:
    """The report of a failed test ends with what was asked of its cluster, as far as is wanted."""
    pytester.makepyfile(
        """
        def test_wrong(cluster):
            cluster.list("pods")
            assert False
        """
    )
    lines = ["*last 1 requests to the cluster*", "#1 LIST /api/v1/pods 200 (kubernetes-admin)"]
    run_pytest(pytester).stdout.fnmatch_lines(lines)
    run_pytest(pytester, "--cluster-requests=0").stdout.no_fnmatch_line(lines[0])


@pytest.mark.parametrize(
    ("mark", "complaint"),
    [("True", "*takes keywords only*"), ("colour='red'", "*unexpected keyword argument 'colour'*")],
)
def test_wrong_marks(pytester: pytest.Pytester, mark: str, complaint: str) -> None:
    """A mark that means nothing is named."""
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.cluster({mark})
        def test_it(cluster):
            pass
        """
    )
    result = run_pytest(pytester)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([complaint])


@pytest.mark.slow
def test_an_unused_plugin_costs_nothing() -> None:
    """Loading the plugin loads of ours only itself and the package's own names, and nothing heavy."""
    program = (
        "import pytest, sys; before = set(sys.modules); import listwatch.testing.plugin;"
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(SRC)},
        capture_output=True,
        text=True,
        check=True,
    )
    ours = ["listwatch", "listwatch.testing", "listwatch.testing.plugin", "listwatch.version"]
    assert eval(done.stdout) == ours
