"""The policy gate and the price gate."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.feed import read_feed, read_scripts
from schemas.money import Price
from stages.shared.text_gate import TextGate
from stages.shared.text_gate.claims import claims
from stages.shared.text_gate.offer import Offer
from stages.shared.text_gate.policy import Policy, screen_policy
from stages.shared.text_gate.prices import screen_prices
from stages.shared.text_gate.rules import read_rules
from stages.shared.text_gate.spoken_numbers import spoken_amount, spoken_values
from stages.shared.text_gate.text_gate import POLICY_FILE

GATE = TextGate.of_files()
POLICY = Policy(read_rules(POLICY_FILE.read_text("utf-8"), "policy.yaml"))
DEMO = Path(__file__).parents[2] / "examples" / "demo"


@pytest.mark.parametrize(
    ("text", "policy_class", "severity"),
    [
        ("A handgun for the home", "weapons", "block"),
        ("Tactical knife set", "weapons", "review"),
        ("Cigarettes, vapes and more", "tobacco", "block"),
        ("Loose  TOBACCO", "tobacco", "block"),
        ("Pure c0caine", "drugs", "block"),
        ("\u0421\u043ecaine, they said", "drugs", "block"),
        ("CBD oil", "drugs", "review"),
        ("v-i-b-r-a-t-o-r or vibrator", "adult", "block"),
        ("Online casino with free spins", "gambling", "block"),
        ("A bottle of red wine", "alcohol", "review"),
        ("A replica watch", "counterfeit", "block"),
        ("It cures eczema", "medical_claim", "block"),
        ("Lose 10 kg in a week", "medical_claim", "block"),
        ("lose 10kg", "medical_claim", "block"),
        ("lose twenty five pounds", "medical_claim", "block"),
        ("Clinically proven", "medical_claim", "review"),
        ("Get r1ch quick", "get_rich", "block"),
        ("earn $5,000 a day", "get_rich", "block"),
        ("Are you overweight?", "personal_attribute", "block"),
        ("Endorsed by experts", "endorsement", "review"),
    ],
)
def test_finds_what_an_advert_may_not_say(text: str, policy_class: str, severity: str) -> None:
    """Would catch a class of words that is listed and never found, or found too mildly."""
    found = [(rule.policy_class, rule.severity) for rule, _ in POLICY.find(text)]
    assert (policy_class, severity) in found


@pytest.mark.parametrize(
    "text",
    [
        "Water pistol for the garden", "Cigarette trousers, black", "Tobacco & Vanilla candle",
        "Wine glass set, six pieces", "Red wine glasses", "Ginger beer cake",
        "Bourbon vanilla pods", "Heroine costume", "Heroic poster", "Dog treats with duck",
        "Manicure set", "Glue gun",
        "Weed killer", "Electric kettle", "A cure for boredom", "Cured oak", "Champagne gold ring",
        "Nude lipstick", "Naked oak table", "Bullet journal", "Party poppers", "Shotgun microphone",
        "Rifle Paper notebook", "Suicide Squad poster", "XXX large shirt", "Whiskey glasses",
        "Cocktail dress", "Surge suppressor for desks", "Grape soda", "Cockpit toy", "Basement rug",
        "Scunthorpe mug", "Counterfeit detector pen", "Essex sofa", "Analysis notebook",
    ],
)  # fmt: skip
def test_leaves_products_alone(text: str) -> None:
    """Would catch a rule so broad that it stops an honest catalogue."""
    assert [(rule.policy_class, said) for rule, said in POLICY.find(text)] == []


def test_the_demo_passes_both_gates() -> None:
    """Would catch a rule or a price reading that stops the demo campaign."""
    scripts = read_scripts(str(DEMO / "scripts.tsv"))
    for row in read_feed(str(DEMO / "products.tsv")):
        assert row.product is not None
        script = scripts[row.product_id]
        spoken = {"script": script.script, "tagline": script.tagline, "cta": script.cta}
        product = row.product
        texts = spoken | {"title": product.title, "text": product.description}
        assert [f.verdict.verdict for f in screen_policy(texts, POLICY)] == ["pass"], row.product_id
        price, regular = (product.sale_price or product.price), product.price
        offer = Offer(price, regular.amount if product.sale_price else None)
        assert [f.reason for f in screen_prices(spoken, offer)] == [""], row.product_id
        whole = GATE.find(texts, offer=offer, priced=(*spoken, "title"), brand=product.brand)
        assert {f.verdict.verdict for f in whole} == {"pass"}, row.product_id


def test_the_reason_says_what_to_do() -> None:
    """Would catch a rejection without the words, the class or the rationale."""
    (finding,) = screen_policy({"cta": "Vape now"}, POLICY)
    assert finding.reason_code == "policy_tobacco"
    assert '"Vape"' in finding.reason and "take it out" in finding.reason
    assert "Tobacco" in finding.verdict.evidence


def test_a_policy_file_of_ones_own() -> None:
    """Would catch a broken policy file that lets everything pass."""
    own = Policy(
        read_rules('{"rules": [{"class": "own", "severity": "block", "words": ["zap*"]}]}', "p")
    )
    assert [said for _, said in own.find("Zapping, and zip")] == ["Zapping"]
    for bad in ("", "rules: 3", "rules: [{class: A b, severity: block, words: [x]}]",
                "rules: [{class: a, severity: stop, words: [x]}]", "rules: [{class: a}]", "a: [",
                "rules: [{class: a, severity: block, words: []}]"):  # fmt: skip
        with pytest.raises(ValueError, match=r"own\.yaml is no policy file"):
            read_rules(bad, "own.yaml")


def faults(text: str, price: str, regular: str | None = None, currency: str = "USD") -> list[str]:
    """The reasons why a script is not true to an offer."""
    offer = Offer(Price(Decimal(price), currency), Decimal(regular) if regular else None)
    return [f.reason for f in screen_prices({"script": text}, offer) if f.reason_code]


@pytest.mark.parametrize(
    ("text", "price", "regular", "currency"),
    [
        ("Order this week and save twenty percent.", "119", "149", "USD"),
        ("20% off, save $30", "119", "149", "USD"),
        ("Was $149. Now $119!", "119", "149", "USD"),
        ("$149, now $119", "119", "149", "USD"),
        ("was one hundred and forty-nine dollars", "119", "149", "USD"),
        ("Bring yours home today for twenty-four dollars.", "24.000", "28", "USD"),
        ("a twenty-four-dollar mug", "24", None, "USD"),
        ("only forty-nine ninety-nine", "49.99", None, "USD"),
        ("forty-nine dollars and ninety-nine cents", "49.99", None, "USD"),
        ("now one ninety-nine", "199", "229", "USD"),
        ("for one ninety-nine", "1.99", None, "USD"),
        ("one ninety-nine dollars", "199", None, "USD"),
        ("fifty dollars, give or take a cent", "49.99", None, "USD"),
        ("under $50", "49.99", None, "USD"),
        ("twelve hundred and ninety-nine euros", "1299", None, "EUR"),
        ("nur 1.299,00 €", "1299", None, "EUR"),
        ("just $1,299", "1299", None, "USD"),
        ("half price", "50", "100", "USD"),
        ("ninety-nine cents", "0.99", None, "USD"),
        ("twenty pounds, and weighs two pounds", "20", None, "GBP"),
        ("holds ten pounds of flour", "24", None, "USD"),
        ("free shipping on orders over $50", "24", None, "USD"),
        ("100% cotton, 50% less glare, 360 degrees, 2 for the desk", "24", None, "USD"),
        ("runs forty hours on one charge, for forty-five slow hours", "24", None, "USD"),
        ("TRY 2 TODAY, ALL 24 HOURS, since nineteen eighty-four", "99", None, "USD"),
        ("$24", "24", None, "CAD"),
    ],
)  # fmt: skip
def test_true_prices_pass(text: str, price: str, regular: str | None, currency: str) -> None:
    """Would catch honest scripts refused, which teaches people to switch the gate off."""
    assert faults(text, price, regular, currency) == []


@pytest.mark.parametrize(
    ("text", "price", "regular", "words"),
    [
        ("Get yours for $59", "69", "89", "the feed says $69"),
        ("for fifty-nine dollars", "69", "89", "'fifty-nine dollars', the feed says $69"),
        ("＄59 today", "69", None, "$69"),
        ("59 bucks", "69", None, "$69"),
        ("59 USD", "69", None, "$69"),
        ("€69", "69", None, "in USD"),
        ("forty-nine dollars", "49.99", None, "$49.99"),
        ("only thirty-nine ninety-nine", "49.99", None, "$49.99"),
        ("only $89", "69", "89", "$69"),
        ("now one eighty-nine", "199", None, "$199"),
        ("was $99, now $69", "69", "89", "regular price of $89"),
        ("was $89", "89", None, "no sale"),
        ("Save 30%", "69", "89", "22.5 % off ($89 to $69)"),
        ("thirty percent off", "69", "89", "22.5 %"),
        ("-30 % this week", "69", "89", "22.5 %"),
        ("Save 20%", "69", None, "no sale"),
        ("save $30", "69", "89", "$20 off"),
        ("half off", "69", "89", "22.5 %"),
        ("under $69", "69", None, "$69"),
    ],
)
def test_untrue_prices_are_refused(text: str, price: str, regular: str | None, words: str) -> None:
    """Would catch a spot that promises a price the shop does not honour."""
    (reason,) = faults(text, price, regular)
    assert words in reason and reason.startswith("The script says")


def test_a_price_that_the_feed_lacks() -> None:
    """Would catch a price said where there is none to compare with."""
    assert screen_prices({"cta": "for $5"}, None)[0].reason_code == "price_mismatch"
    assert screen_prices({"cta": "Shop now"}, None)[0].reason_code == ""


def test_numbers_as_they_are_said() -> None:
    """Would catch "forty-nine ninety-nine" added up to 148."""
    assert spoken_values("twelve hundred") == [1200]
    assert spoken_values("one thousand two hundred and ninety-nine") == [1299]
    assert spoken_values("a hundred and nineteen") == [119]
    assert spoken_values("twenty thousand") == [20000]
    assert spoken_values("forty-nine ninety-nine") == [49, 99]
    assert spoken_amount("nine ninety-nine") == Decimal("9.99")
    assert spoken_amount("one two three") is None
    assert [claim.said for claim in claims("Now $24.", "USD")] == ["$24"]
