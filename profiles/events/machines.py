"""Who is no person: known user agents of bots, and acts that come too fast for one or never pause.

Whether an act is a machine's depends on all acts of its customer, never on the order they arrive in: a window of time
that holds more acts than a person can do does not count, all of it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

# A window is the start of a time as `tables.time_text` writes it: "2026-11-20T17:2" are ten minutes.
MOST_ACTS: Mapping[int, int] = {
    15: 200,  # ten minutes at one act in three seconds
    10: 2000,  # a day without a pause
}
_BOT_AGENT = re.compile(  # "cubot" is a telephone
    r"(?<!cu)bot\b|(?<!cu)bot[/;_ -]|crawl|spider|slurp|headless|phantomjs|puppeteer|playwright|selenium|"
    r"facebookexternalhit|bingpreview|lighthouse|pingdom|scrapy|^python|^curl|^wget|^java/|^go-http-client|"
    r"^libwww|^apache-httpclient",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def is_bot_agent(agent: str) -> bool:
    return _BOT_AGENT.search(agent) is not None


def windows_of(time: str) -> tuple[str, ...]:
    """The windows that an act falls in."""
    return tuple(time[:length] for length in MOST_ACTS)


def count_windows(times: Iterable[str]) -> Counter[str]:
    return Counter(window for time in times for window in windows_of(time))


def machine_windows(counts: Mapping[str, int]) -> frozenset[str]:
    """Those of the windows that hold more than a person can do."""
    return frozenset(window for window, count in counts.items() if count > MOST_ACTS[len(window)])
