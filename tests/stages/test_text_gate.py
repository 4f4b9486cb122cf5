"""The text gate as stages use it: profiles, age gates, ratings, other languages, own lists."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from functools import cache

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.recipes.safety import screen, text_gate
from schemas.campaign import Campaign, parse_campaign
from schemas.config_error import ConfigError
from schemas.money import Price
from stages.base import Reject
from stages.shared.text_gate import Offer, TextGate, settle
from stages.shared.text_gate.claims import claims
from stages.shared.text_gate.name_list import NameList
from stages.shared.text_gate.people import read_names
from stages.shared.text_gate.rules import read_rules
from stages.shared.text_gate.text_gate import shipped_rules


def campaign(**policy: object) -> Campaign:
    """A campaign with these keys in `policy`."""
    raw = {"name": "x", "feed": "f.tsv", "script": "s", "brand": {"name": "b"}, "policy": policy}
    return parse_campaign(raw, "campaign.yaml")


gate_of = cache(lambda *profiles: TextGate.of_files(profiles=profiles or ("standard",)))


def verdicts(text: str, *profiles: str) -> set[tuple[str, str]]:
    """(rule, verdict) of the policy gate, what passed left out."""
    found = gate_of(*profiles).find({"script": text})
    return {(f.verdict.rule, f.verdict.verdict) for f in found if f.verdict.verdict != "pass"}


@pytest.mark.parametrize(
    ("text", "profiles", "want"),
    [
        ("A bottle of red wine", ("standard",), {("alcohol", "review")}),
        ("A bottle of red wine", ("meta",), {("alcohol", "age_gate")}),
        ("A bottle of red wine", ("meta", "youtube"), {("alcohol", "age_gate")}),
        ("A bottle of red wine", ("meta", "tiktok"),
         {("alcohol", "age_gate"), ("alcohol", "block")}),
        ("A bottle of red wine", ("strict",), {("alcohol", "block")}),
        ("Lose weight now", ("meta",), {("weight_loss", "age_gate")}),
        ("CBD oil", ("meta",), {("drugs", "review")}),
        ("CBD oil", ("meta", "amazon"), {("drugs", "block")}),
        ("A combat knife", ("standard",), {("weapons", "review")}),
        ("A combat knife", ("tiktok",), {("weapons", "block")}),
        ("The cheapest mug, hurry", ("standard",), set()),
        ("The cheapest mug, hurry", ("amazon",),
         {("superlative", "review"), ("urgency", "review")}),
        ("Vote for change", ("tiktok", "meta"), {("politics", "block")}),
    ],
)  # fmt: skip
def test_profiles_change_severities(
    text: str, profiles: tuple[str, ...], want: set[tuple[str, str]]
) -> None:
    """Would catch a platform's rule that is listed and not kept, or the milder of two that wins."""
    assert verdicts(text, *profiles) == want


def test_every_profile_is_at_least_as_strict_together() -> None:
    """Would catch a combination of platforms that lets through what one of them refuses."""
    rank = {"age_gate": 1, "review": 2, "block": 3}
    names = list(shipped_rules().profiles)
    for text in (
        "A handgun and vodka",
        "Bitcoin, CBD and a jackpot",
        "Before and after weight loss",
    ):
        whole = dict.fromkeys((rule for rule, _ in verdicts(text, *names)), 0)
        for rule, verdict in verdicts(text, *names):
            whole[rule] = max(whole[rule], rank[verdict])
        for name in names:
            for rule, verdict in verdicts(text, name):
                assert whole[rule] >= rank[verdict], (text, name, rule)


def test_an_age_gate_lets_the_spot_through_and_stays_in_its_verdicts() -> None:
    """Would catch an age gate that stops a spot, or that nobody learns of."""
    gate = gate_of("meta")
    kept = settle(gate.find({"script": "A bottle of red wine"}))
    (adults,) = [verdict for verdict in kept if verdict.verdict == "age_gate"]
    assert (adults.gate, adults.rule) == ("screen.policy", "alcohol")
    assert '"red wine"' in adults.evidence and "meta" in adults.evidence


@pytest.mark.parametrize(
    "text",
    [
        "As the CEO of Brindlow, I announce a new era.", "In the voice of a president.",
        "This is Senator Oakes speaking.", "Soy el presidente de Brindlow.",
        "Je suis le PDG de Brindlow.", "Ich bin der Kanzler von morgen.",
        "Sono il presidente di Brindlow.", "Eu sou o presidente da Brindlow.",
        "Sp3aking as your favourite star", "Іn thе vоісе of a star",
    ],
)  # fmt: skip
def test_speaking_as_somebody_is_refused(text: str) -> None:
    """Would catch an advert that speaks as a person without naming one of the list."""
    with pytest.raises(Reject) as refused:
        settle(gate_of().find({"script": text}))
    assert refused.value.reason_code == "policy_impersonation"


