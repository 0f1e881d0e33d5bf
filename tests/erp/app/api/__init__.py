"""The HTTP API, version 1."""

from fastapi import APIRouter

from app.api import auth, invoices, products

router = APIRouter(prefix="/api/v1")
router.include_router(auth.router)
router.include_router(products.router)
router.include_router(invoices.router)
