"""How a customer's message is read: numbers, money, dates, words of the shop, negation, and the language itself.

The ground floor: nothing here knows profiles, products or agents. `language.reading` reads a message once; the words of
each language are data, in `language/packs`.
"""
