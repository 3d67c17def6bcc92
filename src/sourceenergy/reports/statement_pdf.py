"""A member's statement as a PDF: one page for people, letter size."""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import Drawing, Line, Rect, String
from reportlab.lib.colors import HexColor, white
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import (
    Flowable,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from sourceenergy.reports.corrected_periods import CorrectedPeriod
from sourceenergy.reports.lettering import BOLD, MONO, REGULAR, drawn, register_fonts
from sourceenergy.reports.member_statement import MemberStatement, quality_sentence
from sourceenergy.reports.words import (
    ALERT,
    EXPORTED,
    GRID,
    INK,
    PALE,
    SHARED,
    cents_that_add_up,
    nearest_cent,
)
from sourceenergy.units import ND_PER_UD

_MARGIN = 42
_WIDTH = letter[0] - 2 * _MARGIN
_RULE = HexColor("#D5DBE1")
_PANEL = HexColor("#F3F6F8")
_GIVEN = HexColor("#F4CE7E")  # EXPORTED, paler: to the grid rather than to neighbours
_CHART_HEIGHT = 150
_CHART_HEIGHT_BESIDE_BILL = 104

_BODY = ParagraphStyle("body", fontName=REGULAR, fontSize=8, leading=10.4, textColor=HexColor(INK))
_SMALL = ParagraphStyle("small", _BODY, fontSize=6.9, leading=9, textColor=HexColor(PALE))
_RIGHT = ParagraphStyle("right", _BODY, alignment=TA_RIGHT)
_HEAD = ParagraphStyle("head", _BODY, fontName=BOLD, fontSize=9, leading=12)
_TITLE = ParagraphStyle("title", _BODY, fontName=BOLD, fontSize=17, leading=21)
_BIG = ParagraphStyle("big", _BODY, fontName=BOLD, fontSize=16, leading=20)
_HASH = ParagraphStyle("hash", _SMALL, fontName=MONO, fontSize=6.4)


def statement_pdf(statement: MemberStatement) -> bytes:
    """The statement for people; the same statement gives the same bytes.

    One page unless a tariff changed often within the period. Names may be in any script.
    """
    register_fonts()
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=letter,
        leftMargin=_MARGIN - 6,  # the frame adds 6 of its own
        rightMargin=_MARGIN - 6,
        topMargin=34,
        bottomMargin=30,
        title=statement.wording("page.document", span=statement.span),
        author=drawn(statement.community),
        creator="SourceEnergy",
        lang=statement.wording.locale,
        invariant=1,
    )
    document.build(
        [
            _header(statement),
            Spacer(0, 8),
            _headline(statement),
            Spacer(0, 9),
            _p(statement.wording("page.lines"), _HEAD),
            Spacer(0, 2),
            _lines_table(statement),
            Spacer(0, 3),
            Paragraph(_notes(statement), _SMALL),
            Spacer(0, 6),
            *_bill(statement),
            KeepTogether(
                [
                    _p(statement.wording(f"chart.{statement.chart_unit}"), _HEAD),
                    _chart(statement),
                ]
            ),
            Spacer(0, 6),
            KeepTogether([_account(statement), Spacer(0, 6), _proof(statement)]),
        ]
    )
    return buffer.getvalue()


def _p(text: str, style: ParagraphStyle = _BODY) -> Paragraph:
    return Paragraph(escape(text), style)


def _header(s: MemberStatement) -> Table:
    alert = ParagraphStyle("alert", _RIGHT, textColor=HexColor(ALERT))
    loud = ParagraphStyle("loud", alert, fontName=BOLD, fontSize=13, leading=17)
    say = s.wording
    badges = [_p(say("page.mode", mode=say.mode(s.mode)), _RIGHT)]
    if s.label:
        badges += [Spacer(0, 3), _p(s.label, loud), _p(say("page.not_real"), alert)]
    if not s.posted:
        badges += [Spacer(0, 3), _p(say("page.dry_run"), loud), _p(say("page.not_posted"), alert)]
    who = drawn(s.name, 64)
    if drawn(s.member_id) != who:
        who = "  ·  ".join(word for word in (who, drawn(s.member_id)) if word)
    zone = s.time_zone.replace("_", " ")
    days = say("page.day" if s.days == 1 else "page.days", days=s.days, zone=zone)
    left = [
        _p(say("page.title"), _TITLE),
        _p(drawn(s.community, 120), ParagraphStyle("place", _BODY, fontSize=10, leading=13)),
        Spacer(0, 6),
        _p(who, ParagraphStyle("who", _HEAD, fontSize=10.5, leading=14)),
        _p(f"{s.span}  ·  {days}"),
    ]
    table = Table([[left, badges]], colWidths=[_WIDTH * 0.66, _WIDTH * 0.34])
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("LINEABOVE", (0, 0), (-1, 0), 3, HexColor(SHARED)),
                ("TOPPADDING", (0, 0), (-1, -1), 7),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
            ]
        )
    )
    return table


