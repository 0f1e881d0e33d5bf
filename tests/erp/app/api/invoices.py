"""What customers owe. Only for who is logged in."""

from datetime import date
from decimal import Decimal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from app.api.auth import logged_in
from app.database import DatabaseSession
from app.models import Invoice

router = APIRouter(prefix="/invoices", tags=["invoices"], dependencies=[Depends(logged_in)])


class InvoiceOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    number: str
    total: Decimal
    due_on: date | None
    paid: bool


@router.get("")
def invoices(session: DatabaseSession) -> list[InvoiceOut]:
    found = session.scalars(select(Invoice).order_by(Invoice.id.desc()).limit(100))
    return [InvoiceOut.model_validate(invoice) for invoice in found]