@pytest.mark.parametrize(
    "text",
    ["Dermatologists recommend it", "As seen on TV", "9 out of 10 dentists", "Von Ärzten empfohlen",
     "Recommandé par les médecins", "Consigliato dai medici", "Recomendado por médicos"],
)  # fmt: skip
def test_endorsements_are_held(text: str) -> None:
    """Would catch a claimed recommendation that nobody has to prove."""
    verdicts = settle(gate_of().find({"script": text}))
    assert {v.rule for v in verdicts if v.verdict == "review"} == {"endorsement"}


def test_other_stages_use_the_same_gate() -> None:
    """Would catch a finding on what was heard that says it came from the script."""
    heard = TextGate.of_files(stage="inspect").find({"heard": "илон маск loves it", "shown": ""})
    assert {f.verdict.gate.partition(".")[0] for f in heard} == {"inspect"}
    (named,) = [f for f in heard if f.verdict.verdict == "block"]
    assert named.verdict.evidence.startswith("heard:")
    assert not any(f.verdict.gate == "inspect.price" for f in heard)


def test_a_brand_may_bear_its_founders_name() -> None:
    """Would catch every bag of a fashion house held, or anybody's name free as a brand."""
    gate = gate_of()
    texts = {"title": "Kate Spade tote"}
    assert settle(gate.find(texts, brand="KATE SPADE"))
    asked = settle(gate.find(texts, brand="Tarnwick"))
    assert "review" in {verdict.verdict for verdict in asked}
    with pytest.raises(Reject):
        settle(gate.find(texts | {"script": "Elon Musk"}, brand="Elon Musk"))


@pytest.mark.parametrize(
    ("text", "language", "price", "regular", "codes"),
    [
        ("Nur neunundvierzig Euro neunundneunzig.", "de", "49.99", None, []),
        ("Nur neununddreißig Euro.", "de", "49.99", None, ["price_mismatch"]),
        ("Statt 80 € nur 40 €.", "de", "40", "80", []),
        ("Früher 90 €, heute 40 €.", "de", "40", "80", ["price_mismatch"]),
        ("Zum halben Preis", "de", "40", "80", []),
        ("Zum halben Preis", "de", "60", "80", ["price_mismatch"]),
        ("Sparen Sie zwanzig Prozent", "de", "64", "80", []),
        ("Cuarenta y nueve con noventa y nueve euros", "es", "49.99", None, []),
        ("A mitad de precio", "es", "40", "80", []),
        ("Ahorra un 30 %", "es", "64", "80", ["price_mismatch"]),
        ("Quarante-neuf euros quatre-vingt-dix-neuf.", "fr", "49.99", None, []),
        ("À moitié prix", "fr", "41", "80", ["price_mismatch"]),
        ("40 € au lieu de 80 €", "fr", "40", None, ["price_mismatch"]),
        ("Quarantanove euro e novantanove centesimi", "it", "49.99", None, []),
        ("Risparmia il venti per cento", "it", "64", "80", []),
        ("Quarenta e nove euros", "pt", "59", None, ["price_mismatch"]),
        ("Metade do preço", "pt", "40", "80", []),
        ("A third off", "en", "40", "60", []),
        ("Was 49.99 EUR", "en", "39.99", None, ["price_mismatch"]),
        ("On sale now", "en", "40", None, ["sale_unproven"]),
        ("On sale now", "en", "40", "50", []),
        ("Two for one", "en", "40", None, ["offer_unproven"]),
        ("2 for 1, buy one get one free", "en", "40", None, ["offer_unproven", "offer_unproven"]),
        ("2x1", "es", "40", None, ["offer_unproven"]),
        ("Only 3 left in stock", "en", "40", None, ["stock_claim"]),
        ("Nur noch 3 auf Lager", "de", "40", None, ["stock_claim"]),
        ("Rated 4.9 stars", "en", "40", None, ["rating_unproven"]),
        ("100% cotton, 2 for the desk, left-hand side, 3 colours", "en", "40", None, []),
    ],
)  # fmt: skip
def test_claims_in_six_languages(
    text: str, language: str, price: str, regular: str | None, codes: list[str]
) -> None:
    """Would catch a promise that is checked in English alone, or an honest one refused."""
    offer = Offer(Price(Decimal(price), "EUR"), Decimal(regular) if regular else None, language)
    found = gate_of().find({"script": text}, offer=offer, priced=("script",))
    assert [f.reason_code for f in found if f.reason_code] == codes


