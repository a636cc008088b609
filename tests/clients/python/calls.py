"""One valid call of every method with its expected data, and one that is refused with 400."""

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Callable

from client import IS_OLD, envelope

# The old client's name for credits.
CREDITS = "key_credits" if IS_OLD else "credits"

RATELIMIT = {"name": "requests", "limit": 10, "duration": 60_000, "auto_apply": True}
REFILL = {"interval": "monthly", "amount": 100, "refill_day": 31}
FAR_AWAY = 4_102_444_800_000


def hash_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True)
class World:
    """The contents of the workspace before a method is called."""

    suffix: str
    api_id: str
    key_id: str
    key: str
    external_id: str
    slug: str
    permission_id: str
    role: str
    role_id: str
    namespace: str
    override_id: str
    migration_id: str


@dataclass(frozen=True)
class Call:
    arguments: Callable[[World], dict]
    # Compared member by member with `data`; None: the response has no data.
    data: Callable[[World], Any] | None
    malformed: dict


def arrange(call, suffix, migration_id):
    """One resource of every kind, created through the client."""
    external_id, slug, role = f"user_{suffix}", f"documents.{suffix}", f"Editor_{suffix}"
    namespace = f"email.{suffix}"
    api_id = call("apis.create_api", name=f"api-{suffix}").data.api_id
    call("identities.create_identity", external_id=external_id, meta={"plan": "free"}, ratelimits=[RATELIMIT])
    permission = call("permissions.create_permission", name="Read", slug=slug, description="A description")
    role_id = call("permissions.create_role", name=role, description="Edits").data.role_id
    made = call(
        "keys.create_key",
        api_id=api_id,
        prefix="arranged",
        name="arranged",
        external_id=external_id,
        meta={"team": "a"},
        roles=[role],
        permissions=[slug],
        expires=FAR_AWAY,
        ratelimits=[RATELIMIT],
        recoverable=True,
        **{CREDITS: {"remaining": 100, "refill": REFILL}},
    ).data
    call("ratelimit.limit", namespace=namespace, identifier="someone", limit=1, duration=60_000)
    override = call("ratelimit.set_override", namespace=namespace, identifier="vip_*", limit=99, duration=60_000)
    return World(
        suffix=suffix,
        api_id=api_id,
        key_id=made.key_id,
        key=made.key,
        external_id=external_id,
        slug=slug,
        permission_id=permission.data.permission_id,
        role=role,
        role_id=role_id,
        namespace=namespace,
        override_id=override.data.override_id,
        migration_id=migration_id,
    )


def like(pattern):
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def holds(member):
    """Matches a list with an item that matches."""
    return lambda rows: any(is_like(row, member) for row in rows)


def is_like(actual, expected):
    """Whether `actual`, an object or a mapping, has the members of `expected`; other values are equal or pass a test."""
    if callable(expected):
        return expected(actual)
    if isinstance(expected, dict):
        if actual is None:
            return False
        read = actual.get if isinstance(actual, dict) else lambda name: getattr(actual, name)
        return all(is_like(read(name), value) for name, value in expected.items())
    if isinstance(expected, list):
        return len(actual) == len(expected) and all(map(is_like, actual, expected))
    return actual == expected


def is_empty(data):
    """An object without members."""
    return data is not None and not data.model_dump(exclude_unset=True)


def credits_left(remaining):
    return {"remaining": remaining, "refill": {"interval": "monthly", "amount": 100, "refill_day": 31}}


