"""Runs every method of the installed client, sync and async, against the service that the argument describes."""

import itertools
import json
import sys
import traceback

from unkey.py import errors

from calls import CALLS, CREDITS, REFILL, arrange, expect, expect_response
from client import IS_OLD, NOT_SERVED, VERSION, Caller, envelope, methods

SERVICE = json.loads(sys.argv[1])
PROBLEM = {"Accept": "application/problem+json"}
METHODS = [method for method in methods() if method not in NOT_SERVED]

# The methods that respond with 404 if the root key lacks the permission.
HIDING = {"apis.list_keys", "keys.create_key", "keys.whoami", "ratelimit.get_override"}

suffixes = (f"n{number}" for number in itertools.count(1))
passed, failed = [], []


def test(name, run):
    try:
        run()
        passed.append(name)
    except Exception:
        failed.append(name)
        print(f"FAILED {name}\n{traceback.format_exc()}", file=sys.stderr)


def failure(run, *arguments, **named):
    try:
        response = run(*arguments, **named)
    except errors.UnkeyError as error:
        return error
    raise AssertionError(f"succeeded: {response!r}")


def expect_error(error, kind, status, code):
    """Expects the class, and the same status, type and request id in the body and in the typed data."""
    assert type(error) is kind, repr(error)
    assert error.status_code == status, error.status_code
    body = json.loads(error.body)
    assert body["error"]["status"] == status, body
    assert body["error"]["type"] == f"https://unkey.com/docs/errors/{code}", body
    assert body["meta"]["requestId"] == error.headers["x-request-id"], body
    if kind is not errors.APIError:
        assert error.data.error.type == body["error"]["type"], error.data
        assert error.data.error.status == status, error.data
        assert error.data.meta.request_id == body["meta"]["requestId"], error.data


def kind_for(method, kind):
    """Errors of delete_identity are matched as problem+json only, which the client never requests."""
    return errors.APIError if method == "identities.delete_identity" else kind


def check_mode(mode):
    def caller(root_key=SERVICE["rootKey"], url=SERVICE["url"]):
        return Caller(mode, url, root_key)

    call = caller()

    def world():
        return arrange(call, next(suffixes), SERVICE["migrationId"])

    def named(name, run):
        test(f"{mode}: {name}", run)

    def succeeds(method):
        there = world()
        expect_response(method, call(method, **CALLS[method].arguments(there)), there)

    for method in METHODS:
        named(f"{method} succeeds", lambda: succeeds(method))
    named("every method was called", lambda: expect(call.succeeded, set(METHODS), "succeeded"))

    for check in (check_credits, check_updates, check_named_errors, check_root_keys, check_problem_json):
        for name, run in check(call, caller, world):
            named(name, run)
    for name, run in check_error_matrix(caller, world()):
        named(name, run)
    root_key = SERVICE["emptyRootKeys"][0 if mode == "sync" else 1]
    for name, run in check_pages(caller(root_key), mode):
        named(name, run)


def check_error_matrix(caller, there):
    """Errors that are common to all methods."""
    stranger, powerless = caller("not_a_root_key"), caller(SERVICE["powerlessRootKey"])
    limited, broken = caller(SERVICE["limitedRootKey"]), caller(url=SERVICE["brokenUrl"])
    call = caller()

    def refused(by, method, arguments, kind, status, code):
        error = failure(by, method, **arguments)
        expect_error(error, kind_for(method, kind), status, code)

    def malformed(method):
        refused(
            call,
            method,
            CALLS[method].malformed,
            errors.BadRequestErrorResponse,
            400,
            "unkey/application/invalid_input",
        )

    def powerless_refused(method, good):
        error = failure(powerless, method, **good)
        if method in HIDING:
            assert type(error) is errors.NotFoundErrorResponse, repr(error)
            return
        code = "unkey/authorization/insufficient_permissions"
        expect_error(error, kind_for(method, errors.ForbiddenErrorResponse), 403, code)

    def verify_hides():
        data = powerless("keys.verify_key", key=there.key).data
        expect(data, {"valid": False, "code": "NOT_FOUND", "key_id": None}, "verification")

    def checks(method):
        good = CALLS[method].arguments(there)
        unknown = (errors.UnauthorizedErrorResponse, 401, "unkey/authentication/key_not_found")
        limit = (errors.APIError, 429, "user/too_many_requests/workspace_rate_limited")
        fault = (errors.InternalServerErrorResponse, 500, "unkey/application/unexpected_error")
        yield 400, lambda: malformed(method)
        yield 401, lambda: refused(stranger, method, good, *unknown)
        if method == "keys.verify_key":
            yield "hidden", verify_hides
        else:
            yield 403, lambda: powerless_refused(method, good)
        yield 429, lambda: refused(limited, method, good, *limit)
        yield 500, lambda: refused(broken, method, good, *fault)

    for method in METHODS:
        for status, run in checks(method):
            yield f"{method} has {status}", run


