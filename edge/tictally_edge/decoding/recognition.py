"""Tells a recording of a TIC line from any other file."""

from typing import Final

from tictally_edge.decoding.decoder import Decoder, is_good

_PIECE_BYTES: Final = 4096


def has_frame(content: bytes) -> bool:
    """Whether there is a good frame anywhere in some bytes of a line."""
    decoder = Decoder()
    pieces = (content[at : at + _PIECE_BYTES] for at in range(0, len(content), _PIECE_BYTES))
    in_pieces = (is_good(frame) for piece in pieces for frame in decoder.feed(piece))
    return any(in_pieces) or any(map(is_good, decoder.flush()))
