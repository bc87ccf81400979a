"""The generated modules are what the generator writes, cheap to import, and imported only when named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import generate_api  # noqa: E402 (tools is no package)
from api_generator.names import camel, module_name, snake  # noqa: E402
from api_generator.schema import modules  # noqa: E402
from api_generator.source import render  # noqa: E402


def test_generated_code_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    """Every module of listwatch.api is, to the byte, what the generator writes today."""
    assert generate_api.main(["--check"]) == 0, capsys.readouterr().err


def test_the_generator_writes_the_same_every_time() -> None:
    """Two runs give the same text."""
    assert generate_api.generated() == generate_api.generated()


def test_stale_missing_and_left_over_modules_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--check` fails for each way of being out of date, and writing repairs them all."""
    generate_api.main([], target=tmp_path)
    (tmp_path / "core_v1.py").write_text("# edited by hand\n")
    (tmp_path / "apps_v1.py").unlink()
    (tmp_path / "old_v1.py").write_text("")
    (tmp_path / "micro_time.py").write_text("")
    assert generate_api.main(["--check"], target=tmp_path) == 1
    told = capsys.readouterr().err.splitlines()
    assert [line.split()[0].rpartition("/")[2] for line in told] == ["apps_v1.py", "core_v1.py", "old_v1.py"]
    generate_api.main([], target=tmp_path)
    assert generate_api.main(["--check"], target=tmp_path) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [*generate_api.generated(), "micro_time.py"]
    )


@pytest.mark.parametrize(
    ("wire", "python"),
    [
        ("nodeName", "node_name"),
        ("clusterIPs", "cluster_ips"),
        ("podIP", "pod_ip"),
        ("hostPID", "host_pid"),
        ("externalIPs", "external_ips"),
        ("podCIDRs", "pod_cidrs"),
        ("targetWWNs", "target_wwns"),
        ("nonResourceURLs", "non_resource_urls"),
        ("serverAddressByClientCIDRs", "server_address_by_client_cidrs"),
        ("insecureSkipTLSVerify", "insecure_skip_tls_verify"),
        ("targetCPUUtilizationPercentage", "target_cpu_utilization_percentage"),
        ("setHostnameAsFQDN", "set_hostname_as_fqdn"),
        ("openAPIV3Schema", "open_api_v3_schema"),
        ("fieldsV1", "fields_v1"),
        ("scaleIO", "scale_io"),
        ("JSONPath", "json_path"),
        ("Port", "port"),
        ("from", "from_"),
        ("continue", "continue_"),
        ("not", "not_"),
        ("bool", "bool_"),
        ("$ref", "ref"),
        ("x-kubernetes-list-map-keys", "x_kubernetes_list_map_keys"),
    ],
)
def test_python_spelling(wire: str, python: str) -> None:
    """Words are told apart as a reader would, also abbreviations and their plurals."""
    assert snake(wire) == python


@pytest.mark.parametrize("wire", ["nodeName", "fieldsV1", "from", "bool", "fsType", "jsonPath", "data"])
def test_names_that_need_no_wire_name(wire: str) -> None:
    """For ordinary names the codec's camelCase rule leads back to the wire's name."""
    assert camel(snake(wire)) == wire


@pytest.mark.parametrize(
    ("package", "module"),
    [
        ("io.k8s.api.core.v1", "core_v1"),
        ("io.k8s.api.rbac.v1", "rbac_v1"),
        ("io.k8s.kube-aggregator.pkg.apis.apiregistration.v1", "apiregistration_v1"),
        ("io.k8s.apimachinery.pkg.apis.meta.v1", "meta_v1"),
        ("/v1", "core_v1"),
        ("rbac.authorization.k8s.io/v1", "rbac_v1"),
        ("autoscaling/v2", "autoscaling_v2"),
    ],
)
def test_module_names_are_those_of_the_go_packages(package: str, module: str) -> None:
    """One module per group and version, by the first label of the group."""
    assert module_name(package) == module


def document(
    properties: dict[str, Any], *, name: str = "io.k8s.api.toys.v1.Toy", **more: Any
) -> dict[str, Any]:
    return {"components": {"schemas": {name: {"type": "object", "properties": properties, **more}}}}


def test_documents_that_disagree_are_refused() -> None:
    """The generator does not choose between two descriptions of one schema."""
    documents = {
        "a.json": document({"x": {"type": "string"}}),
        "b.json": document({"x": {"type": "integer"}}),
    }
    with pytest.raises(
        ValueError, match=r"io\.k8s\.api\.toys\.v1\.Toy is not the same in b\.json and a\.json"
    ):
        modules(documents)


def test_names_that_become_one_are_refused() -> None:
    """Two properties with one Python name are an error that names both."""
    with pytest.raises(ValueError, match="podIp and podIP are both 'pod_ip'"):
        modules({"a.json": document({"podIP": {"type": "string"}, "podIp": {"type": "string"}})})


def test_a_kind_that_nobody_serves_is_refused() -> None:
    """Without a path there is no plural, and the generator does not guess one."""
    meta = {"$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}
    kinds = [{"group": "toys", "version": "v1", "kind": "Toy"}]
    lost = document({"metadata": meta}, **{"x-kubernetes-group-version-kind": kinds})
    with pytest.raises(ValueError, match="no path serves it"):
        modules({"a.json": lost})


def test_a_module_from_a_small_document() -> None:
    """What each shape of property becomes, in full."""
    properties = {
        "level": {"type": "integer", "default": 0},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/io.k8s.api.toys.v1.Toy"}},
        "podIP": {"type": "string"},
        "protocol": {"type": "string", "default": "TCP"},
        "size": {"type": "string", "default": ""},
    }
    (module,) = modules({"apis__toys__v1.json": document(properties, required=["size", "parts"])})
    assert render(module).partition("]\n")[2] == (
        "\n\n"
        "class Toy(Struct, kw_only=True, omit_defaults=True, gc=False):\n"
        "    level: int = 0\n"
        "    parts: list[Toy] = field(default_factory=list)\n"
        '    pod_ip: str | None = field(default=None, name="podIP")\n'
        "    protocol: str | None = None\n"
        "    size: str = field(default_factory=str)\n"
    )


def in_a_new_process(program: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT / "src"
    )
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "loaded"),
    [
        ("listwatch", []),
        ("listwatch.api", []),
        ("listwatch.api.core_v1", ["core_v1", "meta_v1"]),
        ("listwatch.api.apps_v1", ["apps_v1", "core_v1", "meta_v1"]),
        ("listwatch.api.coordination_v1", ["coordination_v1"]),
    ],
)
def test_modules_are_imported_only_when_named(first: str, loaded: list[str]) -> None:
    """Importing the package loads no kinds; importing one group loads it and what its fields are made of."""
    program = (
        f"import {first}, json, sys;"
        "print(json.dumps(sorted(m.rpartition('.')[2] for m in sys.modules"
        " if m.startswith('listwatch.api.') and m[-3:-1] == '_v')))"
    )
    assert in_a_new_process(program) == loaded


@pytest.mark.slow
def test_the_largest_module_is_cheap_to_import() -> None:
    """core_v1, over two hundred classes, costs under 60 ms of processor time once what all kinds share is there."""
    program = (
        "import listwatch.api.meta_v1, time; t = time.process_time();"
        "import listwatch.api.core_v1; print(time.process_time() - t)"
    )
    assert min(in_a_new_process(program) for _ in range(3)) < 0.060
