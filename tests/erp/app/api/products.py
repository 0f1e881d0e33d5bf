"""What is sold. Anybody may look."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select

from app.database import DatabaseSession
from app.models import Product

router = APIRouter(prefix="/products", tags=["products"])


class ProductOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    sku: str
    name: str
    price: Decimal
    stock: int


class Page(BaseModel):
    page: int
    limit: int
    total: int
    items: list[ProductOut]


@router.get("")
def products(
    session: DatabaseSession,
    page: Annotated[int, Query(ge=1)] = 1,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Page:
    total = session.scalar(select(func.count()).select_from(Product)) or 0
    found = session.scalars(
        select(Product).order_by(Product.id).offset((page - 1) * limit).limit(limit)
    )
    items = [ProductOut.model_validate(product) for product in found]
    return Page(page=page, limit=limit, total=total, items=items)