def _headline(s: MemberStatement) -> Table:
    say = s.wording
    total, alone, saved = s.with_cents[1], s.alone_cents[1], s.saving_cents
    save = say("page.save")
    if alone > 0:
        save = say("page.save_share", share=say.percent(saved, alone))
    big_green = ParagraphStyle("green", _BIG, textColor=HexColor("#00775A"))
    cells = [
        [_p(say("page.with")), _p(say.money(total), _BIG)],
        [_p(say("page.alone")), _p(say.money(alone), _BIG)],
        [_p(save), _p(say.money(saved), big_green)],
    ]
    table = Table([cells], colWidths=[_WIDTH / 3] * 3)
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), _PANEL),
                ("LINEBEFORE", (1, 0), (-1, -1), 4, white),
                ("LEFTPADDING", (0, 0), (-1, -1), 10),
                ("TOPPADDING", (0, 0), (-1, -1), 6),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 7),
            ]
        )
    )
    return table


def _lines_table(s: MemberStatement) -> Table:
    say = s.wording
    heads = ["", say("page.price"), say("page.with_column"), "", say("page.alone_column"), ""]
    units = ["", "¢/kWh", "kWh", "$", "kWh", "$"]
    rows: list[list[Any]] = [heads, units]
    with_cents, with_total = s.with_cents
    alone_cents, alone_total = s.alone_cents
    for line, with_cent, alone_cent in zip(s.lines, with_cents, alone_cents, strict=True):
        price = "–" if line.price_ud_per_kwh is None else say.price(line.price_ud_per_kwh)
        rows.append(
            [
                line.words + ("" if line.billed_by == "community" else " *"),
                ("ø " if line.average and line.price_ud_per_kwh is not None else "") + price,
                "–" if line.with_wh is None else say.kwh(line.with_wh),
                say.plain(with_cent),
                "–" if line.alone_wh is None else say.kwh(line.alone_wh),
                "–" if line.alone_wh is None else say.plain(alone_cent),
            ]
        )
    rows.append([say("line.total"), "", "", say.plain(with_total), "", say.plain(alone_total)])
    rows.append([say("line.saving"), "", "", "", "", say.plain(s.saving_cents)])
    table = Table(rows, colWidths=[_WIDTH - 5 * 66, 66, 66, 66, 66, 66], repeatRows=2)
    last = len(rows) - 1
    ours = [i for i, line in enumerate(s.lines, start=2) if line.billed_by == "community"]
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), REGULAR, 8),
                ("TEXTCOLOR", (0, 0), (-1, -1), HexColor(INK)),
                ("TEXTCOLOR", (0, 0), (-1, 1), HexColor(PALE)),
                ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
                ("SPAN", (2, 0), (3, 0)),
                ("SPAN", (4, 0), (5, 0)),
                ("FONT", (2, 0), (-1, 0), BOLD, 7.5),
                ("TOPPADDING", (0, 0), (-1, -1), 1.6),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.2),
                ("LEFTPADDING", (0, 0), (-1, -1), 4),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
                ("LINEBELOW", (0, 1), (-1, last - 2), 0.4, _RULE),
                ("BACKGROUND", (4, 0), (5, last - 1), _PANEL),
                ("LINEABOVE", (0, last - 1), (-1, last - 1), 0.9, HexColor(INK)),
                ("FONT", (0, last - 1), (-1, last), BOLD, 8.5),
                ("TEXTCOLOR", (0, last), (-1, last), HexColor("#00775A")),
                *(("FONT", (0, row), (0, row), BOLD, 8) for row in ours),
            ]
        )
    )
    return table


def _notes(s: MemberStatement) -> str:
    rest = "" if s.bill else s.wording("page.not_included")
    return escape(s.wording("page.notes", rest=rest))


