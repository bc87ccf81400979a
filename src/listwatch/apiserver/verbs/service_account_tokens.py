"""Tokens of service accounts: asked for, kept in secrets, and taken for what they are.

In:    `serviceaccounts/token` creations; secrets that ask for a token; bearer tokens
Out:   signed tokens; `User`s; filled secrets; the OpenID documents
Next:  access/token_claims.py and access/signing_key.py
Rules: what is asked for is answered at once; secrets are seen to in `settle`, after the request that made them. Tokens
       are neither logged nor kept, but in the secrets that are made to hold them.
Source: KEP-1205, KEP-1393 (issuer discovery); kubernetes pkg/registry/core/serviceaccount/storage/token.go, the token
        controller
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, Final

from listwatch.apimachinery.clock import Clock
from listwatch.apiserver.access.identity import User
from listwatch.apiserver.access.signing_key import ALGORITHM, SigningKey
from listwatch.apiserver.access.token_claims import (
    ISSUER,
    Bound,
    TokenError,
    bound_claims,
    legacy_claims,
    user_of_claims,
)
from listwatch.apiserver.kinds.resources import ResourceRegistry
from listwatch.apiserver.storage.revision_log import Change
from listwatch.apiserver.storage.storage import Storage, object_key
from listwatch.apiserver.verbs.call import Call
from listwatch.apiserver.verbs.list_options import check_dry_run
from listwatch.apiserver.wire.statuses import (
    APIFailure,
    FieldCause,
    bad_request,
    conflict,
    invalid,
    not_found,
    not_implemented,
)
from listwatch.apiserver.wire.timestamps import format_timestamp

JSONObject = dict[str, Any]
AUDIENCES: Final = (ISSUER,)
_DEFAULT_SECONDS: Final = 3600
_SHORTEST: Final = 600
_LONGEST: Final = 1 << 32
_TOKEN_SECRET: Final = "kubernetes.io/service-account-token"  # noqa: S105 - a type of secrets, no secret
_NAME: Final = "kubernetes.io/service-account.name"
_UID: Final = "kubernetes.io/service-account.uid"
_GROUP: Final = "authentication.k8s.io"
_BINDABLE: Final = {"Pod": "pods", "Secret": "secrets", "Node": "nodes"}


class ServiceAccountTokens:
    """Issues and checks the tokens of one server's service accounts.

    Args:
        storage: Where accounts, pods and secrets are; it is listened to from now on.
        registry: Knows the resource `secrets`.
        clock: For issue and expiry.
        new_uid: Gives a fresh id for each token.
        key: Signs.
    """

    def __init__(
        self,
        storage: Storage,
        registry: ResourceRegistry,
        *,
        clock: Clock,
        new_uid: Callable[[], str],
        key: SigningKey,
    ) -> None:
        self._storage = storage
        self._secrets = registry.find("", "v1", "secrets")
        self._clock = clock
        self._new_uid = new_uid
        self._key = key
        self._waiting: dict[str, None] = {}
        self.root_certificate = b""
        """Of the authority that signs for the server, for secrets that hold it; empty without."""
        storage.listen(self._hear)

    def user(self, token: str, audiences: tuple[str, ...] = AUDIENCES) -> tuple[User, tuple[str, ...]]:
        """Whose a token is, and for which of the audiences.

        Raises:
            TokenError: It is nobody's, or no longer.
        """
        claims = self._key.claims(token)
        if claims is None:
            raise TokenError
        return user_of_claims(
            token, claims, audiences=audiences, look_up=self._look_up, now=self._clock.now()
        )

    def request(self, call: Call, body: JSONObject) -> JSONObject:
        """The answered TokenRequest.

        Args:
            call: Of `serviceaccounts/token`.
            body: The TokenRequest, decoded.

        Raises:
            APIFailure: 400, 404, 409, 422; 501 without the package for signing.
        """
        check_dry_run(call.info.query, "CreateOptions")
        metadata, spec = body.get("metadata") or {}, body.get("spec") or {}
        account = self._metadata("serviceaccounts", call.namespace, call.name)
        seconds = spec.get("expirationSeconds")
        seconds = _DEFAULT_SECONDS if seconds is None else seconds
        _check(call, metadata, seconds)
        reference = spec.get("boundObjectRef")
        bound = self._bound(call, reference) if reference else Bound({})
        audiences = tuple(spec.get("audiences") or AUDIENCES)
        now = self._clock.now()
        token = self._signed(
            bound_claims(
                account,
                bound,
                audiences=audiences,
                seconds=seconds,
                now=now,
                token_id=self._new_uid(),
            )
        )
        expires = format_timestamp(now.fromtimestamp(int(now.timestamp()) + seconds, now.tzinfo))
        return {
            "kind": "TokenRequest",
            "apiVersion": f"{_GROUP}/v1",
            "metadata": {
                **metadata,
                "name": call.name,
                "namespace": call.namespace,
                "uid": account["uid"],
                "creationTimestamp": format_timestamp(now),
            },
            "spec": {
                "audiences": list(audiences),
                "expirationSeconds": seconds,
                "boundObjectRef": reference or None,
            },
            "status": {"token": token, "expirationTimestamp": expires},
        }

    def settle(self) -> None:
        """Fill the secrets that wait for a token, and remove those whose account is gone."""
        while self._waiting and self._secrets is not None:
            key = next(iter(self._waiting))
            del self._waiting[key]
            stored = self._storage.log.get("secrets", key)
            if stored is None or stored.object["metadata"].get("deletionTimestamp"):
                continue
            namespace, _, name = key.partition("/")
            secret = stored.object
            account = self._look_up("serviceaccounts", namespace, _account_of(secret))
            if account is None or _is_of_another(secret, account):
                self._storage.delete(self._secrets, namespace, name)
            elif "token" not in (secret.get("data") or {}) and self._can_sign():
                self._storage.put(self._secrets, namespace, name, self._filled(secret, account["metadata"]))

    def openid_configuration(self, host: str) -> JSONObject:
        """The discovery document, which names the key set.

        Args:
            host: Where the server is reached.
        """
        return {
            "issuer": ISSUER,
            "jwks_uri": f"https://{host}/openid/v1/jwks",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
        }

    def key_set(self) -> JSONObject:
        """The public keys.

        Raises:
            APIFailure: 501 without the package for signing.
        """
        try:
            return {"keys": [self._key.public_jwk()]}
        except ImportError as error:
            raise _no_signatures() from error

    def _can_sign(self) -> bool:
        try:
            return bool(self._key.key_id)
        except ImportError:
            return False

    def _signed(self, claims: JSONObject) -> str:
        try:
            return self._key.sign(claims)
        except ImportError as error:
            raise _no_signatures() from error

    def _filled(self, secret: JSONObject, account: JSONObject) -> JSONObject:
        metadata = dict(secret["metadata"])
        metadata["annotations"] = {**(metadata.get("annotations") or {}), _UID: account["uid"]}
        data = {
            **(secret.get("data") or {}),
            "namespace": _base64(metadata["namespace"].encode()),
            "token": _base64(self._signed(legacy_claims(account, metadata)).encode()),
        }
        if self.root_certificate:
            data["ca.crt"] = _base64(self.root_certificate)
        return {**secret, "metadata": metadata, "data": dict(sorted(data.items()))}

    def _bound(self, call: Call, reference: JSONObject) -> Bound:
        """What a token shall be bound to.

        Raises:
            APIFailure: 400, 404, 409.
        """
        kind, version, name = (str(reference.get(field) or "") for field in ("kind", "apiVersion", "name"))
        collection = _BINDABLE.get(kind) if version in {"v1", ""} else None
        if collection is None:
            raise bad_request(f"cannot bind token to object of type {version}, Kind={kind}")
        metadata = self._metadata(collection, "" if kind == "Node" else call.namespace, name)
        objects = {kind.lower(): metadata}
        if kind == "Pod":
            spec = (self._look_up("pods", call.namespace, name) or {}).get("spec") or {}
            runs_as = spec.get("serviceAccountName") or ""
            if runs_as != call.name:
                raise bad_request(
                    f'cannot bind token for serviceaccount "{call.name}" to pod running with '
                    "different serviceaccount name."
                )
            node = self._look_up("nodes", "", spec.get("nodeName") or "")
            if node is not None:
                objects = {"node": node["metadata"], **objects}
        expected, actual = reference.get("uid"), metadata["uid"]
        if expected and expected != actual:
            raise conflict(
                "",
                kind,
                name,
                f"the UID in the bound object reference ({expected}) does not match the UID in record "
                f"({actual}). The object might have been deleted and then recreated",
            )
        return Bound(objects)

    def _metadata(self, collection: str, namespace: str, name: str) -> JSONObject:
        found = self._look_up(collection, namespace, name)
        if found is None:
            raise not_found("", collection, name)
        metadata: JSONObject = found["metadata"]
        return metadata

    def _look_up(self, collection: str, namespace: str, name: str) -> JSONObject | None:
        stored = self._storage.log.get(collection, object_key(namespace, name)) if name else None
        return None if stored is None else stored.object

    def _hear(self, change: Change) -> None:
        if change.resource == "secrets":
            if change.type != "DELETED" and change.current.object.get("type") == _TOKEN_SECRET:
                self._waiting[change.key] = None
        elif change.resource == "serviceaccounts" and change.type == "DELETED":
            namespace, _, name = change.key.partition("/")
            for key, stored in self._storage.log.state("secrets").items(namespace + "/", namespace + "0"):
                secret = stored.object
                if secret.get("type") == _TOKEN_SECRET and _account_of(secret) == name:
                    self._waiting[key] = None


def _account_of(secret: JSONObject) -> str:
    return str((secret["metadata"].get("annotations") or {}).get(_NAME) or "")


def _is_of_another(secret: JSONObject, account: JSONObject) -> bool:
    """Whether a secret was made for an earlier account of that name."""
    uid = (secret["metadata"].get("annotations") or {}).get(_UID)
    return bool(uid) and uid != account["metadata"]["uid"]


def _check(call: Call, metadata: JSONObject, seconds: int) -> None:
    """Refuse a request that contradicts its path, or whose time is too short or too long.

    Raises:
        APIFailure: 422.
    """
    causes: list[FieldCause] = []
    for field, wanted in (("name", call.name), ("namespace", call.namespace)):
        given = metadata.get(field)
        if given and given != wanted:
            message = f'Invalid value: "{given}": must match the service account {field} if specified'
            causes.append(FieldCause("FieldValueInvalid", f"metadata.{field}", message))
    if not causes and seconds < _SHORTEST:
        message = f"Invalid value: {seconds}: may not specify a duration less than 10 minutes"
        causes.append(FieldCause("FieldValueInvalid", "spec.expirationSeconds", message))
    if not causes and seconds > _LONGEST:
        message = f"Invalid value: {seconds}: may not specify a duration larger than 2^32 seconds"
        causes.append(FieldCause("FieldValueInvalid", "spec.expirationSeconds", message))
    if causes:
        raise invalid(_GROUP, "TokenRequest", call.name, causes)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _no_signatures() -> APIFailure:
    return not_implemented(
        "sign service account tokens without the package cryptography: install listwatch[server]"
    )
