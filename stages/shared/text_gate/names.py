"""Name gate: public figures named in a spot's texts."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from stages.base import Verdict
from stages.shared.text_gate.finding import Finding
from stages.shared.text_gate.name_forms import words_of
from stages.shared.text_gate.name_list import NameList


def screen_names(
    texts: Mapping[str, str], names: NameList, stage: str = "screen", brand: str = ""
) -> list[Finding]:
    """Findings of the name gate over the named texts of a spot, the first of which says with
    which list it looked. A name that is the product's `brand` passes where the list says so."""
    gate = f"{stage}.names"
    looked = f"{names.audit}, in {', '.join(texts)}"
    findings = [Finding(Verdict(gate, "list", "pass", looked))]
    for column, text in texts.items():
        for match in names.find(text):
            person = f"{match.person.name} ({match.person.reason})"
            evidence = f'{column}: "{match.said}" is {person}, {match.how}'
            found = functools.partial(
                Verdict, gate, evidence=evidence, column=column, span=match.said
            )
            who = match.person.name
            if match.person.brand and words_of(match.person.name) == words_of(brand):
                findings.append(Finding(found(rule="own_brand", verdict="pass"), about=who))
            elif match.certain:
                verdict = found(rule="public_figure", verdict="block")
                reason = f'The {column} names {person} as "{match.said}"; take the name out.'
                findings.append(Finding(verdict, "public_figure", reason, who))
            else:
                verdict = found(rule="public_figure", verdict="review")
                reason = (
                    f'"{match.said}" in the {column} may mean {person}: {match.how}; a person'
                    " should decide, or the words be changed."
                )
                findings.append(Finding(verdict, "public_figure_possible", reason, who))
    return findings
