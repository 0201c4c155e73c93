"""Which language a customer writes, and in which the shop answers.

In: the message, the shop's languages, the language of the consultation so far. Out: ISO 639-1 codes. The script
decides first, then small words that only one language has, and only then lingua; text that says nothing ("ok",
"M", "AP-10482") keeps the language spoken so far. Everything here is a pure function.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from lingua import IsoCode639_1, Language, LanguageDetector, LanguageDetectorBuilder

# Written in Latin letters; the others are told by their script. Fewer languages are fewer mistakes in short text.
_LATIN = (
    Language.ENGLISH,
    Language.GERMAN,
    Language.FRENCH,
    Language.SPANISH,
    Language.ITALIAN,
    Language.PORTUGUESE,
    Language.DUTCH,
    Language.POLISH,
    Language.TURKISH,
    Language.SWEDISH,
)
_SCRIPTS = (
    (re.compile(r"[\u3040-\u30ff]"), "ja"),
    (re.compile(r"[\uac00-\ud7af\u1100-\u11ff]"), "ko"),
    (re.compile(r"[\u3400-\u9fff]"), "zh"),
    (re.compile(r"[іїєґІЇЄҐ]"), "uk"),
    (re.compile(r"[\u0400-\u04ff]"), "ru"),
    (re.compile(r"[\u0600-\u06ff]"), "ar"),
    (re.compile(r"[\u0590-\u05ff]"), "he"),
    (re.compile(r"[\u0370-\u03ff]"), "el"),
    (re.compile(r"[\u0e00-\u0e7f]"), "th"),
    (re.compile(r"[\u0900-\u097f]"), "hi"),
)
# Chinese grammar, as opposed to a Chinese name in a sentence of another language.
_HAN_GRAMMAR = re.compile(r"[的吗了吧呢是有我你您要想买不没请在这那什么怎能可给帮退换]")
_NOT_WORDS = re.compile(r"https?://\S+|\S+@\S+|[^\W_]*\d[\w./-]*", re.UNICODE)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# Said in every language; sizes and brand-like capitals are left out too.
_SAYS_NOTHING = frozenset("ok okay okey hm hmm uhm ah oh xs s m l xl xxl xxxl sku id no eu us uk cm mm kg usd eur".split())

_WORDS: Mapping[str, frozenset[str]] = {
    "en": frozenset(
        """
        the a an and or of to in on for with without is are am was were be been it its it's this that these those i
        i'm i'd i've i'll you your my me we our he she they them do does did don't doesn't didn't can can't could
        would will won't should have has had not any anything some something what what's where when who why how
        which then than there here if but so just now only more less under over below about between from by at up
        out off please thanks thank thx ty cheers pls plz yes yeah yep yup nope sure hi hello hey good great cool
        nice sorry want need like love hate prefer looking look show find get got give tell help buy order orders
        ordered cancel return returns refund exchange ship shipping shipped delivery deliver delivered address
        change track tracking price cheap cheaper expensive size sizes colour color boots shoes jacket jackets
        coat shirt socks gloves hat tent bag bottle trousers pants hiking running waterproof warm light dark green
        black white blue red grey gray brown yellow men's women's men women kids human person agent day days week
        weeks stock available discount sale free one two three first last another other same too very much many
        make way keep forget never mind wait stop useless wrong broken
        """.split()
    ),
    "de": frozenset(
        """
        der die das den dem ein eine einen einem einer und oder ist sind war ich du sie wir ihr mein meine meinen
        meiner mir mich nicht kein keine wo was wann wie warum wer welche bitte danke ja nein haben habe hat kann
        können möchte will brauche suche für mit ohne auf von zu im am nach aus bei unter über auch noch nur schon
        bestellung bestellungen lieferung liefern stornieren zurück zurückgeben rückgabe umtausch größe farbe jacke
        stiefel schuhe hallo guten tag gibt es etwas dunkelgrün grün schwarz wasserdicht
        """.split()
    ),
    "fr": frozenset(
        """
        le la les un une des du de et ou est sont je tu il elle nous vous mon ma mes votre vos ne pas plus où que
        quoi quand comment pourquoi qui quel quelle s'il merci oui non bonjour salut ai avez a voudrais veux cherche
        pour avec sans sur dans chez moins commande commandes livraison annuler retour remboursement taille couleur
        veste chaussures bottes c'est j'ai j'aimerais d'accord
        """.split()
    ),
    "es": frozenset(
        """
        el la los las un una unos unas y o es son está están yo tú mi mis tu su no sí qué que dónde cuándo cómo por
        para con sin en de del hay tiene tienen tengo quiero quisiera busco necesito puedo favor gracias hola buenos
        pedido pedidos envío cancelar cancela devolver devolución talla color chaqueta botas zapatos menos más
        """.split()
    ),
    "it": frozenset(
        """
        il lo la gli le un uno una e è sono io mio mia miei non che dove quando come perché chi per con senza in di
        del della ho avete vorrei cerco grazie sì ciao buongiorno ordine ordini annullare reso rimborso taglia giacca
        scarponi scarpe meno più favore
        """.split()
    ),
    "pt": frozenset(
        """
        o a os as um uma e é são eu meu minha não que onde quando como porquê para com sem em de do da tem têm tenho
        quero queria procuro preciso obrigado obrigada sim olá oi pedido pedidos entrega cancelar devolver tamanho
        jaqueta botas sapatos menos mais favor está
        """.split()
    ),
    "nl": frozenset(
        """
        de het een en of is zijn ik je jij u mijn niet geen waar wat wanneer hoe waarom wie alstublieft dank bedankt
        ja nee hebben heb heeft kan wil zoek voor met zonder op van naar bestelling annuleren retour maat jas schoenen
        hallo graag minder
        """.split()
    ),
    "pl": frozenset(
        "jest są mój moje moja nie tak gdzie kiedy jak czy dla z bez i w na do proszę dziękuję szukam chcę".split()
    ),
    "tr": frozenset("bir ve bu için ile nerede ne zaman nasıl evet hayır lütfen teşekkürler siparişim var mı".split()),
    "sv": frozenset("och är jag en ett min mitt inte var när hur vill har till för med utan tack ja nej hej".split()),
}
_ENOUGH_LETTERS = 4
_SURE = 0.6


def detect(text: str, languages: Sequence[str], previous: str | None) -> str:
    """The language of `text`; what is too short or too vague to tell keeps `previous`, else `languages[0]`."""
    kept = previous or languages[0]
    clean = _NOT_WORDS.sub(" ", text)
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(clean)]
    latin = [word for word in words if word[0] < "\u0250"]
    for script, language in _SCRIPTS:
        found = script.findall(clean)
        if found and not (language == "zh" and _is_name_in(clean, len(found), latin)):
            return language
    telling = [word for word in latin if word not in _SAYS_NOTHING]
    if not telling:
        return kept
    return _by_words(telling, languages, kept) or _by_letters(telling, clean, languages) or kept


def reply_language(language: str, languages: Sequence[str]) -> str:
    """`language` if the shop speaks it; else English if it speaks that, else its first."""
    if language in languages:
        return language
    return "en" if "en" in languages else languages[0]


def _is_name_in(text: str, han: int, latin: Sequence[str]) -> bool:
    """Whether the Chinese in the text is only a name within a sentence of another language."""
    grammar = max((sum(word in known for word in latin) for known in _WORDS.values()), default=0)
    return grammar >= 2 and len(latin) >= han and not _HAN_GRAMMAR.search(text)


def _by_words(words: Sequence[str], languages: Sequence[str], kept: str) -> str | None:
    """The one language that most of the words belong to; among equals the one spoken, then the shop's."""
    hits = {code: sum(word in known for word in words) for code, known in _WORDS.items()}
    most = max(hits.values())
    if most == 0:
        return None
    if 3 * most < len(words):  # a few borrowed words in a text that is something else
        return None
    best = [code for code, count in hits.items() if count == most]
    if len(best) == 1:
        return best[0]
    return next((code for code in (kept, *languages) if code in best), None)


def _by_letters(words: Sequence[str], text: str, languages: Sequence[str]) -> str | None:
    """Lingua's opinion of longer text, if it is sure or the language is the shop's own."""
    named = all(word[0].isupper() for word in _WORD.findall(text))
    if sum(map(len, words)) < _ENOUGH_LETTERS or (named and len(words) < 4):
        return None  # "Gore-Tex", "Arc'teryx Beta LT": names are of no language
    scores = {value.language: value.value for value in _detector().compute_language_confidence_values(" ".join(words))}
    favoured = {language: score + (0.15 if _code(language) in languages else 0.0) for language, score in scores.items()}
    best = max(favoured, key=lambda language: favoured[language])
    return _code(best) if favoured[best] >= _SURE else None


def _code(language: Language) -> str:
    code: IsoCode639_1 = language.iso_code_639_1
    return code.name.lower()


@cache
def _detector() -> LanguageDetector:
    """Trigram models only: 16 MB instead of 250, and the short texts are told by words anyway."""
    return LanguageDetectorBuilder.from_languages(*_LATIN).with_low_accuracy_mode().build()
