"""Whether a CustomResourceDefinition may be stored.

In:    a definition, decoded and with its defaults; for an update also the stored one
Out:   causes, with the paths by which the server knows the fields: what all versions share stands at the top for it
Next:  verbs/writing.py
Rules: pure; total on any JSON. Metadata in general is looked at elsewhere.
Source: apiextensions-apiserver pkg/apis/apiextensions/validation
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from listwatch.apimachinery import names
from listwatch.apiserver.custom.definition import is_true
from listwatch.apiserver.custom.definition_names import APPROVAL, approval, is_protected
from listwatch.apiserver.custom.definition_schema import check_schema
from listwatch.apiserver.custom.json_path import JSONPathError, parse_json_path
from listwatch.apiserver.kinds.causes import Cause, Causes, immutable, port_problems
from listwatch.apiserver.kinds.maps import JSONObject, flag, items, maps, number, peek, text

_COLUMN_TYPES: Final = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS: Final = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password")
_REVIEW_VERSIONS: Final = ("v1", "v1beta1")
_MOST_SELECTABLE: Final = 8
_LONGEST_WARNING: Final = 256
# What the server knows once for all versions if they have it alike, and by which name.
_SHARED: Final = {
    "schema": "validation",
    "subresources": "subresources",
    "additionalPrinterColumns": "additionalPrinterColumns",
    "selectableFields": "selectableFields",
}


class DefinitionRules:
    """The rules for definitions, as `Writer` asks them."""

    def validate_create(self, obj: JSONObject) -> list[Cause]:
        """Every reason against a new definition, but for its metadata's in general."""
        causes = Causes()
        _check_name(causes, obj)
        _check_spec(causes, peek(obj, "spec"))
        _check_stored_versions(causes, obj)
        _check_approval(causes, obj, None)
        return causes

    def validate_update(self, new: JSONObject, old: JSONObject, *, subresource: str) -> list[Cause]:
        """Every reason against a changed definition, but for its metadata's in general."""
        causes = Causes()
        if subresource == "status":
            _check_names(causes, peek(new, "status", "acceptedNames"), "status.acceptedNames")
            return causes
        _check_spec(causes, peek(new, "spec"))
        if is_true(old, "Established"):
            immutable(causes, new, old, "spec.scope", "spec.names.kind")
        immutable(causes, new, old, "spec.group", "spec.names.plural")
        _check_stored_versions(causes, new)
        _check_approval(causes, new, old)
        return causes


def _check_name(causes: Causes, obj: JSONObject) -> None:
    name = text(obj, "metadata", "name")
    if name != f"{text(obj, 'spec', 'names', 'plural')}.{text(obj, 'spec', 'group')}":
        causes.invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group')


def _check_spec(causes: Causes, spec: JSONObject) -> None:
    _check_group_and_scope(causes, spec)
    versions = maps(spec, "versions")
    shared = {name for name in _PARTS if _is_shared(name, versions)}
    _check_versions(causes, versions, shared)
    for part in ("plural", "singular", "kind", "listKind"):
        if not text(spec, "names", part):
            causes.required(f"spec.names.{part}")
    _check_names(causes, peek(spec, "names"), "spec.names")
    for name, check in _PARTS.items():
        if name in shared:
            check(causes, versions[0], f"spec.{_SHARED[name]}")
    _check_conversion(causes, peek(spec, "conversion"))
    if flag(spec, "preserveUnknownFields"):
        told = "cannot set to true, set x-preserve-unknown-fields to true in spec.versions[*].schema instead"
        causes.invalid("spec.preserveUnknownFields", True, told)


def _check_group_and_scope(causes: Causes, spec: JSONObject) -> None:
    group, scope = text(spec, "group"), text(spec, "scope")
    if not group:
        causes.required("spec.group")
    elif problems := names.dns_subdomain_problems(group):
        causes.invalid("spec.group", group, ",".join(problems))
    elif "." not in group:
        causes.invalid("spec.group", group, "should be a domain with at least one dot")
    if not scope:
        causes.required("spec.scope")
    elif scope not in {"Cluster", "Namespaced"}:
        causes.unsupported("spec.scope", scope, ("Cluster", "Namespaced"))


