"""Offer: what the catalogue row says of a product, and where a claim departs from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from schemas.money import Price, format_price
from stages.shared.text_gate.claims import Claim

PERCENT_POINTS = Decimal(1)
"""How far a said discount may lie from the feed's: 149 to 119 is 20.1 %, and "twenty" is honest."""
RATING_POINTS = Decimal("0.05")
"""How far a said rating may lie from the feed's: 4.87 may be called 4.9."""


@dataclass(frozen=True)
class Fault:
    """A claim that the row does not bear out: "block" where it says otherwise, "review" where it
    says nothing. `feed` is what it says instead."""

    severity: str
    code: str
    feed: str


@dataclass(frozen=True)
class Offer:
    """What the feed says on the campaign's date; `regular` is None when no sale is on."""

    price: Price
    regular: Decimal | None
    language: str = "en"
    rating: Decimal | None = None
    """Mean of the reviews, of 5."""
    rating_count: int | None = None

    @classmethod
    def of_spot(cls, spot: Mapping[str, Any]) -> Offer | None:
        """The offer of a spot's row; None where it has no price."""
        if spot.get("price") is None or not spot.get("currency"):
            return None
        regular, rating = spot.get("regular_price"), spot.get("rating")
        return cls(
            price=Price(Decimal(str(spot["price"])).normalize(), spot["currency"]),
            regular=None if regular is None else Decimal(str(regular)),
            language=spot.get("language") or "en",
            rating=None if rating is None else Decimal(str(rating)),
            rating_count=spot.get("rating_count"),
        )

    def shown(self, amount: Decimal) -> str:
        """An amount in the feed's currency, for people."""
        return format_price(amount, self.price.currency, self.language)

    def fault(self, claim: Claim, others: Sequence[Claim]) -> Fault | None:
        """What is wrong with a claim, or None; `others` are all that the spot makes."""
        if claim.kind in ("rating", "count"):
            return self._rating_fault(claim)
        if claim.kind == "stock":
            return Fault("review", "stock_claim", "no number of pieces")
        if claim.kind == "multi_buy":
            return Fault("review", "offer_unproven", "one price for one piece")
        if claim.kind == "sale":
            no_sale = Fault(
                "review", "sale_unproven", f"{self.shown(self.price.amount)} and no sale"
            )
            return no_sale if self.regular is None else None
        instead = self._price_fault(claim, others)
        return Fault("block", "price_mismatch", instead) if instead else None

    def _rating_fault(self, claim: Claim) -> Fault | None:
        if claim.kind == "rating":
            if self.rating is None:
                return Fault("review", "rating_unproven", "no rating (column product_rating)")
            near = abs(claim.amount - self.rating) <= RATING_POINTS
            return None if near else Fault("block", "rating_mismatch", f"{self.rating} of 5")
        if self.rating_count is None:
            return Fault("review", "rating_unproven", "no number of reviews (column rating_count)")
        if claim.amount <= self.rating_count:
            return None
        return Fault("block", "rating_mismatch", f"{self.rating_count:,} reviews")

    def _price_fault(self, claim: Claim, others: Sequence[Claim]) -> str:
        """What the feed says instead; "" where the claim is true."""
        price, regular = self.price.amount, self.regular
        if claim.currency and not self._same_currency(claim.currency):
            return f"{self.shown(price)}, in {self.price.currency}"
        if claim.kind == "price":
            if claim.is_near(price):
                return ""
            told = any(c.kind == "price" and c.is_near(price) for c in others)
            crossed_out = regular is not None and told and claim.is_near(regular)
            return "" if crossed_out else self.shown(price)
        if claim.kind == "under":
            return "" if price < claim.amount else self.shown(price)
        if regular is None:
            return f"{self.shown(price)} and no sale"
        if claim.kind == "was":
            return "" if claim.is_near(regular) else f"a regular price of {self.shown(regular)}"
        if claim.kind == "off":
            off = regular - price
            return "" if claim.is_near(off) else f"{self.shown(off)} off"
        percent = 100 * (regular - price) / regular
        near = abs(percent - claim.amount) <= PERCENT_POINTS
        return "" if near else f"{percent:.1f} % off ({self.shown(regular)} to {self.shown(price)})"

    def _same_currency(self, said: str) -> bool:
        own = self.price.currency
        dollars = ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "TWD", "MXN", "CLP", "COP", "ARS")
        return said == own or (said == "$" and own in dollars)