def check_credits(call, _caller, world):
    """The old client sends and reads credits as key_credits."""

    def key_with(credits):
        return call("keys.create_key", api_id=world().api_id, **{CREDITS: credits}).data

    def credits_of(key_id):
        return getattr(call("keys.get_key", key_id=key_id).data, CREDITS)

    def made():
        key = key_with({"remaining": 5, "refill": REFILL})
        expect(credits_of(key.key_id), {"remaining": 5, "refill": REFILL}, "credits")

    def spent():
        key = key_with({"remaining": 5})
        verified = call("keys.verify_key", key=key.key, **{CREDITS: {"cost": 2}}).data
        expect(verified, {"code": "VALID", CREDITS: 3}, "verification")
        denied = call("keys.verify_key", key=key.key, **{CREDITS: {"cost": 4}}).data
        expect(denied, {"valid": False, "code": "USAGE_EXCEEDED", CREDITS: 3}, "verification")
        expect(credits_of(key.key_id), {"remaining": 3}, "credits")

    def updated():
        key = key_with({"remaining": 5})
        call("keys.update_key", key_id=key.key_id, **{CREDITS: {"remaining": 50, "refill": REFILL}})
        expect(credits_of(key.key_id), {"remaining": 50, "refill": REFILL}, "credits")
        call("keys.update_key", key_id=key.key_id, name="renamed")
        expect(credits_of(key.key_id), {"remaining": 50}, "credits")

    def unlimited():
        key = key_with({"remaining": 5})
        call("keys.update_credits", key_id=key.key_id, operation="set", value=None)
        assert credits_of(key.key_id) is None
        expect(call("keys.verify_key", key=key.key).data, {"valid": True, CREDITS: None}, "verification")

    def counted():
        key = key_with({"remaining": 5})
        for operation, value, left in (("set", 7, 7), ("increment", 3, 10), ("decrement", 100, 0)):
            data = call("keys.update_credits", key_id=key.key_id, operation=operation, value=value).data
            expect(data, {"remaining": left}, operation)
        expect(call("keys.verify_key", key=key.key).data, {"code": "USAGE_EXCEEDED", CREDITS: 0}, "verification")

    yield "credits are made with a key", made
    yield "credits are spent by verifications", spent
    yield "credits are updated and stay", updated
    yield "credits are taken away, and the key is unlimited", unlimited
    yield "credits are set, raised and lowered", counted


def check_updates(call, _caller, world):
    def cleared():
        there = world()
        call("keys.update_key", **CALLS["keys.update_key"].arguments(there))
        gone = {"name": None, "meta": None, "expires": None, "identity": None, "enabled": False}
        data = call("keys.get_key", key_id=there.key_id).data
        expect(data, gone, "key")
        assert not data.roles and not data.permissions and not data.ratelimits, data
        expect(call("keys.verify_key", key=there.key).data, {"code": "DISABLED"}, "verification")

    def deleted():
        there = world()
        call("keys.delete_key", key_id=there.key_id)
        expect(call("keys.verify_key", key=there.key).data, {"code": "NOT_FOUND"}, "verification")

    yield "null and empty lists take settings away", cleared
    yield "a deleted key verifies no more", deleted


