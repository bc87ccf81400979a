"""The real kubectl asks who it is, what it may do, and for tokens; against `listwatch serve`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from processes import Served, serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120), pytest.mark.xdist_group("kubectl")]

READERS = """
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: NAME, namespace: default}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
  - {apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}
  - {kind: ServiceAccount, name: builder, namespace: default}
"""
ACCOUNT = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "builder"}}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("auth"), "--no-simulation") as served:
        served.kubectl("apply", "-f", "-", stdin=json.dumps(ACCOUNT))
        yield served


def test_whoami_tells_name_and_groups(cluster: Served) -> None:
    """`kubectl auth whoami` shows the user of the kubeconfig, and another with `--as`."""
    rows = [line.split(maxsplit=1) for line in cluster.kubectl("auth", "whoami").splitlines()]
    assert ["Username", "kubernetes-admin"] in rows
    assert ["Groups", "[system:masters system:authenticated]"] in rows
    asked = ("auth", "whoami", "--as=jane", "--as-group=devs", "-o", "json")
    user = json.loads(cluster.kubectl(*asked))["status"]["userInfo"]
    assert user == {"username": "jane", "groups": ["devs", "system:authenticated"]}


def test_can_i_says_yes_or_no_and_exits_so(cluster: Served) -> None:
    """`kubectl auth can-i` is yes for the administrator, no with exit code 1 for others until they are bound."""
    assert cluster.kubectl("auth", "can-i", "delete", "nodes").strip() == "yes"
    jane = ("auth", "can-i", "get", "pods", "--as=jane")
    code, answer, _ = cluster.kubectl_result(*jane)
    assert (code, answer.strip()) == (1, "no")
    cluster.kubectl("apply", "-f", "-", stdin=READERS.replace("NAME", "jane"))
    assert cluster.kubectl(*jane).strip() == "yes"
    assert cluster.kubectl_result("auth", "can-i", "create", "pods", "--as=jane")[0] == 1
    listed = cluster.kubectl("auth", "can-i", "--list", "--as=jane")
    assert "selfsubjectaccessreviews.authorization.k8s.io" in listed
    assert "pods" in listed
    cluster.kubectl("delete", "rolebinding", "jane")


def test_a_created_token_may_do_what_is_bound(cluster: Served, tmp_path: Path) -> None:
    """A kubeconfig with a token of `kubectl create token` is forbidden, and after a binding it is not."""
    token = cluster.kubectl("create", "token", "builder", "--duration=20m").strip()
    assert token.count(".") == 2
    config = yaml.safe_load(cluster.kubeconfig.read_text())
    for each in config["users"]:
        each["user"] = {"token": token}
    path = tmp_path / "builder.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    as_builder = ("--kubeconfig", str(path))
    code, _, complaint = cluster.kubectl_result(*as_builder, "get", "pods")
    assert code == 1
    assert 'User "system:serviceaccount:default:builder" cannot list resource "pods"' in complaint
    cluster.kubectl("apply", "-f", "-", stdin=READERS.replace("NAME", "builder"))
    assert cluster.kubectl(*as_builder, "get", "pods", "-o", "name") == ""
    cluster.kubectl("delete", "rolebinding", "builder")


def test_default_roles_are_shown(cluster: Served) -> None:
    """`kubectl get clusterroles` and `describe` show the default roles."""
    names = cluster.kubectl("get", "clusterroles", "-o", "name").split()
    assert "clusterrole.rbac.authorization.k8s.io/cluster-admin" in names
    assert "*.*" in cluster.kubectl("describe", "clusterrole", "cluster-admin")