CALLS = {
    "apis.create_api": Call(
        lambda w: {"name": "payments"},
        lambda w: {"api_id": like(r"api_\w+")},
        {"name": ""},
    ),
    "apis.get_api": Call(
        lambda w: {"api_id": w.api_id},
        lambda w: {"id": w.api_id, "name": f"api-{w.suffix}"},
        {"api_id": "a"},
    ),
    "apis.delete_api": Call(lambda w: {"api_id": w.api_id}, lambda w: is_empty, {"api_id": ""}),
    "apis.list_keys": Call(
        lambda w: {
            "api_id": w.api_id,
            "external_id": w.external_id,
            "decrypt": True,
            "revalidate_keys_cache": True,
        },
        lambda w: [{"key_id": w.key_id, "plaintext": w.key, CREDITS: credits_left(100)}],
        {"api_id": ""},
    ),
    "identities.create_identity": Call(
        lambda w: {"external_id": f"new_{w.suffix}", "meta": {"plan": "pro"}, "ratelimits": [RATELIMIT]},
        lambda w: {"identity_id": like(r"id_\w+")},
        {"external_id": ""},
    ),
    "identities.get_identity": Call(
        lambda w: {"identity": w.external_id},
        lambda w: {
            "id": like(r"id_\w+"),
            "external_id": w.external_id,
            "meta": {"plan": "free"},
            "ratelimits": [{"id": like(r"rl_\w+"), **RATELIMIT}],
        },
        {"identity": ""},
    ),
    "identities.update_identity": Call(
        lambda w: {"identity": w.external_id, "meta": {"plan": "pro"}, "ratelimits": []},
        lambda w: {"external_id": w.external_id, "meta": {"plan": "pro"}},
        {"identity": ""},
    ),
    "identities.list_identities": Call(
        lambda w: {"limit": 100},
        lambda w: holds({"external_id": w.external_id, "meta": {"plan": "free"}}),
        {"limit": 0},
    ),
    "identities.delete_identity": Call(lambda w: {"identity": w.external_id}, None, {"identity": ""}),
    "keys.create_key": Call(
        lambda w: {"api_id": w.api_id, "prefix": "test", "permissions": [f"made.{w.suffix}"]},
        lambda w: {"key_id": like(r"key_\w+"), "key": like(r"test_\w+")},
        {"api_id": "a"},
    ),
    "keys.migrate_keys": Call(
        lambda w: {
            "api_id": w.api_id,
            "migration_id": w.migration_id,
            "keys": [{"hash": hash_of(w.suffix), "external_id": w.external_id, "ratelimits": [RATELIMIT]}],
        },
        lambda w: {"migrated": [{"hash": hash_of(w.suffix), "key_id": like(r"key_\w+")}], "failed": []},
        {"api_id": "a", "migration_id": "a", "keys": []},
    ),
    "keys.verify_key": Call(
        lambda w: {
            "key": w.key,
            "permissions": w.slug,
            "tags": ["path=/documents"],
            "ratelimits": [{"name": "burst", "limit": 5, "duration": 1000, "cost": 2}],
            CREDITS: {"cost": 3},
        },
        lambda w: {
            "valid": True,
            "code": "VALID",
            "key_id": w.key_id,
            "meta": {"team": "a"},
            "expires": FAR_AWAY,
            "enabled": True,
            CREDITS: 97,
            "permissions": [w.slug],
            "roles": [w.role],
            "identity": {"external_id": w.external_id},
            "ratelimits": lambda limits: len(limits) == 2
            and holds({"id": "", "name": "burst", "remaining": 3, "exceeded": False})(limits)
            and holds({"name": "requests", "remaining": 9, "auto_apply": True})(limits),
        },
        {"key": ""},
    ),
    "keys.whoami": Call(
        lambda w: {"key": w.key},
        lambda w: {"key_id": w.key_id, CREDITS: credits_left(100)},
        {"key": ""},
    ),
    "keys.get_key": Call(
        lambda w: {"key_id": w.key_id, "decrypt": True},
        lambda w: {
            "key_id": w.key_id,
            "plaintext": w.key,
            "start": lambda start: w.key.startswith(start) and start.startswith("arranged_"),
            "name": "arranged",
            "meta": {"team": "a"},
            "enabled": True,
            "expires": FAR_AWAY,
            CREDITS: credits_left(100),
            "permissions": [w.slug],
            "roles": [w.role],
            "identity": {"external_id": w.external_id},
            "ratelimits": [RATELIMIT],
        },
        {"key_id": "a"},
    ),
    "keys.update_key": Call(
        lambda w: {
            "key_id": w.key_id,
            "name": None,
            "external_id": None,
            "meta": None,
            "expires": None,
            "ratelimits": [],
            "enabled": False,
            "roles": [],
            "permissions": [],
        },
        lambda w: is_empty,
        {"key_id": "a"},
    ),
    "keys.update_credits": Call(
        lambda w: {"key_id": w.key_id, "operation": "increment", "value": 5},
        lambda w: credits_left(105),
        {"key_id": "a", "operation": "set", "value": 1},
    ),
    "keys.reroll_key": Call(
        lambda w: {"key_id": w.key_id, "expiration": 0},
        lambda w: {"key_id": lambda key_id: key_id != w.key_id, "key": like(r"arranged_\w+")},
        {"key_id": "a", "expiration": 0},
    ),
    "keys.delete_key": Call(
        lambda w: {"key_id": w.key_id, "permanent": True},
        lambda w: is_empty,
        {"key_id": "a"},
    ),
    "keys.add_permissions": Call(
        lambda w: {"key_id": w.key_id, "permissions": [f"made.{w.suffix}"]},
        lambda w: [{"slug": w.slug}, {"slug": f"made.{w.suffix}", "id": like(r"perm_\w+")}],
        {"key_id": "a", "permissions": []},
    ),
    "keys.remove_permissions": Call(
        lambda w: {"key_id": w.key_id, "permissions": [w.slug]},
        lambda w: [],
        {"key_id": "a", "permissions": []},
    ),
    "keys.set_permissions": Call(
        lambda w: {"key_id": w.key_id, "permissions": [f"made.{w.suffix}"]},
        lambda w: [{"slug": f"made.{w.suffix}"}],
        {"key_id": "a", "permissions": []},
    ),
    "keys.add_roles": Call(
        lambda w: {"key_id": w.key_id, "roles": [w.role]},
        lambda w: [{"id": w.role_id, "name": w.role}],
        {"key_id": "a", "roles": []},
    ),
    "keys.remove_roles": Call(
        lambda w: {"key_id": w.key_id, "roles": [w.role]},
        lambda w: [],
        {"key_id": "a", "roles": []},
    ),
    "keys.set_roles": Call(
        lambda w: {"key_id": w.key_id, "roles": []},
        lambda w: [],
        {"key_id": "a", "roles": []},
    ),
    "permissions.create_permission": Call(
        lambda w: {"name": "New", "slug": f"new.{w.suffix}", "description": "New"},
        lambda w: {"permission_id": like(r"perm_\w+")},
        {"name": "", "slug": ""},
    ),
    "permissions.get_permission": Call(
        lambda w: {"permission": w.slug},
        lambda w: {"id": w.permission_id, "slug": w.slug, "name": "Read", "description": "A description"},
        {"permission": ""},
    ),
    "permissions.list_permissions": Call(
        lambda w: {"limit": 100},
        lambda w: holds({"id": w.permission_id, "slug": w.slug}),
        {"limit": 0},
    ),
    "permissions.delete_permission": Call(
        lambda w: {"permission": w.permission_id},
        lambda w: is_empty,
        {"permission": ""},
    ),
    "permissions.create_role": Call(
        lambda w: {"name": f"Reader_{w.suffix}", "description": "Reads"},
        lambda w: {"role_id": like(r"role_\w+")},
        {"name": ""},
    ),
    "permissions.get_role": Call(
        lambda w: {"role": w.role},
        lambda w: {"id": w.role_id, "name": w.role, "description": "Edits"},
        {"role": ""},
    ),
    "permissions.list_roles": Call(
        lambda w: {"limit": 100},
        lambda w: holds({"id": w.role_id, "name": w.role}),
        {"limit": 0},
    ),
    "permissions.set_role_permissions": Call(
        lambda w: {"request": {"role_id": w.role_id, "permissions": [w.slug]}},
        lambda w: [{"slug": w.slug}],
        {"request": {"role_id": "a", "permissions": []}},
    ),
    "permissions.delete_role": Call(lambda w: {"role": w.role_id}, lambda w: is_empty, {"role": ""}),
    "ratelimit.limit": Call(
        lambda w: {
            "namespace": w.namespace,
            "identifier": "vip_1",
            "limit": 10,
            "duration": 60_000,
            "cost": 4,
        },
        lambda w: {"success": True, "limit": 99, "remaining": 95, "override_id": w.override_id},
        {"namespace": "", "identifier": "", "limit": 1, "duration": 1},
    ),
    "ratelimit.multi_limit": Call(
        lambda w: {
            "request": [
                {"namespace": w.namespace, "identifier": "user", "limit": 2, "duration": 60_000},
                {"namespace": w.namespace, "identifier": "vip_2", "limit": 2, "duration": 60_000, "cost": 100},
            ]
        },
        lambda w: {"passed": False, "limits": [{"passed": True}, {"passed": False, "remaining": 0}]},
        {"request": []},
    ),
    "ratelimit.set_override": Call(
        lambda w: {"namespace": w.namespace, "identifier": "vip_*", "limit": 0, "duration": 1000},
        lambda w: {"override_id": w.override_id},
        {"namespace": "", "identifier": "", "limit": 1, "duration": 1000},
    ),
    "ratelimit.get_override": Call(
        lambda w: {"namespace": w.namespace, "identifier": "vip_*"},
        lambda w: {"override_id": w.override_id, "identifier": "vip_*", "limit": 99, "duration": 60_000},
        {"namespace": "", "identifier": ""},
    ),
    "ratelimit.list_overrides": Call(
        lambda w: {"namespace": w.namespace},
        lambda w: [{"override_id": w.override_id, "identifier": "vip_*", "limit": 99}],
        {"namespace": ""},
    ),
    "ratelimit.delete_override": Call(
        lambda w: {"namespace": w.namespace, "identifier": "vip_*"},
        lambda w: is_empty,
        {"namespace": "", "identifier": ""},
    ),
}


def expect(actual, expected, what):
    assert is_like(actual, expected), f"{what}: {actual!r}"


def expect_response(method, response, world):
    """Expects the data of the table, in a response body with a request id."""
    body = envelope(response)
    assert re.fullmatch(r"req_\w+", body.meta.request_id), body.meta
    data = CALLS[method].data
    if data is None:
        assert not hasattr(body, "data"), body
    else:
        expect(body.data, data(world), method)
