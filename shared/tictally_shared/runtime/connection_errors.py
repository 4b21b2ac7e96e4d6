"""Why a connection to another machine failed: an unknown host, a certificate for another name, and so on."""

import socket
import ssl
from enum import StrEnum
from errno import EHOSTUNREACH, ENETUNREACH
from typing import Final

# X509_V_ERR_… of openssl/x509_vfy.h
_BY_CODE: Final = {9: "not_yet_valid", 10: "expired", 62: "other_name", 63: "other_name", 64: "other_name"}


class ConnectionFault(StrEnum):
    """What went wrong; its value is the code of its words."""

    UNKNOWN_HOST = "no_such_host"
    NO_NAME_SERVER = "no_name_server"
    NO_RESPONSE = "no_response"
    NO_ROUTE = "no_route"
    REFUSED = "connection_refused"
    NO_TLS = "no_tls"
    OTHER_NAME = "certificate_other_name"
    EXPIRED = "certificate_expired"
    NOT_YET_VALID = "certificate_not_yet_valid"
    UNKNOWN_AUTHORITY = "certificate_unknown_authority"
    OTHER = "other"


_WORDS: Final = {
    ConnectionFault.UNKNOWN_HOST: "there is no host of that name",
    ConnectionFault.NO_NAME_SERVER: "no name server answers; check this machine's network",
    ConnectionFault.NO_RESPONSE: "no response; check the address, and firewalls between",
    ConnectionFault.NO_TLS: "it does not answer with TLS; set a port that does, or unset the CA certificate",
    ConnectionFault.OTHER_NAME: "its certificate is for another name; set the host to the name in it",
    ConnectionFault.EXPIRED: "its certificate has expired; renew it",
    ConnectionFault.NOT_YET_VALID: "its certificate is not valid yet; check this machine's clock",
    ConnectionFault.UNKNOWN_AUTHORITY: "its certificate is not signed by the CA certificate that is set",
}
_BY_TYPE: Final = {
    socket.gaierror: ConnectionFault.UNKNOWN_HOST,
    ssl.SSLError: ConnectionFault.NO_TLS,
    ConnectionResetError: ConnectionFault.NO_TLS,  # a plain listener resets what it takes for garbage
    ConnectionRefusedError: ConnectionFault.REFUSED,
    TimeoutError: ConnectionFault.NO_RESPONSE,
}


def fault_of(error: BaseException | None) -> ConnectionFault:
    """The kind of an error of a connection."""
    if isinstance(error, ssl.SSLCertVerificationError):
        code = _BY_CODE.get(error.verify_code)
        return ConnectionFault.UNKNOWN_AUTHORITY if code is None else ConnectionFault(f"certificate_{code}")
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return ConnectionFault.NO_NAME_SERVER
    if isinstance(error, OSError) and error.errno in {EHOSTUNREACH, ENETUNREACH}:
        return ConnectionFault.NO_ROUTE
    return next((fault for kind, fault in _BY_TYPE.items() if isinstance(error, kind)), ConnectionFault.OTHER)


def connection_problem(error: BaseException | None) -> str:
    """What happened and what to look at, for a log: `there is no host of that name`.

    Args:
        error: of the connection; None: nothing is known about it.
    """
    if (words := _WORDS.get(fault_of(error))) is not None:
        return words
    return str((isinstance(error, OSError) and error.strerror) or error or "no reason given")
