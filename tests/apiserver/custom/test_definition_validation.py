"""Definitions: each rule with the path by which the server knows the field, and its words."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from custom_widgets import definition, root, version
from hypothesis import given
from hypothesis import strategies as st

from listwatch.apiserver.custom.definition_validation import DefinitionRules
from listwatch.apiserver.kinds.defaults import apply_defaults
from listwatch.apiserver.kinds.schema import Schemas

RULES = DefinitionRules()
KIND = ("apiextensions.k8s.io", "v1", "CustomResourceDefinition")


def decoded(given_: dict[str, Any]) -> dict[str, Any]:
    """As the server has it before it looks whether it is good."""
    value, _ = Schemas.load().decode(*KIND, given_)
    apply_defaults(*KIND, value)
    stored = [each["name"] for each in value["spec"].get("versions") or () if each.get("storage")]
    value["status"]["storedVersions"] = stored
    return value


def told(given_: dict[str, Any]) -> list[str]:
    """The causes against a definition."""
    return [f"{cause.field}: {cause.message}" for cause in RULES.validate_create(decoded(given_))]


def of_schema(**spec: Any) -> dict[str, Any]:
    """A definition whose `spec` has this schema."""
    return definition(version(schema=root(spec=spec)))


def test_good_definitions_are_good() -> None:
    """One version, several, subresources, columns, selectable fields, a webhook."""
    assert told(definition()) == []
    scale = {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}
    rich = version(
        "v1",
        subresources={"status": {}, "scale": scale},
        additionalPrinterColumns=[{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}],
        selectableFields=[{"jsonPath": ".spec.color"}],
    )
    webhook = {"clientConfig": {"url": "https://x.example.com/c"}, "conversionReviewVersions": ["v1"]}
    conversion = {"strategy": "Webhook", "webhook": webhook}
    assert told(definition(rich, version("v2", storage=False), conversion=conversion)) == []


@pytest.mark.parametrize(
    ("given_", "problem"),
    [
        (
            {**definition(), "metadata": {"name": "x.example.com"}},
            'metadata.name: Invalid value: "x.example.com": must be spec.names.plural+"."+spec.group',
        ),
        (
            definition(group="example"),
            'spec.group: Invalid value: "example": should be a domain with at least one dot',
        ),
        (
            definition(scope="Galaxy"),
            'spec.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"',
        ),
        (
            definition(version("v1"), version("v2")),
            "must have exactly one version marked as storage version",
        ),
        (definition(version("v1"), version("v1", storage=False)), "must contain unique version names"),
        (
            definition({"name": "v1", "served": True, "storage": True}),
            "spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required",
        ),
        (
            definition(names={"plural": "widgets", "kind": "Widget", "listKind": "Widget"}),
            'spec.names.listKind: Invalid value: "Widget": kind and listKind may not be the same',
        ),
        (
            definition(preserveUnknownFields=True),
            "spec.preserveUnknownFields: Invalid value: true: cannot set to true",
        ),
        (
            definition(version(deprecationWarning="old")),
            'spec.versions[0].deprecationWarning: Invalid value: "old": can only be set for deprecated versions',
        ),
        (
            definition(
                version(subresources={"scale": {"specReplicasPath": "spec.n", "statusReplicasPath": ".x"}})
            ),
            'spec.subresources.scale.specReplicasPath: Invalid value: "spec.n": '
            "must be a simple json path starting with .",
        ),
        (
            definition(version(additionalPrinterColumns=[{"name": "A", "type": "money", "jsonPath": ".a"}])),
            'spec.additionalPrinterColumns[0].type: Invalid value: "money": '
            "must be one of boolean,date,integer,number,string",
        ),
        (
            definition(
                version(additionalPrinterColumns=[{"name": "A", "type": "date", "jsonPath": ".a[?("}])
            ),
            "spec.additionalPrinterColumns[0].JSONPath: Invalid value",
        ),
        (
            definition(version(selectableFields=[{"jsonPath": ".spec.nope"}])),
            'spec.selectableFields[0].jsonPath: Invalid value: ".spec.nope": is an invalid path',
        ),
        (
            definition(version(selectableFields=[{"jsonPath": ".spec.any"}])),
            "must point to a field of type string, boolean or integer",
        ),
        (
            definition(conversion={"strategy": "Webhook"}),
            "spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook",
        ),
        (
            definition(
                conversion={
                    "strategy": "Webhook",
                    "webhook": {"clientConfig": {"url": "http://x"}, "conversionReviewVersions": ["v9"]},
                }
            ),
            "'https' is the only allowed URL scheme",
        ),
        (
            definition(group="x.k8s.io", names={"plural": "widgets", "kind": "Widget"}),
            "metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval",
        ),
        (definition(version(schema={"type": "string"})), "must be object at the root"),
        (
            definition(version(schema={})),
            "spec.validation.openAPIV3Schema.type: Required value: must not be empty at the root",
        ),
        (of_schema(properties={}), "spec.validation.openAPIV3Schema.properties[spec].type: Required value"),
        (of_schema(type="array"), ".items: Required value: must be specified"),
        (
            of_schema(type="object", anyOf=[{"type": "object"}]),
            "properties[spec].anyOf[0].type: Forbidden: must be empty to be structural",
        ),
        (
            of_schema(type="object", allOf=[{"properties": {"x": {"minimum": 1}}}]),
            "properties[spec].properties[x]: Required value: because it is defined in "
            "spec.validation.openAPIV3Schema.properties[spec].allOf[0].properties[x]",
        ),
        (
            of_schema(type="string", pattern="a("),
            "must be a valid regular expression, but isn't: error parsing regexp",
        ),
        (
            of_schema(type="array", items={"type": "string"}, uniqueItems=True),
            "uniqueItems cannot be set to true",
        ),
        (
            of_schema(
                type="object", properties={"a": {"type": "string"}}, additionalProperties={"type": "string"}
            ),
            "additionalProperties and properties are mutual exclusive",
        ),
        (of_schema(type="integer", default="x"), '.default: Invalid value: "string"'),
        (of_schema(type="object", default={"x": 1}), "must not have unknown fields"),
        (
            of_schema(type="array", items={"type": "string"}, **{"x-kubernetes-list-type": "map"}),
            "must not be empty if x-kubernetes-list-type is map",
        ),
        (
            of_schema(
                type="array",
                items={"type": "object", "properties": {"k": {"type": "string"}}},
                **{"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]},
            ),
            "it must have a default or be a required property",
        ),
        (of_schema(type="strange"), 'Unsupported value: "strange": supported values: "array", "boolean"'),
        (of_schema(type="object", **{"$ref": "#/x"}), "$ref is not supported"),
        (
            definition(version(schema={**root(), "maxProperties": 1}, subresources={"status": {}})),
            "fields are allowed at the root of the schema if the status subresource is enabled",
        ),
        (
            definition(
                version(
                    schema=root(metadata={"type": "object", "properties": {"labels": {"type": "object"}}})
                )
            ),
            "must not specify anything other than name and generateName",
        ),
    ],
)
def test_each_broken_rule_is_told_with_its_path(given_: dict[str, Any], problem: str) -> None:
    """What all versions share stands at the top of the spec for the server; other fields stand with their version."""
    assert any(problem in each for each in told(given_)), told(given_)


def test_versions_that_differ_have_their_faults_at_their_own_place() -> None:
    """The path names the version where not all have the same schema."""
    bad = version("v2", schema=root(spec={"type": "array"}), storage=False)
    (problem,) = told(definition(version("v1"), bad))
    assert problem.startswith("spec.versions[1].schema.openAPIV3Schema.properties[spec].items: ")


def test_what_an_update_may_not_change() -> None:
    """Group and plural never, scope and kind once established; a stored version may not be forgotten."""
    old = decoded(definition())
    old["status"]["conditions"] = [{"type": "Established", "status": "True"}]
    for part, value in (("scope", "Cluster"), ("group", "other.example.com")):
        new = copy.deepcopy(old)
        new["spec"][part] = value
        fields = [cause.field for cause in RULES.validate_update(new, old, subresource="")]
        assert f"spec.{part}" in fields
    new = decoded(definition(version("v2")))
    new["status"]["storedVersions"] = ["v1", "v2"]
    (cause,) = RULES.validate_update(new, old, subresource="")
    assert cause.field == "status.storedVersions[0]"
    assert "was previously a storage version" in cause.message


_NAMES = (
    *("type", "properties", "items", "default", "anyOf", "not", "required", "enum", "pattern", "spec"),
    *("x-kubernetes-list-type", "x-kubernetes-validations", "rule", "additionalProperties", "names"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_NAMES),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_definition_breaks_the_rules(value: Any) -> None:
    """Whatever stands in a definition, there are causes or there are none."""
    obj = {
        "metadata": {"name": "x"},
        "spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": value}}]},
    }
    RULES.validate_create(obj)
    RULES.validate_create({"spec": value})
    RULES.validate_update({"spec": value}, {"status": value}, subresource="")
