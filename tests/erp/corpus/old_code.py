"""What the version that runs now does to the database, while a migration of the next one has run.

Each piece is small, so that what fails says what broke. All commit: the database is thrown away.
Prints one JSON object: the name of each piece, and null or the error it met.

    DATABASE_URL=... python old_code.py
"""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from sqlalchemy import create_engine, func, select, text, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from app.models import Customer, Invoice, Order, OrderLine, OrderStatus, Product, User, UserRole
from app.settings import Settings


def products_are_listed(session: Session) -> None:
    products = session.scalars(select(Product).order_by(Product.id).limit(20)).all()
    assert [product.price for product in products if product.price < 0] == []


def products_are_added(session: Session) -> None:
    session.add(Product(sku="NEW-1", name="Lamp", price=Decimal("19.90"), description=None))


def products_are_sold(session: Session) -> None:
    sold = update(Product).where(Product.id == 1).values(stock=Product.stock - 1)
    assert session.connection().execute(sold).rowcount == 1


def products_are_described(session: Session) -> None:
    product = session.get_one(Product, 2)
    product.description = "d" * 3000
    product.attributes = {"colour": "green"}


def customers_are_added(session: Session) -> None:
    session.add(Customer(name="Müller & Söhne", email=None, phone="+49 30 1234567"))


def customers_are_found(session: Session) -> None:
    found = select(Customer).where(func.lower(Customer.email) == "buyer1@example.com")
    assert len(session.scalars(found).all()) >= 1


def orders_are_placed(session: Session) -> None:
    order = Order(customer_id=1, status=OrderStatus.draft, note="leave at the door")
    order.lines.append(OrderLine(product_id=1, quantity=3, unit_price=Decimal("9.99")))
    session.add(order)


def orders_are_read(session: Session) -> None:
    for order in session.scalars(select(Order).order_by(Order.id).limit(50)):
        assert order.customer.name
        assert order.status in OrderStatus


def orders_are_shipped(session: Session) -> None:
    order = session.get_one(Order, 2)
    order.status = OrderStatus.shipped


def orders_are_cancelled(session: Session) -> None:
    order = session.get_one(Order, 3)
    order.status = OrderStatus.cancelled


def invoices_are_written(session: Session) -> None:
    number = session.scalar(text("SELECT next_invoice_number()"))
    session.add(Invoice(number=number, order_id=1, total=Decimal("1234567.89"), due_on=None))


def invoices_are_paid(session: Session) -> None:
    invoice = session.scalars(select(Invoice).where(~Invoice.paid).limit(1)).one()
    invoice.paid = True


def invoices_are_reminded_of(session: Session) -> None:
    session.execute(text("SELECT id, number, total, due_on, customer_id FROM open_invoices")).all()
    overdue = select(func.count()).where(Invoice.due_on < date(2026, 1, 1), ~Invoice.paid)
    session.scalar(overdue)


def invoices_are_deleted(session: Session) -> None:
    # A draft that was never sent.
    invoice = session.scalars(select(Invoice).order_by(Invoice.id.desc()).limit(1)).one()
    session.delete(invoice)


def users_are_added(session: Session) -> None:
    user = User(email="new@example.com", full_name="New Clerk", password_hash="x", role="clerk")
    session.add(user)


def users_log_in(session: Session) -> None:
    user = session.scalars(select(User).where(User.email == "user1@example.com")).one()
    assert user.role in UserRole
    assert user.password_hash


PIECES: list[Callable[[Session], None]] = [
    products_are_listed,
    products_are_added,
    products_are_sold,
    products_are_described,
    customers_are_added,
    customers_are_found,
    orders_are_placed,
    orders_are_read,
    orders_are_shipped,
    orders_are_cancelled,
    invoices_are_written,
    invoices_are_paid,
    invoices_are_reminded_of,
    invoices_are_deleted,
    users_are_added,
    users_log_in,
]


def failure(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    lines = str(cause).splitlines() or [""]
    return f"{type(cause).__name__}: {lines[0]}"


def main() -> None:
    engine = create_engine(Settings().sqlalchemy_url)
    outcomes: dict[str, str | None] = {}
    for piece in PIECES:
        try:
            with Session(engine) as session, session.begin():
                piece(session)
            outcomes[piece.__name__] = None
        except (SQLAlchemyError, LookupError, AssertionError) as error:
            outcomes[piece.__name__] = failure(error)
    print(json.dumps(outcomes))


if __name__ == "__main__":
    main()