def _check_versions(causes: Causes, versions: list[JSONObject], shared: set[str]) -> None:
    for index, version in enumerate(versions):
        if not isinstance(peek(version, "schema").get("openAPIV3Schema"), dict):
            causes.required(f"spec.versions[{index}].schema.openAPIV3Schema", "schemas are required")
    for index, version in enumerate(versions):
        at = f"spec.versions[{index}]"
        if problems := names.dns_1035_label_problems(text(version, "name")):
            causes.invalid(f"{at}.name", text(version, "name"), ",".join(problems))
        _check_warning(causes, version, at)
        for name, check in _PARTS.items():
            if name not in shared:
                check(causes, version, f"{at}.{name}")
    if len({text(version, "name") for version in versions}) != len(versions):
        causes.invalid("spec.versions", versions, "must contain unique version names")
    if sum(flag(version, "storage") for version in versions) != 1:
        causes.invalid("spec.versions", versions, "must have exactly one version marked as storage version")


def _is_shared(name: str, versions: list[JSONObject]) -> bool:
    return bool(versions) and all(version.get(name) == versions[0].get(name) for version in versions)


def _check_names(causes: Causes, given: JSONObject, path: str) -> None:
    for part in ("plural", "singular"):
        if (name := text(given, part)) and (problems := names.dns_1035_label_problems(name)):
            causes.invalid(f"{path}.{part}", name, ",".join(problems))
    for part in ("kind", "listKind"):
        if (name := text(given, part)) and (problems := names.dns_1035_label_problems(name.lower())):
            detail = f"may have mixed case, but should otherwise match: {','.join(problems)}"
            causes.invalid(f"{path}.{part}", name, detail)
    _check_labels(causes, given, path, "shortNames")
    kind = text(given, "kind")
    if kind and kind == text(given, "listKind"):
        causes.invalid(f"{path}.listKind", kind, "kind and listKind may not be the same")
    _check_labels(causes, given, path, "categories")


def _check_labels(causes: Causes, given: JSONObject, path: str, part: str) -> None:
    for index, name in enumerate(items(given, part)):
        if problems := names.dns_1035_label_problems(str(name)):
            causes.invalid(f"{path}.{part}[{index}]", name, ",".join(problems))


def _check_warning(causes: Causes, version: JSONObject, path: str) -> None:
    at, warning = f"{path}.deprecationWarning", version.get("deprecationWarning")
    if not isinstance(warning, str):
        return
    if not flag(version, "deprecated"):
        causes.invalid(at, warning, "can only be set for deprecated versions")
        return
    if len(warning.encode("utf-8", "surrogatepass")) > _LONGEST_WARNING:
        causes.invalid(at, warning, f"must be <= {_LONGEST_WARNING} characters long")
    if not warning:
        causes.invalid(at, warning, "must not be an empty string")
    for index, character in enumerate(warning):
        if not character.isprintable():
            told = f"must only contain printable UTF-8 characters; non-printable character found at index {index}"
            causes.invalid(at, warning, told)
            break


def _check_version_schema(causes: Causes, version: JSONObject, path: str) -> None:
    schema = peek(version, "schema").get("openAPIV3Schema")
    if isinstance(schema, dict):
        has_status = isinstance(peek(version, "subresources").get("status"), dict)
        check_schema(causes, schema, f"{path}.openAPIV3Schema", has_status=has_status)


