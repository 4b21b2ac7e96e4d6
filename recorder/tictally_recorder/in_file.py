"""What is wrong in a file that a user wrote, told so that it is found at once."""


class InFileError(Exception):
    """Something in a file that cannot be used.

    Attributes:
        file: where it stands.
        line: of the file, from 1.
        sentence: says why.
    """

    def __init__(self, file: str, line: int, sentence: str) -> None:
        super().__init__(f"{file}, line {line}: {sentence}")
        self.file = file
        self.line = line
        self.sentence = sentence
