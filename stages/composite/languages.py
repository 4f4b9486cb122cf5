"""Names of languages in MP4 files: three letters, where campaigns write two."""

from __future__ import annotations

_THREE = {
    two: three
    for two, three in (
        pair.split(":")
        for pair in ["ar:ara", "bg:bul", "bn:ben", "ca:cat", "cs:ces", "cy:cym", "da:dan", "de:deu", "el:ell", "en:eng", "es:spa", "et:est", "eu:eus", "fa:fas", "fi:fin", "fr:fra", "ga:gle", "gl:glg", "gu:guj", "he:heb", "hi:hin", "hr:hrv", "hu:hun", "hy:hye", "id:ind", "is:isl", "it:ita", "ja:jpn", "ka:kat", "kk:kaz", "km:khm", "kn:kan", "ko:kor", "lo:lao", "lt:lit", "lv:lav", "mk:mkd", "ml:mal", "mr:mar", "ms:msa", "mt:mlt", "my:mya", "nb:nob", "ne:nep", "nl:nld", "nn:nno", "no:nor", "pa:pan", "pl:pol", "pt:por", "ro:ron", "ru:rus", "si:sin", "sk:slk", "sl:slv", "sq:sqi", "sr:srp", "sv:swe", "sw:swa", "ta:tam", "te:tel", "th:tha", "tl:tgl", "tr:tur", "uk:ukr", "ur:urd", "uz:uzb", "vi:vie", "yue:yue", "zh:zho", "zu:zul"]
    )
}


def iso_639_2(tag: str | None) -> str:
    """ISO 639-2/T code of a language tag ("pt-BR" gives "por"); "und" where it is not known."""
    return _THREE.get((tag or "").partition("-")[0].lower(), "und")