def _bill(s: MemberStatement) -> list[Flowable]:
    """What stays with the utility, beside the same without the community."""
    if s.bill is None:
        return []
    say, bill = s.wording, s.bill
    rows = [[say("bill.title"), say("page.with_column"), say("page.alone_column")]]
    rows += [[r.words, _plain_ud(s, r.with_ud), _plain_ud(s, r.alone_ud)] for r in bill.rows]
    rows.append([say("bill.total"), _plain_ud(s, bill.with_ud), _plain_ud(s, bill.alone_ud)])
    rows.append([say("bill.all"), _plain_ud(s, bill.all_with_ud), _plain_ud(s, bill.all_alone_ud)])
    table = Table(rows, colWidths=[_WIDTH - 2 * 132, 132, 132])
    last = len(rows) - 1
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), REGULAR, 8),
                ("TEXTCOLOR", (0, 0), (-1, -1), HexColor(INK)),
                ("FONT", (0, 0), (0, 0), BOLD, 9),
                ("FONT", (1, 0), (-1, 0), BOLD, 7.5),
                ("TEXTCOLOR", (1, 0), (-1, 0), HexColor(PALE)),
                ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
                ("TOPPADDING", (0, 0), (-1, -1), 1.2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1.8),
                ("LEFTPADDING", (0, 0), (-1, -1), 4),
                ("LEFTPADDING", (0, 0), (0, 0), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
                ("LINEBELOW", (0, 0), (-1, last - 2), 0.4, _RULE),
                ("LINEABOVE", (0, last - 1), (-1, last - 1), 0.9, HexColor(INK)),
                ("FONT", (0, last), (-1, last), BOLD, 8),
                ("BACKGROUND", (2, 0), (2, last), _PANEL),
            ]
        )
    )
    saved = _money_ud(s, abs(bill.saving_ud))
    told = say("bill.saving" if bill.saving_ud >= 0 else "bill.dearer", amount=saved)
    note = Paragraph(f"<b>{escape(told)}</b> {escape(say('bill.note'))}", _SMALL)
    return [table, Spacer(0, 2), note, Spacer(0, 6)]


def _plain_ud(s: MemberStatement, amount_ud: int) -> str:
    return s.wording.plain(nearest_cent(amount_ud * ND_PER_UD))


def _account(s: MemberStatement) -> Table:
    x, say = s.ledger, s.wording
    fees_ud = x.fee_ud + x.allocated_fee_ud + x.dealt_fee_ud
    (sold, bought, fee, incentive, corrected), net = cents_that_add_up(
        [
            ND_PER_UD * (x.sold_ud + x.provided_ud + x.dealt_sold_ud),
            -ND_PER_UD * (x.bought_ud + x.allocated_ud + x.dealt_bought_ud),
            -ND_PER_UD * fees_ud,
            ND_PER_UD * x.incentive_ud,
            ND_PER_UD * s.corrected_ud,
        ]
    )
    amounts = {"sold": say.money(sold), "bought": say.money(-bought), "fee": say.money(-fee)}
    parts = say("account.parts_fee" if fees_ud else "account.parts", **amounts)
    if x.incentive_ud:
        parts += " " + say("account.incentive", amount=say.money(incentive))
    if s.corrections or s.corrected_ud:
        parts += " " + say("account.corrected", amount=say.money(corrected))
    if net > 0:
        outcome = say("account.paid", amount=say.money(net))
    elif net < 0:
        outcome = say("account.taken" if s.funded else "account.owed", amount=say.money(-net))
    else:
        outcome = say("account.even")
    state = say(
        "account.state",
        now=_money_ud(s, s.authorised_ud),
        ever=_money_ud(s, s.closing.payout_ud),
        balance=_money_ud(s, s.closing.balance_ud),
    )
    left = [
        _p(say("account.title"), _HEAD),
        _p(outcome, ParagraphStyle("outcome", _BODY, fontName=BOLD)),
        _p(parts),
        *(_p(_correction(s, one), _SMALL) for one in s.corrections),
        _p(state),
    ]
    right = [_p(say("data.title"), _HEAD), _p(quality_sentence(s), _marked(s))]
    table = Table([[left, right]], colWidths=[_WIDTH * 0.58, _WIDTH * 0.42])
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (0, 0), 0),
                ("LEFTPADDING", (1, 0), (1, 0), 14),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 0),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
            ]
        )
    )
    return table


def _correction(s: MemberStatement, one: CorrectedPeriod) -> str:
    """An earlier period's correction in exact cents and kWh."""
    say = s.wording
    return say(
        "account.correction",
        line=one.words,
        energy=say.price(one.energy_ud),
        fee=say.price(one.fee_ud),
        grid=say.kwh(one.from_grid_wh),
        fed=say.kwh(one.to_grid_wh),
    )


def _money_ud(s: MemberStatement, amount_ud: int) -> str:
    return s.wording.money(nearest_cent(amount_ud * ND_PER_UD))


def _marked(s: MemberStatement) -> ParagraphStyle:
    perfect = set(s.quality) <= {0} and not s.unverified_meters
    return _BODY if perfect else ParagraphStyle("marked", _BODY, textColor=HexColor(ALERT))


