"""A message as it was said: HTML to text, without quoted mails, signatures, and the debris of encodings.

In: a body. Out: plain text, perhaps empty. Pure functions; no body is too broken to be cleaned.
"""

import re
import unicodedata
from functools import cache
from html import unescape

from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.html_engine import Inscriptis
from inscriptis.model.config import ParserConfig
from lxml import etree, html
from mailparser_reply import EmailMessage

MAIL_CHARS = 20_000  # a body that is longer is no mail a person wrote, and not worth the search for signatures
_TAG = re.compile(
    r"</?(?:p|div|br|span|a|b|i|u|em|strong|ul|ol|li|table|tbody|tr|td|th|blockquote|img|html|body|head|h[1-6]|pre|code"
    r"|font|hr|style|script|center|small|sup|sub|figure|section)(?:\s[^<>]{0,2000})?/?>",
    re.IGNORECASE,
)  # an address in angle brackets is no tag
_QUOTED = (
    "//blockquote | //style | //script | //head | //*[contains(concat(' ', @class, ' '), ' gmail_quote ')]"
    " | //*[contains(@class, 'moz-signature')] | //*[contains(@class, 'gmail_signature')]"
)
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffe\uffff\u00ad]")
_QUOTE_LINE = re.compile(r"(?m)^[ \t]*>.*$\n?")
_MAIL_LANGUAGES = ["en", "zh", "de", "fr", "es", "it", "nl"]


def clean_body(body: str) -> str:
    """What the writer said in this message, and nothing that a mail program or an editor put around it."""
    text = body.encode("utf-8", "replace").decode("utf-8")
    text = html_to_text(text) if _TAG.search(text) else unescape(text)
    return tidy(without_quotes(_without_controls(text)))


def html_to_text(body: str) -> str:
    """The words of an HTML body, a block a line; what is quoted in it is left out."""
    try:
        tree = html.document_fromstring(body.replace("\0", ""), parser=_parser())
        for node in tree.xpath(_QUOTED):
            node.drop_tree()
        return str(Inscriptis(tree, _config()).get_text())
    except (etree.LxmlError, ValueError, RecursionError, AssertionError):
        return unescape(_TAG.sub(" ", body))


def without_quotes(text: str) -> str:
    """A mail without what it answers to and without its signature; a text of one line is no mail."""
    if "\n" not in text.strip() or len(text) > MAIL_CHARS:
        return text
    mail = EmailMessage(text=text, languages=list(_MAIL_LANGUAGES), keep_hyphen_lists=True).read()
    newest = next((reply.body for reply in mail.replies if reply.body.strip()), "")
    return _QUOTE_LINE.sub("", newest)


def tidy(text: str) -> str:
    """Single spaces, no space at line ends, at most one empty line."""
    lines = [re.sub(r"[^\S\n]+", " ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _without_controls(text: str) -> str:
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(c for c in _UNSEEN.sub("", text) if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Co"))


def _parser() -> html.HTMLParser:
    return html.HTMLParser(encoding=None, no_network=True, remove_comments=True, remove_pis=True)


@cache
def _config() -> ParserConfig:
    return ParserConfig(css=CSS_PROFILES["strict"].copy())
