"""Requests that nobody would send: garbage, and objects that are nearly right.

In:    a seeded random source
Out:   requests, raw
Rules: near-valid objects are made from the OpenAPI documents, then broken in a few places, so that what looks at them
       deep inside gets to see something strange
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import quote

from openapi_samples import META, SCHEMAS, reference

Schema = dict[str, Any]
DEEP = "[" * 6000 + "]" * 6000
DEEP_OBJECT = '{"a":' * 3000 + "1" + "}" * 3000
RAW = {  # stands for its text in a document, which no value can
    "\0nan": "NaN",
    "\0huge": "1" * 400,
    "\0giant": "7" * 5000,
    "\0float": "1e400",
    "\0big": str(2**63),
    "\0small": "-" + str(2**63 + 1),
    "\0exponent": "1E2",
    "\0surrogate": r'"\ud800"',
    "\0nul": r'"\u0000"',
    "\0deep": DEEP,
    "\0objects": DEEP_OBJECT,
    "\0twice": '{"a":1,"a":{"b":2},"name":"x","name":"y"}',
    "\0meta": '{"name":"a","name":"b","labels":{"a":"1","a":"2"}}',
}
BOMB = "\n".join(
    ["a: &a [x]", *(f"{b}: &{b} [" + f"*{a}," * 9 + "]" for a, b in pairwise("abcdefghij"))]
).encode()
JUNK: tuple[Any, ...] = (
    *RAW,
    None,
    True,
    0,
    -1,
    2**31,
    2**53 + 1,
    -(2**63),
    1.5,
    1e308,
    "",
    " ",
    "x" * 300,
    "é☃\u2028",
    "\x7f",
    "../../etc",
    "a/b/c",
    "-0",
    "1e3",
    "99999999999999999999Ei",
    "9" * 300,
    "1e" + "9" * 300,
    "1" + "0" * 5000,
    "2026-13-45T99:99:99Z",
    "0001-01-01T00:00:00Z",
    "999999-01-01T00:00:00Z",
    "%s%n{}{0}",
    "=",
    "A_B",
    "10.0.0.300",
    "::1/129",
    [],
    [None],
    [[]],
    [1, "a", {}],
    {},
    {"": ""},
    {"a": None},
    {"a/b/c": 1},
    {"name": ["a"]},
    {"$patch": "replace"},
    {"$patch": "delete", "name": "main"},
    {"$setElementOrder/containers": [{"name": "x"}], "$retainKeys": ["a"]},
)
AUTOSCALING = "io.k8s.api.autoscaling.v"
KINDS = {  # by path, the schema of what goes there
    "/api/v1/namespaces/default/pods": "io.k8s.api.core.v1.Pod",
    "/api/v1/namespaces/default/configmaps": "io.k8s.api.core.v1.ConfigMap",
    "/api/v1/namespaces/default/secrets": "io.k8s.api.core.v1.Secret",
    "/api/v1/namespaces/default/services": "io.k8s.api.core.v1.Service",
    "/api/v1/namespaces/default/events": "io.k8s.api.core.v1.Event",
    "/api/v1/namespaces/default/serviceaccounts": "io.k8s.api.core.v1.ServiceAccount",
    "/api/v1/namespaces/default/persistentvolumeclaims": "io.k8s.api.core.v1.PersistentVolumeClaim",
    "/api/v1/namespaces/default/resourcequotas": "io.k8s.api.core.v1.ResourceQuota",
    "/api/v1/namespaces/default/limitranges": "io.k8s.api.core.v1.LimitRange",
    "/api/v1/namespaces/default/replicationcontrollers": "io.k8s.api.core.v1.ReplicationController",
    "/api/v1/namespaces/default/endpoints": "io.k8s.api.core.v1.Endpoints",
    "/api/v1/namespaces": "io.k8s.api.core.v1.Namespace",
    "/api/v1/nodes": "io.k8s.api.core.v1.Node",
    "/api/v1/persistentvolumes": "io.k8s.api.core.v1.PersistentVolume",
    "/apis/apps/v1/namespaces/default/deployments": "io.k8s.api.apps.v1.Deployment",
    "/apis/apps/v1/namespaces/default/replicasets": "io.k8s.api.apps.v1.ReplicaSet",
    "/apis/apps/v1/namespaces/default/statefulsets": "io.k8s.api.apps.v1.StatefulSet",
    "/apis/apps/v1/namespaces/default/daemonsets": "io.k8s.api.apps.v1.DaemonSet",
    "/apis/batch/v1/namespaces/default/jobs": "io.k8s.api.batch.v1.Job",
    "/apis/batch/v1/namespaces/default/cronjobs": "io.k8s.api.batch.v1.CronJob",
    "/apis/coordination.k8s.io/v1/namespaces/default/leases": "io.k8s.api.coordination.v1.Lease",
    "/apis/policy/v1/namespaces/default/poddisruptionbudgets": "io.k8s.api.policy.v1.PodDisruptionBudget",
    "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers": AUTOSCALING
    + "2.HorizontalPodAutoscaler",
    "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers": AUTOSCALING
    + "1.HorizontalPodAutoscaler",
    "/apis/networking.k8s.io/v1/namespaces/default/ingresses": "io.k8s.api.networking.v1.Ingress",
    "/apis/networking.k8s.io/v1/namespaces/default/networkpolicies": "io.k8s.api.networking.v1.NetworkPolicy",
    "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices": "io.k8s.api.discovery.v1.EndpointSlice",
    "/apis/storage.k8s.io/v1/storageclasses": "io.k8s.api.storage.v1.StorageClass",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles": "io.k8s.api.rbac.v1.ClusterRole",
    "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings": "io.k8s.api.rbac.v1.RoleBinding",
    "/apis/scheduling.k8s.io/v1/priorityclasses": "io.k8s.api.scheduling.v1.PriorityClass",
    "/apis/events.k8s.io/v1/namespaces/default/events": "io.k8s.api.events.v1.Event",
    "/apis/authentication.k8s.io/v1/tokenreviews": "io.k8s.api.authentication.v1.TokenReview",
    "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews": "io.k8s.api.authorization.v1.SelfSubjectAccessReview",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions": (
        "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition"
    ),
    "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies": (
        "io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy"
    ),
}
SUBRESOURCES = (
    "status",
    "scale",
    "binding",
    "eviction",
    "ephemeralcontainers",
    "finalize",
    "log",
    "exec",
    "token",
    "x",
)
CONTENT_TYPES = (
    *("application/json",) * 6,
    "",
    "application/yaml",
    "application/apply-patch+yaml",
    "application/vnd.kubernetes.protobuf",
    "application/cbor",
    "text/html",
    "application/json; charset=latin-1; ;;=",
    "é",
)
PATCH_TYPES = (
    "application/merge-patch+json",
    "application/json-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)
ACCEPTS = (
    *("",) * 6,
    "*/*",
    "application/json;as=Table;g=meta.k8s.io;v=v1",
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    "application/yaml",
    "application/vnd.kubernetes.protobuf",
    "text/plain;q=x, application/json;q=0.1;as=Table",
    ",;,=;q=nan",
    "\u00e9;;",
)
QUERIES = (
    *("",) * 8,
    "limit=-1",
    "limit=99999999999999999999",
    *(
        f"{name}={'9' * 5000}"
        for name in ("limit", "timeoutSeconds", "resourceVersion", "gracePeriodSeconds")
    ),
    "limit=1&continue=x",
    "continue=e30",
    "continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6OTk5OTk5OTk5OTk5LCJzdGFydCI6ImEifQ",
    "continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6LTUsInN0YXJ0IjoiLi4vLi4ifQ",
    "resourceVersion=1&resourceVersionMatch=Exact",
    "resourceVersion=-1",
    "resourceVersion=99999999999999999999999",
    "resourceVersionMatch=x",
    "labelSelector=" + quote("a in (b"),
    "labelSelector=" + quote("a=b,!c,d notin (e,f),g>1,h<x"),
    "labelSelector=" + quote("(" * 300),
    "labelSelector=%00%ff",
    "fieldSelector=" + quote("metadata.name=a,metadata.namespace!=b,spec.x=1"),
    "fieldSelector=" + quote("\\,=\\\\"),
    "fieldSelector=status.phase%3DRunning",
    "dryRun=All",
    "dryRun=all&dryRun=None",
    "fieldValidation=Strict",
    "fieldValidation=Warn",
    "fieldManager=" + "x" * 200,
    "fieldManager=m&force=true",
    "pretty=true&timeout=0s",
    "gracePeriodSeconds=x",
    "gracePeriodSeconds=9223372036854775807",
    "timeoutSeconds=9223372036854775807&watch=true&allowWatchBookmarks=true",
    "gracePeriodSeconds=-5&propagationPolicy=Orphan",
    "propagationPolicy=y&orphanDependents=z",
    "watch=true&timeoutSeconds=1",
    "watch=true&timeoutSeconds=1&resourceVersion=x",
    "watch=1&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=y",
    "watch=true&timeoutSeconds=-3&resourceVersion=1",
    "includeObject=Object",
    "includeObject=x",
    "%%%=&=&&;a;b=%zz",
    "a" * 5000,
)
PATHS = (
    "",
    "/",
    "//",
    "*",
    "/api",
    "/api/",
    "/api//v1",
    "/api/v1/../v1/pods",
    "/api/v1/namespaces/%2e%2e/pods",
    "/api/v1/namespaces/default/pods/%00",
    "/api/v1/namespaces/default/pods/a%2Fb",
    "/api/v1/namespaces/default/pods/a/status/x/y",
    "/api/v1/namespaces//pods",
    "/api/v1/namespaces/default/",
    "/api/v1/nodes/x/proxy/a/b",
    "/api/v1/watch/namespaces/default/pods?timeoutSeconds=1",
    "/api/v1/watch/pods/x?timeoutSeconds=1",
    "/apis",
    "/apis/x/v1/y",
    "/apis/apps",
    "/apis/apps/v1",
    "/apis/apps/v9/deployments",
    "/apis/apiregistration.k8s.io/v1/apiservices",
    "/openapi/v2",
    "/openapi/v3",
    "/openapi/v3/apis/apps/v1",
    "/openapi/v3/x",
    "/version",
    "/healthz",
    "/readyz?verbose",
    "/metrics",
    "/" + "a/" * 2000,
    "/api/v1/namespaces/default/pods/" + "x" * 5000,
    "/%ff%fe",
    "/\u00e9\u2603",
    "http://x/api/v1/pods",
    "/api/v1/pods?\x00",
    "/api/v1/pods#fragment",
)
HEADERS = (
    *((),) * 12,
    (("Impersonate-User", "u"),),
    (("Impersonate-Group", "g"),),
    (("Impersonate-User", ""), ("Impersonate-Extra-%zz", "x")),
    (("Impersonate-User", "system:anonymous"), ("Impersonate-Uid", "1")),
    (("Authorization", "Bearer \u00e9"),),
    (("Authorization", "Basic eDp5"),),
    (("User-Agent", "x" * 3000), ("Content-Length", "abc"), ("Audit-ID", "\x01")),
)
Raw = tuple[str, str, tuple[tuple[str, str], ...], bytes]


class OddRequests:
    """Makes them up, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def request(self) -> Raw:
        """Method, target, headers and body."""
        chance = self.chance
        path = chance.choice(list(KINDS))
        return chance.choice(
            (*(self.create,) * 4, *(self.change,) * 4, *(self.patch,) * 5, self.read, self.remove, self.other)
        )(path, KINDS[path])

    def create(self, path: str, schema: str) -> Raw:
        """A POST of something that is nearly right."""
        return self._with_headers("POST", path, self.body(schema), CONTENT_TYPES)

    def change(self, path: str, schema: str) -> Raw:
        """A PUT."""
        return self._with_headers("PUT", self.named(path), self.body(schema), CONTENT_TYPES)

    def patch(self, path: str, schema: str) -> Raw:
        """A patch of any of the kinds."""
        kind = self.chance.choice(PATCH_TYPES)
        if self.chance.random() < 0.08:
            body = self.garbage()
        elif kind.startswith("application/json-patch"):
            steps: Any = [self.step(schema) for _ in range(self.chance.randrange(4))]
            body = self.text(self.chance.choice((*(steps,) * 8, {}, None, [None], [[]], "x")))
        else:
            value = self.object(schema)
            for name in list(value):
                if self.chance.random() < 0.4:
                    del value[name]
            body = self.text(value)
        return self._with_headers("PATCH", self.named(path), body, (*(kind,) * 12, *CONTENT_TYPES))

    def step(self, schema: str) -> Any:
        """A step of a JSON patch."""
        pieces = [
            "",
            *self.chance.choices(
                (
                    "metadata",
                    "spec",
                    "labels",
                    "0",
                    "-",
                    "1",
                    "-1",
                    "01",
                    "template",
                    "containers",
                    "data",
                    "~0",
                    "~2",
                    "é",
                    "status",
                    "a~1b",
                    "x" * 50,
                ),
                k=self.chance.randrange(4),
            ),
        ]
        step: dict[str, Any] = {
            "op": self.chance.choice(("add", "replace", "remove", "test", "move", "copy", "x", None, 1)),
            "path": self.chance.choice(("/".join(pieces), "/".join(pieces), "", "/", "metadata", None, 5)),
            "value": self.chance.choice((*JUNK, self.object(schema))),
            "from": "/" + "/".join(self.chance.choices(("metadata", "spec", "labels"), k=2)),
        }
        for name in list(step):
            if self.chance.random() < 0.06:
                del step[name]
        return step

    def read(self, path: str, schema: str) -> Raw:
        """A GET or a HEAD."""
        where = self.chance.choice((path, self.named(path), path.replace("/namespaces/default", "")))
        return self._with_headers(self.chance.choice(("GET", "GET", "GET", "HEAD")), where, b"", ("",))

    def remove(self, path: str, schema: str) -> Raw:
        """A DELETE, of one or of all."""
        options: Any = {
            name: self.chance.choice((*JUNK, 0, 5, 2**62, -(2**63), "Orphan", "Foreground"))
            for name in self.chance.sample(
                (
                    "kind",
                    "apiVersion",
                    "gracePeriodSeconds",
                    "propagationPolicy",
                    "preconditions",
                    "dryRun",
                    "orphanDependents",
                    "x",
                ),
                2,
            )
        }
        body = self.chance.choice((b"", b"", b"{}", self.text(options), self.garbage()))
        return self._with_headers("DELETE", self.chance.choice((path, self.named(path))), body, CONTENT_TYPES)

    def other(self, path: str, schema: str) -> Raw:
        """Paths and methods that make no sense."""
        method = self.chance.choice(
            (
                "GET",
                "GET",
                "POST",
                "PUT",
                "PATCH",
                "DELETE",
                "OPTIONS",
                "HEAD",
                "TRACE",
                "CONNECT",
                "",
                "get",
                "É",
            )
        )
        letters = "".join(chr(self.chance.randrange(0x21, 0x2FF)) for _ in range(self.chance.randrange(12)))
        where = self.chance.choice((*PATHS, path + "/" + letters, path + letters, "/" + letters))
        return self._with_headers(method, where, self.garbage(), CONTENT_TYPES)

    def named(self, path: str) -> str:
        """One object of a collection, or a part of it."""
        name = self.chance.choice(("a", "a", "a", "b", "main", "no-such", "%20", "A_B", "x" * 260))
        part = self.chance.choice(("", "", "", "", "/" + self.chance.choice(SUBRESOURCES)))
        return f"{path}/{name}{part}"

    def body(self, schema: str) -> bytes:
        """An object, or garbage."""
        return self.garbage() if self.chance.random() < 0.1 else self.text(self.object(schema))

    def garbage(self) -> bytes:
        """Bytes."""
        chance = self.chance
        return chance.choice(
            (
                b"",
                chance.randbytes(chance.randrange(60)),
                DEEP.encode(),
                DEEP_OBJECT.encode(),
                b'{"a":' + b"[" * 2000,
                b"\xff\xfe{}",
                b"\xef\xbb\xbf{}",
                b"{} {}",
                b"k8s\0abc",
                b"a: &a [*a]",
                BOMB,
                b"? {a: b}\n: c",
                b"!!python/object/apply:os.system [ls]",
                b"1: 2\n.nan: .inf\nd: 2026-01-01\nb: !!binary x",
                b'{"kind":"List","apiVersion":"v1","items":[]}',
                b'{"kind":1,"apiVersion":{}}',
                b'{"metadata":[]}',
                b"null",
            )
        )

    def text(self, value: Any) -> bytes:
        """JSON, with what JSON has no values for."""
        text = json.dumps(value)
        for mark, raw in RAW.items():
            text = text.replace(json.dumps(mark), raw)
        return text.encode("utf-8", "surrogatepass")

    def object(self, schema: str) -> dict[str, Any]:
        """An object of a schema, broken in none or a few places."""
        value: dict[str, Any] = self.value({"$ref": "#/components/schemas/" + schema}, 0)
        value["metadata"] = {
            "name": self.chance.choice(("a", "a", "a", "b", "c")),
            **({"namespace": "default"} if self.chance.random() < 0.3 else {}),
            **({"labels": {"app": "x"}} if self.chance.random() < 0.3 else {}),
            **({"finalizers": ["example.com/f"]} if self.chance.random() < 0.1 else {}),
        }
        if self.chance.random() < 0.5:
            value.pop("kind", None)
            value.pop("apiVersion", None)
        for _ in range(self.chance.choice((0, 1, 1, 1, 2, 3))):
            self.break_one(value)
        return value

    def break_one(self, value: Any) -> None:
        """Put junk somewhere."""
        chance = self.chance
        while True:
            places: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
            if not places or chance.random() < 0.05:
                if isinstance(value, dict):
                    value[chance.choice(("x", "", "é", "metadata", "spec"))] = self.junk()
                else:
                    value.append(self.junk())
                return
            place = chance.choice(places)
            below = value[place]
            if isinstance(below, dict | list) and chance.random() < 0.85:
                value = below
                continue
            value[place] = self.junk()
            return

    def junk(self) -> Any:
        """A value that fits nowhere."""
        return copy.deepcopy(self.chance.choice(JUNK))

    def value(self, schema: Schema, depth: int) -> Any:
        """Something that fits, as far as the schema tells."""
        chance = self.chance
        name = reference(schema)
        if name is not None:
            return self._named(name, depth)
        match schema:
            case {"properties": dict() as properties}:
                required = set(schema.get("required", ()))
                share = (1.0, 0.7, 0.5, 0.35, 0.2, 0.1)[min(depth, 5)]
                return {
                    field: self.value(each, depth + 1)
                    for field, each in properties.items()
                    if field in required or (chance.random() < share and depth < 9)
                }
            case {"enum": list() as values}:
                return chance.choice(values)
            case {"type": "array", "items": items}:
                return [self.value(items, depth + 1) for _ in range(chance.choice((0, 1, 1, 2)))]
            case {"type": "object", "additionalProperties": dict() as values}:
                return {
                    key: self.value(values, depth + 1)
                    for key in chance.choices(("app", "cpu", "a.b/c"), k=chance.randrange(3))
                }
            case {"type": "string", "format": "byte"}:
                return "c2VjcmV0"
            case {"type": "string", "format": "date-time"}:
                return "2026-01-02T03:04:05Z"
            case {"type": "string"}:
                return chance.choice(
                    (
                        "a",
                        "a",
                        "main",
                        "nginx",
                        "app",
                        "Always",
                        "TCP",
                        "10.0.0.1",
                        "80",
                        "100m",
                        "",
                        "v1",
                        "Pod",
                    )
                )
            case {"type": "integer"}:
                return chance.choice((0, 1, 1, 2, 80, 8080))
            case {"type": "number"}:
                return 1.5
            case {"type": "boolean"}:
                return chance.random() < 0.5
        return chance.choice(("50%", 1, {"a": 1}))

    def _named(self, name: str, depth: int) -> Any:
        if name == META + "MicroTime":
            return "2026-01-02T03:04:05.000006Z"
        if name == "io.k8s.apimachinery.pkg.api.resource.Quantity":
            return self.chance.choice(("100m", "1", "1Gi", 2))
        return self.value(SCHEMAS[name], depth)

    def _with_headers(self, method: str, target: str, body: bytes, types: tuple[str, ...]) -> Raw:
        chance = self.chance
        query = chance.choice(QUERIES)
        if query:
            target += ("&" if "?" in target else "?") + query
        headers = [*chance.choice(HEADERS)]
        for name, value in (("Content-Type", chance.choice(types)), ("Accept", chance.choice(ACCEPTS))):
            if value:
                headers.append((name, value))
        return method, target, tuple(headers), body


Maker = Callable[[str, str], Raw]
