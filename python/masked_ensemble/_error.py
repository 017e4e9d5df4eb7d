"""What meg raises."""


class Error(ValueError):
    """What meg refuses, in a sentence that says what to do.

    `code` is one of invalid_argument, file, bad_data, not_trained, unsupported, diverged, busy and device.
    """

    __module__ = "masked_ensemble"
    code = "invalid_argument"
