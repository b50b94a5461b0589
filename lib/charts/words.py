"""The few words that charts add themselves, in the languages of the product."""

_WORDS = {
    "pt": {
        "period": "Período",
        "note": "Observação",
        "others": "Outros",
        "share": "Parte",
        "item": "Item",
        "amount": "Valor",
        "cut": "O eixo começa em %s",
    },
    "en": {
        "period": "Period",
        "note": "Note",
        "others": "Others",
        "share": "Share",
        "item": "Item",
        "amount": "Amount",
        "cut": "The axis begins at %s",
    },
}


def word(name: str, locale: str) -> str:
    """Return one of the chart's own words; languages other than Portuguese get English."""
    return _WORDS["pt" if locale.startswith("pt") else "en"][name]
