import os
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from takt.alerting.domain.signature import OVERLAP, Secret, live, rotate, secret_of, sign

BODY = '{"type":"takt.review.opened.v1","data":{"título":"año"}}'.encode()


def fresh():
    return Secret(secret_of(os.urandom(32)))


def test_the_published_example_gives_the_published_signature():
    headers = sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
        [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_reference_library_accepts_the_signature():
    secret = fresh()
    headers = sign("msg_1", datetime.now(UTC), BODY, [secret])
    assert Webhook(secret.value).verify(BODY, headers)["type"] == "takt.review.opened.v1"


def test_the_reference_library_refuses_a_changed_body():
    secret = fresh()
    headers = sign("msg_1", datetime.now(UTC), BODY, [secret])
    with pytest.raises(WebhookVerificationError):
        Webhook(secret.value).verify(BODY + b" ", headers)


def test_both_secrets_verify_while_they_overlap():
    now = datetime.now(UTC)
    old, new = fresh(), fresh()
    secrets = rotate([old], new.value, now)
    headers = sign("msg_1", now, BODY, live(secrets, now))
    assert headers["webhook-signature"].count(" ") == 1
    for secret in (old, new):
        Webhook(secret.value).verify(BODY, headers)
    after = now + OVERLAP
    assert live(secrets, after) == (Secret(new.value),)


def test_rotating_again_does_not_prolong_an_older_secret():
    now = datetime(2026, 11, 23, tzinfo=UTC)
    first, second, third = fresh(), fresh(), fresh()
    once = rotate([first], second.value, now)
    twice = rotate(once, third.value, now + timedelta(hours=1))
    assert [s.expires_at for s in twice] == [
        None,
        now + OVERLAP + timedelta(hours=1),
        now + OVERLAP,
    ]


def test_a_short_key_is_no_secret():
    with pytest.raises(ValueError, match="24 to 64"):
        secret_of(b"short")


def test_a_secret_does_not_show_in_a_traceback():
    secret = fresh()
    assert secret.value not in repr(secret)