def test_ratings_must_be_the_rows() -> None:
    """Would catch stars that the catalogue does not have."""
    price = Price(Decimal(40), "USD")
    rated = Offer(price, None, rating=Decimal("4.87"), rating_count=1200)
    for text, code in [
        ("4.9 stars", None), ("4.2 stars", "rating_mismatch"), ("over 1,000 reviews", None),
        ("5,000 happy customers", "rating_mismatch"), ("4,9/5", None),
    ]:  # fmt: skip
        faults = [rated.fault(claim, []) for claim in claims(text, "USD")]
        assert [fault and fault.code for fault in faults] == [code], text


def test_what_was_said_is_quoted_as_it_was_said() -> None:
    """Would catch a refusal that quotes digits where the script has words."""
    (claim,) = claims("Für nur neunundvierzig Euro heute", "EUR", "de")
    assert (claim.said, claim.amount) == ("neunundvierzig Euro", Decimal(49))


def test_names_from_parquet_and_their_digest() -> None:
    """Would catch a list in Parquet that is not read, or two lists that one digest names."""
    table = pa.table({"name": ["Zarbo Quill"], "aliases": [["the zarb"]], "reason": [None]})
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    one = read_names(buffer.getvalue(), "s3://b/own.parquet")
    other = read_names(b'{"people": [{"name": "Zarbo Quill"}]}', "own.json")
    names = NameList([one])
    assert names.find("as the Zarb says")[0].person.name == "Zarbo Quill"
    assert names.audit == f"own.parquet sha256:{one.sha256[:16]} (1 names)"
    assert one.sha256 != other.sha256
    with pytest.raises(ValueError, match="no names file"):
        read_names(b"PAR1 and no more", "x")
    with pytest.raises(ValueError, match="aliases"):
        read_names(b'{"people": [{"name": "Ann Onym", "aliases": "a"}]}', "x")


def test_a_campaign_names_profiles(tmp_path) -> None:
    """Would catch a profile misspelt that lets everything pass, found only after the spending."""
    assert campaign(profile="meta").policy.profile == ("meta",)
    assert screen(campaign(profile=["meta", "tiktok"])).profiles == ("meta", "tiktok")
    with pytest.raises(ConfigError, match=r"policy\.profile: metta: .*known are standard, strict"):
        screen(campaign(profile="metta"))
    with pytest.raises(ConfigError, match="at least one"):
        campaign(profile=[])
    own = tmp_path / "rules.yaml"
    own.write_text("rules: [{class: mugs, severity: age-gate, words: [mug]}]")
    found = text_gate(campaign(rules=str(own), profile="meta")).find({"script": "A mug"})
    assert {f.verdict.verdict for f in found} == {"pass", "age_gate"}
    own.write_text("rules: [{class: mugs, severity: loud, words: [mug]}]")
    with pytest.raises(ConfigError, match=r"policy\.rules: .*age-gate"):
        screen(campaign(rules=str(own)))
    names = tmp_path / "names.json"
    names.write_text(json.dumps({"people": 3}))
    with pytest.raises(ConfigError, match=r"policy\.names: "):
        screen(campaign(names=str(names)))


def test_a_campaigns_own_prompt_is_screened() -> None:
    """Would catch a public figure asked for in the prompt of the video model."""
    raw = {
        "name": "x", "feed": "f.tsv", "script": "s", "brand": {"name": "b"},
        "video_model": {"preset": "wan22-5b-fast",
                        "settings": {"prompt": "Elon {title} beside the product"}},
    }  # fmt: skip
    assert screen(parse_campaign(raw, "c")).prompts == ("Elon {title} beside the product",)


def test_a_safeguard_in_the_campaign(tmp_path) -> None:
    """Would catch weights taken without their terms being read, or that may change."""
    model = tmp_path / "guard"
    model.mkdir()
    (model / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"policy\.safeguard\.licence_accepted"):
        campaign(safeguard={"model": f"{model}/"})
    with pytest.raises(ConfigError, match=r"policy\.safeguard\.revision: not set"):
        screen(campaign(safeguard={"model": "owner/guard", "licence_accepted": True}))
    given = {"model": f"{model}/", "licence_accepted": True, "unsafe": "review", "gpus": 0.5}
    stage = screen(campaign(safeguard=given))
    assert stage.hardware.gpus == 0.5 and stage.safeguard.unsafe == "review"


def test_rules_that_cannot_work_are_refused() -> None:
    """Would catch a phrase that matches every text, or names a list that is not there."""
    for words in ("<n>", "_ _", "from <nobody> now"):
        own = {"rules": [{"class": "a", "severity": "block", "words": [words]}]}
        with pytest.raises(ValueError, match="is no policy file"):
            read_rules(json.dumps(own), "own")
    profiled = {"rules": [{"class": "a", "severity": "block", "words": ["x y"]}],
                "profiles": {"mine": {"b": "block"}}}  # fmt: skip
    with pytest.raises(ValueError, match="profile mine"):
        read_rules(json.dumps(profiled), "own")