def check_named_errors(call, _caller, world):
    """Errors about the requested resource."""

    def missing(method, **arguments):
        error = failure(call, method, **arguments)
        assert type(error) is errors.NotFoundErrorResponse, repr(error)
        assert error.data.error.type.endswith("_not_found"), error.data

    def conflict(method, code, **arguments):
        expect_error(failure(call, method, **arguments), errors.ConflictErrorResponse, 409, code)

    def gone():
        limit = {"namespace": SERVICE["goneNamespace"], "identifier": "user", "limit": 1, "duration": 1000}
        code = "unkey/data/ratelimit_namespace_gone"
        asked = {"ratelimit.limit": limit, "ratelimit.multi_limit": {"request": [limit]}}
        for method in asked.keys() & set(METHODS):
            expect_error(failure(call, method, **asked[method]), errors.GoneErrorResponse, 410, code)

    def protected():
        error = failure(call, "apis.delete_api", api_id=SERVICE["protectedApiId"])
        code = "unkey/application/protected_resource"
        expect_error(error, errors.PreconditionFailedErrorResponse, 412, code)

    def unknown_limit():
        error = failure(call, "keys.verify_key", key=world().key, ratelimits=[{"name": "unheard-of"}])
        expect_error(error, errors.APIError, 412, "unkey/application/precondition_failed")

    def missing_role():
        error = failure(call, "permissions.delete_role", role="missing")
        expect_error(error, errors.APIError, 404, "unkey/data/role_not_found")

    def taken():
        there = world()
        conflict(
            "identities.create_identity",
            "unkey/data/identity_already_exists",
            external_id=there.external_id,
        )
        conflict(
            "permissions.create_permission",
            "unkey/data/permission_already_exists",
            name="Again",
            slug=there.slug,
        )
        conflict("permissions.create_role", "unkey/data/role_already_exists", name=there.role)

    def fields_of_400():
        error = failure(call, "apis.create_api", name="")
        [issue] = error.data.error.errors
        expect(issue, {"location": "body.name"}, "issue")
        assert issue.message, issue

    absent = {
        "apis.get_api": {"api_id": "api_missing"},
        "apis.delete_api": {"api_id": "api_missing"},
        "apis.list_keys": {"api_id": "api_missing"},
        "identities.get_identity": {"identity": "missing"},
        "identities.update_identity": {"identity": "missing"},
        "keys.create_key": {"api_id": "api_missing"},
        "keys.get_key": {"key_id": "key_missing"},
        "keys.update_key": {"key_id": "key_missing"},
        "keys.delete_key": {"key_id": "key_missing"},
        "keys.reroll_key": {"key_id": "key_missing", "expiration": 0},
        "keys.whoami": {"key": "missing_key"},
        "keys.update_credits": {"key_id": "key_missing", "operation": "set", "value": 1},
        "keys.add_roles": {"key_id": "key_missing", "roles": ["Editor"]},
        "keys.set_roles": {"key_id": "key_missing", "roles": []},
        "keys.remove_roles": {"key_id": "key_missing", "roles": ["Editor"]},
        "keys.add_permissions": {"key_id": "key_missing", "permissions": ["documents.read"]},
        "keys.set_permissions": {"key_id": "key_missing", "permissions": []},
        "keys.remove_permissions": {"key_id": "key_missing", "permissions": ["documents.read"]},
        "permissions.get_permission": {"permission": "missing"},
        "permissions.delete_permission": {"permission": "missing"},
        "permissions.get_role": {"role": "missing"},
        "ratelimit.get_override": {"namespace": "missing", "identifier": "vip_*"},
        "ratelimit.set_override": {"namespace": "missing", "identifier": "a", "limit": 1, "duration": 1000},
        "ratelimit.list_overrides": {"namespace": "missing"},
        "ratelimit.delete_override": {"namespace": "missing", "identifier": "vip_*"},
    }
    for method, arguments in absent.items():
        yield f"{method} meets 404", lambda: missing(method, **arguments)
    yield "permissions.delete_role meets 404 as the general class", missing_role
    yield "what exists already meets 409", taken
    yield "a deleted namespace meets 410", gone
    yield "a protected API meets 412", protected
    yield "an unknown limit meets 412 as the general class", unknown_limit
    yield "a 400 names the place", fields_of_400


def check_root_keys(_call, caller, world):
    def scheme():
        there = world()
        for written in ("bearer", "Bearer"):
            by = caller(f"{written} {SERVICE['rootKey']}")
            assert by("apis.get_api", api_id=there.api_id).data.id == there.api_id

    def missing():
        error = failure(caller(None), "apis.create_api", name="nobody")
        expect_error(error, errors.BadRequestErrorResponse, 400, "unkey/application/invalid_input")

    def forbidden(root_key, code):
        error = failure(caller(root_key), "apis.create_api", name="nobody")
        expect_error(error, errors.ForbiddenErrorResponse, 403, code)

    yield "a root key with its scheme in any case is accepted", scheme
    yield "a missing root key meets 400", missing
    expired, disabled = SERVICE["expiredRootKey"], SERVICE["disabledRootKey"]
    yield "an expired root key meets 403", lambda: forbidden(expired, "unkey/authorization/forbidden")
    yield (
        "a disabled workspace meets 403",
        lambda: forbidden(disabled, "unkey/authorization/workspace_disabled"),
    )


