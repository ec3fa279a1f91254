"""E-mail addresses, understood by the library that follows their RFCs."""

import unicodedata

from email_validator import EmailNotValidError, validate_email


class RfcEmailSyntax:
    """Implements `domain.users.person.EmailSyntax`.

    What stands before the @ is ASCII: letters of other alphabets that look the same would make two accounts of what
    people read as one. Domains of other alphabets are kept as they travel, in Punycode, where nothing looks alike.
    """

    def normalised(self, text: str) -> str:
        try:
            found = validate_email(
                unicodedata.normalize("NFC", text),
                strict=True,
                allow_smtputf8=False,
                allow_quoted_local=False,
                allow_domain_literal=False,
                check_deliverability=False,
                test_environment=True,  # .test and .example never reach anybody, and demo shops need them
            )
        except EmailNotValidError as wrong:
            raise ValueError(_clause(str(wrong))) from wrong
        if found.ascii_email is None:
            raise ValueError("it has letters that not every mail server understands.")
        return found.ascii_email.lower()


def _clause(sentence: str) -> str:
    """A sentence, to follow a colon."""
    return sentence[:1].lower() + sentence[1:]