def _proof(s: MemberStatement) -> Table:
    say = s.wording
    told = say(
        "proof.posted" if s.posted else "proof.not_posted", chain=s.anchor.chain_id, epoch=s.epoch
    )
    hashes = {
        say("proof.statement"): s.statement_hash,
        say("proof.community"): s.anchor.community,
        say("proof.contract"): s.anchor.clearing,
        say("proof.account"): s.account,
    }
    rows = [
        [
            [
                _p(say("proof.title"), _HEAD),
                _p(told),
                _p(drawn(s.verify_command, 200), ParagraphStyle("run", _BODY, fontName=MONO)),
                Spacer(0, 2),
                *(
                    _p(f"{what:<11}".replace(" ", "\u00a0") + value, _HASH)
                    for what, value in hashes.items()
                ),
                _p(
                    say("proof.version", minutes=s.interval_seconds // 60, version=s.version),
                    _SMALL,
                ),
            ]
        ]
    ]
    table = Table(rows, colWidths=[_WIDTH])
    table.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, -1), _PANEL),
                ("LEFTPADDING", (0, 0), (-1, -1), 8),
                ("TOPPADDING", (0, 0), (-1, -1), 4),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
            ]
        )
    )
    return table


def _chart(s: MemberStatement) -> Drawing:
    """Bars above the line for energy used, below it for energy sold."""
    height = _CHART_HEIGHT if s.bill is None else _CHART_HEIGHT_BESIDE_BILL
    drawing = Drawing(_WIDTH, height)
    top, floor, left = height - 20, 14, 34
    above = max((b.bought_wh + b.from_grid_wh for b in s.chart), default=0)
    below = max((b.sold_wh + b.to_grid_wh for b in s.chart), default=0)
    step = _tidy_step(above + below)
    high, low = -(-above // step) * step, -(-below // step) * step
    if not high and not low:
        high = step
    scale = (top - floor) / (high + low)
    zero = floor + low * scale
    for value in range(-low, high + 1, step):
        y = zero + value * scale
        drawing.add(Line(left, y, _WIDTH, y, strokeColor=_RULE, strokeWidth=0.4))
        drawing.add(_text(left - 4, y - 2.3, _tick(abs(value), step), "end"))
    pitch = (_WIDTH - left) / max(1, len(s.chart))
    bar = min(pitch * 0.72, 34)
    every = -(-len(s.chart) // 16)
    for i, b in enumerate(s.chart):
        x = left + pitch * i + (pitch - bar) / 2
        y = zero
        for energy_wh, colour in ((b.bought_wh, SHARED), (b.from_grid_wh, GRID)):
            y = _bar(drawing, x, y, bar, energy_wh * scale, HexColor(colour))
        y = zero
        for energy_wh, colour in ((b.sold_wh, EXPORTED), (b.to_grid_wh, _GIVEN)):
            y = _bar(drawing, x, y, bar, -energy_wh * scale, colour)
        if i % every == 0:
            drawing.add(_text(x + bar / 2, 2, b.label, "middle"))
    drawing.add(Line(left, zero, _WIDTH, zero, strokeColor=HexColor(INK), strokeWidth=0.8))
    x = left
    for words, colour in (
        (s.wording("chart.bought"), SHARED),
        (s.wording("chart.from_grid"), GRID),
        (s.wording("chart.sold"), EXPORTED),
        (s.wording("chart.to_grid"), _GIVEN),
    ):
        fill = colour if not isinstance(colour, str) else HexColor(colour)
        y = height - 10
        drawing.add(Rect(x, y, 7, 7, fillColor=fill, strokeColor=None))
        drawing.add(_text(x + 10, y + 1, words, "start"))
        x += 26 + stringWidth(words, REGULAR, 6.6)
    return drawing


def _bar(drawing: Drawing, x: float, y: float, width: float, height: float, colour: Any) -> float:
    fill = HexColor(colour) if isinstance(colour, str) else colour
    if height:
        bottom = y if height > 0 else y + height
        drawing.add(Rect(x, bottom, width, abs(height), fillColor=fill, strokeColor=None))
    return y + height


def _text(x: float, y: float, words: str, anchor: str) -> String:
    style = {"fontName": REGULAR, "fontSize": 6.6, "fillColor": HexColor(PALE)}
    return String(x, y, words, textAnchor=anchor, **style)


def _tidy_step(span_wh: int) -> int:
    """A step of 1, 2 or 5 times a power of ten that makes about four lines [Wh]."""
    step = 1
    while step * 5 < span_wh:
        digit = int(str(step)[0])
        step = step // digit * {1: 2, 2: 5, 5: 10}[digit]
    return step


def _tick(value_wh: int, step_wh: int) -> str:
    places = max(0, 4 - len(str(step_wh)))
    return f"{value_wh / 1000:,.{places}f}"