def check_problem_json(call, caller, world):
    """Classes that a client uses only if it requests problem+json."""

    def delete_identity():
        there = world()
        powerless, stranger = caller(SERVICE["powerlessRootKey"]), caller("not_a_root_key")
        broken = caller(url=SERVICE["brokenUrl"])
        for by, identity, kind in (
            (call, "", errors.BadRequestErrorResponse),
            (stranger, there.external_id, errors.UnauthorizedErrorResponse),
            (powerless, there.external_id, errors.ForbiddenErrorResponse),
            (call, "missing", errors.NotFoundErrorResponse),
            (broken, there.external_id, errors.InternalServerErrorResponse),
        ):
            error = failure(by, "identities.delete_identity", identity=identity, http_headers=PROBLEM)
            assert type(error) is kind, repr(error)
            assert error.data.error.status == error.status_code, error.data

    def too_many():
        limited = caller(SERVICE["limitedRootKey"])
        error = failure(limited, "apis.create_api", name="one", http_headers=PROBLEM)
        code = "user/too_many_requests/workspace_rate_limited"
        expect_error(error, errors.TooManyRequestsErrorResponse, 429, code)

    yield "identities.delete_identity has typed errors as problem+json", delete_identity
    if not IS_OLD:
        yield "429 has its class as problem+json", too_many


def check_pages(call, mode):
    """In an empty workspace, so that lists have no other items."""
    names = ["one", "two", "three", "four", "five"]
    namespace = "pages"

    def by_cursor(method, **arguments):
        pages, cursor = [], None
        while True:
            body = envelope(call(method, limit=2, **({"cursor": cursor} if cursor else {}), **arguments))
            pages.append(body.data)
            cursor = body.pagination.cursor
            assert body.pagination.has_more == bool(cursor), body.pagination
            if not cursor:
                return pages

    def by_next(method, **arguments):
        page, pages = call(method, limit=2, **arguments), []
        while page is not None:
            pages.append(page.result.data)
            page = page.next()
        return pages

    def complete(pages, member):
        assert [len(page) for page in pages] == [2, 2, 1], pages
        assert sorted(getattr(row, member) for page in pages for row in page) == sorted(names), pages

    def broken_next():
        first = call("identities.list_identities", limit=2)
        assert len(first.result.data) == 2 and first.result.pagination.has_more, first.result
        assert first.next() is None

    def fill():
        api_id = call("apis.create_api", name="pages").data.api_id
        call("ratelimit.limit", namespace=namespace, identifier="someone", limit=1, duration=1000)
        for name in names:
            call("keys.create_key", api_id=api_id, name=name)
            call("identities.create_identity", external_id=name)
            call("permissions.create_permission", name=name, slug=name)
            call("permissions.create_role", name=name)
            call("ratelimit.set_override", namespace=namespace, identifier=name, limit=1, duration=1000)
        return api_id

    lists = {
        "apis.list_keys": ("name", {"api_id": fill()}),
        "identities.list_identities": ("external_id", {}),
        "permissions.list_permissions": ("slug", {}),
        "permissions.list_roles": ("name", {}),
        "ratelimit.list_overrides": ("identifier", {"namespace": namespace}),
    }
    for method, (member, arguments) in lists.items():
        yield f"{method} walks its pages by cursor", lambda: complete(by_cursor(method, **arguments), member)
        # The function of an async client is sync, too: it calls the sync client.
        if not IS_OLD:
            yield f"{method} walks its pages by next()", lambda: complete(by_next(method, **arguments), member)
    if IS_OLD:
        yield "identities.list_identities has its first page; its next() looks elsewhere", broken_next


for each in ("sync", "async"):
    check_mode(each)
print(f"unkey.py {VERSION}: {len(METHODS)} methods, {len(passed)} passed, {len(failed)} failed")
sys.exit(bool(failed))
