"""The official test vectors of 消息推送 and 消息加解密."""

import pytest

from emulator.crypto import BadEnvelope, Envelope, sign

E1 = (
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsX"
    "UnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajA"
    "sjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04="
)
REPLY = "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
ENVELOPE = Envelope("A" * 43, "wxba5fad812f8e6fb9")


def test_vector_get_signature() -> None:
    assert sign("AAAAA", "1714036504", "1514711492") == "f464b24fc39322e44b38aa78f5edd27bd1441696"


def test_vector_plain_push() -> None:
    assert sign("AAAAA", "1714037059", "486452656") == "899cf89e464efb63f54ddac96b0a0a235f53aa78"


def test_vector_secure_push() -> None:
    assert sign("AAAAA", "1714112445", "415670741") == "6c5c811b55cc85e0e1b54100749188c20beb3f5d"
    assert sign("AAAAA", "1714112445", "415670741", E1) == "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"


def test_vector_decrypt() -> None:
    assert len(ENVELOPE.decrypt(E1)) == 167


def test_vector_encrypt_reply_and_its_signature() -> None:
    sealed = ENVELOPE.encrypt(b'{"demo_resp":"good luck"}', random=b"707722b803182950")
    assert sealed == REPLY
    assert sign("AAAAA", "1713424427", "415670741", sealed) == "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"


@pytest.mark.parametrize("length", range(70))
def test_every_length_comes_back(length: int) -> None:
    assert ENVELOPE.decrypt(ENVELOPE.encrypt(b"x" * length)) == b"x" * length


@pytest.mark.parametrize("broken", ["", "AAAA", "not base64!", E1[:-24] + "AAAA", "A" * 64])
def test_broken_envelopes_are_refused(broken: str) -> None:
    with pytest.raises(BadEnvelope):
        ENVELOPE.decrypt(broken)


def test_an_envelope_for_another_account_is_refused() -> None:
    with pytest.raises(BadEnvelope, match="AppID"):
        ENVELOPE.decrypt(Envelope("A" * 43, "wx9999999999999999").encrypt(b"<xml/>"))