def _check_subresources(causes: Causes, version: JSONObject, path: str) -> None:
    scale = peek(version, "subresources").get("scale")
    if not isinstance(scale, dict):
        return
    for name, roots in (
        ("specReplicasPath", (".spec.",)),
        ("statusReplicasPath", (".status.",)),
        ("labelSelectorPath", (".spec.", ".status.")),
    ):
        at, given = f"{path}.scale.{name}", text(scale, name)
        if not given:
            if name != "labelSelectorPath":
                causes.required(at)
        elif not given.startswith("."):
            causes.invalid(at, given, "must be a simple json path starting with .")
        elif not given.startswith(roots):
            where = f"under {roots[0][:-1]}" if len(roots) == 1 else "under either .spec or .status"
            causes.invalid(at, given, f"should be a json path {where}")


def _check_columns(causes: Causes, version: JSONObject, path: str) -> None:
    for index, column in enumerate(maps(version, "additionalPrinterColumns")):
        at, type_, format_ = f"{path}[{index}]", text(column, "type"), text(column, "format")
        if not text(column, "name"):
            causes.required(f"{at}.name")
        if not type_:
            causes.required(f"{at}.type", f"must be one of {','.join(_COLUMN_TYPES)}")
        elif type_ not in _COLUMN_TYPES:
            causes.invalid(f"{at}.type", type_, f"must be one of {','.join(_COLUMN_TYPES)}")
        if format_ and format_ not in _COLUMN_FORMATS:
            causes.invalid(f"{at}.format", format_, f"must be one of {','.join(_COLUMN_FORMATS)}")
        json_path = text(column, "jsonPath")
        if not json_path:
            causes.required(f"{at}.JSONPath")
        elif not json_path.startswith("."):
            causes.invalid(f"{at}.JSONPath", json_path, "must be a simple json path starting with .")
        else:
            try:
                parse_json_path(json_path)
            except JSONPathError as error:
                causes.invalid(f"{at}.JSONPath", json_path, str(error))


def _check_selectable(causes: Causes, version: JSONObject, path: str) -> None:
    seen: set[str] = set()
    for index, field in enumerate(maps(version, "selectableFields")):
        at, given = f"{path}[{index}].jsonPath", text(field, "jsonPath")
        if not given:
            causes.required(at)
            continue
        found = _at(peek(version, "schema", "openAPIV3Schema"), given)
        if found is None:
            causes.invalid(at, given, "is an invalid path: does not refer to a valid field")
            continue
        if given.startswith(".metadata"):
            causes.invalid(at, given, "must not point to fields in metadata")
        if text(found, "type") not in {"string", "boolean", "integer"}:
            told = (
                "must point to a field of type string, boolean or integer. "
                "Enum string fields and strings with formats are allowed."
            )
            causes.invalid(at, given, told)
        if given in seen:
            causes.duplicate(at, given)
        seen.add(given)
    if len(seen) > _MOST_SELECTABLE:
        told = f"Too many: {len(seen)}: must have at most {_MOST_SELECTABLE} items"
        causes.append(Cause("FieldValueTooMany", path, told))


def _at(schema: JSONObject, path: str) -> JSONObject | None:
    if not path.startswith(".") or path.endswith("."):
        return None
    found: Any = schema
    for name in path[1:].split("."):
        found = peek(found, "properties").get(name)
        if not isinstance(found, dict):
            return None
    return found if isinstance(found, dict) else None


def _check_conversion(causes: Causes, conversion: JSONObject) -> None:
    strategy, webhook = text(conversion, "strategy"), conversion.get("webhook")
    path = "spec.conversion"
    if not strategy:
        causes.required(f"{path}.strategy")
    elif strategy not in {"None", "Webhook"}:
        causes.unsupported(f"{path}.strategy", strategy, ("None", "Webhook"))
    config, versions = peek(webhook).get("clientConfig"), items(webhook, "conversionReviewVersions")
    at = f"{path}.webhookClientConfig"
    if strategy != "Webhook":
        told = "should not be set when strategy is not set to Webhook"
        if config is not None:
            causes.forbidden(at, told)
        if versions:
            causes.forbidden(f"{path}.conversionReviewVersions", told)
        return
    if not isinstance(config, dict):
        causes.required(at, "required when strategy is set to Webhook")
    else:
        causes.extend(_client_problems(config, at))
    _check_review_versions(causes, versions, f"{path}.conversionReviewVersions")


def _client_problems(config: JSONObject, path: str) -> Iterator[Cause]:
    causes = Causes()
    url, service = config.get("url"), config.get("service")
    if (url is None) == (service is None):
        causes.required(path, "exactly one of url or service is required")
    elif isinstance(url, str):
        _check_url(causes, url, f"{path}.url")
    else:
        if not text(service, "name"):
            causes.required(f"{path}.service.name", "service name is required")
        if not text(service, "namespace"):
            causes.required(f"{path}.service.namespace", "service namespace is required")
        if port_problems(number(service, "port")):
            told = f"port is not valid: {port_problems(number(service, 'port'))[0]}"
            causes.invalid(f"{path}.service.port", number(service, "port"), told)
    yield from causes


def _check_url(causes: Causes, url: str, path: str) -> None:
    form = "; desired format: https://host[/path]"
    try:
        parts = urlsplit(url)
    except ValueError as error:
        causes.required(path, f"url must be a valid URL: {error}{form}")
        return
    if parts.scheme != "https":
        causes.invalid(path, parts.scheme, f"'https' is the only allowed URL scheme{form}")
    if not parts.netloc:
        causes.invalid(path, parts.netloc, f"host must be specified{form}")
    if "@" in parts.netloc:
        causes.invalid(path, parts.netloc.partition("@")[0], "user information is not permitted in the URL")
    if parts.fragment:
        causes.invalid(path, parts.fragment, "fragments are not permitted in the URL")
    if parts.query:
        causes.invalid(path, parts.query, "query parameters are not permitted in the URL")


def _check_review_versions(causes: Causes, versions: list[Any], path: str) -> None:
    if not versions:
        causes.required(path)
        return
    for index, version in enumerate(versions):
        if version in versions[:index]:
            causes.invalid(f"{path}[{index}]", version, "duplicate version")
        else:
            causes.all_invalid(f"{path}[{index}]", version, names.dns_1035_label_problems(str(version)))
    if not set(_REVIEW_VERSIONS) & {version for version in versions if isinstance(version, str)}:
        causes.invalid(path, versions, f"must include at least one of {', '.join(_REVIEW_VERSIONS)}")


def _check_stored_versions(causes: Causes, obj: JSONObject) -> None:
    path, stored = "status.storedVersions", items(obj, "status", "storedVersions")
    versions = maps(obj, "spec", "versions")
    if not stored:
        if versions:
            causes.invalid(path, stored, "must have at least one stored version")
        return
    for version in versions:
        if flag(version, "storage") and text(version, "name") not in stored:
            causes.invalid(path, stored, f"must have the storage version {text(version, 'name')}")
    known = {text(version, "name") for version in versions}
    for index, name in enumerate(stored):
        if name not in known:
            told = (
                f"missing from spec.versions; {name} was previously a storage version, and must remain in "
                f"spec.versions until a storage migration ensures no data remains persisted in {name} and removes "
                f"{name} from status.storedVersions"
            )
            causes.invalid(f"{path}[{index}]", name, told)


def _check_approval(causes: Causes, new: JSONObject, old: JSONObject | None) -> None:
    if not is_protected(text(new, "spec", "group")):
        return
    state, reason = approval(new)
    if old is not None and approval(old)[0] == state:
        return
    path = f"metadata.annotations[{APPROVAL}]"
    if state == "missing":
        causes.required(path, reason)
    elif state == "invalid":
        causes.invalid(path, text(new, "metadata", "annotations", APPROVAL), reason)


_PARTS: Final = {
    "schema": _check_version_schema,
    "subresources": _check_subresources,
    "additionalPrinterColumns": _check_columns,
    "selectableFields": _check_selectable,
}
